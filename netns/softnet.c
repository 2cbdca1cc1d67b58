/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See softnet.h. /proc/net/softnet_stat has a line for each CPU, of hexadecimal words: packets
 * processed, packets dropped, ... (net/core/net-procfs.c). */
#include "softnet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool nn_softnet_sum(const char *text, uint64_t *sum)
{
	const char *line_end;
	char *end;

	*sum = 0;
	if (!*text)
		return false;
	for (; *text; text = line_end + 1) {
		line_end = strchr(text, '\n');
		strtoull(text, &end, 16);
		if (!line_end || end == text || *end != ' ')
			return false;
		text = end;
		*sum += strtoull(text, &end, 16);
		if (end == text || end > line_end)
			return false;
	}
	return true;
}

int nn_softnet_dropped(uint64_t *sum, struct nn_err *err)
{
	static const char path[] = "/proc/thread-self/net/softnet_stat";
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t room = 0;
	int ret = 0;

	if (!file)
		return nn_fail(err, errno, "%s", path);
	if (getdelim(&text, &room, '\0', file) < 0 || ferror(file))
		ret = nn_fail(err, ferror(file) ? errno : ENODATA, "%s", path);
	else if (!nn_softnet_sum(text, sum))
		ret = nn_fail(err, EBADMSG, "%s is cut short", path);
	free(text);
	fclose(file);
	return ret;
}
