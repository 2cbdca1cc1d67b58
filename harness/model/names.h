/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of numbers, as the field knows them. */
#ifndef KA_NAMES_H
#define KA_NAMES_H

#include <stddef.h>
#include <stdint.h>

/* "TCP_KEEPIDLE"; a number that has no name here is written into @buf. */
const char *ka_option_name(int level, int option, char *buf, size_t size);
/* "the keepalive timer": a value of idiag_timer. */
const char *ka_timer_name(int timer);
/* "host unreachable": the code of an ICMP (type 3) or ICMPv6 (type 1) message. */
const char *ka_icmp_name(int family, int code);
/* "IN|RDHUP|ERR|HUP" into @buf. Returns @buf. */
const char *ka_mask_text(uint32_t mask, char *buf, size_t size);

#endif
