#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kacheck sysctl --live: connections that exist, of one namespace and of all of a host, which is a
# sandbox with a population (live_host.c). Nothing of it changes.
# shellcheck source=lib.bash
. "$(dirname "$0")/lib.bash"
: "${LIVE_HOST:?path of live_host}" "${WITHOUT:?path of without}"
need jq
"$LIVE_HOST" 1 1 true
case $? in
0) ;;
77) skip_all "no sandbox" ;;
*) not_ok "live_host works" && finish ;;
esac

# on MEMBERS CONNECTIONS OPTION...: kacheck sysctl on such a host
on() {
	local members=$1 connections=$2
	shift 2
	run "$LIVE_HOST" "$members" "$connections" "$KACHECK" sysctl "$@"
}

# Bad input.
refuses 2 'add --live' sysctl time=60 --program web
refuses 2 'add --live' sysctl time=60 --port 80
refuses 2 'add --live' sysctl time=60 -v
refuses 2 'add --live' sysctl time=60 --format prometheus
refuses 2 'looks at this one' sysctl --live all --kernel host
refuses 2 'looks at this one' sysctl --live all --fleet
refuses 2 'without --from' sysctl --live all --from host
refuses 2 'without --from' sysctl --live all --connections 5 --max-probes-per-second 1
refuses 2 'port' sysctl --live all --port 0
refuses 2 'port' sysctl --live all --port http
refuses 2 'no process 99999999' sysctl --live 99999999
refuses 2 'no network namespace' sysctl --live /tmp

# All of a host, on one screen.
on 4 25 --live all
is "all: exit status" "$status" 0
has "all: how many" "$out" '^  5 namespaces\.'
has "all: connections" "$out" '200 established connections, 120 without keepalive, 4 half closed'
has "all: classes" "$out" '^  never +120 +(db, web|web, db)$'
has "all: seconds" "$out" '^  seconds +20 '
has "all: a group" "$out" '^  web +to 8000 +10 +2 +15/15/9 +15[01]\.[0-9] \.\. 15[12]'
has "all: a screen holds ten groups" "$out" "and 2 more groups"
has "all: as the sysctls" "$out" '7200/75/9 \(as the sysctls\)'
has "all: gateways" "$out" 'idle, forgotten by: those of 3600 s or less \(aws-nlb'
has "all: half closed" "$out" '^  CLOSE_WAIT +db +to 8000 +2 '
is "all: one screen" "$(($(wc -l <"$work/stdout") < 60))" 1
on 2 5 --live all -v
has "all -v: a user timeout" "$out" '15/15/9, user timeout 20 s +(29|30)\.'
has "all -v: each connection" "$out" '127\.0\.0\.1:[0-9]+ +127\.0\.0\.1:8000 +web \([0-9]+\)'
has "all -v: each namespace" "$out" '^  net:\[[0-9]+\] +/proc/[0-9]+/ns/net \(web\) +11 +7200/75/9'

# Some of it.
on 4 5 --live all --program db --format json
is "--program: only its own" "$(jq -c '[.connections[].program] | unique' "$work/stdout")" '["db"]'
on 4 5 --live all --port 8000
is "--port: all" "$status" 0
on 4 5 --live all --port 8001
is "--port: nobody is no success" "$status" 77
on 4 5 --live all --program nginx --detect-within 5m
is "--program: nobody is no success" "$status" 77
has "--program: nobody" "$out" 'nobody to ask'

# Questions: a gate that can fail.
on 2 5 --live all --detect-within 3h
is "a question, no: exit status" "$status" 1
has "a question, no: counted" "$out" 'NO +is a dead peer noticed within 3 h\? yes: 8, no: 12, not known: 0'
has "a question, no: why" "$out" 'it has no keepalive'
on 2 5 --live all --detect-busy-within 1m
has "data in flight: a user timeout" "$out" 'NO +is a peer that dies with data in flight noticed within 1 min\? yes: 2, no:'
on 2 5 --live all --survive-idle envoy
has "a proxy: none" "$out" 'yes: 0, no: 20'
on 2 5 --live all --max-probes-per-second 1
is "a rate, yes: exit status" "$status" 0
has "a rate, yes: computed" "$out" 'yes +do these 20 connections'
on 2 5 --live all --max-probes-per-second 0.1
is "a rate, no: exit status" "$status" 1
on 2 5 --live all --detect-within 5m --survive-idle aws-nlb --suggest
has "a suggestion: options" "$out" 'web on 8000, 5 connections: options of the program: SO_KEEPALIVE 1'
has "a suggestion: sysctls" "$out" 'net.ipv4.tcp_keepalive_time = '
on 2 5 --live all time=60 --format json --detect-within 3h
is "with a file: only the host's own namespace" \
	"$(jq -c '[.namespaces[] | select(.own == false) | .with_file.time] | unique' "$work/stdout")" '[7200]'

