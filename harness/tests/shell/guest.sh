#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Kernels whose clock jumps: verdicts to the jiffy, the same bytes every time, nothing left behind.
# shellcheck source=harness/tests/shell/lib.bash
. "$(dirname "$0")/lib.bash"
need jq

uml=$(kernel uml) || skip_all "no User-mode Linux kernel; ci/kernels/build-uml builds one"
image=$(kernel image)

# A copy, so that its processes can be told from others.
cp "$uml" "$work/linux"
uml=$work/linux

guests() {
	find /proc -maxdepth 2 -name exe -lname "$uml*" 2>/dev/null | wc -l
}

production() {
	run "$KACHECK" run --kernel "uml:$uml" \
		--setting linux-default --filter 'silent_drop' --seed 7 --format json
}

production
is "linux-default in virtual time: exit status" "$status" 0
is "... every one passes" "$(jq -r .verdict <<<"$out" | sort -u)" pass
is "... predicted to the jiffy" "$(jq -r '.off_jiffies | . == 0 or . == 1' <<<"$out" | sort -u)" true
is "... more than two hours" "$(jq -r '.detect_s > 7875' <<<"$out" | sort -u)" true
is "... says where" "$(jq -r .kernel.where <<<"$out" | sort -u)" "uml:$uml"
is "... with which clock" "$(jq -r .kernel.clock <<<"$out" | sort -u)" virtual
is "... has no wall-clock time" "$(jq -r .wall_s <<<"$out" | sort -u)" null
first=$out
production
is "the same seed gives the same bytes" "$(cksum <<<"$out")" "$(cksum <<<"$first")"

# A run against itself.
printf '%s\n' "$first" >"$work/a.json"
jq -c '.verdict = "fail" | .why = "for a test"' "$work/a.json" >"$work/b.json"
run "$KACHECK" compare "$work/a.json" "$work/b.json"
is "compare: a regression is 1" "$status" 1
has "compare: names it" "$out" 'silent_drop/linux-default/v4/client +B +pass -> fail: for a test'
run "$KACHECK" compare "$work/b.json" "$work/a.json"
is "compare: a repair is 0" "$status" 0
refuses 2 'only one run' compare "$work/a.json"
refuses 2 'No such file' compare "$work/a.json" "$work/none.json"

# Two kernels, one run.
run "$KACHECK" run --kernel host --kernel "uml:$uml" --setting 1/1/1 --filter "$one" --format json
is "a matrix: exit status" "$status" 0
is "a matrix: two clocks" "$(jq -r .kernel.clock <<<"$out" | tr '\n' ' ')" "real virtual "

# Whoever ends the runner ends the guest.
for signal in INT TERM KILL; do
	"$KACHECK" run --kernel "uml:$uml" --quiet >"$work/out" 2>&1 &
	runner=$!
	# By then it has instances.
	for _ in $(seq 100); do
		[ "$(guests)" -ge 4 ] && break
		sleep 0.1
	done
	kill -s "$signal" "$runner"
	wait "$runner" 2>/dev/null
	for _ in $(seq 100); do
		[ "$(guests)" = 0 ] && break
		sleep 0.1
	done
	is "after SIG$signal no process is left" "$(guests)" 0
done

# What writes an initramfs is loaded only where one is written; an empty file is no library.
mkdir "$work/lib"
soname=$(grep -a -o -m 1 'libarchive\.so\.[0-9]*' "$KACHECK" | head -n 1)
: >"$work/lib/$soname"
run env LD_LIBRARY_PATH="$work/lib" "$KACHECK" run --kernel "uml:$uml" --filter silent_drop
is "without libarchive: exit status" "$status" 77
says "without libarchive" "$soname.*apt-get install libarchive[0-9]+$"
run env LD_LIBRARY_PATH="$work/lib" "$KACHECK" run --filter "$one"
is "without libarchive: this host's kernel" "$status" 0

refuses 2 'no User-mode Linux kernel' run --kernel uml:/bin/sh
refuses 2 'no x86 kernel image' run --kernel image:/bin/sh
refuses 2 'none of host, uml:FILE' run --kernel bzImage

if [ -n "$image" ] && command -v qemu-system-x86_64 >/dev/null; then
	run "$KACHECK" run --kernel "image:$image" --setting linux-default --filter "silent_drop/*/v4/client" --format json
	is "a distribution's kernel: exit status" "$status" 0
	is "... predicted to the jiffy" "$(jq -r '.off_jiffies | . == 0 or . == 1' <<<"$out")" true
	cp "$image" "$work/vmlinuz"
	refuses 2 'has no veth built in' run --kernel "image:$work/vmlinuz,modules=$work" --setting 1/1/1
	run env PATH=/nowhere "$KACHECK" run --kernel "image:$image"
	is "without QEMU: exit status" "$status" 77
	says "without QEMU" 'apt-get install qemu-system-x86'
fi
finish
