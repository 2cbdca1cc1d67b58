/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The job and the facts, to JSON and back. Numbers of 64 bits travel as text. */
#include "guest/job.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *texts(const char *const *list, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, json_string(list[i]));
	return array;
}

/* A setting travels by its name or numbers: both ends are the same program. */
static json_t *settings(const struct ka_plan_options *plan)
{
	json_t *array = json_array();
	char text[64];

	for (size_t i = 0; i < plan->n_settings; i++)
		json_array_append_new(array, json_string(ka_setting_text(&plan->settings[i], text,
									 sizeof(text))));
	return array;
}

char *ka_guest_job_text(const struct ka_guest_job *job)
{
	const struct ka_plan_options *plan = &job->plan;
	char *text = NULL;
	json_t *json;

	json = json_pack(
		"{s:o, s:o, s:o, s:i, s:i, s:i, s:o, s:b, s:i, s:i, s:i, s:b, s:b, s:s?}",
		"settings", settings(plan), "filters", texts(plan->filters, plan->n_filters),
		"excludes", texts(plan->excludes, plan->n_excludes), "shard", (int)plan->shard,
		"shards", (int)plan->shards, "repeat", (int)plan->repeat, "seed",
		json_sprintf("%" PRIu64, plan->seed), "long", (int)plan->long_, "jobs",
		(int)job->jobs, "part", (int)job->part, "part_size", (int)job->part_size, "keep",
		(int)job->keep, "keep_all", (int)job->keep_all, "trials", job->trials);
	if (json)
		text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	return text;
}

static size_t take_texts(const char **list, const json_t *array)
{
	size_t n = json_array_size(array);

	if (n > KA_MAX_GLOBS)
		n = KA_MAX_GLOBS;
	for (size_t i = 0; i < n; i++)
		list[i] = json_string_value(json_array_get(array, i));
	return n;
}

static int take_settings(struct ka_plan_options *plan, const json_t *array, struct nn_err *err)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < json_array_size(array) && i < KA_MAX_SETTINGS; i++) {
		const char *text = json_string_value(json_array_get(array, i));

		ret = ka_setting_parse(&plan->settings[plan->n_settings++], text ? text : "", err);
	}
	return ret;
}

static int read_job(struct ka_guest_job *job, struct nn_err *err)
{
	struct ka_plan_options *plan = &job->plan;
	json_t *settings_, *filters, *excludes;
	int shard, shards, repeat, long_, jobs, part, part_size, keep, keep_all;
	const char *seed;

	if (json_unpack(job->json,
			"{s:o, s:o, s:o, s:i, s:i, s:i, s:s, s:b, s:i, s:i, s:i, s:b, s:b}",
			"settings", &settings_, "filters", &filters, "excludes", &excludes, "shard",
			&shard, "shards", &shards, "repeat", &repeat, "seed", &seed, "long", &long_,
			"jobs", &jobs, "part", &part, "part_size", &part_size, "keep", &keep,
			"keep_all", &keep_all) < 0)
		return nn_fail(err, EINVAL, "the job lacks something");
	plan->n_filters = take_texts(plan->filters, filters);
	plan->n_excludes = take_texts(plan->excludes, excludes);
	plan->shard = (unsigned)shard;
	plan->shards = (unsigned)shards;
	plan->repeat = (unsigned)repeat;
	plan->seed = strtoull(seed, NULL, 10);
	plan->long_ = long_;
	job->jobs = (unsigned)jobs;
	job->part = (unsigned)part;
	job->part_size = (unsigned)part_size;
	job->keep = keep;
	job->keep_all = keep_all;
	job->trials = json_string_value(json_object_get(job->json, "trials"));
	return take_settings(plan, settings_, err);
}

int ka_guest_job_read(struct ka_guest_job *job, const char *path, struct nn_err *err)
{
	json_error_t where;
	int ret;

	*job = (struct ka_guest_job){ .json = json_load_file(path, 0, &where) };
	if (!job->json)
		return nn_fail(err, EINVAL, "%s: %s", path, where.text);
	ret = read_job(job, err);
	if (ret < 0)
		ka_guest_job_free(job);
	return ret;
}

void ka_guest_job_free(struct ka_guest_job *job)
{
	json_decref(job->json);
	job->json = NULL;
}

json_t *ka_facts_encode(const struct ka_facts *facts)
{
	return json_pack("{s:s, s:i, s:I, s:b, s:o}", "release", facts->release, "hz", facts->hz,
			 "tick_ns", (json_int_t)facts->tick_ns, "phase_known",
			 (int)facts->phase_known, "j0", json_sprintf("%" PRId64, facts->j0));
}

int ka_facts_decode(struct ka_facts *facts, const json_t *json)
{
	const char *release, *j0;
	json_int_t tick_ns;
	int hz, phase_known;

	if (json_unpack((json_t *)json, "{s:s, s:i, s:I, s:b, s:s}", "release", &release, "hz", &hz,
			"tick_ns", &tick_ns, "phase_known", &phase_known, "j0", &j0) < 0)
		return -EINVAL;
	*facts = (struct ka_facts){ .hz = hz,
				    .tick_ns = tick_ns,
				    .phase_known = phase_known,
				    .j0 = strtoll(j0, NULL, 10),
				    .virtual_clock = true };
	snprintf(facts->release, sizeof(facts->release), "%s", release);
	return 0;
}
