/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A scheduler in a child process, its results by a pipe; see rig.h. */
#include "rig.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/host.h"
#include "run/schedule.h"

static int pass_on(void *arg, size_t index, json_t *json)
{
	FILE *out = arg;
	char *line = json_dumps(json, JSON_COMPACT);
	int ret = line && fprintf(out, "%zu %s\n", index, line) > 0 && !fflush(out) ? 0 : -EPIPE;

	free(line);
	json_decref(json);
	return ret;
}

static int schedule(const struct ka_plan *plan, const struct ka_facts *facts, int fd)
{
	FILE *out = fdopen(fd, "w");
	const struct ka_schedule_options options = { .retries = KA_RETRIES,
						     .noise_budget_ns = KA_NOISE_BUDGET_NS,
						     .noise_goal_ns = KA_NOISE_GOAL_NS };
	const struct ka_schedule_events events = { .result = pass_on, .arg = out };
	struct nn_err err = { 0 };
	int ret = out ? ka_schedule_run(plan, facts, &options, &events, &err) : -ENOMEM;

	if (ret)
		fprintf(stderr, "schedule: %s\n", err.text);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}

int ka_rig_start(struct ka_rig *rig, const struct ka_theme *const *themes, size_t n_themes,
		 const struct ka_plan_options *options, struct nn_err *err)
{
	struct ka_facts facts;
	int fds[2], ret;

	*rig = (struct ka_rig){ .child = -1 };
	ret = ka_host_facts(&facts, err);
	if (!ret)
		ret = ka_plan_new(&rig->plan, themes, n_themes, options, facts.hz, err);
	if (ret)
		return ret;
	rig->results = calloc(rig->plan.n, sizeof(*rig->results));
	if (!rig->results || pipe(fds) < 0)
		return nn_fail(err, errno, "rig");
	fflush(NULL);
	rig->child = fork();
	if (rig->child == 0) {
		close(fds[0]);
		_exit(schedule(&rig->plan, &facts, fds[1]));
	}
	close(fds[1]);
	rig->lines = fdopen(fds[0], "r");
	return rig->child > 0 && rig->lines ? 0 : nn_fail(err, errno, "rig");
}

static bool read_line(struct ka_rig *rig)
{
	char *line = NULL, *json;
	size_t room = 0, index;
	struct nn_err err = { 0 };
	bool ok = getline(&line, &room, rig->lines) > 0;

	if (ok) {
		index = strtoul(line, &json, 10);
		ok = index < rig->plan.n &&
		     !ka_result_decode(&rig->results[index], json_loads(json, 0, NULL), &err);
		if (!ok)
			fprintf(stderr, "rig: %s\n", err.text);
	}
	free(line);
	return ok;
}

const struct ka_result *ka_rig_wait(struct ka_rig *rig, size_t index)
{
	while (!rig->results[index].json)
		if (!read_line(rig))
			return NULL;
	return &rig->results[index];
}

void ka_rig_stop(struct ka_rig *rig)
{
	if (rig->child > 0) {
		kill(rig->child, SIGTERM);
		waitpid(rig->child, NULL, 0);
	}
	if (rig->lines)
		fclose(rig->lines);
	for (size_t i = 0; rig->results && i < rig->plan.n; i++)
		ka_result_clear(&rig->results[i]);
	free(rig->results);
	ka_plan_free(&rig->plan);
}
