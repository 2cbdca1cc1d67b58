#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The man page, the completions and the README know every command and every long option that
# --help names, and no other.
# shellcheck source=lib.bash
. "$(dirname "$0")/lib.bash"
top=$(cd "$(dirname "$0")/../../.." && pwd)
man=$top/harness/command/man/kacheck.1
completion=$top/harness/command/completion

# mdoc writes "Fl Fl name" for --name.
man_options=$(grep -o -E 'Fl Fl [a-z-]+' "$man" | awk '{ print "--" $3 }' | sort -u)

commands=$("$KACHECK" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p')
has "kacheck --help lists its commands" "$commands" run
every=""
for command in $commands; do
	options=$("$KACHECK" "$command" --help 2>/dev/null | grep -o -E '^ .{0,8}--[a-z-]+' | grep -o -E -- '--[a-z-]+' | sort -u)
	every+=$'\n'$options
	has "man page: $command" "$(cat "$man")" "^\.(It|Ss|Nm|Ic|Sx).* $command\b|Ic $command"
	for option in $options; do
		has "man page: $command $option" "$man_options" "^$option\$"
		for shell in kacheck.bash _kacheck kacheck.fish; do
			has "$shell: $command $option" "$(cat "$completion/$shell")" \
				"(--|-l |\b)${option#--}\b"
		done
	done
done
for option in $man_options; do
	has "man page invents nothing: $option" "$every"$'\n--help\n--version\n--usage' "^$option\$"
done

if command -v bash >/dev/null; then
	run bash -n "$completion/kacheck.bash"
	is "bash reads its completion" "$status" 0
	# shellcheck disable=SC2016
	run bash -c 'kacheck() { "$KACHECK" "$@"; }; . "$1"
		COMP_WORDS=(kacheck run --format "") COMP_CWORD=3 && _kacheck && printf "%s\n" "${COMPREPLY[@]}"' \
		- "$completion/kacheck.bash"
	is "bash completes the formats that --format help lists" "$out" "$("$KACHECK" run --format help)"
fi
formats=$("$KACHECK" run --format help)
has "--format help lists formats" "$formats" '^text$'
for format in $formats; do
	has "run --help names the format $format" "$("$KACHECK" run --help | tr -s ' \n' ' ')" "There are .*\b$format\b"
done
if command -v mandoc >/dev/null; then
	run mandoc -T lint -W warning "$man"
	is "mandoc finds nothing wrong" "$out" ""
fi

# Every file that the README points to is there.
grep -o -E '\]\([^)#:]+\)' "$top/README.md" "$top/CONTRIBUTING.md" | sed 's/.*](//; s/)$//' | sort -u |
	while read -r file; do
		[ -e "$top/$file" ] || echo "$file"
	done >"$work/missing"
is "links in README.md and CONTRIBUTING.md lead somewhere" "$(cat "$work/missing")" ""
finish
