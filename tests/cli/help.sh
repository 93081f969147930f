# Every command says what it does, with an example; wrong usage is exit status 2.
. tests/cli/lib.inc

run 0 help
cp out general
"$M" --help | cmp -s - general || fail "--help and help differ"
"$M" -h | cmp -s - general || fail "-h and help differ"
run 2
[ -s out ] && fail "usage on standard output"
cmp -s err general || fail "no command: the same on standard error"
grep -q '^Exit status: 0 fine, 1 .* 2 .* 130' <<END || fail "exit statuses"
$(tr '\n' ' ' <general | sed 's/.*Exit/Exit/')
END
run 0 --version
says out "$(cat out)"
grep -q '^mmemu [0-9.]* (Linux 3\.12, i386)$' out || fail "--version"

commands=$(sed -n 's/^  \([a-z-]*\)  *[a-z].*/\1/p' general | grep -v '^mmemu$')
[ "$(echo "$commands" | wc -l)" -ge 7 ] || fail "commands: $commands"
for c in $commands; do
	run 0 "$c" --help
	cp out long
	[ "$c" = help ] || {
		grep -q "^usage: mmemu $c" long || fail "$c --help: no usage"
		grep -q -i '^example' long || fail "$c --help: no example"
		grep -A3 -i '^example' long | grep -q "mmemu $c" ||
			fail "$c --help: the example is of another command"
	}
	run 0 help "$c"
	cmp -s out long || fail "help $c and $c --help differ"
	# an option that none has: status 2, the reason on standard error
	[ "$c" = help ] || {
		run 2 "$c" --no-such-option
		[ -s out ] && fail "$c: a wrong option, and output"
		head -1 err | grep -q "^mmemu: $c: " ||
			fail "$c: a wrong option: $(cat err)"
	}
	grep -q "mmemu $c" "$ROOT/README.md" || [ "$c" = help ] ||
		fail "README.md does not name mmemu $c"
done
complains 'mmemu: there is no command "frobnicate" (mmemu help lists them)' \
	frobnicate
complains 'mmemu: help: there is no command "frobnicate" (mmemu help lists them)' \
	help frobnicate

# every kind of report that replay --help names is taken
echo '1 spawn sh' >t.trace
"$M" replay --help | sed -n '/^Reports/,$s/^  \([a-z]*\)  .*/\1/p' >kinds
[ "$(wc -l <kinds)" -ge 22 ] || fail "kinds of report: $(wc -l <kinds)"
for k in $(cat kinds); do
	pid=
	"$M" replay --help | grep -q "^  $k .*(of a process)" && pid==1
	run 0 replay t.trace --tlb -r "$k$pid" -o "o-$k"
	[ -e "o-$k/$k${pid:+.1}" ] || fail "-r $k$pid: no file"
done
exit $bad
