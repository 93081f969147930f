#!/bin/sh
# Replay what was measured on a real Linux 3.12 kernel and compare, field by
# field. ORACLE: the folder with the measured data and its compare.py. Without
# it, the small copy under tests/oracle/ is used and compared byte by byte.
# Prints a table (class: agreeing/all); exit status 1 if anything disagrees.
B=${B:-build}
ORACLE=${ORACLE:-../shared/oracle}
M=$PWD/$B/mmemu
OUT=$B/conformance
jobs=$(nproc)
rm -rf "$OUT"
mkdir -p "$OUT"

# replay_user CONFIG TRACES-DIR EXPECTED-DIR PROFILE-ARGS...: one set of traces
replay_user() {
	set=$1 traces=$2 expected=$3
	shift 3
	for dir in "$expected"/*/; do
		name=$(basename "$dir")
		printf '%s\0' "$name"
	done | xargs -0 -P "$jobs" -I@ sh -c '
		"$@" -o "'"$OUT/$set/@"'" "'"$traces"'/@.trace" \
			>"'"$OUT/$set"'-@.log" 2>&1
		[ $? -le 1 ] || { echo "replay of '"$set"'/@ failed:"
			tail -1 "'"$OUT/$set"'-@.log"; }' sh "$M" replay --check=1 "$@"
}

user_sets() {
	for c in i386 i386-pae i386-cold i386-tmpfs; do
		replay_user "$c" "$1/traces" "$1/expected/$c" -c "oracle-$c"
	done
	for c in i386 i386-pae; do
		replay_user "brkstack-$c" "$1/brkstack/traces" \
			"$1/brkstack/expected/$c" -c "linux-3.12-$c" \
			--root "$OUT/root" --set files.warm=true \
			--set rlimit.memlock=unlimited
	done
}

# The programs as /bin/NAME below a root folder.
make_root() {
	mkdir -p "$OUT/root/bin"
	for p in "$1"/exec/*/program; do
		cp "$p" "$OUT/root/bin/$(basename "$(dirname "$p")")"
	done
	cp "$1/exec/interp/ld-tiny.so" "$OUT/root/bin/"
	[ -d "$1/exec/interp/lib" ] && cp -r "$1/exec/interp/lib" "$OUT/root/"
	chmod -R u+w "$OUT/root"
}

# exec_sets DATA: each program right after execve; plain diff.
exec_sets() {
	for c in i386 i386-pae; do
		good=0 all=0
		for dir in "$1"/exec/*/"$c"/at-exec; do
			p=$(basename "$(dirname "$(dirname "$dir")")")
			size=$(stat -c %s "$1/exec/$p/program")
			{
				echo "file /bin/$p size $size dev 08:01 inode 100"
				[ "$p" = interp ] && echo "file /bin/ld-tiny.so size $(stat \
					-c %s "$1/exec/interp/ld-tiny.so") dev 08:01 inode 101"
				echo "1 spawn"
				echo "1 exec /bin/$p"
				for r in maps smaps status statm pagetables; do
					echo "report $r 1 as $r"
				done
			} >"$OUT/exec.trace"
			"$M" replay -c "linux-3.12-$c" --set files.warm=true --root \
				"$OUT/root" --check=1 -o "$OUT/exec-$c/$p" "$OUT/exec.trace" \
				>"$OUT/exec-$c-$p.log" 2>&1
			for f in maps smaps status statm pagetables; do
				all=$((all + 1))
				grep -E '^(Name|Vm)' "$OUT/exec-$c/$p/$f" >"$OUT/cut" 2>&1
				[ $f = status ] || cp "$OUT/exec-$c/$p/$f" "$OUT/cut" 2>/dev/null
				if diff "$dir/$f" "$OUT/cut" >"$OUT/exec-$c-$p-$f.diff" 2>&1
				then good=$((good + 1)); fi
			done
		done
		row "exec $c (files)" "$good" "$all"
	done
}

bad=0
row() { # NAME AGREEING ALL
	printf '  %-34s %8s / %s\n' "$1" "$2" "$3"
	[ "$2" = "$3" ] || bad=1
}

# rows SET EXPECTED TRACES: what compare.py says of one set
rows() {
	python3 "$ORACLE/compare.py" "$2" "$OUT/$1" --traces "$3" -n 5 \
		>"$OUT/$1.txt" 2>&1
	sed -n 's|^ *\([a-z_.A-Z]*\) *\([0-9]*\)/\([0-9]*\).*|\1 \2 \3|p' "$OUT/$1.txt" |
		awk '{split($1,k,"."); a[k[1]]+=$2; t[k[1]]+=$3}
			END {for (x in a) print x, a[x], t[x]}' | sort |
		while read -r k a t; do printf '  %-34s %8s / %s\n' "$1 $k" "$a" "$t"; done
	last=$(tail -1 "$OUT/$1.txt")
	row "$1" "$(echo "$last" | sed 's/ .*//')" \
		"$(echo "$last" | sed 's/.* of \([0-9]*\) .*/\1/')"
	echo "$last" | awk '{exit $1 != $3}' || head -5 "$OUT/$1.txt" | cut -c1-160
}

