/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs the experiments of a rollout: on a guest kernel, else on this host as far as it fits. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "command/progress.h"
#include "command/sysctl.h"
#include "command/where.h"

struct measuring {
	struct ka_rollout *rollout;
	struct ka_where where;
	struct ka_plan plan;
	struct ka_progress_line progress;
	char *text; /* of the spec */
};

static int on_result(void *arg, size_t index, json_t *json)
{
	struct measuring *m = arg;
	const struct ka_case *c = m->plan.instances[index].case_;

	ka_rollout_take(m->rollout, (size_t)(c - m->rollout->trials->cases), json);
	return 0;
}

static void on_progress(void *arg, const struct ka_progress *progress)
{
	struct measuring *m = arg;

	ka_progress_show(&m->progress, progress);
}

/* ---- which kernel ------------------------------------------------------------------------- */

static int open_kernel(struct measuring *m, const char *kernel)
{
	struct ka_plan_options plan = { .long_ = true };
	int status = ka_where_parse(&m->where, kernel, &plan, 0);

	if (status != KA_EXIT_OK)
		return status;
	free(m->text);
	m->rollout->spec.virtual_clock = m->where.is_guest;
	m->text = ka_spec_text(&m->rollout->spec);
	if (!m->text)
		return KA_EXIT_BROKEN;
	m->where.trials = m->text;
	snprintf(m->rollout->where, sizeof(m->rollout->where), "%.250s",
		 m->where.is_guest ? m->where.kernel.where : "host");
	return ka_where_facts(&m->where, &m->rollout->facts);
}

/* Nobody asked for the guest: the host will do. */
static int choose_kernel(struct measuring *m, const struct ka_sysctl_options *options)
{
	char found[PATH_MAX + 16];
	int status;

	if (options->kernel)
		return open_kernel(m, options->kernel);
	if (options->budget_s > 0 && ka_kernels_find(found, sizeof(found))) {
		status = open_kernel(m, found);
		if (status == KA_EXIT_INTERRUPTED || (status == KA_EXIT_OK && !*m->where.why.text))
			return status;
		ka_where_close(&m->where);
	}
	return open_kernel(m, "host");
}

/* ---- what fits ---------------------------------------------------------------------------- */

/* In real time only what ends within the budget. */
static void keep_short(struct measuring *m, double budget_s)
{
	struct ka_plan *plan = &m->plan;
	size_t kept = 0;

	for (size_t i = 0; i < plan->n; i++) {
		if (plan->predictions[i].expected_s > budget_s)
			continue;
		plan->instances[kept] = plan->instances[i];
		plan->predictions[kept++] = plan->predictions[i];
	}
	plan->n = kept;
}

static int make_plan(struct measuring *m, const struct ka_sysctl_options *options)
{
	struct ka_rollout *r = m->rollout;
	const struct ka_plan_options host = { .long_ = true };
	struct nn_err err = { "" };
	int ret = ka_rollout_predict(r, &err);

	if (ret == 0)
		ret = ka_plan_new(&m->plan, r->trials->themes, 1,
				  m->where.is_guest ? &m->where.plan : &host, r->facts.hz, &err);
	if (ret < 0) {
		ka_complain("%s", err.text);
		return KA_EXIT_BROKEN;
	}
	if (!m->where.is_guest)
		keep_short(m, options->budget_s);
	for (size_t i = 0; i < m->plan.n; i++)
		ka_rollout_expect(r, (size_t)(m->plan.instances[i].case_ - r->trials->cases));
	return KA_EXIT_OK;
}

static int run(struct measuring *m)
{
	const struct ka_schedule_options schedule = { .retries = KA_RETRIES,
						      .noise_budget_ns = KA_NOISE_BUDGET_NS };
	const struct ka_schedule_events events = {
		.result = on_result, .progress = m->progress.wanted ? on_progress : NULL, .arg = m
	};
	struct nn_err err = { "" };
	int ret;

	if (m->plan.n == 0)
		return KA_EXIT_OK;
	ret = ka_where_run(&m->where, &m->plan, &m->rollout->facts, &schedule, &events, &err);
	ka_progress_clear(&m->progress);
	if (ret == 0)
		return KA_EXIT_OK;
	ka_complain("%s", err.text);
	return ret == -EINTR ? KA_EXIT_INTERRUPTED : KA_EXIT_BROKEN;
}

int ka_sysctl_measure(struct ka_rollout *rollout, const struct ka_sysctl_options *options)
{
	struct measuring m = { .rollout = rollout };
	int status;

	ka_progress_init(&m.progress, false);
	status = choose_kernel(&m, options);
	if (status == KA_EXIT_OK)
		status = make_plan(&m, options);
	if (status == KA_EXIT_OK)
		status = run(&m);
	ka_plan_free(&m.plan);
	ka_where_close(&m.where);
	free(m.text);
	return status;
}
