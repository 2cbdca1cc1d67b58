#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The whole catalogue, with every setting of production, in a kernel whose clock jumps. Such a kernel
# has one CPU: as many of them as there are CPUs share the plan.
# shellcheck source=harness/tests/shell/lib.bash
. "$(dirname "$0")/lib.bash"
need jq
uml=$(kernel uml) || skip_all "no User-mode Linux kernel; ci/kernels/build-uml builds one"

# What Linux 6.12, which the tests build, is too old for.
younger=('probe_format_accecn*' 'unacked_data_rto_max*')

ends 0 "the whole catalogue" "$KACHECK" run --kernel "uml:$uml" --seed 1 --strict --quiet --report json="$work/all" \
	"${younger[@]/#/--exclude=}"
[ "$status" = 0 ] || printf '%s\n' "$out" "$err" | sed 's/^/         | /'
run "$KACHECK" run --kernel "uml:$uml" --seed 1 --quiet --format json "${younger[@]/#/--filter=}"
is "what is younger passes, or is skipped" "$(jq -r .verdict <<<"$out" | grep -v -x -e pass -e skip)" ""
has "that is not nothing, either" "$(wc -l <<<"$out")" '^[0-9]{2,}$'
is "no instance twice" "$(jq -r .instance "$work/all" | sort | uniq -d)" ""
is "every named setting is there" \
	"$(jq -r '.instance | split("/")[1]' "$work/all" | sort -u | grep -c -x -e linux-default \
		-e redis-300 -e go -e gcp -e rds-postgres -e azure-stemcell -e kubelb -e cloudflare \
		-e freerdp -e grpc-go)" 10
is "what can be predicted to the jiffy ends in it, or in the next" \
	"$(jq -r '.off_jiffies | values | select(. != 0 and . != 1)' "$work/all" | sort | uniq -c)" ""
has "that is not nothing" "$(jq -r '.off_jiffies | values' "$work/all" | wc -l)" '^[0-9]{3,}$'
is "on a clock that jumps" "$(jq -r .kernel.clock "$work/all" | sort -u)" virtual
printf '%d instances in %d s\n' "$(wc -l <"$work/all")" $SECONDS
finish
