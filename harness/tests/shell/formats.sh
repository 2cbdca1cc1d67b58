#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every format is read by the program that others read it with: TAP by prove, JUnit by xmllint with
# a schema, JSON by jq, packets by tshark. All are written in one run and must agree.
# shellcheck source=lib.bash
. "$(dirname "$0")/lib.bash"
need prove xmllint jq tshark capinfos
schema=$(cd "$(dirname "$0")/.." && pwd)/junit.xsd

cd "$work" || exit 99
filter=(--filter 'silent_drop/1-1-1' --filter 'silent_drop/1-1-3/v4/client')
planned=$("$KACHECK" list "${filter[@]}" | grep -c '/v[46]/')

ends 0 "one run with five reports" "$KACHECK" run "${filter[@]}" --report tap=r.tap --report ktap=r.ktap --report junit=r.xml \
	--report json=r.json --report text=r.txt --out kept --keep
has "something was planned" "$planned" '^[1-9]'

run prove --exec cat r.tap
is "tap: prove accepts it" "$status" 0
has "tap: prove counts every instance" "$out" "Tests=$planned,"
is "tap: version 13" "$(head -n 1 r.tap)" "TAP version 13"
is "tap: flat" "$(grep -c '^ *ok' r.tap)" "$(grep -c '^ok' r.tap)"
is "tap: every line in a form of TAP" \
	"$(grep -c -v -E '^(TAP version 13|[0-9]+\.\.[0-9]+|(not )?ok [0-9]+ |#|  )' r.tap)" 0

run prove --exec cat "$(dirname "$schema")/data/all.tap"
has "tap: what is known to fail is no failure for prove" "$out" 'Failed tests: *2, 4, 7$'

is "ktap: version 1" "$(head -n 1 r.ktap)" "KTAP version 1"
has "ktap: the plan" "$(sed -n 2p r.ktap)" '^1\.\.[0-9]+$'
is "ktap: every instance" "$(grep -c -E '^ *(not )?ok [0-9]+ .*(client|server)' r.ktap)" "$planned"

run xmllint --noout --schema "$schema" r.xml
is "junit: valid" "$status" 0
[ "$status" -eq 0 ] || printf '%s\n' "$err"
xpath() {
	xmllint --xpath "$1" r.xml
}
is "junit: every instance" "$(xpath 'count(//testcase)')" "$planned"
is "junit: the sum says so" "$(xpath 'sum(//testsuite/@tests)')" "$planned"
is "junit: classname and name are unique" \
	"$(xpath '//testcase/@classname | //testcase/@name' | paste - - | sort | uniq -d | wc -l)" 0

for golden in all nothing kernels; do
	run xmllint --noout --schema "$schema" "$(dirname "$schema")/data/$golden.xml"
	is "junit: $golden.xml is valid" "$status" 0
done

is "json: one object a line" "$(jq -c 'type' r.json | grep -c object)" "$(wc -l <r.json)"
is "json: every instance" "$(jq -r '.instance' r.json | sort -u | wc -l)" "$planned"
is "json: version" "$(jq '.v' r.json | sort -u)" 2
wanted='["v","instance","case","theme","setting","family","prober","topology","kernel","nominal_s",
	"window_s","noise_s","detect_s","notice_s","off_jiffies","errno","events","probes","gaps_s",
	"verdict","why","counters","timeline"]'
is "json: every field" "$(jq -c "$wanted - keys" r.json | sort -u)" "[]"
is "json: all pass" "$(jq -r .verdict r.json | sort -u)" pass
is "json: the death is inside its window" \
	"$(jq -c 'select(.detect_s < .window_s[0] or .detect_s > .window_s[1] + .noise_s) | .instance' r.json)" ""
is "json: the window that list tells" "$(jq -c '[.instance, .window_s]' r.json | sort)" \
	"$("$KACHECK" list "${filter[@]}" --format json | jq -c '[.instance, .window_s]' | sort)"
is "json: noticed after it happened" "$(jq -c 'select(.notice_s < .detect_s)' r.json)" ""
is "json: the timeline is in order" "$(jq -c '[.timeline[].t] | select(. != sort)' r.json)" ""

is "text: every instance" "$(grep -c -E 'silent_drop/[^ ]*/(client|server)' r.txt)" "$planned"
is "text: no control characters" "$(grep -c -P '[\x00-\x08\x0b-\x1f]' r.txt)" 0

has "text: how to open what is kept" "$(cat r.txt)" "^packets +wireshark .*kept/silent_drop[^ ]*/packets.pcapng"

# What is kept can be read by the tools of the trade.
captures=$(find kept -name packets.pcapng | wc -l)
is "pcapng: one of every instance" "$captures" "$planned"
find kept -name packets.pcapng -print0 | while IFS= read -r -d '' file; do
	capinfos -c "$file" >/dev/null 2>&1 || echo "$file"
done >unreadable
is "pcapng: capinfos reads each" "$(cat unreadable)" ""
capture=$(find kept -path '*1-1-3*client*' -name packets.pcapng | head -n 1)
# The run may be root's and tshark does not like to be; it only reads.
shark() {
	tshark -r "$capture" "$@" 2>/dev/null
}
is "pcapng: three probes leave the client" \
	"$(shark -Y 'tcp.analysis.keep_alive && frame.interface_name == "client"' | wc -l)" 3
is "pcapng: and its RST" "$(shark -Y tcp.flags.reset==1 | wc -l)" 1
is "pcapng: both ends" "$(shark -T fields -e frame.interface_name | sort -u | tr '\n' ' ')" "client server "
is "pcapng: in the order of time" "$(shark -T fields -e frame.time_epoch | sort -nc 2>&1)" ""
is "pcapng: nothing damaged" "$(shark -Y _ws.malformed | wc -l)" 0
is "pcapng: nanoseconds" "$(capinfos "$capture" | grep -c 'Time precision = nanoseconds (9)')" 2
comments=$(shark -T fields -e frame.comment)
has "a comment: a probe and when it is due" "$comments" \
	'probe 2 of 3, 2\.0[0-9]* s after the last segment received; due 2\.[0-9]* \.\. 2\.[0-9]*'
has "a comment: what was done" "$comments" 'step 3: drop both ways'
has "the whole has one" "$(capinfos "$capture")" 'Capture comment: *silent_drop/1-1-3/v4/client: pass'
is "every packet says what it is" "$(shark -T fields -e frame.comment | grep -c .)" \
	"$(capinfos -c "$capture" | awk '/Number of packets/ { print $NF }')"

# stdout has one format and nothing else.
run "$KACHECK" run --filter "$one" --format tap
is "--format tap: only TAP on stdout" "$(head -n 1 <<<"$out")" "TAP version 13"
run "$KACHECK" run --filter "$one" --format json
is "--format json: only JSON on stdout" "$(jq -r .instance <<<"$out")" "$one"
finish
