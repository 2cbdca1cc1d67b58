/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See softnet.h. /proc/net/softnet_stat has a line for each CPU, of hexadecimal words: packets
 * processed, packets dropped, ... (net/core/net-procfs.c). */
#include "softnet.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A line is about 150 bytes; on a host with more CPUs than fit the rest is not counted. */
#define TEXT_SIZE 65536

uint64_t nn_softnet_sum(const char *text)
{
	uint64_t sum = 0;

	while (text && *text) {
		char *end;

		strtoull(text, &end, 16);
		if (*end == ' ')
			sum += strtoull(end, NULL, 16);
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return sum;
}

uint64_t nn_softnet_dropped(void)
{
	int fd = open("/proc/thread-self/net/softnet_stat", O_RDONLY | O_CLOEXEC);
	char text[TEXT_SIZE];
	size_t used = 0;
	ssize_t n = 0;

	if (fd < 0)
		return 0;
	while (used < sizeof(text) - 1 && (n = read(fd, text + used, sizeof(text) - 1 - used)) > 0)
		used += (size_t)n;
	close(fd);
	text[used] = '\0';
	return nn_softnet_sum(text);
}
