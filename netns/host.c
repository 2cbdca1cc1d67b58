/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel says EPERM for a dozen reasons. The ones that are met in practice (distributions that
 * restrict user namespaces, containers) can be told apart by reading the host's settings.
 */
#include "host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sandbox.h"

/* Its AppArmor profile would allow namespaces, but not a /proc that can be written. */
#define CONTAINER_REMEDY                                                                           \
	"start the container with --privileged, or with --cap-add SYS_ADMIN --cap-add NET_ADMIN "  \
	"--security-opt apparmor=unconfined"

static long read_number(const char *path)
{
	long value = NN_HOST_UNKNOWN;
	FILE *file = fopen(path, "re");

	if (!file)
		return NN_HOST_UNKNOWN;
	if (fscanf(file, "%ld", &value) != 1)
		value = NN_HOST_UNKNOWN;
	fclose(file);
	return value;
}

static long read_seccomp(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	long value = NN_HOST_UNKNOWN;
	char line[256];

	if (!file)
		return NN_HOST_UNKNOWN;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Seccomp: %ld", &value) == 1)
			break;
	fclose(file);
	return value;
}

void nn_host_read(struct nn_host *host)
{
	*host = (struct nn_host){
		.apparmor_restrict =
			read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
		.userns_clone = read_number("/proc/sys/kernel/unprivileged_userns_clone"),
		.max_user = read_number("/proc/sys/user/max_user_namespaces"),
		.max_net = read_number("/proc/sys/user/max_net_namespaces"),
		.max_pid = read_number("/proc/sys/user/max_pid_namespaces"),
		.max_mnt = read_number("/proc/sys/user/max_mnt_namespaces"),
		.seccomp = read_seccomp(),
		.privileged = nn_sandbox_is_privileged(),
	};
}

/* ENOSPC: a limit on the number of namespaces; one of them may simply be 0. */
static const char *why_limit(const struct nn_host *host)
{
	if (!host->privileged && host->max_user == 0)
		return "user namespaces are switched off: "
		       "run as root, or sysctl -w user.max_user_namespaces=10000";
	if (host->max_net == 0)
		return "network namespaces are switched off: "
		       "sysctl -w user.max_net_namespaces=10000";
	if (host->max_pid == 0)
		return "pid namespaces are switched off: sysctl -w user.max_pid_namespaces=10000";
	if (host->max_mnt == 0)
		return "mount namespaces are switched off: sysctl -w user.max_mnt_namespaces=10000";
	return "too many namespaces: raise user.max_user_namespaces, user.max_net_namespaces, "
	       "user.max_pid_namespaces and user.max_mnt_namespaces, or run fewer at once";
}

static const char *why_permission(const struct nn_host *host)
{
	if (host->unmapped)
		return "root without CAP_SETFCAP may not be root of a user namespace: start the "
		       "container with --cap-add SETFCAP, or as another user (--user 1000)";
	if (!host->privileged && host->apparmor_restrict > 0)
		return "AppArmor restricts user namespaces: run as root, or "
		       "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0";
	if (!host->privileged && host->userns_clone == 0)
		return "user namespaces are for root only: run as root, or "
		       "sysctl -w kernel.unprivileged_userns_clone=1";
	if (host->seccomp == 2 && host->privileged)
		return "a seccomp filter (a container's) forbids namespaces: "
		       "start the container with --security-opt seccomp=unconfined";
	if (host->seccomp == 2)
		return "a seccomp filter (a container's) forbids namespaces: " CONTAINER_REMEDY;
	if (host->privileged)
		return "a security module forbids namespaces to root: look at the audit log";
	return "user namespaces are forbidden here (a chroot, or a security module): run as root, "
	       "outside of a chroot";
}

const char *nn_host_why(const struct nn_host *host, int code)
{
	switch (code) {
	case ENOSPC:
	case EUSERS:
		return why_limit(host);
	case EPERM:
	case EACCES:
		return why_permission(host);
	case ENOSYS:
		return host->seccomp == 2 ? "a seccomp filter (a container's) hides system "
					    "calls: " CONTAINER_REMEDY
					  : "the kernel has no pidfd_open(): Linux 5.4 or later is "
					    "needed";
	case EINVAL:
		return "the kernel was built without namespaces (CONFIG_USER_NS, CONFIG_NET_NS, "
		       "CONFIG_PID_NS), or is older than Linux 5.4";
	case EAGAIN:
		return "too many processes: raise ulimit -u or the cgroup's pids.max";
	case ENOMEM:
		return "out of memory";
	case EMFILE:
	case ENFILE:
		return "too many open files: raise ulimit -n";
	default:
		return "cannot create namespaces";
	}
}
