/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SNMP counters of one namespace. The files stay open: an open file of /proc/net belongs to the
 * namespace it was opened in, and every pread() from 0 makes its text anew. */
#include "counters.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "snmp.h"
#include "util.h"

/* netstat, the largest, has some 5 KiB. */
#define TEXT_SIZE 32768

static const struct {
	const char *path;
	bool (*read)(const char *text, const struct nn_wanted *wanted);
	bool ipv6; /* has the groups whose names end with a 6; not there without CONFIG_IPV6 */
} sources[] = {
	{ "net/snmp", nn_snmp_read, false },
	{ "net/netstat", nn_snmp_read, false },
	{ "net/snmp6", nn_snmp6_read, true },
};
#define SOURCES (NN_N(sources))

struct nn_counters {
	const char *const *names;
	size_t n;
	int fd[SOURCES]; /* -1: this kernel has none, or nothing of it is asked for */
	char text[TEXT_SIZE];
};

struct nn_counters *nn_counters_close(struct nn_counters *counters)
{
	size_t i;

	if (!counters)
		return NULL;
	for (i = 0; i < SOURCES; i++)
		if (counters->fd[i] >= 0)
			close(counters->fd[i]);
	free(counters);
	return NULL;
}

static bool is_asked_for(const struct nn_counters *counters, bool ipv6)
{
	size_t i;

	for (i = 0; i < counters->n; i++) {
		const char *name = counters->names[i], *dot = strchr(name, '.');

		if (dot && dot > name && ipv6 == (dot[-1] == '6'))
			return true;
	}
	return false;
}

int nn_counters_open(const struct nn_ns *ns, const char *const *names, size_t n,
		     struct nn_counters **ret, struct nn_err *err)
{
	struct nn_counters *counters = malloc(sizeof(*counters));
	size_t i;
	int fd;

	if (!counters)
		return nn_fail(err, ENOMEM, "counters");
	counters->names = names;
	counters->n = n;
	for (i = 0; i < SOURCES; i++)
		counters->fd[i] = -1;
	for (i = 0; i < SOURCES; i++) {
		if (!is_asked_for(counters, sources[i].ipv6))
			continue;
		fd = nn_ns_open_proc(ns, sources[i].path, O_RDONLY, err);
		if (fd < 0 && !(fd == -ENOENT && sources[i].ipv6)) {
			nn_counters_close(counters);
			return fd;
		}
		counters->fd[i] = fd < 0 ? -1 : fd;
	}
	*ret = counters;
	return 0;
}

/* One call gets it all: these files are made in one piece. */
static int read_text(int fd, char *buf, size_t size, struct nn_err *err)
{
	ssize_t got = pread(fd, buf, size - 1, 0);

	if (got < 0)
		return nn_fail(err, errno, "cannot read the counters");
	if ((size_t)got == size - 1)
		return nn_fail(err, EMSGSIZE, "the counters do not fit into %zu bytes", size);
	buf[got] = '\0';
	if (strlen(buf) != (size_t)got)
		return nn_fail(err, EBADMSG, "the counters are no text");
	return 0;
}

int nn_counters_read(struct nn_counters *counters, uint64_t *values, struct nn_err *err)
{
	const struct nn_wanted wanted = { counters->names, values, counters->n };
	size_t i;
	int ret;

	for (i = 0; i < counters->n; i++)
		values[i] = NN_COUNTER_MISSING;
	for (i = 0; i < SOURCES; i++) {
		if (counters->fd[i] < 0)
			continue;
		ret = read_text(counters->fd[i], counters->text, TEXT_SIZE, err);
		if (ret)
			return ret;
		if (!sources[i].read(counters->text, &wanted))
			return nn_fail(err, EBADMSG, "the counters of %s are cut short",
				       sources[i].path);
	}
	return 0;
}
