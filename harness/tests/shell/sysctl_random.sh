#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Predicted against measured: random values in virtual time. Every end must lie inside its window,
# and, where the kernel's phase is known, on the computed jiffy or the one after it.
#   sysctl_random.sh [TIMES [SEED]]
# shellcheck source=lib.bash
. "$(dirname "$0")/lib.bash"
need jq
times=${1:-5}
RANDOM=${2:-1}

kernel=${KACHECK_KERNEL:-$("$KACHECK" kernels | awk '$3 == "virtual" && /uml:/ { print $NF; exit }')}
[ -n "$kernel" ] || skip_all "no guest kernel (ci/kernels/build-uml builds one)"

inside=0
exact=0
for ((i = 0; i < times; i++)); do
	time=$((1 + RANDOM % (10 ** (1 + RANDOM % 4))))
	intvl=$((1 + RANDOM % (10 ** (1 + RANDOM % 3))))
	probes=$((1 + RANDOM % 12))
	retries2=$((3 + RANDOM % 13))
	run "$KACHECK" sysctl --kernel "$kernel" "time=$time" "intvl=$intvl" "probes=$probes" \
		"retries2=$retries2" --format json
	line=$(jq -c '[.after.measured_s >= .after.window_s[0] - 0.000001 and
		.after.measured_s <= .after.window_s[1] + 0.000001, .after.off_jiffies // "unknown",
		.experiments.otherwise + .experiments.broken + .experiments.skipped, .odd]' "$work/stdout")
	case $line in
	'[true,0,0,[]]' | '[true,1,0,[]]') exact=$((exact + 1)) && inside=$((inside + 1)) ;;
	'[true,"unknown",0,[]]') inside=$((inside + 1)) ;;
	*) not_ok "$time/$intvl/$probes, retries2 $retries2" "exit status $status" "$line" "$err" ;;
	esac
done
is "inside the window, nothing odd" "$inside" "$times"
printf '%d of %d on the computed jiffy or the next\n' "$exact" "$times"
finish
