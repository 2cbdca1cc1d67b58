/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one experiment of a rollout has shown. Pure. */
#ifndef KA_MEASURED_H
#define KA_MEASURED_H

#include <stdbool.h>

#include "judge/judge.h"
#include "result/result.h"

struct ka_measured {
	bool there;   /* there is a result */
	bool planned; /* it was to run: without a result it was lost, and .why may say how */
	enum ka_verdict_kind verdict;
	char why[300];
	char refusal[32]; /* errno with which a value was refused; empty: none was */
	double detect_s;  /* NAN: no end */
	int probes, answered;
	double period_s[2]; /* between answered probes: shortest, longest; NAN: fewer than two */
	bool have_off;
	int64_t off_jiffies;
};

void ka_measured_take(struct ka_measured *out, const struct ka_result *result);
/* "pass", ...; "no result" */
const char *ka_measured_word(const struct ka_measured *m);

/* It happened, and the kernel did what it must. */
bool ka_measured_holds(const struct ka_measured *m);

#endif
