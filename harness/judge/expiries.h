/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the wire shows of the timer in backoff.h: each retransmission, window probe or SYN is one
 * expiry of it. RTO, which decides how many there are, is asked of the kernel when the data is
 * written (TCP_INFO). From the last expiry on the wire, the next one is known as well as the wheel
 * allows: that is the window of the end, and whether it is the end, the model says.
 */
#ifndef KA_EXPIRIES_H
#define KA_EXPIRIES_H

#include <stdbool.h>
#include <stdint.h>

#include "judge/backoff.h"
#include "judge/evidence.h"
#include "model/finding.h"

#define KA_MAX_EXPIRIES 64

struct ka_expiries {
	struct ka_backoff timer;
	int64_t base_ns;  /* when it was set for expiry 1; 0: not known */
	int64_t clock_ns; /* when the kernel's own clock started */
	unsigned n;
	int64_t ns[KA_MAX_EXPIRIES];     /* expiry 1 is [0] */
	int64_t set_ns[KA_MAX_EXPIRIES]; /* when it was set again: then, or by an answer */
	unsigned unanswered
		[KA_MAX_EXPIRIES]; /* window probes since the last answer, this included */
	/* an ICMP error that took the doubling back, and set the timer again (RFC 6069) */
	bool reverted[KA_MAX_EXPIRIES];
	/* since when TCP_USER_TIMEOUT is what a step has set it to; INT64_MAX: no step has */
	int64_t changed_ns;
	unsigned changed_ms;
	bool over; /* what waited was acknowledged */
	bool many; /* there were more of them */
};

/* Returns false where the wire does not show them all, or RTO is not known. */
bool ka_expiries_of(const struct ka_evidence *e, struct ka_expiries *out);

/* The window of the end in jiffies after the evidence's zero, inclusive. Returns false where
 * nothing is known beyond the prediction. */
bool ka_expiries_window(const struct ka_evidence *e, int64_t window[2]);

/* Measured minus predicted jiffy of the end, counted from the last expiry. Returns false where it
 * cannot be known. */
bool ka_expiries_off(const struct ka_evidence *e, int64_t *off);

/* Each interval is what the one before says, rounded up by the wheel. */
void ka_check_expiries(const struct ka_evidence *e, struct ka_findings *f);

#endif
