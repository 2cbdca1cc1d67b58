#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A run leaves nothing behind: not when it ends, not when it is interrupted, and not when its first
# process is killed with SIGKILL at any moment.
#
#   no_trace.sh [KILLS]   how often it is killed (20); $KACHECK_KILLS wins
# shellcheck source=lib.bash
. "$(dirname "$0")/lib.bash"
# shellcheck source=trace.bash
. "$(dirname "$0")/trace.bash"
need_root
need ip nft sysctl lsns ps timeout cmp unshare
# In a pid namespace of its own, and with folders for temporary files of its own, the test sees only
# what it started itself.
if [ -z "${KACHECK_TEST_ALONE-}" ]; then
	KACHECK=$(realpath "$KACHECK")
	export KACHECK KACHECK_TEST_ALONE=1
	exec unshare --pid --fork --kill-child --mount-proc "$0" "$@"
fi
own_folders
kills=${KACHECK_KILLS:-${1:-20}}
new_home

# One of each kind of trouble: rules, processes killed and stopped, namespaces destroyed, sysctls.
some=(--filter 'silent_drop/1-1-1' --filter 'peer_*/1-1-1' --filter 'host_crash*/1-1-1'
	--filter '*sysctl*/1-1-1')
arguments=()
for ((i = 0; i < ${#some[@]}; i += 2)); do
	"$KACHECK" list "${some[@]:i:2}" >/dev/null 2>&1 && arguments+=("${some[@]:i:2}")
done

# unchanged WHAT: after a run, everything is as it was.
unchanged() {
	if ! wait_until_gone; then
		not_ok "$1: no process is left" "$(ps -o pid,ppid,stat,wchan:20,args -p "$(survivors | paste -sd,)")"
		survivors | xargs -r kill -KILL
	fi
	wait "$started"
	status=$?
	local left
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
snapshot >"$work/before"
namespaces >"$work/namespaces"

orphans_before=$(orphans)
marked "$KACHECK" run "${arguments[@]}"
before=$failures
unchanged "a run that ends"
is "a run that ends: exit status" "$status" 0
left=$(wait_for_orphans "$orphans_before")
[ "$left" -le "$orphans_before" ] ||
	not_ok "a run that ends: no socket is left" "$left orphans, $orphans_before before"
[ "$failures" -gt "$before" ] || ok "a run that ends leaves nothing"

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
finish