alloc_sets() {
	for dir in "$ORACLE"/alloc/*/*/; do printf '%s\0' "$dir"; done |
		xargs -0 -P "$jobs" -I@ sh -c '
		d=@ m=$(basename "$(dirname "$d")") n=$(basename "$d")
		f() { [ -e "$d$1" ] && echo "$d$1" || echo "$d$1.zst"; }
		case $m in pae*) c=oracle-i386-pae;; *) c=oracle-i386;; esac
		o="'"$OUT"'/alloc/$m/$n"
		"'"$M"'" replay -c $c "$(f ops.trace)" --boot-state "$(f state.before)" \
			--save-state middle="$o/state.middle" \
			--save-state "$o/state.after" -o "$o" >"'"$OUT"'/alloc-$m-$n.log" 2>&1'
	for m in "$ORACLE"/alloc/*/; do
		rows "alloc/$(basename "$m")" "$m" "$m"
	done
}

# Without compare.py: shared anonymous inodes are numbered by appearance.
normalize() {
	awk '/\/dev\/zero/ { if (!($5 in n)) n[$5] = ++k; $5 = n[$5] } { $1 = $1; print }' "$1"
}

own_rows() { # SET EXPECTED
	good=0 all=0
	for f in "$2"/*/*; do
		all=$((all + 1))
		o=$OUT/$1/${f#"$2"/}
		if [ -e "$o" ]; then
			normalize "$f" >"$OUT/want"
			normalize "$o" >"$OUT/have"
			case $f in */[0-9]*.status.*) # cut to what was measured
				grep -f "$OUT/keys" "$OUT/have" >"$OUT/cut"
				grep -f "$OUT/keys" "$OUT/want" >"$OUT/want2"
				sort "$OUT/cut" >"$OUT/have"; sort "$OUT/want2" >"$OUT/want" ;;
			esac
			if cmp -s "$OUT/want" "$OUT/have"; then good=$((good + 1))
			else echo "  differs: $1/${f#"$2"/}"; fi
		fi
	done
	row "$1 (files)" "$good" "$all"
}

if [ -d "$ORACLE/expected" ] && command -v python3 >/dev/null; then
	echo "compared with $ORACLE:"
	mkdir -p "$OUT/alloc"
	make_root "$ORACLE"
	user_sets "$ORACLE"
	for c in i386 i386-pae i386-cold i386-tmpfs; do
		rows "$c" "$ORACLE/expected/$c" "$ORACLE/traces"
	done
	for c in i386 i386-pae; do
		rows "brkstack-$c" "$ORACLE/brkstack/expected/$c" \
			"$ORACLE/brkstack/traces"
	done
	exec_sets "$ORACLE"
	alloc_sets
elif [ -e tests/oracle/user.tar.zst ]; then
	echo "no measured data at $ORACLE; compared with our copy of it:"
	mkdir -p "$OUT/data"
	zstd -dcq tests/oracle/user.tar.zst | tar x -C "$OUT/data"
	printf '^VmLck\n^VmRSS\n^VmPTE\n^VmSwap\n^VmSize\n^VmData\n' >"$OUT/keys"
	make_root "$OUT/data"
	user_sets "$OUT/data"
	for c in i386 i386-pae i386-cold i386-tmpfs; do
		own_rows "$c" "$OUT/data/expected/$c"
	done
	exec_sets "$OUT/data"
else
	echo "skipped: no measured data at $ORACLE and no copy under tests/oracle"
fi
exit $bad
