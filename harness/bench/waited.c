/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See waited.h. */
#include "bench/waited.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int ka_waited_open(void)
{
	return open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
}

/* "time on a CPU, time of waiting for one, time slices" (CONFIG_SCHED_INFO) */
int64_t ka_waited_ns(int fd)
{
	char text[80], *second;
	ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return 0;
	text[n] = '\0';
	strtoull(text, &second, 10);
	return (int64_t)strtoull(second, NULL, 10) + 1;
}

int64_t ka_waited_since(int fd, int64_t before)
{
	int64_t now = ka_waited_ns(fd);

	if (!before || !now)
		return 0;
	return now > before ? now - before : 1;
}
