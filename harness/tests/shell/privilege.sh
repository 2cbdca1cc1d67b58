#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs as root and as anybody else; where namespaces are forbidden it says what forbids them and
# ends with 77. Nothing of the host is changed for this: the limits are those of a user namespace
# of the test's own, or of a seccomp filter as containers have one ($WITHOUT).
# shellcheck source=lib.bash
. "$(dirname "$0")/lib.bash"
need setpriv unshare
# Anybody may read and execute it there.
install -m 755 "$KACHECK" "$work/kacheck" || exit 99
KACHECK=$work/kacheck
cd /

# runs WHAT COMMAND...: passes.
runs() {
	local what=$1
	shift
	ends 0 "$what" "$@"
	is "$what: nothing on stderr" "$err" ""
	has "$what: the verdict" "$out" "$one"
}

# cannot WHAT CAUSE COMMAND...: ends with 77 and one line that names the cause.
cannot() {
	local what=$1 cause=$2
	shift 2
	ends 77 "$what" "$@"
	has "$what: names the cause" "$out$err" "$cause"
	is "$what: nothing passed" "$(grep -c -i -E '^ *(ok|pass) ' "$work/stdout")" 0
}

# As whom the test runs.
run "$KACHECK" run --filter "$one"
if [ "$status" -eq 77 ]; then
	skip_all "no namespaces here: $err"
fi
runs "as $(id -un)" "$KACHECK" run --filter "$one"
# doctor_knows WHO COMMAND...: it ends with 0, or names what this kernel has not and ends with 77.
doctor_knows() {
	local who=$1
	shift
	run "$@" "$KACHECK" doctor
	missing=$(grep -c MISSING <<<"$out")
	is "doctor as $who: exit status" "$status" "$((missing ? 77 : 0))"
}
doctor_knows "$(id -un)"
here=$missing

if [ "$(id -u)" = 0 ]; then
	nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all)
	if "${nobody[@]}" unshare --user --net true 2>/dev/null; then
		runs "as nobody" "${nobody[@]}" "$KACHECK" run --filter "$one"
		doctor_knows nobody "${nobody[@]}"
	else
		cannot "as nobody, where the host forbids it" 'namespace' "${nobody[@]}" "$KACHECK" run --filter "$one"
	fi
	runs "as root without a user namespace" \
		in_userns 'echo 0 >/proc/sys/user/max_user_namespaces' "$KACHECK" run --filter "$one"
	# A container that may make namespaces, but has its /proc/sys read-only.
	run unshare --mount sh -c 'mount -o bind,ro /proc/sys /proc/sys && exec "$@"' - \
		"$KACHECK" run --filter "$one"
	has "with a read-only /proc/sys: runs, or says why not" "$status" '^(0|77)$'
fi

if can_restrict; then
	cannot "user.max_user_namespaces=0" 'max_user_namespaces' without_namespaces "$KACHECK" run --filter "$one"
	cannot "user.max_net_namespaces=0" 'max_net_namespaces' \
		in_userns 'echo 0 >/proc/sys/user/max_net_namespaces' "$KACHECK" run --filter "$one"
	run without_namespaces "$KACHECK" doctor
	has "doctor without namespaces: names the cause" "$out$err" 'max_user_namespaces'
	ends 0 "list needs no namespaces" without_namespaces "$KACHECK" list
	has "list needs no namespaces" "$out" "$one"
else
	printf 'left out: this host does not let a user namespace have limits of its own\n'
fi

if [ -n "${WITHOUT-}" ]; then
	cannot "a container's seccomp filter" 'seccomp|container' \
		setpriv --bounding-set=-all --inh-caps=-all "$WITHOUT" namespaces "$KACHECK" run --filter "$one"

	ends 0 "the system calls of Linux 5.4 suffice" "$WITHOUT" recent "$KACHECK" run --filter "$one"

	# Without MPTCP: doctor says it, and names as many instances as `run' skips.
	ends 77 "doctor without MPTCP" "$WITHOUT" mptcp "$KACHECK" doctor
	has "doctor without MPTCP: names it and the remedy" "$(tr -s ' \n' ' ' <<<"$out")" \
		'MISSING mptcp Multipath TCP: this kernel has no MPTCP.*; it takes a kernel with CONFIG_MPTCP'
	is "doctor without MPTCP: nothing else is missing" "$(grep -c MISSING <<<"$out")" $((here + 1))
	has "doctor without MPTCP: the rest is there" "$out" 'OK +conntrack'
	missing=$(tr -s ' \n' ' ' <<<"${out#*MISSING  mptcp}" | grep -o '[0-9]* of [0-9]* instances need it' | head -n 1)
	missing=${missing%% *}
	run "$WITHOUT" mptcp "$KACHECK" run --quiet --filter 'mptcp_*'
	has "run without MPTCP skips what doctor counted" "$out" " $missing skipped"
	is "run without MPTCP: nothing passes" "$(grep -c '^PASS' <<<"$out")" 0
fi
finish
