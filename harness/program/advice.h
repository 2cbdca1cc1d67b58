/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of a program's options is worth changing, and to what. Pure. */
#ifndef KA_ADVICE_H
#define KA_ADVICE_H

#include "program/replies.h"

struct ka_advice {
	bool serious; /* something is never noticed, or cut off */
	char text[400];
};

#define KA_MAX_ADVICE 10

struct ka_advices {
	struct ka_advice list[KA_MAX_ADVICE];
	size_t n;
};

void ka_advise(struct ka_advices *advices, const struct ka_inquiry *q, size_t subject);

/* The values that answer all that is demanded of an idle connection, or, if nothing is, notice a dead
 * peer within two minutes and are in time for every gateway that is known: the smallest change. False: there
 * are none. */
bool ka_advise_values(struct ka_setting *values, const struct ka_inquiry *q, size_t subject);

#endif
