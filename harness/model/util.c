/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See util.h. */
#include "model/util.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int64_t ka_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * KA_NS_PER_S + now.tv_nsec;
}

void ka_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int ka_grow(void *array, size_t *room, size_t wanted, size_t size)
{
	size_t more = *room ? *room : 8;
	void *old, *moved;

	if (wanted <= *room)
		return 0;
	while (more < wanted)
		more *= 2;
	memcpy(&old, array, sizeof(old));
	moved = reallocarray(old, more, size);
	if (!moved)
		return -ENOMEM;
	memcpy(array, &moved, sizeof(moved));
	*room = more;
	return 0;
}
