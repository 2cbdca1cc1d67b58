/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See softnet.h. /proc/net/softnet_stat has a line for each CPU, of hexadecimal words: packets
 * processed, packets dropped, ... (net/core/net-procfs.c). */
#include "softnet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t line_dropped(const char *line)
{
	char *end;

	strtoull(line, &end, 16);
	return *end == ' ' ? strtoull(end, NULL, 16) : 0;
}

uint64_t nn_softnet_sum(const char *text)
{
	uint64_t sum = 0;

	while (text && *text) {
		sum += line_dropped(text);
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return sum;
}

int nn_softnet_dropped(uint64_t *sum, struct nn_err *err)
{
	static const char path[] = "/proc/thread-self/net/softnet_stat";
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	int ret = 0;

	if (!file)
		return nn_fail(err, errno, "%s", path);
	*sum = 0;
	while (getline(&line, &room, file) > 0)
		*sum += line_dropped(line);
	if (ferror(file))
		ret = nn_fail(err, errno, "%s", path);
	free(line);
	fclose(file);
	return ret;
}
