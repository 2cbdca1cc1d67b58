#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kacheck sysctl: what a rollout does, on the running kernel with values that take seconds; in
# virtual time with real ones where a guest kernel is there.
# shellcheck source=lib.bash
. "$(dirname "$0")/lib.bash"
need jq readelf

cat >"$work/60-keepalive.conf" <<'END'
# a rollout
net.ipv4.tcp_keepalive_time = 7
net/ipv4/tcp_keepalive_time = 1
-net.ipv4.tcp_keepalive_intvl = 1
net.ipv4.tcp_keepalive_probes = 3
vm.swappiness = 10
END
host() {
	run "$KACHECK" sysctl --kernel host "$@"
}

# Bad input: one line, 2, nothing applied.
refuses 2 'FILE|what is rolled out' sysctl
refuses 2 'missing.conf' sysctl "$work/missing.conf"
refuses 2 'nonsense' sysctl nonsense=1
refuses 2 'tcp_keepalive_probes = 256.*0\.\.255' sysctl probes=256
refuses 2 'tcp_keepalive_time = abc' sysctl time=abc
mkdir "$work/empty"
refuses 2 'empty' sysctl "$work/empty"
printf 'net.ipv4.tcp_keepalive_time = 1\nnet.ipv4.tcp_keepalive_probes = 300\n' >"$work/wrong.conf"
refuses 2 'wrong.conf:2: .*0\.\.255' sysctl "$work/wrong.conf"
printf 'net.ipv4.tcp_keepalive_time\n' >"$work/noequals.conf"
refuses 2 'noequals.conf:1' sysctl "$work/noequals.conf"
head -c 100 /dev/zero >"$work/binary.conf"
refuses 2 'binary.conf' sysctl "$work/binary.conf"
truncate -s 100M "$work/large.conf"
refuses 2 'large.conf' sysctl "$work/large.conf"
# What the tools pass over is passed over, each line of it is told, and --strict refuses it.
printf 'net.ipv4.tcp_keepalive_time = 600 # c\nrecommended:\nnet.ipv6.tcp_keepalive_time = 5\nnet.ipv4.tcp_retries2 =\n' >"$work/odd.conf"
host --budget 0 "$work/odd.conf"
is "odd lines: exit status, since one is refused by the kernel" "$status" 1
has "odd lines: the value counts" "$out" 'tcp_keepalive_time +7200 +600'
has "odd lines: text behind a value" "$out" 'reads 600 and stops'
has "odd lines: no assignment" "$out" 'assigns nothing'
has "odd lines: a key that no kernel has" "$out" 'net.ipv4.tcp_keepalive_time is meant'
has "odd lines: no value" "$out" 'no value is REFUSED with EINVAL'
host --budget 0 "$work/odd.conf" --format json
is "odd lines: json" "$(jq -c '[.notes[].line]' "$work/stdout")" '[1,2,3,4]'
host --budget 0 "$work/odd.conf" --strict
is "odd lines: strict: exit status" "$status" 2
is "odd lines: strict: all of them" "$(grep -c 'odd.conf:[1-4]: ' "$work/stderr")" 4
host --budget 0 "$work/60-keepalive.conf" --strict
is "no odd line: strict" "$status" 0
host --budget 0 time=60 --format json
most=$((2147483647 / $(jq .kernel.hz "$work/stdout")))
host --budget 0 time=$most
is "as many seconds as this kernel takes" "$status" 0
host --budget 0 time=$((most + 1))
if [ $most -lt 21474836 ]; then
	is "more seconds than this kernel takes: exit status" "$status" 1
	has "more seconds than this kernel takes" "$out" 'tcp_keepalive_time +7200 +7200'
	has "more seconds than this kernel takes: says so" "$out" "$((most + 1)) is REFUSED with EINVAL"
