#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Whatever is wrong with the command line or with the output, kacheck says so in one clear line,
# ends with the right status, and leaves nothing behind.
# shellcheck source=lib.bash
. "$(dirname "$0")/lib.bash"
need objdump

# Each page that a library dirties is copied whenever an instance is forked, dearly in a guest.
needed=$(objdump -p "$KACHECK" | awk '$1 == "NEEDED" { print $2 }')
has "objdump tells what the program is linked with" "$needed" '^libc\.'
is "no library that only packs for guests" "$(grep -E '^lib(archive|kmod)\.' <<<"$needed")" ""

# What was asked for does not exist or makes no sense: 2.
refuses 2 'nonsense' nonsense
refuses 2 'nonsense' run --nonsense
refuses 2 'nonsense' run nonsense
refuses 2 'nonsense' run --format nonsense --filter "$one"
refuses 2 'nonsense' run --report nonsense=x --filter "$one"
refuses 2 'report' run --report tap --filter "$one"
refuses 2 'nonsense' run --filter 'nonsense/*'
refuses 2 'nonsense' list --filter nonsense
refuses 2 'nonsense' explain nonsense/1-1-1/v4/client
refuses 2 'explain|instance|INSTANCE' explain
refuses 2 'nonsense' run --exit-style nonsense --filter "$one"
refuses 2 'nonsense' run --color=nonsense --filter "$one"
for setting in 0/1/1 1/0/1 1/1/0 1/1/128 40000/1/1 1/40000/1 a/b 1/1 1/1/1/1 '' -1/1/1 1.5/1/1 ' 1/1/1'; do
	refuses 2 'setting|idle|intvl|cnt|IDLE' run --setting "$setting" --filter "$one"
done
for shard in 3/2 0/2 1/0 a/b 1 1/2/3; do
	refuses 2 "shard" run --shard "$shard" --filter "$one"
done
for number in x -1 1.5; do
	refuses 2 "jobs" run --jobs "$number" --filter "$one"
	refuses 2 "repeat" run --repeat "$number" --filter "$one"
	refuses 2 "seed" run --seed "$number" --filter "$one"
done
ends 2 "CI_NODE_INDEX=3 CI_NODE_TOTAL=2" env CI_NODE_INDEX=3 CI_NODE_TOTAL=2 "$KACHECK" run --filter "$one"
says "CI_NODE_INDEX=3 CI_NODE_TOTAL=2" 'CI_NODE|shard'

# Folders and files that cannot be written.
touch "$work/file"
refuses 2 "$work/file" run --out "$work/file/out" --filter "$one"
refuses 2 'Not a directory|not a (folder|directory)|File exists' run --out "$work/file" --filter "$one"
refuses 2 "$work/missing" run --report "tap=$work/missing/x" --filter "$one"
is "the refused runs left no file" "$(ls "$work")" "$(printf 'file\nstderr\nstdout')"

# Help goes to stdout and needs nothing else.
for command in '' run list explain report compare doctor kernels sysctl program; do
	# shellcheck disable=SC2086 # no word where there is no command
	ends 0 "kacheck $command --help" "$KACHECK" $command --help
	has "kacheck $command --help: how to call it" "$out" '^Usage: kacheck'
	is "kacheck $command --help: nothing on stderr" "$err" ""
	# argp prints an indentation too early when its buffer of 200 bytes is almost full: change the text then
	is "kacheck $command --help: options and what they mean stand in their columns" \
		"$(awk '/^  ....--[a-z-]+ +=/ || (option && /^[^ ]/); { option = /^  ....--[a-z]/ }' <<<"$out")" ""
done
ends 0 "kacheck --version" "$KACHECK" --version
has "kacheck --version: name and number" "$out" '^kacheck [0-9]+\.[0-9]+'

# Output that nobody can take. 99: the verdicts were not delivered.
gone() {
	has "$1: says so" "$err" "$3"
	is "$1: says so once" "$(wc -l <"$work/stderr")" 1
	is "$1: exit status" "$status" "$2"
}
# shellcheck disable=SC2016 # the inner shell expands
for command in "run --filter $one" list "explain $one" --help --version "run --format json --filter $one"; do
	# shellcheck disable=SC2086
	run sh -c 'exec "$@" >&-' - "$KACHECK" $command
	gone "kacheck $command >&-" 99 'stdout|output'
	# shellcheck disable=SC2086
	run sh -c 'exec "$@" >/dev/full' - "$KACHECK" $command
	gone "kacheck $command >/dev/full" 99 'No space left'
done
run "$KACHECK" run --report tap=/dev/full --filter "$one"
gone "kacheck run --report tap=/dev/full" 99 'No space left'
run sh -c '"$@" | true' - "$KACHECK" list
is "kacheck list | true: no noise" "$err" ""

# Colour only where it is wanted.
escape=$'\033'
run "$KACHECK" run --filter "$one"
is "not a terminal: no colour" "$(grep -c "$escape" "$work/stdout")" 0
is "not a terminal: no progress" "$err" ""
run "$KACHECK" run --color=always --filter "$one"
is "--color=always: colour" "$(grep -q "$escape" "$work/stdout" && echo yes)" yes
run env NO_COLOR=1 CLICOLOR_FORCE=1 "$KACHECK" run --filter "$one"
is "NO_COLOR wins" "$(grep -c "$escape" "$work/stdout")" 0

# Nothing ran: never 0.
ends 2 "a filter and its exclude" "$KACHECK" run --filter "$one" --exclude "$one"
says "a filter and its exclude" 'exclude|nothing|no instance'
finish
