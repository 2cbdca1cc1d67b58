/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See tcp_table.h; what stands in a line: get_tcp4_sock(), get_tcp6_sock(). */
#include "tcp_table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* USER_HZ is 100 on all architectures that matter here. */
#define USER_TICK_MS 10

bool nn_tcp_row_parse(const char *line, struct nn_tcp_row *out)
{
	unsigned sport, dport, state, timer, probes;
	unsigned long when;

	if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%4x %*[0-9A-Fa-f]:%4x %2x %*x:%*x %2x:%lx %*x %*u %u",
		   &sport, &dport, &state, &timer, &when, &probes) != 6)
		return false;
	*out = (struct nn_tcp_row){ .sport = (uint16_t)sport,
				    .dport = (uint16_t)dport,
				    .state = (uint8_t)state,
				    .timer = (uint8_t)timer,
				    .probes_out = (uint8_t)probes,
				    .expires_ms = (uint64_t)when * USER_TICK_MS };
	return true;
}

static int find_row(FILE *table, uint16_t sport, uint16_t dport, struct nn_tcp_row *out,
		    struct nn_err *err)
{
	struct nn_tcp_row row;
	char *line = NULL;
	size_t room = 0;
	bool found = false;

	while (!found && getline(&line, &room, table) > 0)
		found = nn_tcp_row_parse(line, &row) && row.sport == sport && row.dport == dport;
	free(line);
	if (!found)
		return nn_fail(err, ENOENT, "/proc/net/tcp: no socket with ports %u, %u", sport,
			       dport);
	*out = row;
	return 0;
}

int nn_tcp_row_get(const struct nn_ns *ns, int family, uint16_t sport, uint16_t dport,
		   struct nn_tcp_row *out, struct nn_err *err)
{
	int fd = nn_ns_open_proc(ns, family == AF_INET ? "net/tcp" : "net/tcp6", O_RDONLY, err);
	FILE *table;
	int ret;

	if (fd < 0)
		return fd;
	table = fdopen(fd, "r");
	if (!table) {
		ret = nn_fail(err, errno, "/proc/net/tcp");
		close(fd);
		return ret;
	}
	ret = find_row(table, sport, dport, out, err);
	fclose(table);
	return ret;
}