fi
printf 'net.ipv4.tcp_retries2 = 8\nnet.ipv4.tcp_thin_linear_timeouts = 1\n' >"$work/thin.conf"
host --budget 0 "$work/thin.conf"
has "what bears on the answer is named" "$out" 'NOT APPLIED here, though it bears on unacknowledged data'
printf 'net.ipv4.tcp_keepalive_time = 60\nkernel.x = \377\233\n\377\n' >"$work/bytes.conf"
host --budget 0 "$work/bytes.conf" --format json
is "bytes that are no text: all lines are told" "$(jq -c '[.lines[].line, .notes[].line]' "$work/stdout")" '[1,2,3]'
# Other forms: the place of each value is told, and what is none is refused in one line.
mkdir "$work/forms" "$work/forms/circle"
printf 'spec:\n  securityContext:\n    sysctls:\n    - name: net.ipv4.tcp_keepalive_time\n      value: "300"\n    - name: net.ipv4.tcp_retries2\n      value: "8"\n' >"$work/forms/pod.yaml"
printf 'services:\n  db:\n    sysctls:\n      - net.ipv4.tcp_keepalive_time=870\n' >"$work/forms/compose.yml"
printf '[sysctl]\nnet.ipv4.tcp_keepalive_time = 300\n' >"$work/forms/tuned.conf"
printf '[main]\ninclude=circle\n[sysctl]\nnet.ipv4.tcp_keepalive_time = 1\n' >"$work/forms/circle/tuned.conf"
printf 'boot.kernel.sysctl."net.ipv4.tcp_keepalive_time" = 60;\n' >"$work/forms/a.nix"
printf 'sysctls: [a\nb: c\n' >"$work/forms/none.yaml"
host --budget 0 "$work/forms/pod.yaml" --strict
is "Kubernetes: exit status" "$status" 0
has "Kubernetes: a value and its place" "$out" 'tcp_keepalive_time +7200 +300 +pod.yaml:4'
has "Kubernetes: since when it is safe" "$out" 'safe since 1\.29'
has "Kubernetes: what a kubelet must allow" "$out" 'unsafe for Kubernetes'
host --budget 0 "$work/forms/compose.yml"
has "compose: a value and its place" "$out" 'tcp_keepalive_time +7200 +870 +compose.yml:4'
host --budget 0 "$work/forms/tuned.conf"
has "tuned: a value and its place" "$out" 'tcp_keepalive_time +7200 +300 +tuned.conf:2'
host --budget 0 "$work/forms/a.nix"
has "NixOS: a value and its place" "$out" 'tcp_keepalive_time +7200 +60 +a.nix:1'
refuses 2 'none.yaml:2: no YAML' sysctl "$work/forms/none.yaml"
refuses 2 'tuned.conf:2: include = .*circle' sysctl "$work/forms/circle/tuned.conf"

host --budget 0 time=15 intvl=15 user_timeout=20000 --detect-within 33s --detect-busy-within 23s
is "a user timeout: yes" "$status" 0
has "a user timeout: no sysctl" "$out" 'TCP_USER_TIMEOUT +0 +20000'
refuses 2 'user_timeout.*1\.\.2147483647' sysctl user_timeout=20s
refuses 2 'at least 1' sysctl probes=0 user_timeout=20000
host --budget 0 time=60 --survive-idle nginx-stream,kafka
is "a proxy: no" "$status" 1
has "a proxy: why" "$(tr '\n' ' ' <"$work/stdout" | tr -s ' ')" 'a probe is no activity there'
host --budget 0 time=60 --detect-busy-within 1m
is "data in flight: no" "$status" 1
host --budget 0 time=60 retries2=6 --detect-busy-within 1m
is "data in flight: yes" "$status" 0
refuses 2 'detect-busy-within.*350s' sysctl time=1 --detect-busy-within never

# An answer says for which HZ it holds: 870 s is below 900 s on one kernel of four.
host --budget 0 time=60 --survive-idle ipvs --detect-within 1h
has "HZ: an answer that holds for all" "$out" 'the same +at HZ'
host --budget 0 time=870 --survive-idle ipvs --hz 250
is "HZ 250: yes" "$status" 0
has "HZ 250: yes, and not at others" "$out" 'but NO at HZ 100 +.911.0 s., 300 +.979.2'
host --budget 0 time=870 --survive-idle ipvs --hz 1000
is "HZ 1000: no" "$status" 1
for all in '--hz all' --fleet; do
	# shellcheck disable=SC2086 # two words
	host --budget 0 time=870 --survive-idle ipvs $all
	is "$all: no, for it is no at one of them" "$status" 1
