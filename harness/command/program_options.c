/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of kacheck program. */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "command/command.h"
#include "command/options.h"
#include "command/program.h"
#include "model/util.h"
#include "program/words.h"

static const char about[] =
	"Puts a program at one end of a connection, breaks that in every usual way, and says when "
	"its kernel and when the program itself notices, which gateway cuts it off, and which "
	"option "
	"to set to what. The program is not changed and knows of nothing; the host is not touched."
	"\v"
	"RECIPE is one of kacheck's own (--list; NAME:VARIANT for one of its settings) or a file "
	"of "
	"yours, ./mine.conf. COMMAND without a recipe takes --port and, so that it is more than a "
	"handshake, --send. Bytes are written with \\r \\n \\x00. Ends with 1 if a demand is not "
	"met "
	"or something fails, 2 for bad input, 77 where something is not possible here, 99 where an "
	"experiment did not happen.";

/* ---- how an argument is read ------------------------------------------------------------------ */

static void take_demand(void *target, const struct ka_option *option, const char *arg)
{
	struct ka_program_options *options = target;
	struct nn_err err = { "" };

	if (ka_demands_take(&options->demands, option->name, arg ? arg : "yes", &err) < 0)
		ka_usage_error("--%s: %s", option->name, err.text);
}

/* A length of time that is used here. */
static void take_span(void *target, const struct ka_option *option, const char *arg)
{
	double *to = (double *)((char *)target + option->at);
	struct nn_err err = { "" };

	if (ka_span_parse(to, arg, &err) < 0)
		ka_usage_error("--%s: %s", option->name, err.text);
}

/* One that goes into the recipe as it is. */
static void take_span_text(void *target, const struct ka_option *option, const char *arg)
{
	struct nn_err err = { "" };
	double seconds;

	if (strcmp(arg, "0") != 0 && ka_span_parse(&seconds, arg, &err) < 0)
		ka_usage_error("--%s: %s", option->name, err.text);
	ka_take_text(target, option, arg);
}

static void take_bytes(void *target, const struct ka_option *option, const char *arg)
{
	char *copy = strdup(arg);
	struct nn_err err = { "" };
	size_t n;
	int ret = copy ? ka_unescape(copy, &n, &err) : 0;

	free(copy);
	if (ret < 0)
		ka_usage_error("--%s: %s", option->name, err.text);
	ka_take_text(target, option, arg);
}

static void take_env(void *target, const struct ka_option *option, const char *arg)
{
	struct ka_program_options *options = target;

	if (!strchr(arg, '=') || *arg == '=')
		ka_usage_error("--%s: '%.40s' is not NAME=VALUE", option->name, arg);
	if (options->n_env == KA_PROGRAM_ENV)
		ka_usage_error("--%s: more than %d", option->name, KA_PROGRAM_ENV);
	options->env[options->n_env++] = arg;
}

static void take_copy(void *target, const struct ka_option *option, const char *arg)
{
	struct ka_program_options *options = target;

	if (*arg != '/' || access(arg, R_OK) < 0)
		ka_usage_error(
			"--%s: '%.200s' is no file or folder that can be read, with its whole "
			"path",
			option->name, arg);
	if (options->n_copies == KA_MAX_COPIES)
		ka_usage_error("--%s: more than %d", option->name, KA_MAX_COPIES);
	options->copies[options->n_copies++] = arg;
}

static void take_filter(void *target, const struct ka_option *option, const char *arg)
{
	struct ka_program_options *options = target;

	if (options->n_filters == KA_N(options->filters))
		ka_usage_error("--%s: more than %zu", option->name, KA_N(options->filters));
	options->filters[options->n_filters++] = arg;
}

static void take_word(void *target, const char *word)
{
	struct ka_program_options *options = target;

	if (options->n_words == KA_MAX_RECIPES)
		ka_usage_error("program: more than %d recipes", KA_MAX_RECIPES);
	options->words[options->n_words++] = word;
}

/* ---- all of them ------------------------------------------------------------------------------- */

/* By enum ka_program_format. */
static const char *const formats[] = { "text",  "markdown", "table",   "json",
				       "junit", "html",     "results", NULL };

#define AT(member) .at = offsetof(struct ka_program_options, member)

