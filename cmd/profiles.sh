#!/bin/sh
# Print a C table of the given YAML files: {"name", "text"}.
printf '/* made by cmd/profiles.sh */\n#include "cmd/config.h"\n\n'
printf 'const struct profile profiles[] = {\n'
for f; do
	name=${f##*/}
	printf '\t{"%s",\n' "${name%.yaml}"
	sed 's/\\/\\\\/g; s/"/\\"/g; s/^/\t "/; s/$/\\n"/' "$f"
	printf '\t},\n'
done
printf '};\nconst unsigned nr_profiles = ARRAY_SIZE(profiles);\n'
