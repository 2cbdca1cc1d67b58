/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Experiments that must not pass, and what the judge must say of them. Each file is a theme that
 * test_experiments.c names, each case gives one instance. */
#ifndef KA_EXPERIMENTS_H
#define KA_EXPERIMENTS_H

#include "judge/judge.h"
#include "model/vocabulary.h"

/* A case that must not pass: the verdict that it must get, and what must stand in the verdict's why. */
#define KA_WRONG(name, must_be)                                                                    \
	KA_CASE(name), .why = "must not pass", .source = "experiment", .lesson = must_be
/* With settings of its own; with the run's first one. */
#define KA_EXPERIMENT       .topology = KA_ROUTED, .families = KA_V4, .probers = KA_ONLY_CLIENT
#define KA_SHORT_EXPERIMENT KA_EXPERIMENT, .one_setting = true

#endif
