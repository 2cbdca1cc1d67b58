/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sysctls of one namespace, through /proc/sys as it looks from inside. */
#include "sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

/* Whether some sysctl besides @key can be opened for writing in @ns: then /proc/sys is none that cannot
 * be written, and it is the kernel that refuses @key. Two, for one of them may be @key itself. */
static bool can_write_others(const struct nn_ns *ns, const char *key)
{
	static const char *const others[] = { "sys/net/ipv4/tcp_fin_timeout",
					      "sys/net/ipv4/tcp_retries1" };

	for (size_t i = 0; i < NN_N(others); i++) {
		int fd __attribute__((cleanup(nn_close_fd))) = -1;

		if (strcmp(others[i] + strlen("sys/"), key) != 0)
			fd = nn_ns_open_proc(ns, others[i], O_WRONLY, NULL);
		if (fd >= 0)
			return true;
	}
	return false;
}

static int sysctl_open(const struct nn_ns *ns, const char *key, int flags, struct nn_err *err)
{
	char path[256];
	int fd, len;

	len = snprintf(path, sizeof(path), "sys/%s", key);
	if (len < 0 || (size_t)len >= sizeof(path))
		return nn_fail(err, ENAMETOOLONG, "sysctl %s", key);
	fd = nn_ns_open_proc(ns, path, flags, err);
	if (fd == -ENOENT)
		return nn_fail(err, ENOENT, "this kernel has no sysctl %s", key);
	if (fd == -EROFS ||
	    ((fd == -EACCES || fd == -EPERM) && flags != O_RDONLY && !can_write_others(ns, key)))
		return nn_fail(err, EROFS,
			       "/proc/sys is read-only here (a container needs --privileged): "
			       "cannot write sysctl %s",
			       key);
	return fd;
}

static int read_value(int fd, const char *key, char *buf, size_t size, struct nn_err *err)
{
	ssize_t got = pread(fd, buf, size - 1, 0);

	if (got < 0)
		return nn_fail(err, errno, "cannot read sysctl %s", key);
	while (got > 0 && buf[got - 1] == '\n')
		got--;
	buf[got] = '\0';
	return (int)got;
}

/* In one write: the kernel takes a sysctl's value from the first one. */
static int write_value(int fd, const char *key, const char *value, struct nn_err *err)
{
	if (write(fd, value, strlen(value)) < 0)
		return nn_fail(err, errno, "sysctl %s = %s", key, value);
	return 0;
}

int nn_sysctl_get(const struct nn_ns *ns, const char *key, char *buf, size_t size,
		  struct nn_err *err)
{
	int fd __attribute__((cleanup(nn_close_fd))) = sysctl_open(ns, key, O_RDONLY, err);

	return fd < 0 ? fd : read_value(fd, key, buf, size, err);
}

int nn_sysctl_set(const struct nn_ns *ns, const char *key, const char *value, struct nn_err *err)
{
	int fd __attribute__((cleanup(nn_close_fd))) = sysctl_open(ns, key, O_WRONLY, err);

	return fd < 0 ? fd : write_value(fd, key, value, err);
}

/* Equal but for the kind and amount of white space: the kernel separates by tabs. */
static bool same_words(const char *a, const char *b)
{
	static const char space[] = " \t\n";
	size_t len;

	for (;;) {
		a += strspn(a, space);
		b += strspn(b, space);
		len = strcspn(a, space);
		if (len != strcspn(b, space) || memcmp(a, b, len) != 0)
			return false;
		if (!len)
			return true;
		a += len;
		b += len;
	}
}

int nn_sysctl_put(const struct nn_ns *ns, const char *key, const char *value, struct nn_err *err)
{
	int fd __attribute__((cleanup(nn_close_fd))) = sysctl_open(ns, key, O_RDWR, err);
	char kept[4096];
	int ret;

	if (fd < 0)
		return fd;
	ret = write_value(fd, key, value, err);
	if (!ret)
		ret = read_value(fd, key, kept, sizeof(kept), err);
	if (ret < 0)
		return ret;
	if (!same_words(kept, value))
		return nn_fail(err, ENOMSG, "sysctl %s = %s: the kernel kept %.64s", key, value,
			       kept);
	return 0;
}
