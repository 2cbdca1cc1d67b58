/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `kacheck run` was asked for. */
#include "command/run_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "command/command.h"
#include "command/options.h"
#include "command/select.h"
#include "guest/guest.h"
#include "model/escape.h"
#include "model/util.h"
#include "run/schedule.h"

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };
static const char *const colors[] = { "auto", "always", "never", NULL };
/* By enum ka_exit_style. */
static const char *const exit_styles[] = { "default", "kselftest", "bisect", NULL };

static const char text[] =
	"Runs experiments with TCP keepalive, all at once, each in namespaces of its own, and "
	"judges each against what the kernel must do. Needs no root where user namespaces are "
	"allowed; touches nothing of the host's network.\v"
	"Exit status: 0 everything passed, was skipped or is known to fail, and something ran; 1 "
	"something "
	"failed; 2 wrong usage; 77 nothing could run; 99 an experiment, or kacheck itself, is "
	"broken.\n\n"
	"Without --out and --keep nothing is written to disk.";

static _Noreturn void list_formats(void)
{
	for (size_t i = 0; ka_report_format(i); i++)
		puts(ka_report_format(i));
	exit(fflush(stdout) ? KA_EXIT_BROKEN : KA_EXIT_OK);
}

static const char formats_doc[] = "Of standard output; \"help\" lists them. There are ";

#define AT(member) .at = offsetof(struct ka_run_options, member)

static void take_kernel(void *target, const struct ka_option *option, const char *arg)
{
	struct ka_run_options *options = target;

	if (options->n_kernels == KA_MAX_KERNELS)
		ka_usage_error("--%s: more than %d kernels", option->name, KA_MAX_KERNELS);
	options->kernels[options->n_kernels++] = arg;
}

static void take_seed(void *target, const struct ka_option *option, const char *arg)
{
	struct ka_run_options *options = target;

	options->plan.seed = ka_number_argument(option->name, arg, 0, UINT64_MAX);
	options->have_seed = true;
}

static void take_format(void *target, const struct ka_option *option, const char *arg)
{
	if (strcmp(arg, "help") == 0)
		list_formats();
	ka_take_text(target, option, arg);
}

static void take_report(void *target, const struct ka_option *option, const char *arg)
{
	struct ka_run_options *options = target;
	char *equals = strchr(arg, '=');

	if (!equals || equals == arg || !equals[1])
		ka_usage_error("--%s: '%.*s' is not FORMAT=FILE, like junit=results.xml",
			       option->name, KA_CUT(arg, 60));
	if (options->n_reports == KA_MAX_REPORTS)
		ka_usage_error("--%s: more than %d reports", option->name, KA_MAX_REPORTS);
	*equals = '\0';
	options->reports[options->n_reports++] =
		(struct ka_report_file){ .format = arg, .path = equals + 1 };
}

static void take_out(void *target, const struct ka_option *option, const char *arg)
{
	if (!*arg)
		ka_usage_error("--%s: the name of the folder is empty", option->name);
	ka_take_text(target, option, arg);
}

static const struct ka_option table[] = {
	{ .doc = "What to run:", .group = 1 },
	{ "kernel", 'k', "KERNEL",
	  ", all but the first with a clock that jumps over idle time, so that hours take seconds; "
	  "then also what takes long, and all named settings unless some are given (may be given "
	  "more than once)",
	  2, .take = take_kernel },
	{ "guest-binary", 0, "FILE",
	  "What runs in guest kernels: a kacheck for their machine (default: this program; in a "
	  "kernel for another machine the one that was installed or built beside it)",
	  2, ka_take_text, AT(guest_binary) },
	{ "jobs", 'j', "N",
	  "At most N instances at once, or in each guest kernel (default: all, they mostly wait)",
	  2, ka_take_number, AT(jobs), 0, 1000000 },
	{ "guests", 0, "N",
	  "At most N guest kernels side by side, which share a plan of more than some dozens of "
	  "instances (default: as many as there are CPUs and memory for, at most 8; the results "
	  "do not depend on it)",
	  2, ka_take_number, AT(guests), 1, 1000 },
	{ "repeat", 0, "N", "Every instance N times, with different phases", 2, ka_take_number,
	  AT(repeat), 1, 1000000 },
	{ "until-fail", 0, NULL,
	  "Again and again, until something is not a pass; the last round is reported. With "
	  "--repeat N, at most N rounds",
	  2, ka_take_flag, AT(until_fail) },
	{ "seed", 0, "N",
	  "Where random phases come from (default: random, and printed: give it again to repeat "
	  "a run)",
	  2, .take = take_seed },
	{ "noise-budget", 0, "MS",
	  "A host that wakes timers later than this has stalled: the instance is run again, at "
	  "last broken (default: 250)",
	  2, ka_take_number, AT(noise_budget_ms), 1, 60000 },
	{ "noise-goal", 0, "MS",
	  "Build and tear down only so many instances at once that timers are woken no later than "
	  "this; 0: as many as there are CPUs, twice (default: 20)",
	  2, ka_take_number, AT(noise_goal_ms), 0, 60000 },
	{ .doc = "What to write:", .group = 3 },
	{ "format", 0, "FORMAT", formats_doc, 4, take_format, AT(format) },
	{ "report", 0, "FORMAT=FILE", "Also a report in a file (may be given more than once)", 4,
	  .take = take_report },
	{ "out", 0, "DIR",
	  "Keep packets (pcapng), timeline and result of what failed or broke, in DIR/INSTANCE; "
	  "the "
	  "folder is made when there is something to keep (default: keep nothing)",
	  4, take_out, AT(out_dir) },
	{ "keep", 0, NULL, "Keep those of every instance (default folder: kacheck-out)", 4,
	  ka_take_flag, AT(keep_all) },
	{ "color", 0, "WHEN",
	  "always, never, or auto (default): on a terminal, unless NO_COLOR is set", 4,
	  ka_take_choice, AT(when_color), .choices = colors },
	{ "quiet", 'q', NULL, "Only what did not pass, and the totals; no progress", 4,
	  ka_take_flag, AT(quiet) },
	{ "verbose", 'v', NULL, "More of what passed", 4, ka_take_flag, AT(verbose) },
	{ .doc = "What to make of it:", .group = 5 },
	{ "strict", 0, NULL, "What is skipped has failed", 6, ka_take_flag, AT(strict) },
	{ "exit-style", 0, "STYLE",
	  "default, kselftest (nothing could run: 4), bisect (nothing could run, broken: 125)", 6,
	  ka_take_choice, AT(exit_style), .choices = exit_styles },
	{ .doc = NULL },
};

