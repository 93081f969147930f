#!/bin/sh
# embed.sh PAGE STYLE SCRIPT...: the player's page as two C strings, what stands
# before the JSON and what stands behind it. The page allows nothing but this
# style and these scripts, by their hashes: whatever is in a trace cannot run.
page=$1
style=$2
shift 2

# the C string of standard input
quoted() {
	sed 's/\\/\\\\/g; s/"/\\"/g; s/^/\t"/; s/$/\\n"/'
}

# sha256-BASE64 of standard input, as a Content-Security-Policy has it
hashed() {
	hex=$(sha256sum)
	hex=${hex%% *}
	printf sha256-
	while [ -n "$hex" ]; do
		rest=${hex#??}
		printf "\\$(printf %03o "0x${hex%"$rest"}")"
		hex=$rest
	done | base64
}

script_hash=$({ echo; cat "$@"; } | hashed)
style_hash=$({ echo; cat "$style"; } | hashed)
echo "/* made by formats/player/embed.sh */"
echo '#include "formats/player.h"'
echo "const char player_page_before[] ="
while IFS= read -r line; do
	case $line in
	*@STYLE@*) cat "$style" ;;
	*@SCRIPT@*) cat "$@" ;;
	*) printf '%s\n' "$line" ;;
	esac
done <"$page" | sed "s|@SCRIPT_HASH@|$script_hash|; s|@STYLE_HASH@|$style_hash|" |
	quoted | sed 's|^.*@DATA@.*$|\t;\nconst char player_page_behind[] =|'
echo "	;"
