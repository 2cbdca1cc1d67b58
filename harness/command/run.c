/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kacheck run: plan, schedule, reports, exit status. Results come in the order in which instances
 * end; reports get them in the order of the plan, as soon as it allows.
 */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/command.h"
#include "command/outputs.h"
#include "command/part.h"
#include "command/progress.h"
#include "command/run_options.h"
#include "command/select.h"
#include "command/where.h"
#include "model/util.h"
#include "result/result.h"
#include "run/schedule.h"

struct run {
	const struct ka_run_options *options;
	struct ka_where where;               /* the kernel in hand */
	struct ka_plan_options plan_options; /* for it */
	struct ka_facts facts;
	struct ka_plan plan;
	struct ka_outputs outputs;
	struct ka_planned planned; /* on all kernels */
	struct ka_kernels kernels; /* so far */
	char out_dir[PATH_MAX];    /* of this kernel */
	struct ka_progress_line progress;
	json_t **results; /* by index in the plan; NULL: not there yet, or handed on */
	size_t next;      /* the first that is not handed on */
	bool streaming;   /* hand on while instances run; else keep all until the round is over */
	struct ka_totals totals;
	bool lost; /* results or files could not be written */
};

static double seconds_since(int64_t began_ns)
{
	return (double)(ka_now_ns() - began_ns) / KA_NS_PER_S;
}

/* ---- one result --------------------------------------------------------------------------- */

/* Files that could not be kept: told once, it will be the same for all. */
static void notice_keep_error(struct run *run, json_t *json)
{
	const char *error = json_string_value(json_object_get(json, "keep_error"));

	if (!error)
		return;
	if (!run->lost)
		ka_complain("%s", error);
	run->lost = true;
	json_object_set_new(json, "kept", json_null());
}

/* Takes over @json. False when nobody is left to be told. */
static bool hand_on(struct run *run, json_t *json)
{
	struct ka_result result;
	struct nn_err err = { "" };
	bool go_on;

	ka_progress_clear(&run->progress);
	notice_keep_error(run, json);
	if (ka_result_decode(&result, json, &err) < 0) {
		ka_complain("a result cannot be read: %s", err.text);
		run->lost = true;
		return true;
	}
	if (run->options->strict)
		ka_apply_strict(&result);
	ka_totals_count(&run->totals, &result);
	run->totals.again += json_array_size(result.tries) > 0;
	go_on = ka_outputs_result(&run->outputs, &result);
	ka_result_clear(&result);
	return go_on;
}

/* Hands on all that is due. */
static bool flush_results(struct run *run)
{
	while (run->next < run->plan.n && run->results[run->next]) {
		json_t *json = run->results[run->next];

		ka_part_add(json, &run->plan, run->next, &run->plan_options,
			    (unsigned)run->options->n_kernels);
		run->results[run->next++] = NULL;
		if (!hand_on(run, json))
			return false;
	}
	return true;
}

static int on_result(void *arg, size_t index, json_t *json)
{
	struct run *run = arg;

	run->results[index] = json;
	if (!run->streaming || flush_results(run))
		return 0;
	return -EPIPE; /* told already */
}

static void on_progress(void *arg, const struct ka_progress *progress)
{
	struct run *run = arg;

	ka_progress_show(&run->progress, progress);
}

/* Of several kernels and rounds, the loudest. */
static void on_noise(void *arg, const struct ka_host_noise *noise)
{
	struct run *run = arg;

	run->totals.late_s = fmax(run->totals.late_s, (double)noise->worst_ns / 1e9);
	run->totals.late_99_s = fmax(run->totals.late_99_s, (double)noise->p99_ns / 1e9);
}

/* ---- rounds ------------------------------------------------------------------------------- */

/* Runs the whole plan once. Returns what ka_schedule_run() returns. */
static int run_once(struct run *run)
{
	const struct ka_run_options *options = run->options;
	const struct ka_schedule_options schedule = {
		.jobs = options->jobs,
		.out_dir = options->out_dir ? run->out_dir : NULL,
		.keep_all = options->keep_all,
		.retries = KA_RETRIES,
		.noise_budget_ns = options->noise_budget_ms * INT64_C(1000000),
		.noise_goal_ns = options->noise_goal_ms * INT64_C(1000000)
	};
	const struct ka_schedule_events events = { .result = on_result,
						   .progress = run->progress.wanted ? on_progress
										    : NULL,
						   .noise = on_noise,
						   .arg = run };
	struct nn_err err = { "" };
	int ret;

	ret = ka_where_run(&run->where, &run->plan, &run->facts, &schedule, &events, &err);
	ka_progress_clear(&run->progress);
	if (ret == -EINTR)
		ka_complain("interrupted; nothing of the run is left");
	else if (ret < 0 && ret != -EPIPE)
		ka_complain("%s", err.text);
	return ret;
}

