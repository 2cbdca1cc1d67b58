/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far the wall clock, which stamps packets, is ahead of CLOCK_MONOTONIC. */
#ifndef KA_OFFSET_H
#define KA_OFFSET_H

#include <stdint.h>

struct ka_offset {
	int64_t ns;
	int64_t width_ns; /* it was measured within so long, and may be wrong by half of that */
};

/* Before the first measurement. */
#define KA_OFFSET_UNKNOWN ((struct ka_offset){ .width_ns = INT64_MAX })

/* The tightest of a few bracketed readings, or the first that takes @enough_ns at most. */
struct ka_offset ka_offset_measure(int64_t enough_ns);
/*
 * What to believe after @was and, later, @is. Both clocks run alike unless somebody sets one: what
 * something else ran in between of, or is no tighter, is believed only if it contradicts.
 */
struct ka_offset ka_offset_of(struct ka_offset was, struct ka_offset is);

#endif