static const struct ka_option table[] = {
	{ "port", 'p', "N", "Where COMMAND listens (a client: where it connects to)", 1,
	  ka_take_number, AT(port), .min = 1, .max = 65535 },
	{ "send", 's', "BYTES",
	  "What a client says first: 'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'", 1, take_bytes,
	  AT(send) },
	{ "expect", 0, "BYTES", "What its reply must hold (default: any reply)", 1, take_bytes,
	  AT(expect) },
	{ "request", 0, "BYTES", "What is asked later (default: as --send)", 1, take_bytes,
	  AT(request) },
	{ "request-expect", 0, "BYTES", "What the reply to that must hold", 1, take_bytes,
	  AT(request_expect) },
	{ "flood", 0, "BYTES", "A request whose answer is larger than a window (some MB)", 1,
	  take_bytes, AT(flood) },
	{ "flood-times", 0, "N", "Said so many times, to be large enough", 1, ka_take_number,
	  AT(flood_times), .min = 1, .max = 1000000 },
	{ "server", 0, "CMD", "COMMAND as one argument", 1, ka_take_text, AT(server) },
	{ "client", 0, "CMD", "A program that connects, to 198.51.100.1 and --port", 1,
	  ka_take_text, AT(client) },
	{ "answer", 0, "BYTES", "What such a client is answered", 1, take_bytes, AT(answer) },
	{ "name", 0, "NAME", "What COMMAND is called in results (default: its file's name)", 1,
	  ka_take_text, AT(name) },
	{ "user", 'u', "NAME", "Who it runs as (default: root, or who calls)", 2, ka_take_text,
	  AT(user) },
	{ "env", 'e', "NAME=VALUE", "A variable of its environment", 2, .take = take_env },
	{ "cwd", 0, "DIR", "Its working directory (default: this one)", 2, ka_take_text, AT(cwd) },
	{ "rootfs", 0, "DIR", "An unpacked image of a container, or another tree, as its /", 2,
	  ka_take_text, AT(rootfs) },
	{ "copy", 0, "PATH",
	  "With image: kernels, a file or folder that it needs besides its "
	  "libraries",
	  2, .take = take_copy },
	{ "settle", 0, "TIME", "How long it is busy after it has answered", 2, take_span_text,
	  AT(settle) },
	{ "patience", 0, "TIME", "How long it may hold a socket that the kernel has ended (10s)", 2,
	  take_span_text, AT(patience) },
	{ "memory", 0, "MIB", "What it needs in a guest", 2, ka_take_number, AT(memory), .min = 16,
	  .max = 65536 },
	{ "detect-within", 0, "TIME", "An idle connection to a dead peer must be over within 2m", 3,
	  .take = take_demand },
	{ "detect-busy-within", 0, "TIME", "... also where an answer is on its way", 3,
	  .take = take_demand },
	{ "survive", 0, "TIME|GATEWAY,...",
	  "Idle connections must live through gateways that forget: aws-nlb, ipvs, 350s", 3,
	  .take = take_demand },
	{ "survive-idle", 0, "TIME", "A healthy connection must be there after 3h", 3,
	  .take = take_demand },
	{ "keepalive", 0, "I/I/C|off", "Its sockets must have these options: 300/100/3", 3,
	  .take = take_demand },
	{ "no-leak", 0, NULL, "It must let go of every connection that has ended", 3,
	  .take = take_demand },
	{ "kernel", 'k', "KERNEL",
	  "As for run (default: a User-mode Linux of the cache, whose clock jumps; else this host)",
	  4, ka_take_text, AT(kernel) },
	{ "budget", 0, "TIME", "In real time, only compute what takes longer (default: 15s)", 4,
	  take_span, AT(budget_s) },
	{ "idle", 0, "TIME", "How long a healthy connection is idle (default: 1h)", 4, take_span,
	  AT(idle_s) },
	{ "watch", 0, "TIME", "How long is waited for what never comes (default: 1h)", 4, take_span,
	  AT(watch_s) },
	{ "filter", 0, "GLOB", "Only experiments whose names match: '*.silent*'", 4,
	  .take = take_filter },
	{ "out", 'o', "DIR", "Keeps packets and timelines of what fails there", 4, ka_take_text,
	  AT(out_dir) },
	{ "keep", 0, NULL, "... of all", 4, ka_take_flag, AT(keep_all) },
	{ "format", 'f', "FORMAT",
	  "text (default), markdown, table, json, junit, html, or results: the lines that "
	  "kacheck report and compare read",
	  5, ka_take_choice, AT(format), .choices = formats },
	{ "list", 'l', NULL, "Lists the recipes, and which of their programs are here", 5,
	  ka_take_flag, AT(list) },
	{ "recipe", 0, NULL, "Writes COMMAND with its options as a recipe, and runs nothing", 5,
	  ka_take_flag, AT(recipe) },
	{ "quiet", 'q', NULL, "Shows no progress", 5, ka_take_flag, AT(quiet) },
	{ .doc = NULL },
};

static void finish(void *target)
{
	struct ka_program_options *options = target;
	bool own = options->command || options->server || options->client;

	if (options->list)
		return;
	if (!own && !options->n_words)
		ka_usage_error("program: which one? Write -- COMMAND, or the name of a recipe "
			       "(kacheck program --list)");
	if (options->command && options->server)
		ka_usage_error("program: --server and -- COMMAND are the same; write one of them");
	if (own && !options->port)
		ka_usage_error("program: on which port does it %s? Add --port N",
			       options->client ? "connect" : "listen");
	if (!own && options->port)
		ka_usage_error("program: --port is for a COMMAND; a recipe has its own");
	if (options->recipe && !own)
		ka_usage_error("program: --recipe writes down a COMMAND; add -- COMMAND");
	if (options->keep_all && !options->out_dir)
		ka_usage_error("program: --keep: where? Add --out DIR");
}

void ka_program_options_parse(struct ka_program_options *options, int argc, char **argv)
{
	static const struct ka_options all = { .rows = table,
					       .words = "RECIPE...\n-- COMMAND...",
					       .about = about,
					       .take_word = take_word,
					       .finish = finish };
	int n = 1;

	*options = (struct ka_program_options){ .budget_s = 0 };
	while (n < argc && strcmp(argv[n], "--") != 0)
		n++;
	if (n < argc) {
		if (n + 1 == argc)
			ka_usage_error("program: -- is followed by a COMMAND");
		options->command = argv + n + 1;
	}
	ka_options_parse(&all, n, argv, options);
}
