/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of the rules that end a connection: one row for each enum ka_when. The judge adds how
 * each is computed (judge/regimes.c); nobody else has a list of rules.
 */
#ifndef KA_REGIMES_H
#define KA_REGIMES_H

#include <stdbool.h>

#include "model/case.h"

enum ka_regime_flags {
	KA_REGIME_KEEPALIVE = 1u << 0, /* tcp_keepalive_timer() brings the end */
	KA_REGIME_GIVES_UP = 1u << 1,  /* a timer does: tcp_write_err(), TCPAbortOnTimeout */
	KA_REGIME_BY_CNT = 1u << 2,    /* TCP_KEEPCNT decides: idle + intvl * cnt */
	KA_REGIME_ONE_PROBE = 1u << 3, /* the end comes with the first probe, not after it */
	KA_REGIME_AT_ONCE = 1u << 4,   /* no timer: the end comes with its cause, a step */
	KA_REGIME_LIVES = 1u << 5,     /* there is no end */
	KA_REGIME_DATA = 1u << 6,      /* data waits, for an acknowledgement or for the window */
	KA_REGIME_CONNECTS = 1u << 7,  /* there never was a connection */
	KA_REGIME_RESENDS = 1u << 8,   /* something is sent again: RetransSegs, TCPTimeouts */
	KA_REGIME_WINDOW_PROBES = 1u << 9, /* what looks like a probe is a window probe */
};

/* What the times of a regime count from. */
enum ka_zero {
	KA_ZERO_LAST_RX,
	KA_ZERO_SENT, /* the first transmission of what is never acknowledged */
	KA_ZERO_WRITE,
	KA_ZERO_SYN,
	KA_ZERO_CAUSE,
};
#define KA_ZEROS (KA_ZERO_CAUSE + 1)

struct ka_regime {
	const char *name; /* in results and lists */
	enum ka_zero zero;
	unsigned flags;
	/* for `kacheck explain`, which fills in what stands in braces; the second where what waits
	 * cannot leave the host (.unseen), NULL: no difference */
	const char *sentence, *unseen;
	/* the same, of its time: what it is on paper, or comes of; the second under a user timeout, NULL:
	 * no difference */
	const char *time, *by_timeout;
};

const struct ka_regime *ka_regime(enum ka_when when);
/* The one of this name; NULL: none, as in the result of a later version. */
const struct ka_regime *ka_regime_find(const char *name);
/* True when all of @flags are said of it. */
bool ka_regime_is(enum ka_when when, unsigned flags);
/* "the last segment received": behind "after" */
const char *ka_zero_text(enum ka_zero zero);

#endif
