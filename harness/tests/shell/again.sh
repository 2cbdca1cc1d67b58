#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A command that kacheck prints is run as it stands, and has the one instance that it is about.
# shellcheck source=lib.bash
. "$(dirname "$0")/lib.bash"

need jq
mkdir "$work/bin"
ln -s "$(realpath "$KACHECK")" "$work/bin/kacheck"
PATH=$work/bin:$PATH
cd "$work" || exit

# explained INSTANCE: the command at the end of its explanation, in one line.
explained() {
	kacheck explain "$1" | sed -n '/^SEE FOR YOURSELF/,$p' |
		sed -n '/^  kacheck/{:a;/\\$/{N;s/ \\\n */ /;ba};s/^ *//;p}'
}

# runs WHAT COMMAND INSTANCE: the command as it stands has this instance, which passes.
runs() {
	local lines
	lines=$(eval "$2 --format json" 2>"$work/stderr")
	is "$1: $2" "$(jq -r '.instance + " " + .verdict' <<<"$lines")" "$3 pass"
}

for instance in silent_drop/1-1-1/v4/client silent_drop/1-1-2/v6/server \
	silent_drop/1-1-9-u1500/v4/client; do
	runs "explain" "$(explained "$instance")" "$instance"
done
is "explain: kept as it says" "$([ -d kacheck-out ] && echo yes)" yes

# What takes hours, in a guest's time. (A guest has no room for the sanitizers' shadow memory.)
if [ "${1-}" = guests ] && uml=$(kernel uml); then
	for instance in silent_drop/linux-default/v4/client user_timeout_article/1-11-111-u33500/v6/client; do
		runs "explain, in a guest" "$(explained "$instance") --kernel uml:$uml" "$instance"
	done
fi

# A failure says it in every format.
if can_restrict; then
	commands=()
	instance=silent_drop/1-2-1/v6/client
	failure=(without_namespaces "$KACHECK" run --strict --setting 1/2/1 --seed 77 --filter "$instance")
	for format in text tap ktap junit; do
		run "${failure[@]}" --format "$format"
		commands+=("$(grep -m 1 -o 'kacheck run .*' <<<"$out")")
	done
	is "one command in every format" "$(printf '%s\n' "${commands[@]}" | sort | uniq -c | awk '{ print $1 }')" 4
	has "the seed of the run" "${commands[0]}" '--seed 77 '
	runs "failure" "${commands[0]}" "$instance"
fi
finish
