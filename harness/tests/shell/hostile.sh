#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Text from outside (results of another machine, sysctl files, paths, arguments) steers no terminal,
# begins no line and ends no cell of a table, in whatever command it comes out again.
# shellcheck source=lib.bash
. "$(dirname "$0")/lib.bash"
need jq

# Colour, C1, bell, DEL, an end of line, bidi override and isolate, byte order mark, markdown, HTML.
evil=$'\033[31mE\302\233[2J\a\177\nFORGED\342\200\256V\342\201\246I\330\234\342\200\250L\357\273\277|x|`y`<script>*'
steering=$'[\001-\010\013-\037\177]|\302[\200-\237]|\330\234|\342\200[\216\217\250-\256]|\342\201[\246-\251]|\357\273\277'

# harmless WHAT: nothing of what was printed is more than text.
harmless() {
	local wrong
	wrong=$(grep -n -a -P "$steering" "$work/stdout" "$work/stderr"
		grep -n -a '^FORGED' "$work/stdout" "$work/stderr")
	is "$1: harmless" "$wrong" ""
}

# tables WHAT: each line of a table of markdown has as many bars as the line that heads it.
tables() {
	local wrong
	wrong=$(sed -e 's/\\\\//g' -e 's/\\|//g' "$work/stdout" | awk '
		/^\|/ { n = gsub(/\|/, "|"); if (last && n != last) print; last = n; next } { last = 0 }')
	is "$1: cells" "$wrong" ""
	is "$1: no HTML" "$(grep -v '`' "$work/stdout" | grep -c '<script>')" 0
}

# ---- results of another machine ------------------------------------------------------------
data=$(dirname "$0")/../data/all.jsonl
head -n 1 "$data" >"$work/good.json"
jq -c 'paths(strings)' "$work/good.json" >"$work/paths"
has "a result has fields" "$(wc -l <"$work/paths")" '^[1-9][0-9]+$'
while read -r path; do
	jq -c --arg evil "$evil" --argjson path "$path" \
		'setpath($path; getpath($path) + $evil) | if $path != ["verdict"] then .verdict = "fail" else . end' \
		"$work/good.json" >"$work/evil.json"
	for format in text markdown json; do
		run "$KACHECK" compare --all --format $format "$work/good.json" "$work/evil.json"
		grep -n -a -P "$steering" "$work/stdout" "$work/stderr" && not_ok "compare $format $path"
		grep -n -a '^FORGED' "$work/stdout" "$work/stderr" && not_ok "compare $format $path: a line"
		[ $format != markdown ] || [ "$status" = 2 ] || tables "compare $path"
	done
done <"$work/paths"
jq -c --arg evil "$evil" '.kernel.release = $evil | .verdict = "fail" | .why = $evil' "$work/good.json" >"$work/evil.json"
run "$KACHECK" compare "$work/good.json" "$work/evil.json"
is "compare: the status is that of the verdicts" "$status" 1
harmless "compare"
has "compare: the text is still there" "$out" 'pass -> fail: .*E'
cp "$work/good.json" "$work/$evil"
for format in text markdown json; do
	run "$KACHECK" compare --format $format "$work/$evil" "$work/evil.json"
	harmless "compare $format: the name of a file"
done
printf '%s\n' "$evil" >"$work/evil.json"
run "$KACHECK" compare "$work/good.json" "$work/evil.json"
harmless "compare: no result"

# ---- sysctl --------------------------------------------------------------------------------
text=$'\302\233[2J\342\200\256V\342\201\246I|x|`y`<script>*'
cat >"$work/evil.conf" <<END
net.ipv4.tcp_keepalive_time = 60
net.ipv4.tcp_keepalive_time = 61
vm.swappiness = $text
kernel.$text = 7
END
mkdir "$work/$text"
printf 'net.ipv4.tcp_keepalive_time = 60\nkernel.x = \377\233\n' >"$work/$text/60-$text.conf"
for format in text markdown json; do
	for file in "$work/evil.conf" "$work/$text/60-$text.conf" "$work/$text"; do
		ends 0 "sysctl $format" "$KACHECK" sysctl --kernel host --budget 0 --format $format "$file" \
			--from "$work/$text/60-$text.conf" --detect-within 1h --suggest
		harmless "sysctl $format"
		[ $format != markdown ] || tables "sysctl"
		[ $format != json ] || is "sysctl json: all lines" "$(jq '.lines | length > 1' "$work/stdout")" true
	done
done
printf 'net.ipv4.tcp_keepalive_time = %s\n' "$text" >"$work/evil.conf"
for argument in "$work/evil.conf" "time=$evil" "$evil=1" "$work/$evil" "$evil"; do
	run "$KACHECK" sysctl --kernel host --budget 0 "$argument"
	is "sysctl refuses" "$status" 2
	harmless "sysctl refuses"
done
run "$KACHECK" sysctl --live "$evil" time=60
harmless "sysctl --live"

# ---- kernels and arguments -----------------------------------------------------------------
mkdir -p "$work/cache$evil/kacheck/uml-$evil"
printf '# Linux/x86 %s Kernel Configuration\nCONFIG_HZ=250\n' "6.1$text" >"$work/cache$evil/kacheck/uml-$evil/config"
cp "$KACHECK" "$work/cache$evil/kacheck/uml-$evil/linux"
run env XDG_CACHE_HOME="$work/cache$evil" "$KACHECK" kernels
harmless "kernels"
while read -r command option; do
	for arguments in "$option $evil" "$option=$evil" "--$evil" "-$evil" "$evil" "--no-such=$evil"; do
		run "$KACHECK" "$command" "${arguments%% *}" "${arguments#* }" </dev/null
		harmless "$command $option"
	done
done <<'END'
run --filter
run --kernel
run --report
run --setting
run --shard
run --format
run --from-file
list --format
list --filter
explain --setting
compare --format
sysctl --detect-within
sysctl --survive-idle
sysctl --connections
sysctl --from
sysctl --budget
sysctl --kernel
doctor --no-such
kernels --no-such
END
for arguments in "$evil" "help $evil" "explain $evil"; do
	# shellcheck disable=SC2086 # words
	run "$KACHECK" ${arguments%%"$evil"} "$evil"
	harmless "kacheck ${arguments%%"$evil"}"
done
finish
