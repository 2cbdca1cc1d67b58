/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `kacheck run` was asked for. */
#include "command/run_options.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "command/command.h"
#include "command/select.h"
#include "guest/guest.h"
#include "run/schedule.h"

enum {
	KEY_REPEAT = 0x200,
	KEY_UNTIL_FAIL,
	KEY_SEED,
	KEY_FORMAT,
	KEY_REPORT,
	KEY_OUT,
	KEY_KEEP,
	KEY_COLOR,
	KEY_STRICT,
	KEY_EXIT_STYLE,
	KEY_NOISE_BUDGET,
	KEY_GUESTS,
};

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };
static const char *const colors[] = { "auto", "always", "never", NULL };
/* By enum ka_exit_style. */
static const char *const exit_styles[] = { "default", "kselftest", "bisect", NULL };

/* Parsed so far. */
struct state {
	struct ka_run_options *options;
	enum color color;
};

static const struct argp_option table[] = {
	{ NULL, 0, NULL, 0, "What to run:", 1 },
	{ "kernel", 'k', "KERNEL", 0,
	  ", all but the first with a clock that jumps over idle time, so that hours take seconds; "
	  "then also what takes long, and all named settings unless some are given (may be given "
	  "more than once)",
	  2 },
	{ "jobs", 'j', "N", 0,
	  "At most N instances at once, or in each guest kernel (default: all, they mostly wait)",
	  2 },
	{ "guests", KEY_GUESTS, "N", 0,
	  "At most N guest kernels side by side, which share a plan of more than some dozens of "
	  "instances (default: as many as there are CPUs and memory for, at most 8; the results "
	  "do not depend on it)",
	  2 },
	{ "repeat", KEY_REPEAT, "N", 0, "Every instance N times, with different phases", 2 },
	{ "until-fail", KEY_UNTIL_FAIL, NULL, 0,
	  "Again and again, until something is not a pass; the last round is reported. With "
	  "--repeat N, at most N rounds",
	  2 },
	{ "seed", KEY_SEED, "N", 0,
	  "Where random phases come from (default: random, and printed: give it again to repeat "
	  "a run)",
	  2 },
	{ "noise-budget", KEY_NOISE_BUDGET, "MS", 0,
	  "A host that wakes timers later than this has stalled: the instance is run again, at "
	  "last broken (default: 250)",
	  2 },
	{ NULL, 0, NULL, 0, "What to write:", 3 },
	{ "format", KEY_FORMAT, "FORMAT", 0, "Of standard output; \"help\" lists them. There are ",
	  4 },
	{ "report", KEY_REPORT, "FORMAT=FILE", 0,
	  "Also a report in a file (may be given more than once)", 4 },
	{ "out", KEY_OUT, "DIR", 0,
	  "Keep packets (pcap), timeline and result of what failed or broke, in DIR/INSTANCE; the "
	  "folder is made when there is something to keep (default: keep nothing)",
	  4 },
	{ "keep", KEY_KEEP, NULL, 0, "Keep those of every instance (default folder: kacheck-out)",
	  4 },
	{ "color", KEY_COLOR, "WHEN", 0,
	  "always, never, or auto (default): on a terminal, unless NO_COLOR is set", 4 },
	{ "quiet", 'q', NULL, 0, "Only what did not pass, and the totals; no progress", 4 },
	{ "verbose", 'v', NULL, 0, "More of what passed", 4 },
	{ NULL, 0, NULL, 0, "What to make of it:", 5 },
	{ "strict", KEY_STRICT, NULL, 0, "What is skipped has failed", 6 },
	{ "exit-style", KEY_EXIT_STYLE, "STYLE", 0,
	  "default, kselftest (nothing could run: 4), bisect (nothing could run, broken: 125)", 6 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static const char text[] =
	"Runs experiments with TCP keepalive, all at once, each in namespaces of its own, and "
	"judges each against what the kernel must do. Needs no root where user namespaces are "
	"allowed; touches nothing of the host's network.\v"
	"Exit status: 0 everything passed or was skipped, and something passed; 1 something "
	"failed; 2 wrong usage; 77 nothing could run; 99 an experiment, or kacheck itself, is "
	"broken.\n\n"
	"Without --out and --keep nothing is written to disk.";

static _Noreturn void list_formats(void)
{
	for (size_t i = 0; ka_report_format(i); i++)
		puts(ka_report_format(i));
	exit(fflush(stdout) ? KA_EXIT_BROKEN : KA_EXIT_OK);
}

static void add_report(struct ka_run_options *options, char *arg)
{
	char *equals = strchr(arg, '=');

	if (!equals || equals == arg || !equals[1])
		ka_usage_error("--report: '%.60s' is not FORMAT=FILE, like junit=results.xml", arg);
	if (options->n_reports == KA_MAX_REPORTS)
		ka_usage_error("--report: more than %d reports", KA_MAX_REPORTS);
	*equals = '\0';
	options->reports[options->n_reports++] =
		(struct ka_report_file){ .format = arg, .path = equals + 1 };
}

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

static error_t parse_what(int key, char *arg, struct ka_run_options *options)
{
	switch (key) {
	case 'k':
		if (options->n_kernels == KA_MAX_KERNELS)
			ka_usage_error("--kernel: more than %d kernels", KA_MAX_KERNELS);
		options->kernels[options->n_kernels++] = arg;
		return 0;
	case 'j':
		options->jobs = (unsigned)ka_number_argument("--jobs", arg, 0, 1000000);
		return 0;
	case KEY_GUESTS:
		options->guests = (unsigned)ka_number_argument("--guests", arg, 1, 1000);
		return 0;
	case KEY_REPEAT:
		options->repeat = (unsigned)ka_number_argument("--repeat", arg, 1, 1000000);
		return 0;
	case KEY_UNTIL_FAIL:
		options->until_fail = true;
		return 0;
	case KEY_SEED:
		options->plan.seed = ka_number_argument("--seed", arg, 0, UINT64_MAX);
		options->have_seed = true;
		return 0;
	case KEY_NOISE_BUDGET:
		options->noise_budget_ns =
			(int64_t)ka_number_argument("--noise-budget", arg, 1, 60000) * 1000000;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_output(int key, char *arg, struct state *s)
{
	struct ka_run_options *options = s->options;

	switch (key) {
	case KEY_FORMAT:
		if (strcmp(arg, "help") == 0)
			list_formats();
		options->format = arg;
		return 0;
	case KEY_REPORT:
		add_report(options, arg);
		return 0;
	case KEY_OUT:
		if (!*arg)
			ka_usage_error("--out: the name of the folder is empty");
		options->out_dir = arg;
		return 0;
	case KEY_KEEP:
		options->keep_all = true;
		return 0;
	case KEY_COLOR:
		s->color = ka_choice_argument("--color", arg, colors);
		return 0;
	case 'q':
		options->quiet = true;
		return 0;
	case 'v':
		options->verbose = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void finish(struct state *s)
{
	struct ka_run_options *options = s->options;
	uint32_t seed = 1;

	options->color = want_color(s->color);
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

	(void)input;
	int ret = -1;

	if (key == 'k')
		ret = asprintf(&whole, "%s%s", ka_kernel_forms(true, forms, sizeof(forms)), doc);
	else if (key == KEY_FORMAT)
		ret = asprintf(&whole, "%s%s", doc, ka_report_formats(forms, sizeof(forms)));
	return ret < 0 ? (char *)doc : whole;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct state *s = state->input;
	error_t ret;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &s->options->plan;
		return 0;
	case KEY_STRICT:
		s->options->strict = true;
		return 0;
	case KEY_EXIT_STYLE:
		s->options->exit_style = ka_choice_argument("--exit-style", arg, exit_styles);
		return 0;
	case ARGP_KEY_ARG:
		ka_usage_error("unexpected '%.60s'; to run only some, use --filter", arg);
	case ARGP_KEY_SUCCESS:
		finish(s);
		return 0;
	default:
		ret = parse_what(key, arg, s->options);
		return ret == ARGP_ERR_UNKNOWN ? parse_output(key, arg, s) : ret;
	}
}

void ka_run_options_parse(struct ka_run_options *options, int argc, char **argv)
{
	const struct argp_child children[] = { { ka_select_argp(), 0, NULL, 1 },
					       { NULL, 0, NULL, 0 } };
	const struct argp argp = { table, parse, NULL, text, children, help_filter, NULL };
	struct state s = { .options = options, .color = COLOR_AUTO };

	*options =
		(struct ka_run_options){ .format = "text", .noise_budget_ns = KA_NOISE_BUDGET_NS };
	argp_parse(&argp, argc, argv, 0, NULL, &s);
}
