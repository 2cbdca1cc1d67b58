/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kacheck report: results of any number of runs, in every format that a run writes. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "command/command.h"
#include "command/join.h"
#include "command/outputs.h"
#include "command/run_options.h"

/* The first member is what the options that it shares with `kacheck run` are written to. */
struct options {
	struct ka_run_options run;
	const char *files[KA_MAX_FILES];
	size_t n_files;
};

static const char about[] =
	"Reads results that were written with --format json or --report json=FILE, of any number "
	"of "
	"runs, shards, machines and kernels (-: standard input), and writes them again in any "
	"format. "
	"The shards of one plan come out as if they had been one run.\v"
	"Exit status: 0 everything passed, was skipped or is known to fail, and something ran; 1 "
	"something "
	"failed; 2 "
	"wrong usage, a file that holds no results, or parts of different plans; 77 nothing could "
	"run; "
	"99 an experiment is broken, or a shard is missing, cut short or there twice.";

static void take_file(void *target, const char *word)
{
	struct options *options = target;

	if (options->n_files == KA_MAX_FILES)
		ka_usage_error("more than %d files", KA_MAX_FILES);
	options->files[options->n_files++] = word;
}

static void complain(void *arg, const char *text)
{
	(void)arg;
	ka_complain("%s", text);
}

/* Opens what can be opened; that a file is empty is told, and the others are read all the same. */
static int open_all(struct ka_join *join, const struct options *options)
{
	struct nn_err err = { "" };
	int ret = 0;

	for (size_t i = 0; i < options->n_files && (!ret || ret == -ENODATA); i++)
		ret = ka_join_open(join, options->files[i], &err);
	if (ret == -ENODATA)
		ret = 0;
	if (!ret)
		ret = ka_join_sort(join, &err);
	if (!ret)
		return KA_EXIT_OK;
	ka_complain("%s", err.text);
	return KA_EXIT_USAGE;
}

/* ---- what the headline says ------------------------------------------------------------------------ */

static bool named_before(const struct ka_join *join, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (join->streams[j].has_part &&
		    strcmp(join->streams[j].part.machine, join->streams[i].part.machine) == 0)
			return true;
	return false;
}

/* "from 3 files, machines a, b" into @buf. Returns @buf. */
static const char *say_from(const struct ka_join *join, char *buf, size_t size)
{
	size_t used;
	unsigned machines = 0;

	used = (size_t)snprintf(buf, size, "from %zu file%s", join->n, join->n == 1 ? "" : "s");
	for (size_t i = 0; i < join->n && used < size; i++) {
		const struct ka_stream *s = &join->streams[i];

		if (!s->has_part || named_before(join, i))
			continue;
		used += (size_t)snprintf(buf + used, size - used, "%s%s",
					 machines ? ", " : "; machines: ", s->part.machine);
		machines++;
	}
	return buf;
}

/* One kernel, or several? How many there are in all is known only at the end. */
static unsigned count_kernels(const struct ka_join *join)
{
	struct ka_kernels kernels = { .n = 0 };
	unsigned most = 1, n;

	for (size_t i = 0; i < join->n; i++) {
		const struct ka_stream *s = &join->streams[i];

		if (!s->result.json)
			continue;
		ka_kernels_number(&kernels, s->result.where, s->result.release, s->result.hz);
		if (s->has_part && s->part.kernels > most)
			most = s->part.kernels;
	}
	n = (unsigned)kernels.n;
	ka_kernels_free(&kernels);
	return n > most ? n : most;
}

/* ---- the results ------------------------------------------------------------------------------------- */

static int write_results(struct ka_join *join, const struct options *options,
			 struct ka_outputs *outputs, struct ka_totals *totals)
{
	struct nn_err err = { "" };
	struct ka_result result;
	bool go_on = true;
	int ret = 1;

	while (go_on && (ret = ka_join_next(join, &result, &err)) > 0) {
		if (options->run.strict)
			ka_apply_strict(&result);
		ka_totals_count(totals, &result);
		totals->again += json_array_size(result.tries) > 0;
		go_on = ka_outputs_result(outputs, &result);
		ka_result_clear(&result);
	}
	if (ret < 0)
		ka_complain("%s", err.text);
	return ret < 0 ? KA_EXIT_USAGE : KA_EXIT_OK;
}

static int write_report(struct ka_join *join, struct options *options)
{
	struct ka_totals totals = { .wall_s = NAN };
	struct ka_outputs outputs = { .n = 0 };
	char from[400];
	const struct ka_planned planned = { .n = ka_join_planned(join),
					    .from = say_from(join, from, sizeof(from)) };
	int status = ka_outputs_open(&outputs, &options->run);
	bool lost = false;

	options->run.n_kernels = count_kernels(join);
	if (status == KA_EXIT_OK && !ka_outputs_begin(&outputs, &options->run, &planned))
		status = KA_EXIT_BROKEN;
	if (status == KA_EXIT_OK)
		status = write_results(join, options, &outputs, &totals);
	lost = !ka_outputs_close(&outputs, &totals);
	if (status != KA_EXIT_OK)
		return status;
	return ka_exit_status(options->run.exit_style, &totals, lost || join->incomplete);
}

int ka_command_report(int argc, char **argv)
{
	struct options options = { .n_files = 0 };
	struct ka_join join = { .tell = complain };
	int status;

	ka_report_options_parse(&options.run, about, take_file, argc, argv);
	if (options.n_files == 0)
		ka_usage_error("no file; write 'kacheck report RESULTS.json...', or - for standard "
			       "input");
	signal(SIGPIPE, SIG_IGN);
	status = open_all(&join, &options);
	if (status == KA_EXIT_OK)
		status = write_report(&join, &options);
	ka_join_free(&join);
	return status;
}
