#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Real programs, unmodified, each by its recipe:
#   programs.sh real      two with short values, on the running kernel
#   programs.sh virtual   five with the values that people give them, in a kernel whose clock jumps
# shellcheck source=harness/tests/shell/lib.bash
. "$(dirname "$0")/lib.bash"
need jq

# of PROGRAM...: runs their recipes; their answer as JSON goes to $work/answer.
of() {
	ends 0 "$*: what the recipes demand is met" "$KACHECK" program --format json --quiet "${how[@]}" "$@"
	[ "$status" = 0 ] || printf '%s\n' "$err" | sed 's/^/         | /'
	cp "$work/stdout" "$work/answer"
}

answer() {
	jq -r "$@" "$work/answer"
}

measured='.programs[].experiments[] | select(.measured)'

# judge CLOCK: what holds for each of them.
judge() {
	local name
	is "every program is known, with its options" "$(answer '.programs[] | select(.connection == null) |
		"\(.program) \(.variant): \(.why)"')" ""
	is "nothing failed, nothing broke, nothing was skipped" "$(answer "$measured"' |
		select(.verdict != "pass") | "\(.case) \(.verdict): \(.why)"')" ""
	# In real time a late jiffy is the host's noise, which the verdict has measured.
	[ "$1" = real ] || is "what can be predicted to the jiffy ends in it, or in the next" \
		"$(answer "$measured | .off_jiffies | values | select(. != 0 and . != 1)")" ""
	is "nothing ends before its jiffy" "$(answer "$measured | .off_jiffies | values | select(. < 0)")" ""
	for name in silent reboot fin; do
		is "$name: measured for each program" "$(answer "[$measured | select(.scenario == \"$name\")] | length")" \
			"$(answer '.programs | length')"
	done
}

real() {
	need redis-server nginx
	how=(--kernel host)
	of redis:short nginx:short
	judge real
	is "silent: gone after 5 s" "$(answer "$measured"' | select(.scenario == "silent") | .program_s |
		. > 5 and . < 6' | sort -u)" true
	is "on a clock that nobody moves" "$(answer .kernel.clock)" real
}

virtual() {
	local uml
	need redis-server nginx haproxy memcached mosquitto
	uml=$(kernel uml) || skip_all "no User-mode Linux kernel; ci/kernels/build-uml builds one"
	how=(--kernel "uml:$uml")
	of redis:keepalive-300 redis:timeout-60 nginx:so-keepalive haproxy:clitcpka-30 memcached:default mosquitto:keepalive-60
	judge virtual
	is "on a clock that jumps" "$(answer .kernel.clock)" virtual
	has "that is not nothing" "$(answer "[$measured | .off_jiffies | values] | length")" '^[0-9]{2,}$'
	is "memcached: the kernel's two hours" "$(answer "$measured"' | select(.case == "memcached.default.silent") |
		.program_s > 7875 and .program_s < 8014')" true
	is "redis: a healthy client is closed, too, where it says nothing for a minute" \
		"$(answer "$measured"' | select(.case == "redis.timeout-60.healthy") | .text')" "closes: 1 min 1 s"
	is "mosquitto: once and a half of what the client promised" "$(answer "$measured"' |
		select(.case == "mosquitto.keepalive-60.silent") | .program == "closed first" and .program_s < 100')" true
}

case ${1-} in
real) real ;;
virtual) virtual ;;
*) exit 2 ;;
esac
printf '%d experiments in %d s\n' "$(answer "[$measured] | length")" $SECONDS
finish
