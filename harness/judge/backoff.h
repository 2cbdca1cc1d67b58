/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timer of what waits: data in flight, data before a closed window, a handshake. Each interval
 * is twice the one before, or what TCP_USER_TIMEOUT leaves of it (net/ipv4/tcp_timer.c). Expiries
 * are counted from 1. "Since" is since the kernel's own clock started (retrans_stamp,
 * icsk_probes_tstamp): of a handshake with the first SYN, else with expiry 1.
 */
#ifndef KA_BACKOFF_H
#define KA_BACKOFF_H

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
	unsigned retries; /* tcp_retries2, tcp_syn_retries */
	unsigned linear;  /* tcp_syn_linear_timeouts: so many intervals more before they double */
	unsigned ut_ms;   /* TCP_USER_TIMEOUT; 0: not set */
};

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

/*
 * Between which jiffies after the timer is set for the first time the end comes, inclusive, when
 * nobody answers: over all phases of the wheel.
 */
void ka_backoff_window(const struct ka_backoff *b, int64_t window[2]);

#endif