done
host --budget 0 time=870 --survive-idle ipvs --suggest --fleet
has "a suggestion holds at every HZ" "$out" 'tcp_keepalive_time = 840$'
host --budget 0 time=870 --survive-idle ipvs --suggest
has "a suggestion holds at every HZ, even where this kernel says yes" "$out" 'tcp_keepalive_time = 840$'
host --budget 0 time=870 --survive-idle ipvs --suggest --hz 250
has "a suggestion for one HZ" "$out" 'Nothing needs to change'
host --budget 0 time=870 --survive-idle ipvs --format json
is "HZ: json" "$(jq -c '[.questions[0].computed_for[].yes]' "$work/stdout")" '[false,true,false,false]'
has "the first line says whose kernel it is" "$(host --budget 0 time=60 && sed -n 2,3p "$work/stdout" | tr '\n' ' ')" "this +host's +kernel"
refuses 2 'hz.*10\.\.10000' sysctl time=1 --hz some
refuses 2 'other kernels' sysctl --live 1 --fleet
host --budget 0 time=60 --connections 1 --max-probes-per-second 1
has "one connection" "$out" 'does 1 idle connection cost'
for span in 5x '' 0 -5s inf 1e3; do
	refuses 2 'detect-within.*350s' sysctl time=1 --detect-within "$span"
done
refuses 2 'survive-idle.*aws-nlb' sysctl time=1 --survive-idle aws-nbl
refuses 2 'survive-idle' sysctl time=1 --survive-idle 350s,,gcp
refuses 2 'connections' sysctl time=1 --max-probes-per-second 5
refuses 2 'max-probes' sysctl time=1 --connections 5 --max-probes-per-second x
refuses 2 'format' sysctl time=1 --format tap
refuses 2 'budget' sysctl time=1 --budget soon
refuses 2 'missing' sysctl time=1 --from "$work/missing.conf"
refuses 2 'missing' sysctl time=1 --kernel "uml:$work/missing"

# Computed only: quick, marked, and the replies count.
host --budget 0 time=60 intvl=10 probes=6 --detect-within 5m --survive-idle aws-nlb
is "computed, yes: exit status" "$status" 0
has "computed, yes: marked" "$out" 'computed, not'
has "computed, yes: nothing ran" "$out" ' 0 as computed, [0-9]+ not run'
host --budget 0 time=600 --detect-within 5m --survive-idle aws-nlb --suggest
is "computed, no: exit status" "$status" 1
has "computed, no: says so" "$out" 'NO +is a dead peer noticed within 5 min'
has "a suggestion: a file" "$out" 'net.ipv4.tcp_keepalive_time = [0-9]+$'
has "a suggestion: Kubernetes" "$out" '- name: net.ipv4.tcp_keepalive_time'
has "a suggestion: Docker" "$out" 'docker run --sysctl net.ipv4.tcp_keepalive_time='
host --budget 0 time=60 --detect-within 5m --survive-idle 10s --connections 1000 --max-probes-per-second 1 --suggest
has "questions that exclude each other" "$out" 'exclude each other'
host --budget 0 time=600 net.netfilter.nf_conntrack_tcp_timeout_established=180 --survive-idle conntrack
is "the preset of the own firewall has the file's own value" "$status" 1
has "the preset of the own firewall has the file's own value: says so" "$out" 'forgets +after 3 min'
host --budget 0 --from host time=60
has "--from host" "$out" 'Before: host'
host --budget 0 --from "$work/60-keepalive.conf" time=60
has "--from FILE" "$out" 'tcp_keepalive_time +1 +60'

