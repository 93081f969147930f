# Configurations: profiles, YAML files, --set; what is wrong with them, exactly.
. tests/cli/lib.inc

# yaml TEXT: m.yaml, with \n for line ends
yaml() {
	printf '%b\n' "$1" >m.yaml
}

# refused TEXT PROBLEM: the message, behind the file's name
refused() {
	yaml "$1"
	complains "mmemu: m.yaml:$2" config m.yaml
	[ -s out ] && fail "a configuration in spite of an error: $1"
}

# ---- profiles ----
run 0 config --list
for p in $(cat out); do
	[ -e "$ROOT/traces/machines/$p.yaml" ] || fail "$p has no file"
	run 0 config "$p"
	mv out "$p.yaml"
	run 0 config "$p.yaml"
	cmp -s out "$p.yaml" || fail "$p: what is printed says something else"
	grep -q "^|.*\`$p\`.*|" "$ROOT/docs/MACHINES.md" ||
		fail "docs/MACHINES.md has no $p"
done
sed -n '/^```yaml/,/^```$/p' "$ROOT/docs/MACHINES.md" | grep -v '^```' >own.yaml
run 0 config own.yaml
grep -qx 'memory: 32M' out || fail "the machine of docs/MACHINES.md"
for key in $(grep -o '`[a-z_.]*=[^`]*`' "$ROOT/docs/MACHINES.md" | tr -d '`'); do
	run 0 config linux-3.12-i386 --set "$key"
done
[ -e linux-3.12-i386.yaml ] || fail "no profile linux-3.12-i386"
run 0 config
cmp -s out linux-3.12-i386.yaml || fail "the default is another"
run 0 config --set memory=2G --set slab.header=24
diff out linux-3.12-i386.yaml >changes
[ "$(grep -c '^<' changes)" = 2 ] || fail "--set: $(cat changes)"

# ---- files ----
yaml 'from: linux-3.12-i386-pae\nmemory: 3G'
run 0 config m.yaml
grep -q '^memory: 3G$' out && grep -q '^paging: "x86-pae"' out ||
	fail "from, and a change"
mkdir sub
yaml 'memory: 64M'
printf 'from: m.yaml\nslab: {header: 24}\n' >second.yaml
run 0 config second.yaml --set memory=128M
grep -q '^memory: 128M$' out && grep -q '  header: 24' out ||
	fail "from a file, and --set on top"
yaml ''
run 0 config m.yaml
cmp -s out linux-3.12-i386.yaml || fail "an empty file changes nothing"

# ---- what is wrong ----
refused 'memry: 64M' \
	'1:1: unknown key "memry"; the nearest known key is "memory"'
refused 'vm: 3' '1:1: unknown key "vm"; the nearest known key is "vm.max_map_count"'
refused 'slab:\n  heder: 3' \
	'2:3: unknown key "slab.heder"; the nearest known key is "slab.header"'
refused 'utterly_different: 1' \
	'1:1: unknown key "utterly_different"; `mmemu config` prints all keys'
refused 'memory: 64X' \
	'1:9: memory: expected a number such as 4096, 0x1000 or 256M, found "64X"'
refused 'memory: {a: b' "2:1: did not find expected ',' or '}'"
refused '\tmemory: 64M' '1:1: found character that cannot start any token'
refused 'memory: 1K' '1:9: memory must be from 4M to 64G'
refused 'from: linux-3.12-i386\nslab:\n  header: 1' \
	'3:11: slab.header must be from 16 to 128'
refused 'paging: x86-3level' '1:9: paging is no known page-table format (flat, x86-2level, x86-pae, lecture-5555, x86-64, x86-64-5level, riscv-sv32, riscv-sv39, or a mapping)'
refused 'memory: 64M\nmemory: 32M' '2:1: the key "memory" stands here twice'
refused 'memory: 64M\n---\nmemory: 32M' \
	'2:1: a second document; a configuration is one'
refused '- a' '1:1: expected a mapping of keys to values'
refused 'memory: *none' '1:9: found undefined alias'
refused 'slab: &x\n  header: *x' '1:7: slab.header: expected a plain value'
refused '\0377' '1:1: invalid leading UTF-8 octet'
refused 'caches:\n  foo: 12' '2:3: caches: expected a list'
refused 'from: m.yaml' \
	'1:7: from: more than 8 levels deep; does a file start from itself?'
printf 'from: b.yaml\n' >a.yaml
printf 'from: a.yaml\n' >b.yaml
run 2 config a.yaml
[ "$(wc -l <err)" = 1 ] || fail "a circle of files: one line"
yaml 'memory: 1K'
printf 'from: m.yaml\nname: x\n' >far.yaml
complains 'mmemu: m.yaml:1:9: memory must be from 4M to 64G' config far.yaml

# as deep, as wide, as long as can be: refused at once, not tried
awk 'BEGIN { while (i++ < 500000) printf "[" }' >deep.yaml
complains 'mmemu: deep.yaml:1:17: nested too deeply' config deep.yaml
awk 'BEGIN { while (i++ < 100000) print "k" i ": 1" }' >wide.yaml
complains 'mmemu: wide.yaml:1:1: more than 1000 keys' config wide.yaml
head -c 2000000 /dev/zero | tr '\0' '#' >long.yaml
complains 'mmemu: long.yaml: larger than 1 MiB; no configuration is' \
	config long.yaml
complains 'mmemu: .: Is a directory' config .
run 2 config nowhere
grep -q '^mmemu: nowhere: No such file or directory; expected a YAML file or one of .*linux-3.12-i386' err ||
	fail "a file that is none: $(cat err)"

# ---- --set ----
complains 'mmemu: --set memry=5: unknown key; the nearest known key is memory' \
	config --set memry=5
complains 'mmemu: --set memory: expected KEY=VALUE' config --set memory
complains 'mmemu: --set memory=1K: memory must be from 4M to 64G' \
	config --set memory=1K
complains 'mmemu: --set memory=: expected a number such as 4096, 0x1000 or 256M' \
	config --set memory=

# ---- the same from replay ----
echo '1 spawn' >t.trace
yaml 'memry: 64M'
complains 'mmemu: m.yaml:1:1: unknown key "memry"; the nearest known key is "memory"' \
	replay -c m.yaml t.trace --outcomes log
[ -e log ] && fail "a log in spite of an error"
complains 'mmemu: --set memory=1: memory must be from 4M to 64G' \
	replay --set memory=1 t.trace
exit $bad
