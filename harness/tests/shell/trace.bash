# shellcheck shell=bash
# shellcheck disable=SC2034 # the variables are for those who read this file
# SPDX-License-Identifier: GPL-2.0-or-later
# What a run could leave behind, and how to wait for the end of a run that was killed. Every
# process of a run carries $mark in its environment, and holds the write end of a pipe.
: "${work:?}" "${KACHECK:?}"

mark=KACHECK_TEST_MARK=$$.$RANDOM
patience_s=${KACHECK_PATIENCE:-20}

# alone COMMAND...: with processes, a network and mounts of its own: what others do on this machine
# is not seen. COMMAND is process 1, so that whatever the run leaves becomes its child.
alone() {
	unshare --pid --net --mount --fork --kill-child --mount-proc "$@"
}

# Where anybody may leave files.
folders=(/dev/shm /run /tmp /var/tmp)

# Puts empty ones in their place. They may have held the binary.
own_folders() {
	local dir binary
	exec {binary}<"$KACHECK"
	for dir in "${folders[@]}"; do
		mount -t tmpfs none "$dir"
	done
	rm -rf "$work"
	work=$(mktemp -d)
	KACHECK=$work/kacheck
	cat <&"$binary" >"$KACHECK"
	chmod +x "$KACHECK"
	exec {binary}<&-
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
	xargs sysctl --ignore <"$work/sysctls" 2>/dev/null
	cat /proc/self/mountinfo
	cut -c 1-22 /proc/sysvipc/*
	find "${folders[@]}" -xdev -not -path "$work/*" 2>/dev/null | sort
	(cd "$home" && find . | sort)
}

# Those sysctls that are there from the beginning: a module that anybody loads brings others.
list_sysctls() {
	sysctl -a -N --pattern '^(net|user|kernel\.core_pattern)' 2>/dev/null |
		grep -v -E 'conntrack_count$|_entries$' >"$work/sysctls"
}

# Processes of the run that are not zombies: those that carry the mark, and those that process 1, the
# test, has adopted. To be called as $(survivors), where all else that runs is a grandchild.
survivors() {
	local test=$BASHPID
	{
		grep -l -s -z -F -x -- "$mark" /proc/[0-9]*/environ 2>/dev/null | cut -d / -f 3
		ps -e -o pid=,ppid=,stat= | awk -v test="$test" -v run="$started" \
			'$2 == 1 && $1 != test && $1 != run && $3 !~ /^Z/ { print $1 }'
	} | sort -u
}

# Network namespaces that have a process.
namespaces() {
	lsns --noheadings --raw --type net --output NS | sort
}

# holds_namespaces COMMAND...: true when a network namespace is left after it, also one that no list
# shows because a socket without a process holds it. A user namespace of the command's own counts
# them: its own and one more must fit.
# shellcheck disable=SC2016 # expanded inside
holds_namespaces() {
	! unshare --user --map-root-user --net --pid --fork --kill-child --mount-proc bash -c '
		patience_s=$1
		cd "$2" || exit
		shift 2
		HOME=$PWD TMPDIR=$PWD "$@" >/dev/null 2>&1 </dev/null
		echo 2 >/proc/sys/user/max_net_namespaces
		until unshare --net true 2>/dev/null; do
			[ "$SECONDS" -lt "$((until = ${until:-SECONDS + patience_s}))" ] || exit 1
			sleep 0.05
		done' - "$patience_s" "$home" "$@"
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
	read -r -t "$patience_s" -u "$alive" line || true
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
