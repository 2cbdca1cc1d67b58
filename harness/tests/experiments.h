/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Experiments that must not pass, and what the judge must say of them. */
#ifndef KA_EXPERIMENTS_H
#define KA_EXPERIMENTS_H

#include "judge/judge.h"
#include "plan/case.h"

struct ka_experiment {
	const char *case_name;
	enum ka_verdict_kind verdict;
	const char *text; /* must stand in the verdict's why */
};

const struct ka_theme *ka_experiments_theme(void);
const struct ka_experiment *ka_experiments(size_t *n);

#endif
