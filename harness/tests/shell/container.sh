#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In a real container, by crun: with the profile of Docker (its seccomp filter, its capabilities, a
# read-only /proc/sys) kacheck names the cause and skips; with what README says it runs; rootless too.
# The container's files are an overlay over this machine's.
# shellcheck source=lib.bash
. "$(dirname "$0")/lib.bash"
need crun jq setpriv unshare
need_root
profile=/usr/share/containers/seccomp.json
[ -f "$profile" ] || { [ "${KACHECK_TOOLS-}" != required ] || not_ok "$profile is there"; skip_all "golang-github-containers-common is not installed"; }
if [ "${CONTAINER_INSIDE-}" != yes ]; then
	here=$(cd "$(dirname "$0")" && pwd)
	CONTAINER_INSIDE=yes exec unshare --mount bash "$here/container.sh"
fi
trap 'cd /; umount -R "$work"; rm -rf "$work"' EXIT
mount -t tmpfs -o mode=755 tmpfs "$work"
cd "$work" || exit 99
# crun has no use for it here, and refuses a machine that has both versions mounted.
umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir up work root state
mount -t overlay overlay -o lowerdir=/,upperdir=up,workdir=work root || skip_all "this machine allows no overlay over its files"
mkdir -p root/opt
cp "$KACHECK" root/opt/kacheck

docker_caps='["CAP_CHOWN","CAP_DAC_OVERRIDE","CAP_FSETID","CAP_FOWNER","CAP_MKNOD","CAP_NET_RAW","CAP_SETGID","CAP_SETUID",
	"CAP_SETFCAP","CAP_SETPCAP","CAP_NET_BIND_SERVICE","CAP_SYS_CHROOT","CAP_KILL","CAP_AUDIT_WRITE"]'
crun spec && mv config.json base.json

