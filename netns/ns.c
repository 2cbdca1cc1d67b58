/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network namespaces as file descriptors. Namespaces belong to threads, so everything here goes
 * through /proc/thread-self and moves only the calling thread.
 */
#include "ns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nl.h"

#define SELF_NET       "/proc/thread-self/ns/net"
/* The first device of every namespace, made by the kernel. */
#define LOOPBACK_INDEX 1

struct nn_ns {
	int fd;
	int home;                  /* where its maker lives; -1: not made here */
	bool here;                 /* that is in it, and need not go there */
	struct nn_nl nl[NN_BUSES]; /* opened at first use */
};

static int open_self(struct nn_err *err)
{
	int fd = open(SELF_NET, O_RDONLY | O_CLOEXEC);

	return fd >= 0 ? fd : nn_fail(err, errno, "cannot open " SELF_NET);
}

static struct nn_ns *ns_alloc(void)
{
	struct nn_ns *ns = calloc(1, sizeof(*ns));

	if (ns)
		ns->fd = ns->home = -1;
	return ns;
}

struct nn_ns *nn_ns_free(struct nn_ns *ns)
{
	int bus;

	if (!ns)
		return NULL;
	for (bus = 0; bus < NN_BUSES; bus++)
		nn_nl_close(&ns->nl[bus]);
	if (ns->fd >= 0)
		close(ns->fd);
	if (ns->home >= 0)
		close(ns->home);
	free(ns);
	return NULL;
}

int nn_ns_fd(const struct nn_ns *ns)
{
	return ns->fd;
}

int nn_ns_enter(const struct nn_ns *ns, struct nn_err *err)
{
	if (setns(ns->fd, CLONE_NEWNET))
		return nn_fail(err, errno, "cannot enter network namespace");
	return 0;
}

/* ---- a visit: into a namespace and back ------------------------------------------------- */

