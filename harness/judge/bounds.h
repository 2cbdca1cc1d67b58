/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The window of one run: the predicted one, fitted to what is known of how the timer was armed. */
#ifndef KA_BOUNDS_H
#define KA_BOUNDS_H

#include <stdbool.h>
#include <stdint.h>

#include "judge/evidence.h"

struct ka_bounds {
	int64_t p1[2];  /* first probe, jiffies after L; for the timer's regimes only */
	int64_t end[2]; /* jiffies after the evidence's zero */
};

/* Inclusive, without any allowance. Returns false for what lives. */
bool ka_bounds_of(const struct ka_evidence *e, struct ka_bounds *out);

/*
 * @window (as ka_bounds_of() gives it) in ns after the evidence's zero: the one window that results
 * and findings speak of. L is truncated to a jiffy, so the first jiffy counts in full when only its
 * end is left: the low end is one less on CLOCK_MONOTONIC. What comes at once does not come before
 * its cause.
 */
void ka_window_ns(const struct ka_evidence *e, const int64_t window[2], int64_t ns[2]);

/* True when the timer was armed by the last segment that was received, or after it. */
bool ka_armed_fresh(const struct ka_evidence *e);

#endif
