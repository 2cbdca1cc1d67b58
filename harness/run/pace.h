/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many instances may build or tear down at once, so that those that measure are not disturbed:
 * more, one by one, as long as the host wakes its timers in time; half as many as soon as it does
 * not. One for each CPU always may. Where the host is loud even then, others make the noise: it is
 * excused where it is, waiting would not end it, and for some time thrice the goal will do.
 */
#ifndef KA_PACE_H
#define KA_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ka_pace {
	int64_t goal_ns; /* 0: no goal, as many as may be at any time */
	double allowed, least, most;
	unsigned loud;    /* so many looks, with no more at work than .least */
	int64_t until_ns; /* others are loud, until it is tried again */
	int64_t since_ns; /* what was late before has been answered */
	int64_t look_ns;  /* when to look again */
};

void ka_pace_begin(struct ka_pace *pace, int64_t goal_ns, size_t cpus, int64_t now_ns);
/* True when it is time to look how late the host was since .since_ns. */
bool ka_pace_is_due(const struct ka_pace *pace, int64_t now_ns);
void ka_pace_look(struct ka_pace *pace, int64_t now_ns, int64_t late_ns);
size_t ka_pace_allows(const struct ka_pace *pace);

#endif
