# A tree of four processes touches four times the machine's memory: with swap,
# with swapoff in the middle, with no swap. Every page has a value of its own.
. tests/cli/lib.inc

cat >pages.awk <<'T2'
# n pages of a process, each with a value no other has
function pages(pid, verb, n,    p) {
	for (p = 0; p < n; p++)
		printf "%d %s 0x%x 4 = %d\n", pid, verb, base + p * 4096,
			pid * 10000 + p
}
function all(verb, n,    pid) {
	for (pid = 100; pid < 104; pid++)
		pages(pid, verb, n)
}
function start(    pid) {
	print "100 spawn tree"
	print "100 mmap 0x20000000 16M rw- private anon"
	if (swap)
		pages(100, "write", 4096)
	for (pid = 101; pid < 104; pid++) {
		print "100 fork " pid
		if (swap)
			pages(pid, "write", 4096)
	}
}
BEGIN {
	base = 536870912 # 0x20000000
	if (swap)
		print "swapon " swap
	start()
	if (!swap) {
		pages(101, "write", 700)
		pages(102, "write", 500)
		pages(100, "write", 200)
		pages(103, "write", 4096)
		pages(100, "read", 200)
		pages(101, "read", 700)
		pages(102, "read", 500)
		exit
	}
	print "report swaps as full"
	if (off) {
		print "swapoff !ENOMEM"
		all("read", 4096)
		for (pid = 101; pid < 104; pid++)
			print pid " exit"
		print "100 munmap 0x20a00000 6M"
		print "swapoff"
		print "report swaps as end"
		pages(100, "read", 2560)
	} else {
		all("read", 4096)
		for (pid = 103; pid > 99; pid--)
			print pid " exit"
		print "report swaps as end"
	}
}
T2
# tree PROFILE NAME AWK-OPTIONS...: exit status 0 tells that every value was right
tree() {
	profile=$1
	name=$2
	shift 2
	awk "$@" -f pages.awk >"$name.trace"
	rm -rf reports
	run 0 replay -c "$profile" --set memory=16M --set vm.overcommit=always \
		--check=1000 --outcomes none --kernel-log log --stats -o reports \
		"$name.trace"
	grep -q '^  mismatches  *0$' out || fail "$profile $name: wrong values"
}

# used NAME: kB of the swap area, as `swaps` tells
used() {
	awk 'NR > 1 { sum += $4 } END { print sum + 0 }' "reports/$1"
}

for profile in linux-3.12-i386 linux-3.12-i386-pae; do
	tree $profile swap -v swap=60M
	[ "$(used full)" -gt 55000 ] || fail "$profile: only $(used full) kB swapped"
	[ "$(used end)" = 0 ] || fail "$profile: $(used end) kB are left in swap"
	grep -q '^  killed for memory  *0$' out || fail "$profile: a kill with swap"

	tree $profile off -v swap=60M -v off=1
	grep -q '^  failures as expected  *1$' out ||
		fail "$profile: swapoff with no room"
	[ "$(sed 1d reports/end)" = "" ] || fail "$profile: the area is still there"

	# oom_badness(): resident pages, tables, and 3 % less for root
	tree $profile none
	grep -q '^  killed for memory  *1$' out || fail "$profile: not one kill"
	awk '/pages RAM/ { ram = $1 } /pages reserved/ { ram -= $1 }
	     /^\[ *[0-9]+\]/ { gsub(/[][]/, " "); points = $5 + $6 - 30 * int(ram / 1000)
		if (points > most) { most = points; pid = $1 } }
	     /^Out of memory/ { if ($6 == pid && $9 == int(most * 1000 / ram)) right = 1 }
	     END { exit !right }' log ||
		fail "$profile: another was to be killed: $(grep -A9 '^\[ pid' log)"
done
exit $bad