static bool is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value && *value;
}

/* An option is stronger than NO_COLOR, which is stronger than CLICOLOR_FORCE. */
static bool want_color(enum color color)
{
	const char *terminal = getenv("TERM"), *force = getenv("CLICOLOR_FORCE");

	if (color != COLOR_AUTO)
		return color == COLOR_ALWAYS;
	if (is_set("NO_COLOR"))
		return false;
	if (force && *force && strcmp(force, "0") != 0)
		return true;
	return isatty(STDOUT_FILENO) && (!terminal || strcmp(terminal, "dumb") != 0);
}

static void finish(void *target)
{
	struct ka_run_options *options = target;
	uint32_t seed = 1;

	options->color = want_color((enum color)options->when_color);
	if (options->n_kernels == 0)
		options->kernels[options->n_kernels++] = "host";
	if (options->keep_all && !options->out_dir)
		options->out_dir = "kacheck-out";
	if (options->until_fail) /* its rounds come one after the other */
		options->plan.repeat = 1;
	else
		options->plan.repeat = options->repeat;
	if (options->have_seed)
		return;
	/* 32 bits: a number that a person can type again. */
	(void)!getrandom(&seed, sizeof(seed), 0);
	options->plan.seed = seed;
}

/* Which forms --kernel has, the guests know. */
static char *help_filter(int key, const char *doc, void *input)
{
	char forms[400], *whole;
	int ret = -1;

	(void)input;
	if (key == 'k')
		ret = asprintf(&whole, "%s%s", ka_kernel_forms(true, forms, sizeof(forms)), doc);
	else if (doc == formats_doc)
		ret = asprintf(&whole, "%s%s", doc, ka_report_formats(forms, sizeof(forms)));
	return ret < 0 ? (char *)doc : whole;
}

void ka_run_options_parse(struct ka_run_options *options, int argc, char **argv)
{
	const struct argp_child children[] = { { ka_select_argp(), 0, NULL, 1 },
					       { NULL, 0, NULL, 0 } };
	const struct ka_options all = { .rows = table,
					.about = text,
					.unexpected = "; to run only some, use --filter",
					.finish = finish,
					.children = children,
					.child_target = &options->plan,
					.help = help_filter };

	*options = (struct ka_run_options){ .format = "text",
					    .noise_budget_ms = KA_NOISE_BUDGET_NS / 1000000,
					    .noise_goal_ms = KA_NOISE_GOAL_NS / 1000000 };
	ka_options_parse(&all, argc, argv, options);
}

void ka_report_options_parse(struct ka_run_options *options, const char *about,
			     void (*take_file)(void *options, const char *word), int argc,
			     char **argv)
{
	static const char *const shared[] = { "format",  "report", "color",     "quiet",
					      "verbose", "strict", "exit-style" };
	struct ka_option rows[KA_N(shared) + 1] = { { .doc = NULL } };
	const struct ka_options all = { .rows = rows,
					.words = "FILE...",
					.about = about,
					.take_word = take_file,
					.finish = finish,
					.help = help_filter };
	size_t n = 0;

	for (const struct ka_option *row = table; row->doc; row++)
		for (size_t i = 0; row->name && i < KA_N(shared); i++)
			if (strcmp(row->name, shared[i]) == 0)
				rows[n++] = *row;
	options->format = "text";
	ka_options_parse(&all, argc, argv, options);
}