# Measured on this kernel.
can_run() {
	"$KACHECK" run -q -f "$one" >/dev/null 2>&1
}
if can_run; then
	host "$work/60-keepalive.conf" --budget 20s --detect-within 5s --survive-idle 3s --connections 10 \
		--max-probes-per-second 20
	is "measured: exit status" "$status" 0
	has "measured: over IPv6, too" "$(tr '\n' ' ' <"$work/stdout" | tr -s ' ')" 'measured 4\.[0-9]+ s, over IPv6 4\.[0-9]+ s'
	has "measured: a figure" "$out" 'at the latest .*measured 4\.[01]|measured 4\.'
	has "measured: no reply is only computed" "$(grep -c 'computed, not' "$work/stdout")" '^0$'
	has "the line that counts" "$out" 'tcp_keepalive_time +7200 +1 +60-keepalive.conf:3'
	has "the line that does not" "$out" 'overridden by 60-keepalive.conf:3'
	has "the line that is foreign" "$out" 'nothing to do with keepalive'
	has "read back" "$out" 'taken and read back'
	has "each of the unchanged was tried" "$(grep -c 'Tried:\|Tried$' "$work/stdout")" '^[1-9]'
	is "nothing came out otherwise" "$(grep -c 'OTHERWISE\|DID NOT COME' "$work/stdout")" 0
	host "$work/60-keepalive.conf" --budget 20s --detect-within 3s --format json
	is "json: exit status" "$status" 1
	is "json: the reply" "$(jq -c '[.v, .exit_status, .questions[0].yes, .questions[0].measured]' "$work/stdout")" \
		'[1,1,false,true]'
	is "json: all four unchanged were tried" "$(jq '[.unchanged[].tried] | all' "$work/stdout")" true
	is "json: inside the window" \
		"$(jq '.after.measured_s > .after.window_s[0] - 0.001 and .after.measured_s < .after.window_s[1] + 0.1' "$work/stdout")" true
	host time=1 intvl=1 probes=0 --budget 10s --detect-within 5s
	is "probes=0: exit status" "$status" 1
	has "probes=0: shown" "$out" 'kills living connections'
	has "probes=0: measured" "$out" 'after 1\.[0-9]+ s, 0 probes'
	host time=1 intvl=1 probes=2 --budget 10s --format markdown --detect-within 5s
	# shellcheck disable=SC2016 # the backticks are markdown's
	has "markdown: a title" "$out" '^# TCP keepalive: what `time=1 intvl=1 probes=2` changes'
	has "markdown: a reply" "$out" '^- \*\*yes\*\*: is a dead peer noticed'
	# shellcheck disable=SC2016
	has "markdown: a table" "$out" '^\| `net.ipv4.tcp_keepalive_time` \| 7200 \| 1 \|'
	host retries2=3 --budget 10s --detect-busy-within 10s --format json
	is "data in flight: measured" "$(jq -c '.questions[0] | [.yes, .measured]' "$work/stdout")" '[true,true]'
	host time=1 intvl=1 probes=9 user_timeout=2500 --budget 8s --detect-within 4s --detect-busy-within 4s --format json
	is "a user timeout: measured" "$(jq -c '[.questions[] | [.yes, .measured]] + [.odd]' "$work/stdout")" '[[true,true],[true,true],[]]'
	# Limits of RTO are applied where the kernel has them, and else named as without effect.
	host retries2=3 rto_max_ms=1000 --budget 5s --format json
	if [ -e /proc/sys/net/ipv4/tcp_rto_max_ms ]; then
		is "a limit of RTO: measured in the window" "$(jq '.after | .unacked_measured_s > 2.4 and
			.unacked_measured_s < .unacked_window_s[1] + 0.1' "$work/stdout")" true
	else
		has "a limit of RTO: says so" "$out" 'has NO EFFECT: Linux 6.15 and later'
	fi
	is "a limit of RTO: as computed" "$(jq -c '.experiments | [.otherwise, .broken]' "$work/stdout")" '[0,0]'
	# What the kernel reads of a line is what is promised, and what it refuses is refused.
	printf 'net.ipv4.tcp_keepalive_time = 1 # one\nnet.ipv4.tcp_keepalive_intvl = 1 1\n
		net.ipv4.tcp_keepalive_probes = 2 \303\244\nnet.ipv4.tcp_fin_timeout =\n' >"$work/rest.conf"
	host "$work/rest.conf" --budget 10s --format json
	is "text behind values: written as it stands" \
		"$(jq -c '[.values[].written | select(. != "not written")]' "$work/stdout")" \
		'["taken and read back","taken and read back","taken and read back","no value REFUSED: EINVAL"]'
	is "text behind values: as computed" "$(jq -c '.experiments | [.otherwise, .broken]' "$work/stdout")" '[0,0]'
	is "a value that the kernel refuses: exit status" "$status" 1
	# A look into a namespace that exists.
	ends 0 "live" "$KACHECK" sysctl --live "$$" time=60 --format json
	is "live: the values" "$(jq '.values.time == '"$(cat /proc/sys/net/ipv4/tcp_keepalive_time)"' and .with_file.time == 60' "$work/stdout")" true
	run "$KACHECK" sysctl --live "/proc/$$/ns/net" time=60
	has "live: text" "$out" 'established connection'
	refuses 2 'live.*no process' sysctl --live 99999999

	if can_restrict; then
		ends 77 "no namespaces" without_namespaces "$KACHECK" sysctl --kernel host time=1 intvl=1 probes=1 --budget 10s
	fi
