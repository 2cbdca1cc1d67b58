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

#endif
