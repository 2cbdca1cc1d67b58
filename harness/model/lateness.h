/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How late a host woke its timers, and when: a short list of spans of time. */
#ifndef KA_LATENESS_H
#define KA_LATENESS_H

#include <stdint.h>

/* A wake-up that is late by less than this part of a tick is as it should be, and is not recorded. A
 * timer that such a late tick set seems that much early. */
#define KA_QUIET_PART 4

/* Some timer that was due in, or came in, from .from_ns to .to_ns was late by .late_ns. */
struct ka_late {
	int64_t from_ns, to_ns, late_ns;
};

#define KA_MAX_LATE 96

struct ka_lateness {
	int64_t quiet_ns;                  /* the worst outside all spans */
	struct ka_late spans[KA_MAX_LATE]; /* in the order of time, none overlaps another */
	unsigned n;
};

/* Adds a span that does not begin before the end of the last one. Where there is no room, those two
 * neighbours become one, as late as the later of them, of which least becomes louder than it was. */
void ka_lateness_add(struct ka_lateness *lateness, int64_t from_ns, int64_t to_ns, int64_t late_ns);

/* The worst from @from_ns to @to_ns, inclusive. */
int64_t ka_lateness_between(const struct ka_lateness *lateness, int64_t from_ns, int64_t to_ns);

#endif
