/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Experiments that must not pass, and what the judge must say of them. */
#ifndef KA_EXPERIMENTS_H
#define KA_EXPERIMENTS_H

#include "judge/judge.h"
#include "model/vocabulary.h"

/* What every experiment says of itself; one with a setting of its own; one with the run's first. */
#define KA_MUST_NOT_PASS                                                                           \
	.why = "must not pass", .source = "experiment", .lesson = "Broken on purpose."
#define KA_EXPERIMENT                                                                              \
	.topology = KA_ROUTED, .families = KA_V4, .probers = KA_ONLY_CLIENT, KA_MUST_NOT_PASS
#define KA_SHORT_EXPERIMENT KA_EXPERIMENT, .one_setting = true

struct ka_experiment {
	const char *case_name;
	enum ka_verdict_kind verdict;
	const char *text; /* must stand in the verdict's why */
};

/* One file of them: each case gives one instance and has one row in .experiments. */
struct ka_experiment_group {
	const struct ka_theme *theme;
	const struct ka_experiment *experiments;
	size_t n;
};

extern const struct ka_experiment_group ka_experiments_basic;
extern const struct ka_experiment_group ka_experiments_regimes;
extern const struct ka_experiment_group ka_experiments_gateway;
extern const struct ka_experiment_group ka_experiments_live;
extern const struct ka_experiment_group ka_experiments_applications;
extern const struct ka_experiment_group ka_experiments_path;
extern const struct ka_experiment_group ka_experiments_waiting;

#endif
