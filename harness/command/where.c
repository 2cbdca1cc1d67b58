/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a plan runs. */
#include "command/where.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "command/command.h"
#include "command/select.h"
#include "program/attempts.h"
#include "result/result.h"
#include "rollout/trials.h"

/* Of a guest that never told: good enough for a plan of which nothing will run. */
#define SOME_HZ 250

int ka_where_parse(struct ka_where *where, const char *text, const char *program,
		   struct ka_plan_options *plan, unsigned jobs)
{
	struct nn_err err = { "" };
	int ret;

	*where = (struct ka_where){ .is_guest = strcmp(text, "host") != 0, .options.jobs = jobs };
	if (!where->is_guest)
		return KA_EXIT_OK;
	ka_guest_plan_defaults(plan);
	where->plan = *plan;
	ret = ka_guest_kernel_parse(&where->kernel, text, program, &err);
	if (ret == 0)
		return KA_EXIT_OK;
	ka_complain("%s", err.text);
	return ret == -ENOSYS ? KA_EXIT_NOTHING : KA_EXIT_USAGE;
}

static bool hung_or_died(int ret)
{
	return ret == -ETIMEDOUT || ret == -EIO;
}

static int start_guest(struct ka_where *where, struct ka_facts *facts, struct nn_err *err)
{
	where->options.plan = &where->plan;
	return ka_guest_start(&where->guest, &where->kernel, &where->options, facts, err);
}

int ka_where_facts(struct ka_where *where, struct ka_facts *facts)
{
	struct nn_err err = { "" };
	int ret;

	if (!where->is_guest)
		return ka_select_host(facts);
	ret = start_guest(where, facts, &err);
	if (ret == 0)
		return KA_EXIT_OK;
	ka_complain("--kernel %s: %s", where->kernel.where, err.text);
	if (ret == -EINTR)
		return KA_EXIT_INTERRUPTED;
	if (!hung_or_died(ret))
		return ret == -ENOSYS ? KA_EXIT_NOTHING : KA_EXIT_USAGE;
	where->why = err;
	*facts = (struct ka_facts){ .hz = SOME_HZ,
				    .tick_ns = 1000000000 / SOME_HZ,
				    .virtual_clock = true };
	return KA_EXIT_OK;
}

static int all_broken(const struct ka_where *where, const struct ka_plan *plan,
		      const struct ka_facts *facts, const struct ka_schedule_events *events)
{
	int ret = 0;

	for (size_t i = 0; i < plan->n && ret == 0; i++) {
		json_t *json = ka_result_without_run(&plan->instances[i], facts, KA_BROKEN,
						     where->why.text);

		if (!json)
			return -ENOMEM;
		json_object_set_new(json_object_get(json, "kernel"), "where",
				    json_string(where->kernel.where));
		ret = events->result(events->arg, i, json);
	}
	return ret;
}

int ka_where_run(struct ka_where *where, const struct ka_plan *plan, const struct ka_facts *facts,
		 const struct ka_schedule_options *options, const struct ka_schedule_events *events,
		 struct nn_err *err)
{
	struct ka_facts again;
	int ret = 0;

	if (!where->is_guest)
		return ka_schedule_run(plan, facts, options, events, err);
	if (*where->why.text)
		return all_broken(where, plan, facts, events);
	if (!where->guest) /* it runs one plan, and is gone */
		ret = start_guest(where, &again, err);
	if (ret == 0)
		ret = ka_guest_collect(where->guest, plan, options->out_dir, events, err);
	ka_where_close(where);
	return ret;
}

void ka_where_close(struct ka_where *where)
{
	where->guest = ka_guest_stop(where->guest);
}

/* ---- in a guest: cases that are made there. They point into what they are made of, and like that live as
 * long as the guest ---- */

/* The experiments of a rollout. */
static int make_trials(const char *text, int hz, const struct ka_theme *const **themes,
		       struct nn_err *err)
{
	struct ka_spec *spec = calloc(1, sizeof(*spec));
	struct ka_trials *trials = NULL;
	struct utsname self;
	int ret = spec ? ka_spec_read(spec, text, err) : nn_fail(err, ENOMEM, "trials");

	uname(&self);
	if (ret == 0)
		ret = ka_trials_new(&trials, spec, hz, self.release, err);
	if (ret < 0) {
		free(spec);
		return ret;
	}
	*themes = trials->themes;
	return 0;
}

/* Those of programs: the survey, or what is made of its results. */
static int make_attempts(const char *text, const json_t *surveyed, int hz,
			 const struct ka_theme *const **themes, struct nn_err *err)
{
	struct ka_program_spec *spec = calloc(1, sizeof(*spec));
	struct ka_attempts *attempts = NULL;
	int ret = spec ? ka_program_spec_read(spec, text, err) : nn_fail(err, ENOMEM, "programs");

	if (ret == 0)
		ret = ka_attempts_new(&attempts, spec, surveyed, hz, err);
	if (ret < 0) {
		if (spec)
			ka_program_spec_free(spec);
		free(spec);
		return ret;
	}
	*themes = attempts->themes;
	return 0;
}

static int make_themes(const char *text, const json_t *surveyed, int hz,
		       const struct ka_theme *const **themes, size_t *n, struct nn_err *err)
{
	*n = 1;
	return *text == '{' ? make_attempts(text, surveyed, hz, themes, err)
			    : make_trials(text, hz, themes, err);
}

int ka_command_guest(int argc, char **argv)
{
	struct nn_err err = { "" };

	if (argc > 1 && ka_guest_main(argv[1], make_themes, &err) < 0)
		ka_complain("%s", err.text);
	return KA_EXIT_USAGE;
}
