/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arithmetic behind one instance, for the chapter on time. */
#ifndef KA_EXPLAIN_SUM_H
#define KA_EXPLAIN_SUM_H

#include "command/explain.h"
#include "judge/values.h"
#include "judge/wheel.h"

/* The numbers that the chapter is about. Jiffies. */
struct ka_sum {
	struct ka_values v;
	const struct ka_prediction *p;
	int hz;
	int64_t idle, intvl;
	enum ka_wheel_arming arming;
};

struct ka_sum ka_sum_of(const struct ka_lesson *lesson);
double ka_sum_s(const struct ka_sum *sum, int64_t jiffies);
/* When the timer goes off for the @nth time after L: probe @nth, or the end. */
void ka_sum_expiry(const struct ka_sum *sum, unsigned nth, int64_t bounds[2]);

/* The items of the explanation (explain_wheel.c). */
void ka_explain_jiffy(const struct ka_sum *sum);
void ka_explain_wheel(const struct ka_sum *sum);
void ka_explain_first(const struct ka_sum *sum);
void ka_explain_step(const struct ka_sum *sum);

#endif
