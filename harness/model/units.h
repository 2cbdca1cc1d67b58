/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who, when, how many: what every part of the vocabulary counts in. Part of case.h. */
#ifndef KA_UNITS_H
#define KA_UNITS_H

/* Which end of the connection. The prober holds the keepalive, the peer is the other one. */
enum ka_role { KA_CLIENT, KA_SERVER };
enum ka_who { KA_NOBODY, KA_PROBER, KA_PEER, KA_GATEWAY };

/* A time in the setting's own units: the sum of its parts. nominal = idle + intvl * cnt. */
struct ka_time {
	double idle, intvl, nominal, user_timeout;
	int ms;
};

/* Numbers that depend on the setting: KA_CNT is TCP_KEEPCNT, KA_CNT_PLUS(-1) one less. */
#define KA_CNT         0x100000
#define KA_CNT_PLUS(n) (KA_CNT + (n))
/* Any number, at least one: only where a comment says so. */
#define KA_SOME        0x200000
#define KA_ANY         0x300000

#endif
