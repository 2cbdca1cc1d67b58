/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The experiments of programs: first a survey of each, then, of the options that it has found, a case
 * for each scenario. Measuring, judging and cleaning up are those of any case.
 */
#ifndef KA_ATTEMPTS_H
#define KA_ATTEMPTS_H

#include <jansson.h>

#include "program/scenarios.h"
#include "program/spec.h"
#include "program/survey.h"

#define KA_ATTEMPT_STEPS 8

struct ka_attempt {
	enum ka_scenario_number scenario;
	size_t subject; /* index of the spec's */
	size_t passage; /* KA_SCENARIO_GATEWAY: index of the spec's */
	/* what the case points to */
	struct ka_case *case_;
	char name[120];            /* "redis.timeout-60.silent" */
	struct ka_setting with[2]; /* the options, and the end of the list */
	struct ka_step steps[KA_ATTEMPT_STEPS];
	struct ka_gateway gateway;
};

struct ka_attempts {
	struct ka_case *cases; /* parallel; owned */
	struct ka_attempt *list;
	size_t n;
	struct ka_theme theme;
	const struct ka_theme *themes[1];
};

/* The survey of all subjects, in their order, or, with its results @surveyed, the scenarios; a subject
 * whose survey has found no options has none. Free with ka_attempts_free(). 0 or -ENOMEM. Borrows @spec. */
int ka_attempts_new(struct ka_attempts **ret, const struct ka_program_spec *spec,
		    const json_t *surveyed, int hz, struct nn_err *err);
void ka_attempts_free(struct ka_attempts *attempts);

/* What becomes of an idle connection with these options behind @passage. */
enum ka_fate { KA_FATE_KEPT, KA_FATE_LUCK, KA_FATE_CUT };
enum ka_fate ka_passage_fate(const struct ka_passage *passage,
			     const struct ka_socket_options *options, int hz);

/* Why there is no case of @scenario for that subject; NULL: there is one. */
const char *ka_attempt_missing(const struct ka_subject *subject, const struct ka_survey *survey,
			       enum ka_scenario_number scenario);

#endif