/* What is known to fail, and does so each time, ends no hunt. */
static bool passed(const json_t *json)
{
	const char *verdict = json_string_value(json_object_get(json, "verdict"));

	return verdict && (strcmp(verdict, ka_verdict_name(KA_PASS)) == 0 ||
			   strcmp(verdict, ka_verdict_name(KA_KNOWN)) == 0);
}

static bool all_passed(const struct run *run)
{
	for (size_t i = 0; i < run->plan.n; i++)
		if (!passed(run->results[i]))
			return false;
	return true;
}

/* Makes the plan of the next round: the same instances with other seeds. */
static int next_round(struct run *run, unsigned round)
{
	for (size_t i = 0; i < run->plan.n; i++) {
		json_decref(run->results[i]);
		run->results[i] = NULL;
	}
	ka_plan_free(&run->plan);
	run->plan_options.seed = run->options->plan.seed + round;
	run->where.plan.seed = run->plan_options.seed;
	return ka_select_plan(&run->plan, &run->plan_options, &run->facts);
}

/* --until-fail: only the last round is reported. */
static int run_until_fail(struct run *run)
{
	unsigned limit = run->options->repeat;
	int ret;

	run->streaming = false;
	for (unsigned round = 1;; round++) {
		run->progress.round = round;
		ret = run_once(run);
		if (ret || run->plan.n == 0 || !all_passed(run) || (limit && round >= limit))
			break;
		if (next_round(run, round) != KA_EXIT_OK)
			return -ENOMEM;
	}
	flush_results(run);
	return ret;
}

/* ---- before and after --------------------------------------------------------------------- */

/* The folder itself is made when there is something to keep; what can be known now is whether that
 * will go wrong. */
static int check_out_dir(const char *path)
{
	char *above = strdup(path), *dir = above;
	struct stat st;
	int code = 0;

	if (!above)
		return KA_EXIT_BROKEN;
	while (stat(dir, &st) < 0 && errno == ENOENT && strcmp(dir, "/") != 0 &&
	       strcmp(dir, ".") != 0)
		dir = dirname(dir);
	if (stat(dir, &st) < 0)
		code = errno;
	else if (!S_ISDIR(st.st_mode))
		code = ENOTDIR;
	else if (access(dir, W_OK | X_OK) < 0)
		code = errno;
	free(above);
	if (code == 0)
		return KA_EXIT_OK;
	ka_complain("--out: cannot keep files in %s: %s", path, strerror(code));
	return KA_EXIT_USAGE;
}

/* Several kernels run instances of the same names: each has a folder of its own. */
static int choose_out_dir(struct run *run)
{
	const struct ka_run_options *options = run->options;
	const char *where = run->where.is_guest ? run->where.kernel.where : "host";
	int number = ka_kernels_number(&run->kernels, where, run->facts.release, run->facts.hz);
	int length = 0;

	if (number < 0)
		return KA_EXIT_BROKEN;
	if (options->out_dir && options->n_kernels > 1)
		length = snprintf(run->out_dir, sizeof(run->out_dir), "%s/%s", options->out_dir,
				  run->kernels.all[number].name);
	else if (options->out_dir)
		length = snprintf(run->out_dir, sizeof(run->out_dir), "%s", options->out_dir);
	if (length < (int)sizeof(run->out_dir))
		return KA_EXIT_OK;
	ka_complain("--out: the name of the folder is too long");
	return KA_EXIT_USAGE;
}

/* Facts and plan of one kernel. @first: the outputs begin. */
static int prepare_kernel(struct run *run, const char *kernel, bool first)
{
	const struct ka_run_options *options = run->options;
	int status;

	run->plan_options = options->plan;
	status = ka_where_parse(&run->where, kernel, options->guest_binary, &run->plan_options,
				options->jobs);
	run->where.options.guests = options->guests;
	run->where.options.keep = options->out_dir != NULL;
	run->where.options.keep_all = options->keep_all;
	if (status == KA_EXIT_OK)
		status = ka_where_facts(&run->where, &run->facts);
	if (status == KA_EXIT_OK)
		status = choose_out_dir(run);
	if (status == KA_EXIT_OK)
		status = ka_select_plan(&run->plan, &run->plan_options, &run->facts);
	if (status == KA_EXIT_OK && first)
		status = ka_outputs_open(&run->outputs, options);
	if (status != KA_EXIT_OK)
		return status;
	run->next = 0;
	run->results = calloc(run->plan.n + 1, sizeof(json_t *));
	if (!run->results)
		return KA_EXIT_BROKEN;
	if (run->plan.n == 0)
		ka_complain("shard %u/%u has no instance; there are fewer of them than shards",
			    options->plan.shard, options->plan.shards);
	if (!run->where.is_guest && !options->quiet)
		ka_select_warn(&run->plan);
	if (first && !ka_outputs_begin(&run->outputs, options, &run->planned))
		return KA_EXIT_BROKEN;
	return KA_EXIT_OK;
}

