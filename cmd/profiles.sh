#!/bin/sh
# profiles.sh NAME FILE...: a C table NAME[] of YAML files, {"name", "text"}.
table=$1
shift
printf '/* made by cmd/profiles.sh */\n#include "cmd/config.h"\n\n'
printf 'const struct profile %s[] = {\n' "$table"
for f; do
	name=${f##*/}
	printf '\t{"%s",\n' "${name%.yaml}"
	sed 's/\\/\\\\/g; s/"/\\"/g; s/^/\t "/; s/$/\\n"/' "$f"
	printf '\t},\n'
done
printf '};\nconst unsigned nr_%s = ARRAY_SIZE(%s);\n' "$table" "$table"
