/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timer of what waits: data in flight, data before a closed window, a handshake. Each interval
 * is twice the one before, or what TCP_USER_TIMEOUT leaves of it (net/ipv4/tcp_timer.c). Expiries
 * are counted from 1. "Since" is since the kernel's own clock started (retrans_stamp,
 * icsk_probes_tstamp): of a handshake with the first SYN, else with expiry 1.
 */
#ifndef KA_BACKOFF_H
#define KA_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

enum ka_backoff_kind {
	KA_BACKOFF_DATA,   /* tcp_retransmit_timer(): expiry k is the k-th retransmission */
	KA_BACKOFF_WINDOW, /* tcp_probe_timer(): ... the k-th window probe */
	KA_BACKOFF_SYN,    /* tcp_retransmit_timer(): ... the k-th SYN after the first */
};

struct ka_backoff {
	enum ka_backoff_kind kind;
	int hz;
	int64_t rto;      /* jiffies: the first interval */
	int64_t rto_most; /* it is not known better than between .rto and this; 0: exactly */
	unsigned retries; /* tcp_retries2, tcp_orphan_retries, tcp_syn_retries */
	unsigned linear;  /* tcp_syn_linear_timeouts: so many intervals more before they double */
	unsigned ut_ms;   /* TCP_USER_TIMEOUT; 0: not set */
	/* window probes of a socket that nobody holds: their limit is tcp_orphan_retries, 0 as it stands
	 * there, and that RTO has doubled to its most; .answered: by a peer that is there */
	bool orphan, answered;
	unsigned orphan_retries;
	int64_t limit_ms;   /* KA_BACKOFF_DATA: takes the place of .retries; 0: it does not */
	int64_t rto_max_ms; /* at which doubling ends, tcp_rto_max_ms; 0: TCP_RTO_MAX */
	/* the own device refuses each attempt, and says so: none doubles anything, and the next comes
	 * after TCP_RESOURCE_PROBE_INTERVAL */
	bool refused;
};

/* What 0, the default of tcp_orphan_retries, stands for (tcp_orphan_retries()). */
#define KA_ORPHAN_RETRIES 8

/* One on a network without delay: RTO is as RTT's measure makes it there. */
struct ka_backoff ka_backoff_on_lan(enum ka_backoff_kind kind, unsigned retries, unsigned ut_ms,
				    int hz);

/* Limits of RTO that are not those of a new namespace: tcp_rto_min_us (Linux 6.11), tcp_rto_max_ms
 * (6.15). @b is as ka_backoff_on_lan() has it. */
#define KA_RTO_MIN_US INT64_C(200000)
#define KA_RTO_MAX_MS INT64_C(120000)
void ka_backoff_limits(struct ka_backoff *b, int64_t rto_min_us, int64_t rto_max_ms);

/*
 * Jiffies for which the timer is set at expiry @k (0: with the first transmission), before the
 * wheel rounds them up: between which, since the kernel's clock ticks in whole milliseconds or
 * jiffies and @since_ns is known better.
 */
void ka_backoff_length(const struct ka_backoff *b, unsigned k, int64_t since_ns, int64_t length[2]);

enum ka_backoff_over { KA_NOT_OVER, KA_PERHAPS_OVER, KA_OVER };

/* Does expiry @k end the connection? @since_ns is known to @slack_ns; @unanswered: window probes
 * before it that were not answered. */
enum ka_backoff_over ka_backoff_over(const struct ka_backoff *b, unsigned k, int64_t since_ns,
				     int64_t slack_ns, unsigned unanswered);

/* ns since then, before which no expiry can be the end; 0: only their number counts. */
int64_t ka_backoff_limit_ns(const struct ka_backoff *b);

/* Jiffies from expiry @k (0: the first transmission) to the next one, inclusive, over all phases of
 * the wheel and all of RTO's range. */
void ka_backoff_gap(const struct ka_backoff *b, unsigned k, int64_t gap[2]);

/* Jiffies from the first transmission of data to what first repeats it, inclusive: a tail loss
 * probe, or expiry 1. */
void ka_backoff_first(const struct ka_backoff *b, int64_t window[2]);

/* The same to the end, when nobody answers. */
void ka_backoff_window(const struct ka_backoff *b, int64_t window[2]);

/* How often the timer goes off until then, the end included, where each attempt is refused: at the
 * least and at the most. Each time but the last it tries to send. */
void ka_backoff_refusals(const struct ka_backoff *b, unsigned range[2]);

/* Jiffies from the first transmission (WINDOW: from the write) to expiry 1 of such a timer, inclusive. */
void ka_backoff_first_refusal(const struct ka_backoff *b, int64_t window[2]);

/* The window for data that never leaves the host, under a user timeout. Where it waits in a
 * neighbour's queue, no attempt to send it again is made, so retrans_stamp is the time of the first
 * transmission, not of expiry 1; where it has no route it is not in flight at all, and the persist
 * timer counts from its own first expiry. */
void ka_backoff_window_stuck(const struct ka_backoff *b, int64_t window[2]);

/* The same for data whose ICMP errors are believed, under a user timeout. Each takes back a doubling
 * and starts the timer anew, without regard to the user timeout (tcp_ld_RTO_revert()): the last
 * expiry may miss it by all of that RTO. */
void ka_backoff_window_reverted(const struct ka_backoff *b, int64_t window[2]);

#endif
