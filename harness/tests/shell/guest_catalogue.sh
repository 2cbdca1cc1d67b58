#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The whole catalogue, with every setting of production, in a kernel whose clock jumps. Such a kernel
# has one CPU: as many of them as there are CPUs share the work.
# shellcheck source=harness/tests/shell/lib.bash
. "$(dirname "$0")/lib.bash"
need jq
uml=$(kernel uml) || skip_all "no User-mode Linux kernel; ci/kernels/build-uml builds one"

shards=$(nproc)
[ "$shards" -le 8 ] || shards=8 # each has its own memory
runners=()
for ((i = 1; i <= shards; i++)); do
	"$KACHECK" run --kernel "uml:$uml" --shard "$i/$shards" --seed 1 --strict --quiet \
		--report json="$work/$i.json" >"$work/$i.txt" 2>&1 &
	runners+=($!)
done
for ((i = 1; i <= shards; i++)); do
	status=0
	wait "${runners[i - 1]}" || status=$?
	is "part $i of $shards: exit status" "$status" 0
	[ "$status" = 0 ] || sed 's/^/         | /' "$work/$i.txt"
	tail -n 1 "$work/$i.txt"
done

cat "$work"/*.json >"$work/all"
is "no instance twice" "$(jq -r .instance "$work/all" | sort | uniq -d)" ""
is "every named setting is there" \
	"$(jq -r '.instance | split("/")[1]' "$work/all" | sort -u | grep -c -x -e linux-default \
		-e redis-300 -e go -e gcp -e rds-postgres -e azure-stemcell -e kubelb -e cloudflare \
		-e freerdp -e grpc-go)" 10
is "what can be predicted to the jiffy ends in it, or in the next" \
	"$(jq -r '.off_jiffies | values | select(. != 0 and . != 1)' "$work/all" | sort | uniq -c)" ""
has "that is not nothing" "$(jq -r '.off_jiffies | values' "$work/all" | wc -l)" '^[0-9]{3,}$'
is "on a clock that jumps" "$(jq -r .kernel.clock "$work/all" | sort -u)" virtual
printf '%d instances in %d s, %d kernels side by side\n' "$(wc -l <"$work/all")" $SECONDS "$shards"
finish
