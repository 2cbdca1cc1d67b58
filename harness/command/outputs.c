/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where results go. */
#include "command/outputs.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "command/command.h"

static void lose(struct ka_output *output, int code)
{
	if (!output->lost)
		ka_complain("cannot write to %s: %s", output->name, strerror(code));
	output->lost = true;
}

/* ---- open --------------------------------------------------------------------------------- */

static int check_format(const char *option, const char *format)
{
	struct nn_err err = { 0 };

	if (ka_report_knows(format, &err) == 0)
		return KA_EXIT_OK;
	ka_complain("%s: %s", option, err.text);
	return KA_EXIT_USAGE;
}

/* A stream of its own: stdout itself stays empty, so that its end loses nothing. */
static int open_stdout(struct ka_output *output, const struct ka_run_options *options)
{
	int fd = dup(STDOUT_FILENO);

	*output = (struct ka_output){ .name = "standard output",
				      .format = options->format,
				      .only_trouble = options->quiet &&
						      strcmp(options->format, "text") == 0 };
	output->file = fd < 0 ? NULL : fdopen(fd, "w");
	if (output->file)
		return KA_EXIT_OK;
	lose(output, errno);
	if (fd >= 0)
		close(fd);
	return KA_EXIT_BROKEN;
}

static int open_file(struct ka_output *output, const struct ka_report_file *file)
{
	*output = (struct ka_output){ .name = file->path, .format = file->format };
	output->file = fopen(file->path, "we");
	if (output->file)
		return KA_EXIT_OK;
	ka_complain("--report: cannot write %s: %s", file->path, strerror(errno));
	return KA_EXIT_USAGE;
}

static int check_formats(const struct ka_run_options *options)
{
	int status = check_format("--format", options->format);

	for (size_t i = 0; i < options->n_reports && status == KA_EXIT_OK; i++)
		status = check_format("--report", options->reports[i].format);
	return status;
}

int ka_outputs_open(struct ka_outputs *outputs, const struct ka_run_options *options)
{
	int status = check_formats(options);

	outputs->n = 0;
	if (status == KA_EXIT_OK)
		status = open_stdout(&outputs->all[outputs->n++], options);
	for (size_t i = 0; i < options->n_reports && status == KA_EXIT_OK; i++)
		status = open_file(&outputs->all[outputs->n++], &options->reports[i]);
	return status;
}

/* ---- write -------------------------------------------------------------------------------- */

static bool any_left(const struct ka_outputs *outputs)
{
	for (size_t i = 0; i < outputs->n; i++)
		if (!outputs->all[i].lost)
			return true;
	return false;
}

/* What a text begins with: all that is needed to have the same run again. */
static void write_headline(const struct ka_output *output, const struct ka_run_options *options,
			   const struct ka_planned *planned)
{
	fprintf(output->file, "kacheck %s: ", KACHECK_VERSION);
	if (planned->n || !planned->from)
		fprintf(output->file, "%u instance%s", planned->n, planned->n == 1 ? "" : "s");
	else
		fputs("results", output->file);
	if (options->n_kernels > 1)
		fprintf(output->file, " on %zu kernels", options->n_kernels);
	if (options->plan.shards > 1)
		fprintf(output->file, ", shard %u/%u", options->plan.shard, options->plan.shards);
	if (planned->from)
		fprintf(output->file, " %s\n", planned->from);
	else
		fprintf(output->file, ", seed %llu\n", (unsigned long long)options->plan.seed);
}

bool ka_outputs_begin(struct ka_outputs *outputs, const struct ka_run_options *options,
		      const struct ka_planned *planned)
{
	for (size_t i = 0; i < outputs->n; i++) {
		struct ka_output *output = &outputs->all[i];
		struct ka_report_options report = {
			.color = options->color && i == 0,
			.verbose = options->verbose,
			.quiet = output->only_trouble,
			.kernels = (unsigned)options->n_kernels,
			.command = "kacheck",
			.planned = planned->n,
			.name_width = planned->name_width,
		};
		struct nn_err err = { "" };
		int ret;

		if (strcmp(output->format, "text") == 0 && !output->only_trouble)
			write_headline(output, options, planned);
		ret = ka_report_open(&output->report, output->format, output->file, &report, &err);
		if (ret < 0)
			lose(output, -ret);
	}
	return any_left(outputs);
}

bool ka_outputs_result(struct ka_outputs *outputs, const struct ka_result *result)
{
	for (size_t i = 0; i < outputs->n; i++) {
		struct ka_output *output = &outputs->all[i];
		int ret = 0;

		if (output->lost)
			continue;
		ret = ka_report_result(output->report, result);
		if (ret < 0)
			lose(output, -ret);
	}
	return any_left(outputs);
}

static void close_one(struct ka_output *output, const struct ka_totals *totals)
{
	int ret = 0;

	if (output->report && !output->lost)
		ret = ka_report_finish(output->report, totals);
	if (ret < 0)
		lose(output, -ret);
	ka_report_free(output->report);
	if (output->file && fclose(output->file) != 0)
		lose(output, errno);
	output->report = NULL;
	output->file = NULL;
}

bool ka_outputs_close(struct ka_outputs *outputs, const struct ka_totals *totals)
{
	bool lost = false;

	for (size_t i = 0; i < outputs->n; i++) {
		close_one(&outputs->all[i], totals);
		lost |= outputs->all[i].lost;
	}
	outputs->n = 0;
	return !lost;
}