# JSON, and metrics.
on 2 5 --live all --format json --detect-within 3h --survive-idle gcp --suggest
is "json: exit status" "$(jq -c '[.v, .exit_status, .live]' "$work/stdout")" '[1,1,"all"]'
is "json: connections" "$(jq '[.connections[] | select(.state == "ESTABLISHED")] | length' "$work/stdout")" 20
is "json: options" \
	"$(jq -c '[.connections[].options | select(.user_timeout_ms == 20000) | [.idle, .intvl, .cnt]] | unique' "$work/stdout")" \
	'[[15,15,9]]'
is "json: answers of each" "$(jq '[.connections[] | select(.state == "ESTABLISHED") | .answers | length] | unique == [2]' "$work/stdout")" true
is "json: groups count all" "$(jq '[.groups[].connections] | add == 22' "$work/stdout")" true
is "json: nothing unseen" "$(jq -c '[.unseen.namespaces, .unseen.options, (.unseen.gaps | length)]' "$work/stdout")" '[0,0,0]'
on 2 5 --live all --format prometheus --detect-within 3h
is "metrics: exit status" "$status" 1
has "metrics: a group" "$out" '^kacheck_tcp_connections\{program="web",direction="out",port="8000",state="ESTABLISHED",keepalive="on",idle="15",intvl="15",cnt="9",from="options",user_timeout_ms="0"\} 1$'
has "metrics: never" "$out" '^kacheck_tcp_dead_peer_seconds\{.*keepalive="off".*\} \+Inf$'
has "metrics: answers" "$out" '^kacheck_tcp_answers\{question=".*",answer="no"\} 12$'
is "metrics: no series twice" "$(grep -v '^#' "$work/stdout" | sed 's/ [^ ]*$//' | sort | uniq -d)" ""
if command -v promtool >/dev/null || [ "${KACHECK_TOOLS-}" = required ]; then
	run promtool check metrics <"$work/stdout"
	is "metrics: promtool has nothing to say" "$out" ""
fi

# A program's name may hold anything.
evil=$work/$(printf 'a"b\\{\033[31m')
cp "$(command -v bash)" "$evil"
cat >"$work/evil.sh" <<'INNER'
coproc nsenter -t "$(pgrep -x web)" -n "$EVIL" -c 'exec 3<>/dev/tcp/127.0.0.1/8000 && echo there && read'
read -r there <&"${COPROC[0]}" && [ "$there" = there ] || exit 98
"$KACHECK" sysctl --live all "$@"
status=$?
echo >&"${COPROC[1]}"
exit $status
INNER
for format in text markdown json prometheus; do
	run env EVIL="$evil" KACHECK="$KACHECK" "$LIVE_HOST" 1 1 bash "$work/evil.sh" -v --format "$format"
	is "a hostile name, $format: exit status" "$status" 0
	has "a hostile name, $format: is there" "$out" 'a\\*"b'
	is "a hostile name, $format: steers no terminal" "$(grep -c $'\033' "$work/stdout")" 0
done
has "a hostile name: escaped for metrics" "$out" 'program="a\\"b\\\\\{'

# Who is not seen is told, the others are answered, and the exit status says so.
run "$LIVE_HOST" weak 6 5 "$KACHECK" sysctl --live all
is "half is not seen: exit status" "$status" 99
has "half is not seen: the others are" "$out" '30 established connections'
has "half is not seen: told" "$out" '^  - [0-9]+ processes do not show themselves, such as'
has "half is not seen: the remedy" "$out" 'CAP_SYS_PTRACE'
run "$LIVE_HOST" weak 6 5 "$KACHECK" sysctl --live all --detect-within 5m
is "half is not seen, and a no: exit status" "$status" 1
run "$LIVE_HOST" blind 6 5 "$KACHECK" sysctl --live all
is "nobody is seen: exit status" "$status" 99
has "nobody is seen: a line each" "$(grep -c 'net:\[.*ns/net (' "$work/stdout")" '^3$'

# Options that cannot be read: a range, and why.
run "$LIVE_HOST" 1 5 "$WITHOUT" lending "$KACHECK" sysctl --live all -v --detect-within 4h
is "a kernel before 5.6: exit status" "$status" 1
has "a kernel before 5.6: a range" "$out" 'not before 1[0-9]\.[0-9] s; [0-9.]+ \.\. [0-9.]+ s if it has no options'
has "a kernel before 5.6: counted" "$out" 'yes: 0, no: 6, not known: 4'
has "a kernel before 5.6: why" "$out" 'Linux 5\.6'
run "$LIVE_HOST" 1 5 "$WITHOUT" lending "$KACHECK" sysctl --live all
is "a kernel before 5.6, no question: exit status" "$status" 99

# One namespace.
# shellcheck disable=SC2016 # the sandbox expands it
run "$LIVE_HOST" 1 5 bash -c '"$0" sysctl --live "$(pgrep -x web)" --detect-within 5m' "$KACHECK"
is "one: exit status" "$status" 1
has "one: each connection" "$out" 'options: 30/10/3; a dead peer is noticed: (59|60|6[0-3])\.'
has "one: its answer" "$out" 'answers: yes'
finish
