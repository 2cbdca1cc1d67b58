#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The exit status is what CI believes: each style, for a run that passes, one that can do nothing,
# and one that is wrong. (fail and broken: $WRONG runs experiments that must end so.)
# shellcheck source=lib.bash
. "$(dirname "$0")/lib.bash"
need unshare setpriv

for style in default kselftest bisect; do
	ends 0 "$style: all pass" "$KACHECK" run --exit-style $style --filter "$one"
done
ends 0 "--strict: all pass" "$KACHECK" run --strict --filter "$one"
ends 2 "usage" "$KACHECK" run --nonsense

if can_restrict; then
	nothing=(without_namespaces "$KACHECK" run --filter "$one")
	ends 77 "default: nothing could run" "${nothing[@]}"
	ends 4 "kselftest: nothing could run" "${nothing[@]}" --exit-style kselftest
	ends 125 "bisect: nothing could run" "${nothing[@]}" --exit-style bisect
	ends 1 "--strict: nothing could run" "${nothing[@]}" --strict
	run "${nothing[@]}" --format tap
	is "tap: a skip is an ok with SKIP" "$(grep -c -E '^ok 1 .*# SKIP .' <<<"$out")" 1
	run "${nothing[@]}" --format junit
	has "junit: a skip is <skipped>" "$out" '<skipped'
fi

# What is known to fail is no failure, but what a bisection looks for if nothing else ran.
known=mptcp_option_ranges/1-1-1/v4/client
run "$KACHECK" run --filter $known
if grep -q '^KNOWN ' <<<"$out"; then
	is "default: known to fail" "$status" 0
	has "a sum of its own" "$out" '^0 passed, 0 failed, 1 known, 0 skipped, 0 broken'
	ends 0 "kselftest: known to fail" "$KACHECK" run --exit-style kselftest --filter $known
	ends 1 "bisect: known to fail" "$KACHECK" run --exit-style bisect --filter $known
	ends 0 "bisect: known to fail, and others pass" \
		"$KACHECK" run --exit-style bisect --filter $known --filter "$one"
	ends 0 "--until-fail goes on" "$KACHECK" run --filter $known --repeat 2 --until-fail
	run "$KACHECK" run --filter $known --format ktap
	has "ktap: XFAIL" "$out" '^ok 1 .* # XFAIL __mptcp'
	has "list says so" "$("$KACHECK" list --filter $known)" 'known to fail$'
fi

# An interrupted run has no verdict: never 0, never 1.
ends 130 "SIGINT" timeout --preserve-status --foreground -s INT 0.5 "$KACHECK" run --filter "$one"

ends 0 "--until-fail with --repeat ends when all passed" \
	"$KACHECK" run --filter "$one" --repeat 2 --until-fail
run "$KACHECK" run --filter "$one" --repeat 3 --format json
is "--repeat 3: three results" "$(wc -l <<<"$out")" 3

# Shards: together everything, nothing twice.
all=$("$KACHECK" list | grep -o -E '[^ ]+/v[46]/(client|server)' | sort)
shards=$(for i in 1 2 3; do "$KACHECK" list --shard $i/3; done | grep -o -E '[^ ]+/v[46]/(client|server)' | sort)
is "three shards are the whole" "$shards" "$all"
env_shard=$(CI_NODE_INDEX=2 CI_NODE_TOTAL=3 "$KACHECK" list)
is "CI_NODE_INDEX and CI_NODE_TOTAL choose the shard" "$env_shard" "$("$KACHECK" list --shard 2/3)"
is "Kubernetes counts from 0" "$(JOB_COMPLETION_INDEX=1 KACHECK_SHARDS=3 "$KACHECK" list)" "$env_shard"
is "Slurm counts from what it says" \
	"$(SLURM_ARRAY_TASK_ID=11 SLURM_ARRAY_TASK_MIN=10 SLURM_ARRAY_TASK_COUNT=3 "$KACHECK" list)" "$env_shard"
is "an index alone says nothing" "$(JOB_COMPLETION_INDEX=1 "$KACHECK" list)" "$("$KACHECK" list)"
finish
