#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest that reads the host's files: it can read them and not change them, whoever it is; both ends
# make the same of a survey; and a clock that stands is noticed.
# shellcheck source=harness/tests/shell/lib.bash
. "$(dirname "$0")/lib.bash"
: "${HOST_GUEST:?path of the helper}"
uml=$(kernel uml) || skip_all "no User-mode Linux kernel; ci/kernels/build-uml builds one"
cp "$uml" "$work/linux" # nobody need be able to read the cache
cp "$HOST_GUEST" "$work/host_guest"
as=()
on=uml:$work/linux

# guest STATUS WHAT TRIALS [COPY...]
guest() {
	ends "$1" "$2" "${as[@]}" "$work/host_guest" "$on" "${@:3}"
	[ "$status" = "$1" ] || printf '%s\n' "$out" "$err" | sed 's/^/         | /'
}

# What could be seen of a change: names, kinds, rights, owners, sizes, times, contents.
state() {
	find "$1" -printf '%P %y %m %u %s %T@ %C@\n' | sort
	cat "$1/file"
}

untouched() {
	mkdir "$work/$1"
	echo before >"$work/$1/file"
	chmod 777 "$work/$1"
	chmod 666 "$work/$1/file"
	state "$work/$1" >"$work/$1.before"
	guest 0 "$1: the guest's root does its worst" "vandal:$work/$1"
	is "$1: ... to no effect" "$(state "$work/$1")" "$(cat "$work/$1.before")"
}

guest 0 "a survey, and the plan that is made of it" plain
is "... every result of the survey arrives" "$(sort -u <<<"$(grep '^surveyed' <<<"$out")")" "surveyed pass"
is "... the plan is run" "$(grep -c '^result .* pass' <<<"$out")" 1
guest 0 "a file of the host" "read:$work/linux"
guest 1 "a file that is not there" "read:$work/none"
has "... is not there" "$out" "the host's cat says 1"
untouched root
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	as=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all)
	if "${as[@]}" unshare --user --net true 2>/dev/null; then
		untouched nobody
	fi
	as=()
fi

# Where nobody can make mounts of one's own, the host's files are not risked.
if can_restrict; then
	as=(without_namespaces)
	guest 1 "without namespaces" plain
	has "... says so" "$out" "^error -[0-9]+: a guest that reads the host's files: "
	as=()
fi

guest 0 "somebody waits for the clock by looking at it" poll
is "... is told once" "$(grep -c "^said: a program is busy and the guest's clock stands" <<<"$out")" 1
guest 1 "somebody computes for ever" spin
has "... is told at last" "$out" "^error -110: a program is busy and the guest's clock stands: "

# A kernel that cannot read the host's files gets copies: what was asked for, with what it needs.
image=$(kernel image)
if [ -n "$image" ] && command -v qemu-system-x86_64 >/dev/null; then
	on=image:$image
	mkdir -p "$work/folder/below"
	echo here >"$work/folder/below/file"
	guest 0 "an image: a file of a folder that was copied" "read:$work/folder/below/file" "$work/folder"
	guest 1 "an image: what was not copied" "read:$work/linux" "$work/folder"
	has "... is not there" "$out" "the host's cat says 1"
	guest 1 "an image: a copy of nothing" plain "$work/nowhere"
	has "... says so" "$out" "^error -2: cannot copy $work/nowhere for the guest: No such file"
fi
# A real program, from a tree of its own: in it, it has a name that the host does not know.
program() {
	run "$KACHECK" program --kernel "$1" --rootfs "$work/tree" --port 11211 --send 'version\r\n' \
		--expect VERSION --filter '*.silent/*' --format json -- only-here -u root
	is "$2: exit status" "$status" 0
	is "... its options are read" "$(jq -c '.programs[0].connection | [.idle, .intvl, .cnt]' <<<"$out")" "[7200,75,9]"
	is "... a silent peer is noticed by the rules" \
		"$(jq -r '.programs[0].experiments[] | select(.measured) | .verdict' <<<"$out")" pass
	[ "$status" = 0 ] || printf '%s\n' "$out" "$err" | head -n 20 | sed 's/^/         | /'
}

if command -v memcached >/dev/null && command -v jq >/dev/null; then
	mkdir -p "$work/tree/bin" "$work/tree/etc"
	cp "$(command -v memcached)" "$work/tree/bin/only-here"
	ldd "$work/tree/bin/only-here" | grep -o '/[^ ]*' | while read -r object; do
		mkdir -p "$work/tree${object%/*}"
		cp "$object" "$work/tree$object"
	done
	echo 'root:x:0:0::/:/bin/sh' >"$work/tree/etc/passwd"
	program "uml:$work/linux" "a program in a tree of its own"
	[ -z "$image" ] || ! command -v qemu-system-x86_64 >/dev/null ||
		program "image:$image" "the same in an image"
fi
finish
