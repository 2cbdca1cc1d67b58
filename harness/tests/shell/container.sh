#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In a real container, by crun: with the profile of Docker (its seccomp filter, its capabilities, a
# read-only /proc/sys) kacheck names the cause and skips; with what README says it runs; rootless too.
# The container's files are an overlay over this machine's.
# shellcheck source=lib.bash
. "$(dirname "$0")/lib.bash"
need crun jq unshare
need_root
profile=/usr/share/containers/seccomp.json
[ -f "$profile" ] || { [ "${KACHECK_TOOLS-}" != required ] || not_ok "$profile is there"; skip_all "golang-github-containers-common is not installed"; }
if [ "${CONTAINER_INSIDE-}" != yes ]; then
	here=$(cd "$(dirname "$0")" && pwd)
	CONTAINER_INSIDE=yes exec unshare --mount bash "$here/container.sh"
fi
cd "$work" || exit 99

trap 'umount -R "$work"; rm -rf "$work"' EXIT
mount -t tmpfs tmpfs "$work"
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

# contain NAME CAPABILITIES SECCOMP(true|false) READONLY(true|false) COMMAND...
contain() {
	local name=$1 caps=$2 seccomp=$3 readonly=$4
	shift 4
	filter >seccomp.json
	jq --argjson caps "$caps" --slurpfile seccomp seccomp.json --argjson with "$seccomp" --argjson ro "$readonly" \
		--arg command "$*" '.root = {path: "root", readonly: false} | .process.terminal = false |
		.process.user = {uid: 0, gid: 0} | .process.cwd = "/" | .process.args = ["sh", "-c", $command] |
		.process.env = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"] |
		.process.noNewPrivileges = false |
		(.process.capabilities[]) = $caps |
		.linux.namespaces = [{type: "pid"}, {type: "network"}, {type: "ipc"}, {type: "uts"}, {type: "mount"}, {type: "cgroup"}] |
		(if $with then .linux.seccomp = $seccomp[0] else del(.linux.seccomp) end) |
		(if $ro then . else .linux.readonlyPaths = [] | .linux.maskedPaths = [] end)' base.json >config.json
	run crun --root "$work/state" --cgroup-manager disabled run "$name"
}
all_caps=$(jq -n '["CAP_SYS_ADMIN","CAP_NET_ADMIN","CAP_SYS_PTRACE"]' | jq -c --argjson d "$docker_caps" '. + $d')
one_command="/opt/kacheck run --filter $one"

contain probe "$docker_caps" true true 'echo inside; id -u'
[ "$status" -eq 0 ] || skip_all "crun cannot run here: $err"
has "a container" "$out" inside

contain default "$docker_caps" true true "$one_command"
is "Docker's default: nothing can run" "$status" 77
has "the cause is named" "$out$err" 'seccomp|CAP_SYS_ADMIN'
has "and what helps" "$out$err" 'seccomp=unconfined|cap-add|privileged'
contain doctor "$docker_caps" true true "/opt/kacheck doctor"
is "doctor ends with 77" "$status" 77
has "doctor names it" "$out$err" 'seccomp|CAP_SYS_ADMIN'

contain podman "$docker_caps" false true "$one_command"
is "a read-only /proc/sys alone: nothing routed can run" "$status" 77
has "the cause is named" "$out$err" '/proc/sys is read-only here \(a container needs --privileged\)'

contain readme "$all_caps" false true "$one_command"
is "README: SYS_ADMIN, NET_ADMIN, no seccomp: runs" "$status" 0
contain readonly "$all_caps" false true "/opt/kacheck run --filter 'sysctl_defaults/*' --filter 'sysctl_time_lowered/4-1-2/v4/client' --strict"
is "... sysctls too, though /proc/sys is read-only outside the sandbox" "$status" 0
contain privileged "$all_caps" false false "/opt/kacheck run --filter $one --filter 'sysctl_time_lowered/4-1-2/v4/client' --strict"
is "README: privileged: sysctls too" "$status" 0
finish