static bool same_file(int a, int b)
{
	struct stat sa, sb;

	return !fstat(a, &sa) && !fstat(b, &sb) && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

static int go_home(int home, struct nn_err *err)
{
	if (setns(home, CLONE_NEWNET))
		return nn_fail(err, errno, "cannot return to the network namespace before");
	return 0;
}

/* To a namespace of somebody else. One that the thread is in already spares setns() and with it the
 * privilege, so that anybody can read their own. */
static int visit_stranger(const struct nn_ns *ns, struct nn_visit *visit, struct nn_err *err)
{
	int fd = open_self(err), ret = 0;
	bool there;

	if (fd < 0)
		return fd;
	there = same_file(fd, ns->fd);
	if (!there)
		ret = nn_ns_enter(ns, err);
	if (there || ret)
		close(fd);
	else
		*visit = (struct nn_visit){ .home = fd, .ours = true };
	return ret;
}

/* Moves into @ns. The maker of a namespace visits it from where it was made: nothing to find out. */
static int visit_start(const struct nn_ns *ns, struct nn_visit *visit, struct nn_err *err)
{
	int ret;

	*visit = (struct nn_visit){ .home = -1 };
	if (ns->here)
		return 0;
	if (ns->home < 0)
		return visit_stranger(ns, visit, err);
	ret = nn_ns_enter(ns, err);
	if (!ret)
		visit->home = ns->home;
	return ret;
}

static int visit_end(const struct nn_visit *visit, struct nn_err *err)
{
	int ret;

	if (visit->home < 0)
		return 0;
	ret = go_home(visit->home, err);
	if (visit->ours)
		close(visit->home);
	return ret;
}

int nn_ns_visit(struct nn_ns *ns, struct nn_visit *visit, struct nn_err *err)
{
	int ret = visit_start(ns, visit, err);

	if (ret || ns->here)
		return ret;
	visit->ns = ns;
	ns->here = true;
	return 0;
}

int nn_ns_leave(struct nn_visit *visit, struct nn_err *err)
{
	if (!visit->ns)
		return 0;
	visit->ns->here = false;
	visit->ns = NULL;
	return visit_end(visit, err);
}

static int open_inside(const struct nn_ns *ns, struct nn_nl *nl, enum nn_bus bus,
		       struct nn_err *err)
{
	struct nn_visit visit;
	int ret, back;

	ret = visit_start(ns, &visit, err);
	if (ret)
		return ret;
	ret = nn_nl_open(nl, bus, err);
	back = visit_end(&visit, err);
	return ret ? ret : back;
}

int nn_ns_listener(const struct nn_ns *ns, struct nn_nl *nl, enum nn_bus bus, unsigned group,
		   struct nn_err *err)
{
	int ret = open_inside(ns, nl, bus, err);

	return ret ? ret : nn_nl_join(nl, group, err);
}

struct nn_nl *nn_ns_nl(struct nn_ns *ns, enum nn_bus bus, struct nn_err *err)
{
	struct nn_nl *nl = &ns->nl[bus];
	int ret = 0;

	if (!nl->sock)
		ret = open_inside(ns, nl, bus, err);
	if (!ret)
		return nl;
	errno = -ret;
	return NULL;
}

int nn_ns_open_proc(const struct nn_ns *ns, const char *path, int flags, struct nn_err *err)
{
	struct nn_visit visit;
	char full[256];
	int ret, fd, back;

	/* /proc/net belongs to a thread; /proc/sys/net shows the namespace of whoever opens it. */
	if (!strncmp(path, "net/", 4))
		ret = snprintf(full, sizeof(full), "/proc/thread-self/%s", path);
	else if (!strncmp(path, "sys/", 4))
		ret = snprintf(full, sizeof(full), "/proc/%s", path);
	else
		return nn_fail(err, EINVAL, "%s is neither below net/ nor sys/", path);
	if ((size_t)ret >= sizeof(full))
		return nn_fail(err, ENAMETOOLONG, "%s", path);
	ret = visit_start(ns, &visit, err);
	if (ret)
		return ret;
	fd = open(full, flags | O_CLOEXEC);
	if (fd < 0)
		fd = nn_fail(err, errno, "cannot open /proc/%s", path);
	back = visit_end(&visit, err);
	if (back && fd >= 0)
		close(fd);
	return back ? back : fd;
}

/* ---- making one ------------------------------------------------------------------------- */

static int loopback_up(struct nn_ns *ns, struct nn_err *err)
{
	struct ifinfomsg *ifi;
	struct nn_msg msg;
	int ret;

	nn_msg_start(&msg, RTM_NEWLINK, 0);
	ifi = nn_msg_extra(&msg, sizeof(*ifi));
	ifi->ifi_index = LOOPBACK_INDEX;
	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
	ret = nn_nl_talk(&ns->nl[NN_BUS_ROUTE], &msg, NULL, NULL, err);
	return ret ? nn_prefix(err, ret, "cannot set lo up") : 0;
}

static int unshare_net(struct nn_err *err)
{
	if (!unshare(CLONE_NEWNET))
		return 0;
	if (errno == EPERM)
		return nn_fail(err, EPERM,
			       "no right to create a network namespace "
			       "(CAP_SYS_ADMIN; a sandbox has it)");
	if (errno == ENOSPC || errno == EUSERS)
		return nn_fail(err, errno,
			       "too many network namespaces "
			       "(sysctl user.max_net_namespaces)");
	return nn_fail(err, errno, "cannot create a network namespace");
}

/* While inside the new namespace: what needs to be opened there. */
static int ns_fill(struct nn_ns *ns, struct nn_err *err)
{
	ns->fd = open_self(err);
	if (ns->fd < 0)
		return ns->fd;
	return nn_nl_open(&ns->nl[NN_BUS_ROUTE], NN_BUS_ROUTE, err);
}

int nn_ns_new(struct nn_ns **ret, struct nn_err *err)
{
	struct nn_ns *ns = ns_alloc();
	int rc, back;

	if (!ns)
		return nn_fail(err, ENOMEM, "network namespace");
	ns->home = rc = open_self(err);
	if (rc >= 0)
		rc = unshare_net(err);
	if (rc)
		goto out;
	rc = ns_fill(ns, err);
	back = go_home(ns->home, err);
	rc = rc ? rc : back;
	if (!rc)
		rc = loopback_up(ns, err);
	if (rc)
		goto out;
	*ret = ns;
	ns = NULL;
out:
	nn_ns_free(ns);
	return rc;
}

int nn_ns_current(struct nn_ns **ret, struct nn_err *err)
{
	struct nn_ns *ns = ns_alloc();

	if (!ns)
		return nn_fail(err, ENOMEM, "network namespace");
	ns->fd = open_self(err);
	if (ns->fd < 0) {
		int rc = ns->fd;

		nn_ns_free(ns);
		return rc;
	}
	*ret = ns;
	return 0;
}

int nn_ns_here(struct nn_ns **ret, struct nn_err *err)
{
	int rc = nn_ns_current(ret, err);

	if (!rc)
		(*ret)->here = true;
	return rc;
}

static int check_is_netns(int fd, const char *path, struct nn_err *err)
{
	/* Of the file systems only that of the namespaces knows this request. */
	if (ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET)
		return 0;
	return nn_fail(err, EINVAL, "%s is no network namespace (/proc/PID/ns/net is one)", path);
}

int nn_ns_open_path(struct nn_ns **ret, const char *path, struct nn_err *err)
{
	struct nn_ns *ns = ns_alloc();
	int rc;

	if (!ns)
		return nn_fail(err, ENOMEM, "network namespace");
	/* O_NONBLOCK: whatever the file is, opening it does not wait. */
	ns->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	rc = ns->fd < 0 ? nn_fail(err, errno, "cannot open %s", path)
			: check_is_netns(ns->fd, path, err);
	if (rc) {
		nn_ns_free(ns);
		return rc;
	}
	*ret = ns;
	return 0;
}
