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

# What is kept comes out of the guest, as it would be kept here.
ends 0 "--keep in a guest" "$KACHECK" run --kernel "uml:$uml" --filter silent_drop/linux-default/v4/client --out "$work/kept" --keep -v
is "... the files of one instance" "$(cd "$work/kept" && find . -type f | sort | tr '\n' ' ')" \
	"$(printf './silent_drop.linux-default.v4.client/%s ' packets.pcapng result.json timeline.tsv)"
kept=$work/kept/silent_drop.linux-default.v4.client
is "... the result says where they are" "$(jq -r '.kept' "$kept/result.json")" "$kept"
is "... and of which kernel" "$(jq -r '.kernel.where' "$kept/result.json")" "uml:$uml"
is "... the timeline is there to its end" "$(tail -n 1 "$kept/timeline.tsv" | cut -f 2-)" \
	$'bench\tend: the connection has ended'
if command -v tshark >/dev/null; then
	is "... tshark sees nine probes" \
		"$(tshark -r "$kept/packets.pcapng" -Y 'frame.interface_name == "client" && tcp.analysis.keep_alive' 2>/dev/null | wc -l)" 9
	is "... nothing damaged" "$(tshark -r "$kept/packets.pcapng" -Y _ws.malformed 2>/dev/null | wc -l)" 0
fi
run "$KACHECK" run --kernel "uml:$uml" --filter silent_drop/linux-default/v4/client --out "$work/passed"
[ ! -e "$work/passed" ]
is "--out in a guest: nothing is kept of what passes" "$?" 0
mkdir "$work/full"
touch "$work/full/silent_drop.linux-default.v4.client"
ends 99 "where files cannot be kept" "$KACHECK" run --kernel "uml:$uml" --filter silent_drop/linux-default/v4/client --out "$work/full" --keep
says "where files cannot be kept" 'silent_drop.linux-default.v4.client'

# A plan that is big enough is shared by guests; their number shows nowhere.
plan=(--filter peer_killed --filter answered --filter silent_drop --filter peer_frozen
	--setting linux-default --setting 1/1/1 --setting go --setting gcp --setting 10/5/3)
shared() {
	run "$KACHECK" run --kernel "uml:$uml" "${plan[@]}" --seed 7 --format json --guests "$1"
}
shared 1
is "a plan for several guests, one at a time: exit status" "$status" 0
has "... it is big enough for two" "$(wc -l <<<"$out")" '^(6[4-9]|[7-9].|...)$'
first=$out
shared 2
is "... side by side: exit status" "$status" 0
is "... the same bytes" "$(cksum <<<"$out")" "$(cksum <<<"$first")"
is "... in the order of the plan" "$(jq -r .instance <<<"$out")" \
	"$("$KACHECK" list --long "${plan[@]}" --format json | jq -r .instance)"

# The kernels' own processes: those whose parent is none of them.
kernels() {
	local exe pid parent
	find /proc -maxdepth 2 -name exe -lname "$uml*" 2>/dev/null | while read -r exe; do
		pid=$(cut -d / -f 3 <<<"$exe")
		parent=$(awk '$1 == "PPid:" { print $2 }' "/proc/$pid/status" 2>/dev/null)
		[ "$(readlink "/proc/$parent/exe")" = "$uml" ] || echo "$pid"
	done
}

# One of two dies: what it owes is broken, and only that.
"$KACHECK" run --kernel "uml:$uml" "${plan[@]}" --guests 2 --format json >"$work/died.json" 2>"$work/died.err" &
runner=$!
for _ in $(seq 100); do
	[ "$(kernels | wc -l)" -ge 2 ] && [ "$(guests)" -ge 6 ] && break
	sleep 0.1
done
kill -KILL "$(kernels | head -n 1)"
status=0
wait "$runner" || status=$?
is "one of two guests is killed: exit status" "$status" 99
is "... every instance is told" "$(wc -l <"$work/died.json")" "$(wc -l <<<"$first")"
has "... some broke" "$(grep -c '"verdict":"broken"' "$work/died.json")" '^[1-9]'
has "... the other guest's passed" "$(grep -c '"verdict":"pass"' "$work/died.json")" '^[1-9]'
is "... why" "$(jq -r 'select(.verdict == "broken") | .why' "$work/died.json" | sed 's/[:;].*//' | sort -u)" \
	"the guest ended (killed"

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
ends 0 "a matrix" "$KACHECK" run --kernel host --kernel "uml:$uml" --setting 1/1/1 --filter "$one" --format json \
	--out "$work/two" --keep --report tap="$work/two.tap" --report junit="$work/two.xml" \
	--report text="$work/two.txt"
