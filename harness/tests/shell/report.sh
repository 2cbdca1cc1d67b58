#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kacheck report: shards come out as one run, and whatever is not whole is named.
# shellcheck source=lib.bash
. "$(dirname "$0")/lib.bash"
need jq
cd "$work" || exit 99

filter=(--filter 'refused_never*' --filter 'refused_then*' --filter 'silent_drop/1-1-1')
planned=$("$KACHECK" list "${filter[@]}" | grep -c '/v[46]/')
for i in 1 2 3; do
	"$KACHECK" run "${filter[@]}" --seed 7 --shard "$i/3" --format json >"$i.json" &
done
wait
names() {
	jq -r .instance "$@"
}
is "each shard says what it is a part of" \
	"$(jq -r '[.plan.shard, .plan.shards, .plan.seed] | @csv' 2.json | sort -u)" '2,3,"7"'

run "$KACHECK" report --format json 3.json 1.json 2.json
is "three shards make a run" "$status" 0
is "the run is whole" "$(jq -r .instance <<<"$out" | wc -l)" "$planned"
is "in the order of the plan" "$(jq -r .plan.place <<<"$out" | tr '\n' ' ')" \
	"$(seq -s ' ' 0 $((planned - 1))) "
is "in the order of the catalogue" "$(jq -r .instance <<<"$out")" \
	"$("$KACHECK" list "${filter[@]}" | grep -o '[^ ]*/v[46]/[a-z]*')"
is "nothing is changed in a line" "$(sort <<<"$out" | cksum)" "$(sort 1.json 2.json 3.json | cksum)"

run "$KACHECK" report 1.json 2.json 3.json --report junit=r.xml --report markdown=r.md
is "text: whole" "$status" 0
has "text: how many, from where" "$out" "^kacheck .*: $planned instances from 3 files; machines: $(hostname)"
has "text: the sum" "$out" "^$planned passed, 0 failed, 0 skipped, 0 broken"
has "junit beside it" "$(cat r.xml)" "tests=\"$planned\""
has "markdown beside it" "$(cat r.md)" "^## kacheck: $planned passed"

"$KACHECK" report - --format json <2.json >out.json 2>err.txt
is "standard input: a shard alone is not whole" "$?" 99
is "standard input: all of it" "$(names out.json)" "$(names 2.json)"
has "shard 1 is named" "$(cat err.txt)" '^kacheck: shard 1/3 of the plan with seed 7 is missing$'
has "shard 3 is named" "$(cat err.txt)" '^kacheck: shard 3/3 of the plan with seed 7 is missing$'

ends 99 "a shard twice" "$KACHECK" report -q 1.json 2.json 3.json 2.json
has "it is named" "$err" '^kacheck: shard 2/3 is there twice: 2.json is left out, 2.json counts$'
is "it counts once" "$("$KACHECK" report --format json 1.json 2.json 3.json 2.json 2>/dev/null | wc -l)" "$planned"

head -n 1 2.json >short.json
ends 99 "a shard that lacks lines" "$KACHECK" report -q 1.json short.json 3.json
has "it is named" "$err" '^kacheck: short.json is cut short after 1 result, there must be more$'
head -c $(($(wc -c <2.json) - 100)) 2.json >torn.json
ends 99 "a line that breaks off" "$KACHECK" report -q 1.json torn.json 3.json
has "it is named" "$err" '^kacheck: torn.json is cut short after'
is "one line" "$(wc -l <<<"$err")" 1
head -c 100 2.json >torn.json
ends 99 "the first line breaks off" "$KACHECK" report -q torn.json 1.json 2.json 3.json
: >empty.json
ends 99 "an empty file" "$KACHECK" report -q empty.json 1.json 2.json 3.json
has "it is named" "$err" '^kacheck: empty.json has no result in it$'

