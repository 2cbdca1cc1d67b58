# shellcheck shell=bash
# shellcheck disable=SC2034 # the variables are for those who read this file
# SPDX-License-Identifier: GPL-2.0-or-later
# What a run could leave behind, and how to wait for the end of a run that was killed. Every
# process of a run carries $mark in its environment, and holds the write end of a pipe.
: "${work:?}" "${KACHECK:?}"

mark=KACHECK_TEST_MARK=$$.$RANDOM
patience_s=20

# Where anybody may leave files. One that holds the binary or the tests stays as it is.
folders=(/dev/shm /run /tmp /var/tmp)

own_folders() {
	local dir here
	here=$(realpath "$0")
	for dir in "${folders[@]}"; do
		case $KACHECK:$here in
		"$dir"/* | *:"$dir"/*) ;;
		*) mount -t tmpfs none "$dir" ;;
		esac
	done
	rm -rf "$work"
	work=$(mktemp -d)
}

# All that a run might change on the host.
snapshot() {
	ip -details -oneline link show
	ip -oneline address show | sed 's/ valid_lft.*//'
	ip -4 route show table all
	ip -6 route show table all
	ip -4 rule show
	ip -6 rule show
	ip netns list
	nft list ruleset
	sysctl -a --pattern '^(net|user|kernel\.core_pattern)' 2>/dev/null | grep -v -E 'conntrack_count|_entries ='
	cat /proc/self/mountinfo
	find "${folders[@]}" -xdev -not -path "$work/*" 2>/dev/null | sort
	(cd "$home" && find . | sort)
}

# Processes of the run that are not zombies.
survivors() {
	grep -l -s -z -F -x -- "$mark" /proc/[0-9]*/environ 2>/dev/null | cut -d / -f 3
}

# Network namespaces that have a process.
namespaces() {
	lsns --noheadings --raw --type net --output NS | sort
}

# A folder of its own for the run: its cwd, HOME and TMPDIR.
new_home() {
	home=$work/home
	mkdir -p "$home"
	mkfifo "$work/alive" "$work/never"
	exec {never}<>"$work/never"
}

# marked COMMAND...: starts it so that survivors() and wait_until_gone() know its processes.
marked() {
	# The pipe is inherited by everything that the command starts.
	(
		cd "$home" || exit
		exec 8>"$work/alive"
		exec env --default-signal=INT,TERM,HUP "$mark" HOME="$home" TMPDIR="$home" "$@" >"$work/stdout" 2>"$work/stderr" </dev/null
	) &
	started=$!
	exec {alive}<"$work/alive"
}

# Waits for the end of the pipe: nobody holds it any more. What closed it early is still found in
# /proc, until the patience ends.
wait_until_gone() {
	local end=$((SECONDS + patience_s)) line
	read -r -t $patience_s -u "$alive" line || true
	exec {alive}<&-
	while [ -n "$(survivors)" ] && [ $SECONDS -lt $end ]; do
		read -r -t 0.02 -u "$never" line || true
	done
	[ -z "$(survivors)" ]
}

# The namespaces of dead processes go a moment later (the kernel cleans up in a work queue).
wait_for_namespaces() {
	local end=$((SECONDS + patience_s)) line
	while [ -n "$(comm -13 "$1" <(namespaces))" ] && [ $SECONDS -lt $end ]; do
		read -r -t 0.05 -u "$never" line || true
	done
	comm -13 "$1" <(namespaces)
}

# Sockets without a process, in all namespaces. Each holds its namespace, which no list shows.
orphans() {
	awk '$1 == "TCP:" { print $5 }' /proc/net/sockstat
}

# wait_for_orphans N: until there are no more than N. Prints how many there are.
wait_for_orphans() {
	local end=$((SECONDS + patience_s)) line
	while [ "$(orphans)" -gt "$1" ] && [ $SECONDS -lt $end ]; do
		read -r -t 0.05 -u "$never" line || true
	done
	orphans
}
