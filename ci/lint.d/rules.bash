# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The rules, and the checks that are one command. Each check_NAME runs in the top folder of the
# tree and prints its findings; tree and build_dir are set by ci/lint.
: "${top:?}" "${tree:?}" "${build_dir:?}"

max_file_lines=600
max_function_lines=60

# Which way includes go: a zone, then what it may include besides itself. Every arrow points down;
# netns/err.h, how an error travels upward, is everybody's who has errors to tell.
include_rules='
netns
netns/tests netns
cases harness/model/vocabulary.h
harness/model
harness/judge harness/model
harness/bench harness/judge harness/model netns
harness/result harness/model netns/err.h
harness/plan harness/judge harness/model netns/err.h
harness/run harness/plan harness/bench harness/result harness/judge harness/model netns
harness/report harness/result harness/model netns/err.h
harness/guest harness/run harness/plan harness/result harness/model netns
harness/rollout harness/run harness/plan harness/result harness/judge harness/model netns
harness/program harness/rollout harness/run harness/plan harness/result harness/judge harness/model netns
harness/command harness/program harness/guest harness/rollout harness/report harness/run harness/plan harness/result harness/judge harness/model netns
harness/main harness/command harness/model/util.h
harness/tests harness netns cases'

# Which zones may use a system header (tests may use any).
library_rules='
libmnl netns
libnftnl netns
linux/netfilter netns
linux/netlink.h netns
linux/rtnetlink.h netns
linux/sock_diag.h netns
linux/inet_diag.h netns
pcap harness/bench
jansson.h harness/run harness/result harness/report harness/guest harness/program harness/command
ini.h harness/program
yaml.h harness/rollout
archive.h harness/guest
archive_entry.h harness/guest
libkmod.h harness/guest
argp.h harness/command harness/main
cmocka.h harness/tests netns/tests'

# What must not be there: pattern, files that may all the same, reason; between tabs.
speakers='^harness/(command|report|main)|/tests/'
call_rules="
(system|popen|exec[lv]p?e?|execvpe|posix_spawnp?)[ \\t]*[(]	/tests/|^harness/(bench/program_process|guest/copies|command/kernels)[.]c\$	no command is executed
(sleep|usleep|nanosleep|clock_nanosleep)[ \\t]*[(]	-	wait for an event, with a deadline
(gettimeofday|ftime|time)[ \\t]*[(]	-	time is CLOCK_MONOTONIC
CLOCK_REALTIME	^harness/bench/offset[.]c\$	time is CLOCK_MONOTONIC
(printf|vprintf|puts|putchar|perror)[ \\t]*[(]	$speakers	only harness/command and harness/report speak
stdout|stderr	$speakers	only harness/command and harness/report speak
(gets|strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|atof|alloca)[ \\t]*[(]	-	cannot be used safely
(exit|abort|errx?)[ \\t]*[(]	^harness/(command|main)|/tests/	layers return, only the top ends the process"

# Data that may change and outlives a function.
#   argp_program_*   argp wants them
global_exceptions='^(argp_program_version|argp_program_version_hook|argp_program_bug_address|argp_err_exit_status)$'

sources() {
	{ find netns cases harness -name '*.[ch]' 2>/dev/null || true; } | sort
}

# Everything that a shell reads.
scripts() {
	local file
	{ find ci .ci harness netns -type f -not -path '*/corpus/*' 2>/dev/null || true; } | sort | while read -r file; do
		case ${file##*/} in
		*.sh | *.bash) echo "$file" ;;
		*.*) ;;
		*) ! head -n 1 "$file" | grep -q '^#!.*sh$' || echo "$file" ;;
		esac
	done
}

check_format() {
	# Only the first line of each finding: what follows draws the source.
	{ sources | xargs -r clang-format --dry-run -Werror --style=file 2>&1 || true; } |
		sed -n 's/^\([^ ]*:[0-9]*\):[0-9]*: error: .*/\1: not as clang-format would write it/p' |
		uniq
}

check_spdx() {
	local file
	{
		sources
		scripts
		find ci -name '*.cmake' -o -name '*.awk'
	} | while read -r file; do
		head -n 3 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-or-later' ||
			echo "$file:1: no SPDX-License-Identifier: GPL-2.0-or-later in the first lines"
	done
}

check_size() {
	{
		sources
		scripts
	} | xargs -r wc -l | awk -v max=$max_file_lines '$2 != "total" && $1 > max {
		printf "%s:%d: %d lines; a file has at most %d\n", $2, $1, $1, max }'
}

# Length counts from the name to the closing brace.
check_functions() {
	sources | xargs -r ctags -x --language-force=C --kinds-C=f --fields=+ne \
		--_xformat='%{input} %{line} %{end} %{name}' |
		awk -v max=$max_function_lines '$3 - $2 + 1 > max {
			printf "%s:%d: %s() has %d lines; a function has at most %d\n",
				$1, $2, $4, $3 - $2 + 1, max }'
}

check_includes() {
	sources | INCLUDE_RULES=${include_rules#?} LIBRARY_RULES=${library_rules#?} \
		xargs -r awk -f "$top/ci/lint.d/includes.awk"
}

check_calls() {
	sources | CALL_RULES=${call_rules#?} xargs -r awk -f "$top/ci/lint.d/calls.awk"
}

# Reads the objects, not the source: a table that is const lands in .rodata or .data.rel.ro.
check_globals() {
	local objects
	mapfile -t objects < <(find "$build_dir" -name '*.c.o' -not -path '*/tests/*' 2>/dev/null | sort)
	if [ ${#objects[@]} -eq 0 ]; then
		echo "$build_dir:1: nothing is built here: cmake --preset dev && cmake --build --preset dev"
		return
	fi
	nm -A -l --defined-only -f sysv "${objects[@]}" |
		EXCEPTIONS=$global_exceptions awk -F'|' -v tree="$tree/" '
			NF < 7 { next }
			{
				split($NF, place, "\t") # section, then file:line
				section = place[1]
				gsub(/ /, "", section)
				object = name = $1
				sub(/:[^:]*$/, "", object)
				sub(/.*:/, "", name)
				gsub(/ /, "", name)
				sub(/\..*/, "", name)
			}
			section !~ /^(\.data|\.bss|\*COM\*|\.tdata|\.tbss)/ || section ~ /^\.data\.rel\.ro/ ||
				name == "" || name ~ ENVIRON["EXCEPTIONS"] { next }
			{
				where = place[2] ? place[2] : object ":1"
				if (index(where, tree) == 1) where = substr(where, length(tree) + 1)
				printf "%s: %s is data that can change and outlives a function\n", where, name
			}'
}

check_shell() {
	{ scripts | xargs -r shellcheck --external-sources --source-path=SCRIPTDIR --format=gcc || true; } |
		sed 's/^\([^ ]*:[0-9]*\):[0-9]*: /\1: /'
}
