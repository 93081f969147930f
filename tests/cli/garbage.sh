# What is not in the language: one line that says where, what, and what was
# expected; exit status 2; nothing half-written.
. tests/cli/lib.inc

# refused LINE PROBLEM: a trace whose third line is that
refused() {
	printf 'mmemu-trace 1\n1 spawn sh\n%s\n1 exit\n' "$1" >t.trace
	rm -rf o
	complains "t.trace:3$2" replay t.trace -o o --outcomes log \
		-r summary --save-state state --procfs proc
	files o
	for f in log state proc; do
		[ -e $f ] && fail "$f in spite of: $1"
	done
}

# ---- words ----
refused '1 frob 3' ':3: found "frob", expected an event of a process (mmap, read, write, fork ...)'
refused '1' ':2: the line ends here, expected an event of a process (mmap, read, write, fork ...)'
refused 'kernel frob' ':8: found "frob", expected an event of the kernel (alloc_pages, kmalloc ...)'
refused 'frob' ':1: found "frob", expected a PID, kernel, or a statement about the machine (file, mark, report ...)'
refused '0 spawn' ':1: "0" is no process number, expected the PID of an event'"'"'s actor (1 to 4194304)'
refused '4194305 spawn' ':1: "4194305" is no process number, expected the PID of an event'"'"'s actor (1 to 4194304)'
refused '1 spawn a b' ':11: found "b", expected !NAME or the end of the line'
refused '1 spawn "ab' ':9: the quote is never closed, expected " before the end of the line'
refused '1 fork' ':7: the line ends here, expected CHILD'
refused '1 mmap 0 4K rwx private anon fixd' ':30: found "fixd", expected fixed, growsdown, locked, populate, noreserve, stack, nonblock, ->, !NAME or the end of the line'
refused '1 munmap 0 4K !EFOO' ':15: found "!EFOO", expected !ERRNO or !SIGNAL, such as !ENOMEM or !SIGSEGV'
refused 'report nothing' ':8: found "nothing", expected a kind of report (maps, buddyinfo, frames ...)'
refused 'report maps' ':12: the line ends here, expected the PID that the report is of'
refused 'mark 9' ':6: found "9", expected a NAME that begins with a letter'
refused 'file /x' ':8: the line ends here, expected size LEN'
refused 'file /x size 4K dev 8' ':21: found "8", expected MAJ:MIN in hexadecimal, such as 08:01'
refused 'kernel alloc_pages 1 GFP_FOO -> a' ':22: unknown GFP name "GFP_FOO", expected names as GFP_KERNEL, GFP_ATOMIC|__GFP_ZERO'

# ---- numbers and names ----
refused '1 read 0x10000000000000000' ':8: the number is too large, expected ADDR of at most 64 bits'
refused '1 read 99999999999999999999' ':8: the number is too large, expected ADDR of at most 64 bits'
refused '1 read 5 4q' ':10: "4q" is no number, expected LEN (digits, 0x and hexadecimal digits, or digits and K, M, G or p)'
refused '1 read nolabel' ':8: the name "nolabel" is not bound, expected an earlier line that ends in "-> nolabel"'
refused '1 read nolabel+4K' ':8: the name "nolabel" is not bound, expected an earlier line that ends in "-> nolabel"'
refused 'kernel kfree nolabel' ':14: the name "nolabel" is not bound, expected an earlier line that ends in "-> nolabel"'
refused '1 write 5 3 = "ab"' ':15: the string has 2 bytes, expected as many as LEN says'
refused '1 write 5 stride 4 = 3' ':22: VALUE and stride together, expected one of them'
refused '1 read 5 9 = 3' ':14: a number is stored in 1 to 8 bytes, expected another LEN or a quoted string'
# addresses that the machine cannot form; on another machine they may be fine
refused '1 read 0x100000000' ': address 0x100000000 does not fit x86-2level, which has 32 bits (--rebase folds it)'
refused '1 mmap 0x123456789000 4K rw- private anon' ': address 0x123456789000 does not fit x86-2level, which has 32 bits (--rebase folds it)'

# ---- the head of the file ----
echo 'mmemu-trace 2' >t.trace
complains 't.trace:1:13: trace version 2, expected version 1' replay t.trace
printf '1 spawn\nmmemu-trace 1\n' >t.trace
run 2 replay t.trace
[ "$(wc -l <err)" = 1 ] || fail "a late head: $(cat err)"
: >t.trace
run 0 replay t.trace

# ---- bytes ----
printf '1 spawn \377\376\n' >t.trace
complains 't.trace:1:9: byte 0xFF is no text, expected UTF-8' replay t.trace
head -c 100000 /dev/urandom >t.trace
run 2 replay t.trace --outcomes none
[ "$(wc -l <err)" = 1 ] || fail "random bytes: $(cat err)"
[ -e none ] && fail "a log of random bytes"
printf '1 spawn\r\n1 exit\r\n' >t.trace
run 0 replay t.trace
printf '1 spawn' >t.trace
run 0 replay t.trace --outcomes log
says log '1: ok'

# every way to cut a compressed trace short
{
	echo '1 spawn'
	awk 'BEGIN { while (i++ < 300) print "1 munmap " i "p 4K" }'
} >t.trace
zstd -q -f t.trace -o t.trace.zst
size=$(wc -c <t.trace.zst)
n=1
while [ $n -lt "$size" ]; do
	head -c $n t.trace.zst >cut.trace.zst
	run 2 replay cut.trace.zst --outcomes none
	[ "$(wc -l <err)" = 1 ] || fail "cut at $n: $(cat err)"
	[ -e none ] && fail "cut at $n: a log"
	n=$((n + 1 + size / 40))
done
# two frames, one behind the other, are one trace; what follows that is none
cat t.trace.zst t.trace.zst >two.trace.zst
run 0 replay two.trace.zst --outcomes log
[ "$(wc -l <log)" = 602 ] || fail "two frames: $(wc -l <log) outcomes"
{ cat t.trace.zst; echo tail; } >tail.trace.zst
run 2 replay tail.trace.zst
exit $bad