fi

# In virtual time.
kernel=$("$KACHECK" kernels | awk '$3 == "virtual" && /uml:/ { print $NF; exit }')
if [ -n "$kernel" ]; then
	ends 0 "virtual" "$KACHECK" sysctl --kernel "$kernel" time=60 intvl=10 probes=6 --detect-within 5m \
		--survive-idle aws-nlb,azure-lb --format json
	is "virtual: which kernel" "$(jq -c '[.kernel.host_release == "'"$(uname -r)"'", .kernel.clock]' "$work/stdout")" '[true,"virtual"]'
	is "virtual: all is measured" "$(jq '[.questions[].measured] | all' "$work/stdout")" true
	is "virtual: all is as computed" "$(jq -c '.experiments | [.otherwise, .broken, .skipped, .not_run]' "$work/stdout")" '[0,0,0,0]'
	is "virtual: the default is measured too" "$(jq '.before.measured_s > 7875' "$work/stdout")" true
	ends 1 "virtual: half-closed" "$KACHECK" sysctl --kernel "$kernel" time=70 intvl=10 probes=6 \
		--survive-half-closed conntrack,ipvs,2m --survive-idle 60s --format json
	is "virtual: half-closed, measured" "$(jq -c '[.questions[] | [.measured, .yes]] | flatten' "$work/stdout")" \
		'[true,false,true,false,true,true,true,true,true,false,true,false]'
	is "virtual: half-closed, as computed" "$(jq -c '.experiments | [.otherwise, .broken, .skipped, .not_run]' "$work/stdout")" '[0,0,0,0]'
	run "$KACHECK" sysctl --kernel "$kernel" fin_timeout=30 orphan_retries=8 syn_retries=2
	out=$(tr '\n' ' ' <"$work/stdout" | tr -s ' ')
	has "virtual: how long a closed connection waits" "$out" 'there after 25 s, and gone after 3[5-9]\.[0-9] s'
	has "virtual: how long an orphan sends its FIN" "$out" 'there after 90 s, and gone after 1[0-9]{2}\.[0-9] s'
	has "virtual: how long a connect() asks" "$out" 'nobody answers ends after (7|11)\.[0-9] s'
	# Of two, the one whose release is nearest to this host's.
	for release in "a $(uname -r)" "b 2.6.32"; do
		mkdir -p "$work/cache/kacheck/uml-${release% *}"
		ln -s "${kernel#uml:}" "$work/cache/kacheck/uml-${release% *}/linux"
		echo "# Linux/x86 ${release#* } Kernel Configuration" >"$work/cache/kacheck/uml-${release% *}/config"
	done
	run env XDG_CACHE_HOME="$work/cache" "$KACHECK" sysctl time=1 intvl=1 probes=1 --format json
	is "virtual: the nearest kernel" "$(jq -r .kernel.where "$work/stdout")" "uml:$work/cache/kacheck/uml-a/linux"
	# A kernel that dies at its first instruction: no answer, and nothing that took too long.
	uml=${kernel#uml:}
	entry=$(readelf -hW "$uml" | awk '/Entry point/ { print $NF }')
	while read -r offset address size; do
		((entry < address || entry >= address + size)) || at=$((entry - address + offset))
	done < <(readelf -lW "$uml" | awk '$1 == "LOAD" { print $2, $3, $5 }')
	cp "$uml" "$work/linux"
	printf '\017\013' | dd of="$work/linux" bs=1 seek="$at" conv=notrunc status=none
	ends 99 "a kernel that dies" "$KACHECK" sysctl --kernel "uml:$work/linux" time=60 --detect-within 24h
	has "a kernel that dies: says so" "$out" '0 as computed, [0-9]+ broken'
	is "a kernel that dies: not left out" "$(grep -c 'not run, because' "$work/stdout")" 0
fi
finish
