/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When Linux gives up on data that nobody acknowledges. */
#ifndef KA_RETRANSMIT_H
#define KA_RETRANSMIT_H

#include <stdint.h>

/*
 * Jiffies from the first transmission to the end, inclusive: tcp_write_timeout() and
 * retransmits_timed_out() (net/ipv4/tcp_timer.c) on a network without delay. @retries2: sysctl
 * tcp_retries2, ignored when @ut_ms (TCP_USER_TIMEOUT) is set.
 */
void ka_retransmit_window(unsigned retries2, unsigned ut_ms, int hz, int64_t window[2]);

/*
 * Jiffies from the @k-th window probe (0: from the write) to what comes next, inclusive:
 * tcp_probe0_when() on a network without delay.
 */
void ka_persist_gap(unsigned k, int hz, int64_t range[2]);

/* Jiffies from the write into a closed window to the end: after @retries2 unanswered window probes
 * (tcp_probe_timer()). */
void ka_persist_window(unsigned retries2, int hz, int64_t window[2]);

#endif