static void release_kernel(struct run *run)
{
	for (size_t i = 0; run->results && i < run->plan.n; i++)
		json_decref(run->results[i]);
	free(run->results);
	run->results = NULL;
	ka_plan_free(&run->plan);
	ka_where_close(&run->where);
}

/* Runs everything on one kernel after the other. Returns KA_EXIT_OK, or what is to be told at once;
 * *@ret is that of the last run. */
static int run_kernels(struct run *run, int *ret)
{
	int status = KA_EXIT_OK;

	for (size_t i = 0; i < run->options->n_kernels && status == KA_EXIT_OK && !*ret; i++) {
		int64_t began_ns = ka_now_ns();

		status = prepare_kernel(run, run->options->kernels[i], i == 0);
		if (status == KA_EXIT_OK)
			*ret = run->options->until_fail ? run_until_fail(run) : run_once(run);
		release_kernel(run);
		run->totals.kernel_s[i] = seconds_since(began_ns);
	}
	return status;
}

/* How many instances @options make on a kernel; how many there are does not depend on its HZ. */
static int count_instances(struct ka_planned *planned, const struct ka_plan_options *options)
{
	const struct ka_facts facts = { .hz = 250, .tick_ns = 4000000 };
	struct ka_plan plan;
	int status = ka_select_plan(&plan, options, &facts);

	if (status != KA_EXIT_OK)
		return status;
	planned->n += (unsigned)plan.n;
	for (size_t i = 0; i < plan.n; i++)
		if (strlen(plan.instances[i].name) > planned->name_width)
			planned->name_width = (unsigned)strlen(plan.instances[i].name);
	ka_plan_free(&plan);
	return KA_EXIT_OK;
}

static int check_kernel(struct run *run, size_t i)
{
	const struct ka_run_options *options = run->options;
	struct ka_plan_options plan = options->plan;
	struct ka_where where;
	int status;

	for (size_t j = 0; j < i; j++)
		if (strcmp(options->kernels[j], options->kernels[i]) == 0) {
			ka_complain("--kernel %s is given twice", options->kernels[i]);
			return KA_EXIT_USAGE;
		}
	status = ka_where_parse(&where, options->kernels[i], options->guest_binary, &plan, 0);
	return status == KA_EXIT_OK ? count_instances(&run->planned, &plan) : status;
}

/* What can be seen to be wrong before anything is booted or written. */
static int check(struct run *run)
{
	const struct ka_run_options *options = run->options;
	int status = KA_EXIT_OK;

	for (size_t i = 0; i < options->n_kernels && status == KA_EXIT_OK; i++)
		status = check_kernel(run, i);
	if (status == KA_EXIT_OK && options->out_dir)
		status = check_out_dir(options->out_dir);
	return status;
}

static int run_all(struct run *run)
{
	int64_t began_ns = ka_now_ns();
	int ret = 0, status = run_kernels(run, &ret);

	ka_kernels_free(&run->kernels);
	run->totals.wall_s = seconds_since(began_ns);
	if (!ka_outputs_close(&run->outputs, &run->totals) || ret)
		run->lost = true;
	if (status != KA_EXIT_OK)
		return status;
	if (ret == -EINTR)
		return KA_EXIT_INTERRUPTED;
	return ka_exit_status(run->options->exit_style, &run->totals, run->lost);
}

int ka_command_run(int argc, char **argv)
{
	struct ka_run_options options;
	struct run run = { .options = &options, .streaming = true };
	int status;

	ka_run_options_parse(&options, argc, argv);
	/* A reader that goes away is an error of writing, with a line that says so. */
	signal(SIGPIPE, SIG_IGN);
	ka_progress_init(&run.progress, options.quiet);
	status = check(&run);
	return status == KA_EXIT_OK ? run_all(&run) : status;
}
