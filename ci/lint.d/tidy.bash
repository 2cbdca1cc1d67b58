# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# clang-tidy over compile_commands.json, as many at once as there are cores. What was clean is
# remembered in the user's cache, by the content of the file and of every header that it includes, so
# that only what has changed is looked at again, in whichever clone.
: "${tree:?}" "${build_dir:?}"

tidy_cache=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/kacheck/tidy
tidy_cache_days=30

# Prints "FILE<TAB>COMMAND" of each compiled source of the tree.
tidy_commands() {
	jq -r '.[] | [.file, .command] | @tsv' "$build_dir/compile_commands.json" |
		awk -F'\t' -v OFS='\t' -v tree="$tree/" '
			index($1, tree) == 1 { $1 = substr($1, length(tree) + 1) }
			$1 ~ /^(netns|cases|harness)\// && !seen[$1]++ { print $1, $2 }'
}

# The options of a compiler's command, one a line, whatever the tree is called.
tidy_flags() {
	tr ' ' '\n' <<<"$1" | grep '^-' | sed "s|$tree|.|g"
}

# All headers that a source includes, directly or not, the system's too.
tidy_headers() {
	local flags
	mapfile -t flags < <(tr ' ' '\n' <<<"$2" | grep -e '^-[DIU]' -e '^-std')
	gcc -M "${flags[@]}" "$1" 2>/dev/null | tr -s '[:space:]' '\n' | grep '\.h$'
}

# One hash of all that the verdict on a source depends on.
tidy_key() {
	{
		echo "$1 $tidy_version"
		cat .clang-tidy "$1"
		tidy_flags "$2"
		tidy_headers "$1" "$2" | xargs -r cat
	} | sha256sum | cut -c 1-40
}

tidy_one() {
	local file=$1 key out options=(-p "$build_dir" --quiet)
	key=$tidy_cache/$(tidy_key "$file" "$2")
	# used today: it is kept
	if [ -e "$key" ]; then
		touch "$key" 2>/dev/null || true
		return
	fi
	# The flags are gcc's; clang does not know all of its warnings.
	options+=(--extra-arg=-Wno-unknown-warning-option)
	# The analyzer cannot know that cmocka's asserts do not return.
	[[ $file != */tests/* ]] || options+=('--checks=-clang-analyzer-*')
	if out=$(clang-tidy "${options[@]}" "$file" 2>/dev/null); then
		touch "$key" 2>/dev/null || true
		return
	fi
	sed -n "s|^$tree/||; s/^\([^ ]*:[0-9]*\):[0-9]*: \(warning\|error\): /\1: /p" <<<"$out" | grep . ||
		echo "$file:1: clang-tidy failed: ${out%%$'\n'*}"
}

check_tidy() {
	if [ ! -e "$build_dir/compile_commands.json" ]; then
		echo "$build_dir:1: no compile_commands.json: cmake --preset dev"
		return
	fi
	# without a cache every file is looked at
	mkdir -p "$tidy_cache" 2>/dev/null || true
	find "$tidy_cache" -type f -mtime +$tidy_cache_days -delete 2>/dev/null || true
	tidy_version=$(clang-tidy --version)
	export -f tidy_one tidy_key tidy_flags tidy_headers
	export build_dir tree tidy_cache tidy_version
	# shellcheck disable=SC2016 # the inner shell expands
	tidy_commands | tr '\t\n' '\0\0' |
		xargs -0 -r -n 2 -P "$(nproc)" bash -c 'tidy_one "$1" "$2"' - |
		sort -u -t : -k 1,1 -k 2n # a header is seen from many sources
}
