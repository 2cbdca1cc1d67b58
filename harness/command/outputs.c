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

static int open_report(struct ka_output *output, const char *format,
		       const struct ka_run_options *options, unsigned planned)
{
	struct ka_report_options report = { .color = options->color &&
						     output->file == NULL,
					    .verbose = options->verbose,
					    .command = "kacheck",
					    .planned = planned };
	struct nn_err err = { "" };
	int ret = ka_report_open(&output->report, format, output->file, &report, &err);

	if (ret == 0)
		return KA_EXIT_OK;
	ka_complain("%s", err.text);
	return ret == -EINVAL ? KA_EXIT_USAGE : KA_EXIT_BROKEN;
}
