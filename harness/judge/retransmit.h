/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When Linux gives up on data that nobody acknowledges. */
#ifndef KA_RETRANSMIT_H
#define KA_RETRANSMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "judge/backoff.h"
#include "model/case.h"

/*
 * Jiffies from the first transmission to the end, inclusive: tcp_write_timeout() and
 * retransmits_timed_out() (net/ipv4/tcp_timer.c) on a network without delay. @retries2: sysctl
 * tcp_retries2, ignored when @ut_ms (TCP_USER_TIMEOUT) is set.
 */
void ka_retransmit_window(unsigned retries2, unsigned ut_ms, int hz, int64_t window[2]);

/* The same with @ut_ms where ICMP errors are believed. Each takes back a doubling and starts the timer
 * anew, without regard to the user timeout (tcp_ld_RTO_revert()): the last expiry may miss it by all
 * of that RTO. */
void ka_retransmit_reverted(unsigned ut_ms, int hz, int64_t window[2]);

/*
 * Jiffies from the @k-th window probe (0: from the write) to what comes next, inclusive:
 * tcp_probe0_when() on a network without delay.
 */
void ka_persist_gap(unsigned k, int hz, int64_t range[2]);

/* Jiffies from the write into a closed window to the end: after @retries2 unanswered window probes
 * (tcp_probe_timer()). */
void ka_persist_window(unsigned retries2, int hz, int64_t window[2]);
/* The same under TCP_USER_TIMEOUT of @ut_ms, whether or not they are answered. */
void ka_persist_timeout_window(unsigned ut_ms, int hz, int64_t window[2]);

/* The timer of a handshake that nobody answers: sysctls tcp_syn_retries and
 * tcp_syn_linear_timeouts, which the case must have set, beside a KA_CONNECT that is .unacked. */
struct ka_backoff ka_connect_backoff(const struct ka_instance *instance, int hz);
/* False where it has not. */
bool ka_connect_is_declared(const struct ka_case *case_);

/* Jiffies from the first transmission to the first retransmission, inclusive: the one of a tail
 * loss probe, or of the retransmission timer. */
void ka_retransmit_first(int hz, int64_t window[2]);

/*
 * The same under TCP_USER_TIMEOUT for data that never leaves the host. Where it waits in a
 * neighbour's queue, no attempt to send it again is made, so retrans_stamp is the time of the first
 * transmission, not of the first retransmission; where it has no route it is not in flight at all,
 * and the persist timer counts from its own first expiry.
 */
void ka_retransmit_stuck(unsigned ut_ms, int hz, int64_t window[2]);

#endif
