/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a program does what is demanded of it. Pure. */
#ifndef KA_REPLIES_H
#define KA_REPLIES_H

#include "program/inquiry.h"

enum ka_reply_kind {
	KA_REPLY_YES,
	KA_REPLY_NO,
	KA_REPLY_UNKNOWN, /* not measured here, and the options alone do not tell */
	KA_REPLY_BROKEN,  /* the experiment that would tell did not happen */
};

struct ka_demand_reply {
	enum ka_reply_kind kind;
	bool measured;  /* else by the options that were read */
	char text[160]; /* "a dead peer is noticed within 2 min" */
	char why[400];
};

#define KA_MAX_REPLIES (5 + KA_MAX_QUESTIONS)

struct ka_replies {
	struct ka_demand_reply list[KA_MAX_REPLIES];
	size_t n;
};

/* All that is demanded of @subject. */
void ka_replies_make(struct ka_replies *replies, const struct ka_inquiry *q, size_t subject);

/* ---- all subjects together -------------------------------------------------------------------- */

enum ka_inquiry_end {
	KA_INQUIRY_GOOD,
	KA_INQUIRY_BAD,     /* a demand is not met, a kernel or a program fails */
	KA_INQUIRY_BROKEN,  /* nothing of that is known, but an experiment did not happen */
	KA_INQUIRY_NOTHING, /* a demand, or all, is beyond what is possible here */
};
enum ka_inquiry_end ka_inquiry_end(const struct ka_inquiry *q);

/* Attempt number @i failed, and that is not what is known of the program anyway. */
bool ka_inquiry_fails(const struct ka_inquiry *q, size_t i);

#endif
