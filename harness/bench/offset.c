/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See offset.h. */
#include "bench/offset.h"

#include <stdlib.h>
#include <time.h>

static int64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* Whatever runs in between spoils only one of them. */
struct ka_offset ka_offset_measure(int64_t enough_ns)
{
	struct ka_offset best = KA_OFFSET_UNKNOWN;

	for (int i = 0; i < 3 && best.width_ns > enough_ns; i++) {
		int64_t before = clock_ns(CLOCK_MONOTONIC);
		int64_t real = clock_ns(CLOCK_REALTIME);
		int64_t width = clock_ns(CLOCK_MONOTONIC) - before;

		if (width < best.width_ns)
			best = (struct ka_offset){ real - (before + width / 2), width };
	}
	return best;
}

struct ka_offset ka_offset_of(struct ka_offset was, struct ka_offset is)
{
	int64_t moved = llabs(is.ns - was.ns);

	return is.width_ns >= was.width_ns && moved <= is.width_ns ? was : is;
}
