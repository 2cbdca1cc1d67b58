#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A run leaves nothing behind: not when it ends, not when it is interrupted, and not when its first
# process is killed with SIGKILL at any moment.
#
#   no_trace.sh [KILLS]      how often it is killed (20); $KACHECK_KILLS wins
#   no_trace.sh --self-test  whether each kind of trace is seen; $KACHECK_LEAKY leaves them
# shellcheck source=lib.bash
. "$(dirname "$0")/lib.bash"
# shellcheck source=trace.bash
. "$(dirname "$0")/trace.bash"
need_root
need ip nft sysctl lsns ps timeout cmp unshare

leaky=${KACHECK_LEAKY-}

# sees LEAK PATTERN: a runner that leaves LEAK is found out, and what is said has PATTERN.
sees() {
	ends 1 "leak of '$1'" env KACHECK="$leaky" KACHECK_LEAK="$1" KACHECK_KILLS=once "$0"
	has "leak of '$1' is seen" "$out" "NOT OK.*$2"
}

if [ "${1-}" = --self-test ]; then
	ends 0 "no leak" env KACHECK="$leaky" KACHECK_KILLS=once "$0"
	sees orphans 'no namespace is held'
	export KACHECK_PATIENCE=2
	sees file 'the host is as it was'
	sees 'file at home' 'the host is as it was'
	sees process 'no process is left'
	sees 'unmarked process' 'no process is left'
	sees namespace 'no network namespace is left'
	sees 'mounted namespace' 'the host is as it was'
	finish
fi
if [ -z "${KACHECK_TEST_ALONE-}" ]; then
	KACHECK=$(realpath "$KACHECK")
	export KACHECK KACHECK_TEST_ALONE=1 KACHECK_KILLS=${KACHECK_KILLS:-${1:-20}}
	alone "$0"
	exit
fi
own_folders
kills=$KACHECK_KILLS
leak=${KACHECK_LEAK-}
unset KACHECK_LEAK # until the snapshot
new_home

# One of each kind of trouble: rules, processes killed and stopped, namespaces destroyed, sysctls.
some=(--filter 'silent_drop/1-1-1' --filter 'peer_*/1-1-1' --filter 'host_crash*/1-1-1'
	--filter '*sysctl*/1-1-1')
arguments=(--noise-budget 5000) # what a busy host does to the verdicts is no matter here
for ((i = 0; i < ${#some[@]}; i += 2)); do
	"$KACHECK" list "${some[@]:i:2}" >/dev/null 2>&1 && arguments+=("${some[@]:i:2}")
done

# unchanged WHAT: after a run, everything is as it was.
unchanged() {
	local left
	if ! wait_until_gone; then
		left=$(survivors)
		not_ok "$1: no process is left" "$(ps -o pid,ppid,stat,wchan:20,args -p "${left//$'\n'/,}")"
	fi
	wait "$started"
	status=$?
	left=$(wait_for_namespaces "$work/namespaces")
	[ -z "$left" ] || not_ok "$1: no network namespace is left" "$left"
	snapshot >"$work/after"
	cmp -s "$work/before" "$work/after" ||
		not_ok "$1: the host is as it was" "$(diff "$work/before" "$work/after" | head -n 20)"
}

# The first run may load kernel modules, and these bring sysctls of their own: not a trace.
marked "$KACHECK" run --filter "$one"
wait_until_gone
wait "$started"
list_sysctls
snapshot >"$work/before"
namespaces >"$work/namespaces"
export KACHECK_LEAK="$leak"

marked "$KACHECK" run "${arguments[@]}"
before=$failures
unchanged "a run that ends"
is "a run that ends: exit status" "$status" 0
if [ "${KACHECK_TOOLS-}" != required ] && ! unshare --user --map-root-user true 2>/dev/null; then
	printf 'not looked at: namespaces that are held by sockets; this host forbids user namespaces\n'
elif holds_namespaces "$KACHECK" run "${arguments[@]}"; then
	not_ok "a run that ends: no namespace is held by a socket"
fi
[ "$failures" -gt "$before" ] || ok "a run that ends leaves nothing"
[ "$kills" != once ] || finish

for signal in INT TERM HUP; do
	before=$failures
	marked timeout --foreground -s $signal 0.7 "$KACHECK" run "${arguments[@]}"
	unchanged "SIG$signal"
	[ "$failures" -gt "$before" ] || ok "SIG$signal leaves nothing"
done

# --foreground: only the runner itself gets the signal.
RANDOM=${KACHECK_SEED:-4711}
for ((i = 1; i <= kills; i++)); do
	moment=$((RANDOM % 3)).$(printf '%03d' $((RANDOM % 1000)))
	before=$failures
	marked timeout --foreground -s KILL "$moment" "$KACHECK" run "${arguments[@]}"
	unchanged "SIGKILL after $moment s"
	[ "$failures" -gt "$before" ] || ok "SIGKILL after $moment s leaves nothing"
done

# A real program that does what programs do: writes files, makes shared memory, has children who are no
# longer its own, and does not end when it is told to.
served=${KACHECK_SERVED:-$(dirname "$KACHECK")/served}
if [ ! -x "$served" ]; then
	printf 'not looked at: programs; there is no %s\n' "$served"
	finish
fi
program=(program --kernel host --port 7000 --send 'hello\n' --expect ok --budget 5s --
	"$served" "keepalive=1,1,1" deaf children=2 shm write=/var/tmp/kacheck-was-here)
before=$failures
marked "$KACHECK" "${program[@]}"
unchanged "a program that is tried"
is "a program that is tried: exit status" "$status" 0
[ "$failures" -gt "$before" ] || ok "a program that is tried leaves nothing"
for ((i = 1; i <= (kills + 1) / 2; i++)); do
	moment=$((RANDOM % 3)).$(printf '%03d' $((RANDOM % 1000)))
	before=$failures
	marked timeout --foreground -s KILL "$moment" "$KACHECK" "${program[@]}"
	unchanged "a program, SIGKILL after $moment s"
	[ "$failures" -gt "$before" ] || ok "a program, SIGKILL after $moment s leaves nothing"
done
finish
