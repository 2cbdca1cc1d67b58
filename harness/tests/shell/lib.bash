# shellcheck shell=bash
# shellcheck disable=SC2034 # the variables are for those who read this file
# SPDX-License-Identifier: GPL-2.0-or-later
# What the shell tests share. A test prints one line for each thing that it looked at and ends in
# `finish`. The binary is $KACHECK; files go to $work, which is removed at the end.
set -u
: "${KACHECK:?path of the kacheck binary}"
PATH=$PATH:/usr/sbin:/sbin
export PATH LC_ALL=C
unset NO_COLOR CLICOLOR_FORCE CI_NODE_INDEX CI_NODE_TOTAL

work=$(mktemp -d)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
checks=0
failures=0

# The smallest experiment that is worth a run.
one=silent_drop/1-1-1/v4/client

ok() {
	checks=$((checks + 1))
	printf 'ok       %s\n' "$1"
}

not_ok() {
	checks=$((checks + 1))
	failures=$((failures + 1))
	printf 'NOT OK   %s\n' "$1"
	shift
	[ $# -eq 0 ] || printf '%s\n' "$@" | sed 's/^/         | /'
}

# is WHAT GOT WANTED
is() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "got    $2" "wanted $3"
	fi
}

# has WHAT TEXT PATTERN: an extended regular expression.
has() {
	if grep -q -E -- "$3" <<<"$2"; then
		ok "$1"
	else
		not_ok "$1" "no /$3/ in:" "$2"
	fi
}

skip_all() {
	printf 'skipped: %s\n' "$1"
	exit 77
}

# need TOOL...: skips the test where one is missing; fails where all were installed on purpose.
need() {
	local tool
	for tool in "$@"; do
		command -v "$tool" >/dev/null && continue
		[ "${KACHECK_TOOLS-}" != required ] || { not_ok "$tool is installed"; finish; }
		skip_all "$tool is not installed (ci/packages has the list)"
	done
}

# The path of a kernel (uml, image): what ctest's fixture has got, else the latest of the cache.
kernel() {
	local cache=${XDG_CACHE_HOME:-$HOME/.cache}/kacheck pattern='*/uml-6.12-hz250-*/linux'
	[ "$1" = uml ] || pattern='*/boot/vmlinuz-*'
	if [ -f "${KACHECK_KERNELS-}/$1" ]; then
		cat "$KACHECK_KERNELS/$1"
	else
		find "$cache" -path "$pattern" -printf '%T@ %p\n' 2>/dev/null | sort -rn |
			head -n 1 | cut -d ' ' -f 2- | grep .
	fi
}

need_root() {
	[ "$(id -u)" = 0 ] || skip_all "needs root"
}

finish() {
	printf '%d checks, %d failed\n' "$checks" "$failures"
	[ "$failures" -eq 0 ] && [ "$checks" -gt 0 ]
	exit
}

# run COMMAND...: sets $status, $out, $err.
run() {
	status=0
	"$@" >"$work/stdout" 2>"$work/stderr" </dev/null || status=$?
	out=$(cat "$work/stdout")
	err=$(cat "$work/stderr")
}

# ends STATUS WHAT COMMAND...: run, and the exit status.
ends() {
	local wanted=$1 what=$2
	shift 2
	run "$@"
	is "$what: exit status" "$status" "$wanted"
}

# refuses STATUS PATTERN ARGUMENT...: kacheck ends with STATUS and says why in one clear line.
refuses() {
	local wanted=$1 pattern=$2 what
	shift 2
	what="kacheck $*"
	ends "$wanted" "$what" "$KACHECK" "$@"
	says "$what" "$pattern"
	is "$what: nothing on stdout" "$out" ""
}

# says WHAT PATTERN: stderr is one line that begins with "kacheck" and has PATTERN. A second line
# may only point to --help.
says() {
	has "$1: says so" "$err" "$2"
	is "$1: in one line" "$(grep -v -c '^Try ' "$work/stderr")" 1
	has "$1: says who speaks" "$err" '^kacheck'
}

# in_userns SCRIPT COMMAND...: COMMAND as root of a new user namespace in which SCRIPT was run.
in_userns() {
	local script=$1
	shift
	unshare --user --map-root-user sh -c "$script; exec \"\$@\"" - "$@"
}

# Where nobody can make a namespace, whatever the host allows: the limits are those of a user
# namespace of our own.
without_namespaces() {
	in_userns 'echo 0 >/proc/sys/user/max_user_namespaces; echo 0 >/proc/sys/user/max_net_namespaces' \
		setpriv --bounding-set -all --inh-caps -all --no-new-privs "$@"
}

can_restrict() {
	without_namespaces true 2>/dev/null && ! without_namespaces unshare --user true 2>/dev/null
}
