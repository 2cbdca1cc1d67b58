/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `kacheck sysctl` was asked. */
#include <argp.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "command/sysctl.h"
#include "model/util.h"

/* In real time: what takes longer is computed instead. */
#define BUDGET_S 60

enum {
	KEY_SYSTEM = 0x300,
	KEY_FROM,
	KEY_BUDGET,
	KEY_DETECT,
	KEY_SURVIVE,
	KEY_RATE,
	KEY_CONNECTIONS,
	KEY_SUGGEST,
	KEY_LIVE,
};

static const struct argp_option table[] = {
	{ "system", KEY_SYSTEM, NULL, 0,
	  "Also what this host reads at boot: /etc/sysctl.d and the like, in their order", 0 },
	{ "from", KEY_FROM, "FILE|host", 0,
	  "What there was before: a file, or this host's values (default: what the kernel begins "
	  "with)",
	  0 },
	{ "live", KEY_LIVE, "PID|PATH", 0,
	  "Looks into a namespace that exists (of a process, of a container by its process, or "
	  "/run/netns/NAME): its connections, and what a dead peer costs each, now and with FILE",
	  0 },
	{ "detect-within", KEY_DETECT, "TIME", 0, "Is a dead peer noticed within 5m?", 1 },
	{ "survive-idle", KEY_SURVIVE, "TIME|GATEWAY,...", 0,
	  "Does an idle connection live through gateways that forget after 350s, or such as "
	  "aws-nlb, "
	  "azure-lb, gcp, ipvs?",
	  1 },
	{ "max-probes-per-second", KEY_RATE, "N", 0,
	  "Do all idle connections together cost at most N probes a second? Needs --connections",
	  1 },
	{ "connections", KEY_CONNECTIONS, "N", 0, "How many there are", 1 },
	{ "kernel", 'k', "KERNEL", 0,
	  "Where to try it, as for run (default: a guest kernel of the cache, whose clock jumps; "
	  "else this host)",
	  2 },
	{ "budget", KEY_BUDGET, "TIME", 0,
	  "In real time, only compute what takes longer (default: 60s; 0: try nothing)", 2 },
	{ "format", 'f', "FORMAT", 0, "text (default), markdown (for a change ticket) or json", 3 },
	{ "suggest", KEY_SUGGEST, NULL, 0,
	  "The smallest change that answers every question with yes, tried", 3 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static const char about[] =
	"Tells what sysctls will do before they are rolled out: applies them in new network "
	"namespaces, measures, and says what changes, for whom, and for whom not. The host is not "
	"touched."
	"\v"
	"FILE is of the kind of /etc/sysctl.d, DIR has some; time=60 intvl=10 probes=6 does "
	"without. Ends with 1 if a question is answered with no, 2 for bad input, 77 where nothing "
	"could be run, 99 if an experiment broke or its result could not be read.";

static double rate_argument(const char *text)
{
	char *end;
	double rate = strtod(text, &end);

	if (!isdigit((unsigned char)*text) || *end || !(rate > 0) || rate > 1e12)
		ka_usage_error(
			"--max-probes-per-second: '%.40s' is no number; write one above 0, like "
			"1000",
			text);
	return rate;
}

static double budget_argument(const char *text)
{
	struct nn_err err = { "" };
	double seconds = 0;

	if (strcmp(text, "0") != 0 && ka_span_parse(&seconds, text, &err) < 0)
		ka_usage_error("--budget: %s", err.text);
	return seconds;
}

/* By enum ka_sysctl_format. */
static const char *const formats[] = { "text", "markdown", "json", NULL };

static void check(struct ka_sysctl_options *options)
{
	struct nn_err err = { "" };

	if (options->n_what == 0 && !options->system && !options->live)
		ka_usage_error("sysctl: what is rolled out? Give a FILE or DIR, --system, or "
			       "words like time=60 intvl=10 probes=6");
	if (options->rate <= 0)
		return;
	if (options->connections == 0)
		ka_usage_error("--max-probes-per-second: of how many? Add --connections N");
	if (ka_questions_rate(&options->questions, options->rate, options->connections, &err) < 0)
		ka_usage_error("%s", err.text);
}

static int ask(struct ka_sysctl_options *options, int key, const char *arg)
{
	struct nn_err err = { "" };
	int ret = key == KEY_DETECT ? ka_questions_detect(&options->questions, arg, &err)
				    : ka_questions_survive(&options->questions, arg, &err);

	if (ret < 0)
		ka_usage_error("%s", err.text);
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct ka_sysctl_options *options = state->input;

	switch (key) {
	case KEY_SYSTEM:
		options->system = true;
		return 0;
	case KEY_FROM:
		options->from = arg;
		return 0;
	case KEY_LIVE:
		options->live = arg;
		return 0;
	case KEY_DETECT:
	case KEY_SURVIVE:
		return ask(options, key, arg);
	case KEY_RATE:
		options->rate = rate_argument(arg);
		return 0;
	case KEY_CONNECTIONS:
		options->connections = ka_number_argument("--connections", arg, 1, 1000000000000ul);
		return 0;
	case 'k':
		options->kernel = arg;
		return 0;
	case KEY_BUDGET:
		options->budget_s = budget_argument(arg);
		return 0;
	case 'f':
		options->format = ka_choice_argument("--format", arg, formats);
		return 0;
	case KEY_SUGGEST:
		options->suggest = true;
		return 0;
	case ARGP_KEY_ARG:
		if (options->n_what == KA_MAX_ROLLED)
			ka_usage_error("sysctl: more than %d files and words", KA_MAX_ROLLED);
		options->what[options->n_what++] = arg;
		return 0;
	case ARGP_KEY_END:
		check(options);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

void ka_sysctl_options_parse(struct ka_sysctl_options *options, int argc, char **argv)
{
	const struct argp argp = {
		table, parse, "FILE|DIR|WORD=VALUE...", about, NULL, NULL, NULL
	};

	*options = (struct ka_sysctl_options){ .budget_s = BUDGET_S };
	argp_parse(&argp, argc, argv, 0, NULL, options);
}
