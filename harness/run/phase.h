/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the ticks lie on CLOCK_MONOTONIC: jiffies at its 0, from /proc/timer_list. */
#ifndef KA_PHASE_H
#define KA_PHASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One look: jiffies at CLOCK_MONOTONIC 0 are one of these, inclusive. */
struct ka_phase_look {
	int64_t least, most;
};

/* What @n looks agree on: a value that few contradict and each other one many. False: there is none. */
bool ka_phase_agreed(const struct ka_phase_look *looks, size_t n, int64_t *j0);

/* Measures it, which takes some 40 ms, or a few times that; a few looks do where the clock @stands while
 * one looks. False: the file is not to be read (root of the host may), or tells nothing steady, as on a busy
 * host or where ticks are no multiples of @tick_ns. */
bool ka_phase_measure(int64_t tick_ns, bool stands, int64_t *j0);

#endif