# Debian has the profile of Podman, which lets anybody make namespaces; in Docker's that takes
# CAP_SYS_ADMIN (moby, profiles/seccomp: unshare, setns, mount, clone with CLONE_NEW*; clone3 is unknown).
filter() {
	jq '{defaultAction, defaultErrnoRet, architectures: ["SCMP_ARCH_X86_64"], syscalls:
		([.syscalls[] | select((.includes.caps // []) == []) | select((.includes.arches // []) == []) |
			.names -= ["unshare", "setns", "mount", "umount", "umount2", "clone", "clone3", "move_mount", "open_tree", "fsopen"] |
			select(.names != []) | {names, action, args: (.args // []), errnoRet} | del(..|nulls)] +
		[{names: ["clone"], action: "SCMP_ACT_ALLOW",
			args: [{index: 0, value: 2114060288, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ"}]},
		{names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: 38},
		{names: ["arch_prctl"], action: "SCMP_ACT_ALLOW", args: []}])} | del(..|nulls)' "$profile"
}

# Whose containers they are: root's, or those of somebody who is root in them only.
as=()
rootless=false

# contain NAME CAPABILITIES SECCOMP(true|false) READONLY(true|false) COMMAND...
contain() {
	local name=$1 caps=$2 seccomp=$3 readonly=$4
	shift 4
	filter >seccomp.json
	jq --argjson caps "$caps" --slurpfile seccomp seccomp.json --argjson with "$seccomp" --argjson ro "$readonly" --argjson rootless "$rootless" \
		--arg command "$*" '.root = {path: "root", readonly: false} | .process.terminal = false |
		.process.user = {uid: 0, gid: 0} | .process.cwd = "/" | .process.args = ["sh", "-c", $command] |
		.process.env = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"] |
		.process.noNewPrivileges = false |
		(.process.capabilities[]) = $caps |
		.linux.namespaces = [{type: "pid"}, {type: "network"}, {type: "ipc"}, {type: "uts"}, {type: "mount"}, {type: "cgroup"}] |
		(if $rootless then .linux.namespaces += [{type: "user"}] |
			.linux.uidMappings = [{containerID: 0, hostID: 65534, size: 1}] | .linux.gidMappings = .linux.uidMappings |
			.mounts |= map(select(.type != "cgroup") | .options = ((.options // []) - ["gid=5"])) else . end) |
		(if $with then .linux.seccomp = $seccomp[0] else del(.linux.seccomp) end) |
		(if $ro then . else .linux.readonlyPaths = [] | .linux.maskedPaths = [] end)' base.json >config.json
	run "${as[@]}" crun --root "$work/state" --cgroup-manager disabled run "$name"
}
all_caps=$(jq -n '["CAP_SYS_ADMIN","CAP_NET_ADMIN","CAP_SYS_PTRACE"]' | jq -c --argjson d "$docker_caps" '. + $d')
one_command="/opt/kacheck run --filter $one"

contain probe "$docker_caps" true true 'echo inside; id -u'
[ "$status" -eq 0 ] || skip_all "crun cannot run here: $err"
has "a container" "$out" inside

# nothing_runs WHO CAUSE NAME CAPABILITIES SECCOMP READONLY: `run' and `doctor' name the cause, and skip.
nothing_runs() {
	local who=$1 cause=$2 name=$3
	shift 3
	contain "$name" "$@" "$one_command"
	is "$who: nothing can run" "$status" 77
	has "$who: the cause is named" "$out$err" "$cause"
	contain "$name-doctor" "$@" "/opt/kacheck doctor"
	is "$who: doctor ends with 77" "$status" 77
	has "$who: doctor names it" "$(tr -s ' \n' ' ' <<<"$out$err")" "$cause"
	is "$who: doctor names no kernel that would help" "$(grep -c -E 'it takes a kernel with CONFIG_VETH' <<<"$out")" 0
}
seccomp='a seccomp filter \(a container.s\) (forbids namespaces|hides system calls): start the container with .*(seccomp=unconfined|--privileged)'
read_only='/proc/sys is read-only here \(a container needs --privileged\)'
whole="/opt/kacheck run --filter $one --filter 'sysctl_time_lowered/4-1-2/v4/client' --strict"

nothing_runs "Docker's default" "$seccomp" default "$docker_caps" true true
nothing_runs "a read-only /proc/sys alone" "$read_only" podman "$docker_caps" false true
nothing_runs "root without capabilities" "root without CAP_SETFCAP .*--cap-add SETFCAP" bare '[]' false true
# A guest has no room for the sanitizers' shadow memory.
if ! grep -q __asan_init "$KACHECK" && uml=$(kernel uml); then
	contain virtual '[]' true true "/opt/kacheck run --kernel uml:$uml --setting 7200/75/9 --filter silent_drop"
	is "a guest kernel needs nothing of that: Docker's filter, no capability, /dev/shm noexec" "$status" 0
fi

contain readme "$all_caps" false true "$whole"
is "README: SYS_ADMIN, NET_ADMIN, no seccomp: runs, sysctls too" "$status" 0
contain privileged "$all_caps" false false "$whole"
is "README: privileged: runs, sysctls too" "$status" 0

# Rootless: root in the container is nobody outside of it.
as=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all)
rootless=true
chown -R 65534:65534 state
contain rootless-probe "$docker_caps" true true 'echo inside; cat /proc/self/uid_map'
if [ "$status" -eq 0 ]; then
	has "a rootless container" "$(tr -s ' ' <<<"$out")" '0 65534 1$'
	nothing_runs "rootless, Docker's default" "$seccomp" rootless-default "$docker_caps" true true
	nothing_runs "rootless, a read-only /proc/sys" "$read_only" rootless-podman "$docker_caps" false true
	contain rootless-privileged "$all_caps" false false "$whole"
	is "README: rootless and privileged: runs, sysctls too" "$status" 0
else
	printf 'left out: no rootless container here: %s\n' "$err"
fi
finish