is "a matrix: two clocks" "$(jq -r .kernel.clock <<<"$out" | tr '\n' ' ')" "real virtual "
name=uml-$(jq -r 'select(.kernel.where != "host") | .kernel.release' <<<"$out")-hz250
is "a matrix: a folder for each kernel" "$(cd "$work/two" && echo *)" "host $name"
is "a matrix: tap plans both" "$(sed -n 2p "$work/two.tap")" 1..2
is "a matrix: tap tells them apart" "$(grep -o ' on .*' "$work/two.tap" | tr '\n' ' ')" " on host  on $name "
has "a matrix: the headline counts both" "$(head -n 1 "$work/two.txt")" ': 2 instances on 2 kernels'
has "a matrix: a row with two columns" "$(cat "$work/two.txt")" "^  $one +pass +[0-9.]+ s +pass +[0-9.]+ s\$"
if command -v xmllint >/dev/null; then
	run xmllint --noout --schema "$(cd "$(dirname "$0")/.." && pwd)/junit.xsd" "$work/two.xml"
	is "a matrix: junit is valid" "$status" 0
	is "a matrix: a suite for each" "$(xmllint --xpath 'count(//testsuite)' "$work/two.xml")" 2
fi
if command -v prove >/dev/null; then
	run prove --exec cat "$work/two.tap"
	is "a matrix: prove accepts it" "$status" 0
fi
refuses 2 'is given twice' run --kernel "uml:$uml" --kernel "uml:$uml"

# A run of many instances; returns when some of them are there.
start_many() {
	"$KACHECK" run --kernel "uml:$uml" --quiet >"$work/out" 2>&1 &
	runner=$!
	for _ in $(seq 100); do
		[ "$(guests)" -ge 4 ] && break
		sleep 0.1
	done
}

# Whoever ends the runner ends the guest.
for signal in INT TERM KILL; do
	start_many
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
ends 77 "without libarchive" env LD_LIBRARY_PATH="$work/lib" "$KACHECK" run --kernel "uml:$uml" --filter silent_drop
says "without libarchive" "$soname.*apt-get install libarchive[0-9]+$"
run env LD_LIBRARY_PATH="$work/lib" "$KACHECK" run --filter "$one"
is "without libarchive: this host's kernel" "$status" 0

# A guest that somebody kills, as the kernel does where memory is short.
start_many
find /proc -maxdepth 2 -name exe -lname "$uml*" 2>/dev/null | cut -d / -f 3 | xargs kill -KILL
status=0
wait "$runner" || status=$?
is "a guest is killed: exit status" "$status" 99
has "a guest is killed: its instances are broken" "$(cat "$work/out")" 'the guest ended \(killed: perhaps the memory'

ends 77 "too little address space" bash -c 'ulimit -v 300000; exec "$@"' - "$KACHECK" run --kernel "uml:$uml"
says "too little address space" 'needs [0-9]+ MiB of address space.*ulimit -v'

refuses 2 'no User-mode Linux kernel' run --kernel uml:/bin/sh
refuses 2 'no kernel image, neither for x86' run --kernel image:/bin/sh
refuses 2 'none of host, uml:FILE' run --kernel bzImage

if [ -n "$image" ] && command -v qemu-system-x86_64 >/dev/null; then
	ends 0 "a distribution's kernel" "$KACHECK" run --kernel "image:$image" --setting linux-default --filter "silent_drop/*/v4/client" --format json
	is "... predicted to the jiffy" "$(jq -r '.off_jiffies | . == 0 or . == 1' <<<"$out")" true
	cp "$image" "$work/vmlinuz"
	refuses 2 'it has no veth built in' run --kernel "image:$work/vmlinuz,modules=$work" --setting 1/1/1
	release=${image##*/vmlinuz-}
	sed "s/$release/X${release#?}/" "$image" >"$work/other"
	refuses 2 "is for Linux $release, the image is X" run --setting 1/1/1 \
		--kernel "image:$work/other,modules=${image%/boot/*}/lib/modules/$release"
	head -c 1000000 "$image" >"$work/cut"
	refuses 2 'is cut short' run --kernel "image:$work/cut"
	ends 77 "without QEMU" env PATH=/nowhere "$KACHECK" run --kernel "image:$image"
	says "without QEMU" 'apt-get install qemu-system-x86'
fi
finish
