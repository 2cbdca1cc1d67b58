/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rules a live connection, and what a peer that is dead from now on would cost it. Pure. */
#ifndef KA_LIVE_COST_H
#define KA_LIVE_COST_H

#include "rollout/answer.h"
#include "rollout/live.h"

/* Its own options, and the namespace's values where it has none. */
struct ka_live_rule {
	bool known;     /* the options are; else these are the namespace's values alone */
	bool keepalive; /* SO_KEEPALIVE */
	bool inherits;  /* idle, intvl and cnt are all as the namespace says */
	unsigned ut_ms; /* TCP_USER_TIMEOUT; 0: none */
	struct ka_knobs knobs;
};

/* @now: the namespace's values as they are; @values: those that are to count, @now or what a file would
 * make of them. An option that is as @now says is taken to come from there. */
struct ka_live_rule ka_live_rule(const struct ka_live_socket *socket, const struct ka_knobs *now,
				 const struct ka_knobs *values);

/* What that means for an idle connection whose peer dies some time, by ka_answer_predict(). */
struct ka_answer ka_live_answer(const struct ka_live_rule *rule, int hz);

enum ka_live_end {
	KA_LIVE_NEVER,     /* nothing would notice, until somebody sends */
	KA_LIVE_KEEPALIVE, /* the probes; counted from now */
	KA_LIVE_DATA,      /* tcp_retries2, TCP_USER_TIMEOUT; counted from the first transmission,
			   whenever that was */
	KA_LIVE_ORPHAN, /* nobody holds it: the kernel ends it by itself; from now, or from its FIN */
	KA_LIVE_UNKNOWN, /* the timer was hidden, or does not go with the options: they were just set */
};

/* If the peer were dead from now on: when the kernel ends the connection. */
struct ka_live_cost {
	enum ka_live_end end;
	/* The options are known, or do not matter. Else .window_s is what the timer that runs allows
	 * whatever they are, up to INFINITY, and .assumed_s what it is if the socket has none. */
	bool exact;
	double nominal_s;   /* sums of the values */
	double window_s[2]; /* what the timer wheel makes of it */
	double assumed_s[2];
	/* the timer runs longer than the values say: it was armed with another idle */
	bool other_idle;
	double first_probe_s; /* KEEPALIVE: nominal */
};

/* A running timer keeps its expiry, whatever the values, as it does in the kernel. */
struct ka_live_cost ka_live_cost(const struct ka_live_socket *socket,
				 const struct ka_live_rule *rule, int hz);

#endif
