#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kacheck explain knows every case, fits into 80 columns, and its figures are those of
# kernel/time/timer.c: --hz makes them the same on every host.
# shellcheck source=lib.bash
. "$(dirname "$0")/lib.bash"

# shows WHAT PATTERN ARGUMENT...
shows() {
	local what=$1 pattern=$2
	shift 2
	ends 0 "$what" "$KACHECK" explain "$@"
	has "$what" "$out" "$pattern"
}

shows "1/1/3 at HZ 250: the window" 'WHY 4 s BECOMES 4\.056 \.\. 4\.104 s' --hz 250 silent_drop/1-1-3/v4/client
has "1/1/3 at HZ 250: the jiffy" "$out" 'jiffies of 4 ms \(HZ = 250\)'
has "1/1/3 at HZ 250: the slots" "$out" 'idle, 250 j, waits in slots of 8 j = 0\.032 s, as all that is set up to$'
has "1/1/3 at HZ 250: up to where" "$out" '^ +504 j = 2\.016 s ahead'
has "1/1/3 at HZ 250: the step" "$out" '1\.024$|1\.024 s'
has "1/1/3 at HZ 250: the chain" "$out" 'probe 3 +3 +0\.032 +3\.032 +3\.080 +758 \.\. 770 j'
has "1/1/3 at HZ 250: the end" "$out" 'RST and the end +4 +0\.032 +4\.056 +4\.104 +1014 \.\. 1026 j'
has "1/1/3: other kernels" "$out" 'HZ 1000 +4\.050 \.\. 4\.136 s'
has "the masks" "$out" '0x2019 = IN\|RDHUP\|ERR\|HUP'
shows "fresh has the narrower window" 'WHY 4 s BECOMES 4\.076 \.\. 4\.104 s' --hz 250 silent_drop_fresh/1-1-3
shows "any setting" 'WHY 7875 s BECOMES 7881\.216 \.\. 8013\.056 s' --hz 250 silent_drop/linux-default
shows "a case alone is its first instance" '^silent_drop/1-1-1/v4/client$' silent_drop
shows "the server as prober" 'The listener had SO_KEEPALIVE' silent_drop/1-1-3/v6/server
shows "a user timeout" 'WHY 20 s BECOMES 30\.008 \.\. 30\.360 s' --hz 250 silent_drop/grpc-go
shows "a setting with slashes" '^silent_drop/15-5-3-u60000/v4/client$' silent_drop/15/5/3/u60000
shows "a setting with slashes, and more" '^silent_drop/15-5-3/v6/server$' silent_drop/15/5/3/v6/server
shows "a user timeout of many probes: rows that are left out" '^  \.\.\.$' --hz 250 silent_drop/15-5-3-u60000
shows "the first probe" 'ECONNRESET one round trip later' peer_restarted
shows "known to fail, and where not" 'all kernels do, but with HZ 1000 not, 6\.7 mended it' shrunk_window_timeout_answered

# Every case, in a line that every terminal has.
"$KACHECK" list --long | grep -o '^[a-z0-9_]*/' | sort -u >"$work/cases"
while read -r case; do
	run "$KACHECK" explain "${case%/}"
	[ "$status" -eq 0 ] && [ -z "$err" ] || echo "$case: $status $err"
	# a word that nobody knows stays in its braces
	awk -v name="$case" 'length($0) > 80 || /\{[a-z_]*\}/ { print name, length($0), $0 }' "$work/stdout"
done <"$work/cases" >"$work/wrong"
is "every case is explained, in 80 columns" "$(cat "$work/wrong")" ""
has "there are cases" "$(wc -l <"$work/cases")" '^ *[1-9][0-9]'
finish