jq -c '.plan.seed = "8"' 2.json >other.json
ends 2 "shards with different seeds" "$KACHECK" report 1.json other.json 3.json
has "the difference is named" "$err" '^kacheck: 1.json and other.json are parts of different plans: the seed differs; their seeds are 7 and 8$'
is "nothing half-done" "$out" ""
jq -c '.plan.id = "1"' 2.json >other.json
ends 2 "shards of different plans" "$KACHECK" report 1.json other.json 3.json
has "the difference is named" "$err" 'the instances differ;'
jq -c '.kernel.release = "9.9.9"' 2.json >other.json
ends 0 "machines may have different kernels" "$KACHECK" report -q 1.json other.json 3.json
jq -c '.kernel.release = "9.9.9"' 1.json >o1.json
jq -c '.kernel.release = "9.9.9"' 3.json >o3.json
run "$KACHECK" report --format json 1.json o1.json 2.json other.json 3.json o3.json
is "the same plan on two kernels" "$status" 0
is "one kernel after the other" "$(jq -r .kernel.release <<<"$out" | uniq | wc -l)" 2

jq -c 'del(.plan)' 1.json >old.json
ends 0 "lines without a plan" "$KACHECK" report -q old.json
ends 0 "and beside others" "$KACHECK" report -q old.json 1.json 2.json 3.json
cat 1.json 2.json >both.json
ends 2 "two parts in one file" "$KACHECK" report -q both.json
has "where, and what would be right" "$err" '^kacheck: both.json:[0-9]+ is no result of kacheck: it belongs to shard 2/3 .*give each part as a file of its own$'

jq -c '.v = 3' 1.json >future.json
ends 2 "a version of the future" "$KACHECK" report future.json
has "says so" "$err" '^kacheck: future.json:1 is no result .*reads versions 1 to 2'
ends 2 "a folder" "$KACHECK" report .
has "says so" "$err" '^kacheck: cannot read \.: Is a directory$'
ends 2 "no such file" "$KACHECK" report none.json
ends 2 "no file" "$KACHECK" report
ends 2 "no such format" "$KACHECK" report --format pdf 1.json
jq -c '.instance = "a\u001b[31m</script>" | .why = "\u009b"' 1.json >hostile.json
run "$KACHECK" report hostile.json
is "a terminal is not steered" "$(grep -c -P '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' <<<"$out")" 0

# Not even as JSON, and not by a byte that stands there as it is.
printf '%s\n' "$(jq -c '.why = "\u009b2J\u007f"' 1.json | head -n 1)" >raw.json
is "raw bytes are there" "$(grep -c -P '\xc2\x9b|\x7f' raw.json)" 1
run "$KACHECK" report --format json raw.json
is "JSON does not steer it, either" "$(grep -c -P '\x7f|\xc2[\x80-\x9f]' <<<"$out")" 0
is "... and says the same" "$(jq -r .why <<<"$out" | od -An -tx1)" "$(jq -r .why raw.json | od -An -tx1)"

# JUnit counts first, and need not hold all results for that. (The sanitizers' shadow has no room there.)
for ((i = 0; i < 400; i++)); do
	cat old.json
done >many.json
limit=(prlimit --as=60000000)
! grep -q __asan_init "$KACHECK" || limit=()
run "${limit[@]}" "$KACHECK" report --format junit many.json
is "JUnit of many results in little memory" "$status" 0
has "... counts them all" "$out" "tests=\"$(wc -l <many.json)\""

# A failure that was seen comes before what is missing.
jq -c 'if input_line_number == 1 then .verdict = "fail" | .why = "because" else . end' 1.json >bad.json
ends 1 "a failure" "$KACHECK" report -q bad.json 2.json
ends 1 "what is skipped has failed, with --strict" "$KACHECK" report -q --strict \
	<(jq -c '.verdict = "skip"' 1.json) 2.json 3.json
is "... also in the lines" "$(jq -c '.verdict = "skip"' 1.json | "$KACHECK" report --strict --format json - 2>/dev/null | jq -r .verdict | sort -u)" fail
finish
