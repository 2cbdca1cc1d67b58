/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The job and the facts, to JSON and back. Numbers of 64 bits travel as text. */
#include "guest/job.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/util.h"

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

/* The numbers and answers of a job. */
struct number {
	const char *key;
	size_t at;
	bool is_bool;
};

static const struct number numbers[] = {
	{ "shard", offsetof(struct ka_guest_job, plan.shard), false },
	{ "shards", offsetof(struct ka_guest_job, plan.shards), false },
	{ "repeat", offsetof(struct ka_guest_job, plan.repeat), false },
	{ "long", offsetof(struct ka_guest_job, plan.long_), true },
	{ "jobs", offsetof(struct ka_guest_job, jobs), false },
	{ "part", offsetof(struct ka_guest_job, part), false },
	{ "part_size", offsetof(struct ka_guest_job, part_size), false },
	{ "keep", offsetof(struct ka_guest_job, keep), true },
	{ "keep_all", offsetof(struct ka_guest_job, keep_all), true },
	{ "program", offsetof(struct ka_guest_job, program), true },
	{ "hostfs", offsetof(struct ka_guest_job, hostfs), true },
	{ "plain_clock", offsetof(struct ka_guest_job, plain_clock), true },
};

static json_t *write_number(const struct ka_guest_job *job, const struct number *number)
{
	const void *at = (const char *)job + number->at;

	if (number->is_bool)
		return json_boolean(*(const bool *)at);
	return json_integer(*(const unsigned *)at);
}

static int read_number(struct ka_guest_job *job, const struct number *number)
{
	const json_t *json = json_object_get(job->json, number->key);
	void *at = (char *)job + number->at;

	if (number->is_bool)
		*(bool *)at = json_is_true(json);
	else
		*(unsigned *)at = (unsigned)json_integer_value(json);
	return json ? 0 : -ENOENT;
}

char *ka_guest_job_text(const struct ka_guest_job *job)
{
	const struct ka_plan_options *plan = &job->plan;
	char *text = NULL;
	json_t *json;

	json = json_pack("{s:o, s:o, s:o, s:o, s:s?, s:O?}", "settings", settings(plan), "filters",
			 texts(plan->filters, plan->n_filters), "excludes",
			 texts(plan->excludes, plan->n_excludes), "seed",
			 json_sprintf("%" PRIu64, plan->seed), "trials", job->trials, "surveyed",
			 job->surveyed);
	for (size_t i = 0; json && i < KA_N(numbers); i++)
		json_object_set_new(json, numbers[i].key, write_number(job, &numbers[i]));
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
	const char *seed;
	int ret = json_unpack(job->json, "{s:o, s:o, s:o, s:s}", "settings", &settings_, "filters",
			      &filters, "excludes", &excludes, "seed", &seed);

	for (size_t i = 0; ret == 0 && i < KA_N(numbers); i++)
		ret = read_number(job, &numbers[i]);
	if (ret < 0)
		return nn_fail(err, EINVAL, "the job lacks something");
	plan->n_filters = take_texts(plan->filters, filters);
	plan->n_excludes = take_texts(plan->excludes, excludes);
	plan->seed = strtoull(seed, NULL, 10);
	job->trials = json_string_value(json_object_get(job->json, "trials"));
	job->surveyed = json_object_get(job->json, "surveyed");
	if (!json_is_array(job->surveyed))
		job->surveyed = NULL;
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
	return json_pack("{s:s, s:i, s:I, s:b, s:o, s:I}", "release", facts->release, "hz",
			 facts->hz, "tick_ns", (json_int_t)facts->tick_ns, "phase_known",
			 (int)facts->phase_known, "j0", json_sprintf("%" PRId64, facts->j0),
			 "noise_ns", (json_int_t)facts->noise_ns);
}

int ka_facts_decode(struct ka_facts *facts, const json_t *json)
{
	const char *release, *j0;
	json_int_t tick_ns, noise_ns;
	int hz, phase_known;

	if (json_unpack((json_t *)json, "{s:s, s:i, s:I, s:b, s:s, s:I}", "release", &release, "hz",
			&hz, "tick_ns", &tick_ns, "phase_known", &phase_known, "j0", &j0,
			"noise_ns", &noise_ns) < 0)
		return -EINVAL;
	*facts = (struct ka_facts){ .hz = hz,
				    .tick_ns = tick_ns,
				    .phase_known = phase_known,
				    .j0 = strtoll(j0, NULL, 10),
				    .noise_ns = noise_ns,
				    .virtual_clock = true };
	snprintf(facts->release, sizeof(facts->release), "%s", release);
	return 0;
}

/* ---- a part of the plan ------------------------------------------------------------------- */

unsigned ka_parts(size_t n, unsigned part_size)
{
	size_t parts = part_size ? n / part_size : 1;

	if (parts < 1)
		return 1;
	return parts < KA_MAX_PARTS ? (unsigned)parts : KA_MAX_PARTS;
}

size_t ka_part_index(unsigned part, unsigned parts, size_t i)
{
	return i * parts + (part + i) % parts;
}

/* Memory that nobody needs any more would be copied with every process that is forked. */
static void give_back(struct ka_plan *plan)
{
	size_t n = plan->n ? plan->n : 1;
	struct ka_instance *instances = reallocarray(plan->instances, n, sizeof(*instances));
	struct ka_prediction *predictions =
		reallocarray(plan->predictions, n, sizeof(*predictions));

	if (instances)
		plan->instances = instances;
	if (predictions)
		plan->predictions = predictions;
}

void ka_part_keep(struct ka_plan *plan, unsigned part, unsigned parts)
{
	size_t kept = 0;

	for (;; kept++) {
		size_t from = ka_part_index(part, parts, kept);

		if (from >= plan->n)
			break;
		plan->instances[kept] = plan->instances[from];
		plan->predictions[kept] = plan->predictions[from];
	}
	plan->n = kept;
	give_back(plan);
}
