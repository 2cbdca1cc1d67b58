/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linked into a kacheck for no_trace.sh --self-test: it leaves behind what $KACHECK_LEAK names, and
 * the test must see it. "orphans" is the teardown without hurry_orphans() (bench/setup.c).
 */
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "model/util.h"
#include "netns/sysctl.h"

int __real_nn_sysctl_set(const struct nn_ns *ns, const char *key, const char *value,
			 struct nn_err *err);
int __wrap_nn_sysctl_set(const struct nn_ns *ns, const char *key, const char *value,
			 struct nn_err *err);

static int is_wanted(const char *leak)
{
	const char *wanted = getenv("KACHECK_LEAK");

	return wanted && strcmp(wanted, leak) == 0;
}

int __wrap_nn_sysctl_set(const struct nn_ns *ns, const char *key, const char *value,
			 struct nn_err *err)
{
	if (is_wanted("orphans") && strcmp(key, "net/ipv4/tcp_orphan_retries") == 0)
		return 0;
	return __real_nn_sysctl_set(ns, key, value, err);
}

static void leave_file(const char *path)
{
	ka_close_fd(&(int){ open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) });
}

/* Holds no file of the run, and has nothing of it in its environment. */
static void leave_unmarked_process(int flags)
{
	const char *const environment[] = { NULL };

	if (fork() != 0)
		return;
	setsid();
	close_range(0, ~0u, 0);
	if (unshare(flags) == 0)
		execle("/bin/sleep", "sleep", "600", (char *)NULL, environment);
	_exit(1);
}

static void leave_marked_process(void)
{
	if (fork() != 0)
		return;
	setsid();
	for (;;)
		pause();
}

/* Held by a mount, without a process. */
static void leave_mounted_namespace(void)
{
	if (fork() != 0)
		return;
	leave_file("/run/leak");
	if (unshare(CLONE_NEWNET) == 0)
		(void)mount("/proc/self/ns/net", "/run/leak", NULL, MS_BIND, NULL);
	_exit(0);
}

__attribute__((constructor)) static void leave(void)
{
	if (is_wanted("file"))
		leave_file("/tmp/leak");
	if (is_wanted("file at home"))
		leave_file("leak");
	if (is_wanted("process"))
		leave_marked_process();
	if (is_wanted("unmarked process"))
		leave_unmarked_process(0);
	if (is_wanted("namespace"))
		leave_unmarked_process(CLONE_NEWNET);
	if (is_wanted("mounted namespace"))
		leave_mounted_namespace();
}
