/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kacheck compare: runs of several kernels side by side. */
#include "command/compare.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"

enum format { TEXT, MARKDOWN, JSON };
static const char *const formats[] = { "text", "markdown", "json", NULL };

struct options {
	enum format format;
	bool all;
	char **files;
	int n_files;
};

static const struct argp_option table[] = {
	{ "format", 'f', "FORMAT", 0, "text (default), markdown, json", 0 },
	{ "all", 'a', NULL, 0, "Also instances in which nothing changed", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static const char text[] =
	"Compares runs that were written with --format json or --report json=FILE: the first "
	"kernel with each other one. A file may hold several kernels. Verdicts that changed, ends "
	"that moved by more than the model of the kernel's timers explains, other errors, masks or "
	"numbers of probes, new and vanished instances.\v"
	"Exit status: 0 nothing regressed; 1 something did: it passed and now fails or is broken, "
	"or its end moved; 2 wrong usage.";

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'f':
		options->format = ka_choice_argument("format", arg, formats);
		return 0;
	case 'a':
		options->all = true;
		return 0;
	case ARGP_KEY_ARGS:
		options->files = state->argv + state->next;
		options->n_files = state->argc - state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		ka_usage_error("no file; write 'kacheck compare BEFORE.json AFTER.json'");
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- reading ------------------------------------------------------------------------------ */

static int read_line(struct ka_comparison *c, const char *path, unsigned number, const char *line)
{
	struct nn_err err = { "it is not JSON" };
	struct ka_result result;
	json_t *json = json_loads(line, 0, NULL);
	int ret = json ? ka_result_decode(&result, json, &err) : -EINVAL;

	if (ret < 0) {
		ka_complain("%s:%u is no result of kacheck run --format json: %s", path, number,
			    err.text);
		return KA_EXIT_USAGE;
	}
	ret = ka_comparison_add(c, path, &result);
	if (ret == 0)
		return KA_EXIT_OK;
	ka_complain("%s:%u: %s", path, number,
		    ret == -E2BIG ? "too many kernels, 26 can be compared" : strerror(-ret));
	return ret == -E2BIG ? KA_EXIT_USAGE : KA_EXIT_BROKEN;
}

static int read_file(struct ka_comparison *c, const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned number = 0;
	int status = KA_EXIT_OK;
	char *line = NULL;
	size_t room = 0;

	if (!file) {
		ka_complain("%s: %s", path, strerror(errno));
		return KA_EXIT_USAGE;
	}
	while (status == KA_EXIT_OK && getline(&line, &room, file) > 0)
		if (line[strspn(line, " \t\r\n")])
			status = read_line(c, path, ++number, line);
	if (status == KA_EXIT_OK && (ferror(file) || number == 0)) {
		ka_complain("%s: %s", path, number ? "cannot be read" : "there is no result in it");
		status = KA_EXIT_USAGE;
	}
	free(line);
	fclose(file);
	return status;
}

static int write_all(const struct ka_comparison *c, const struct options *options)
{
	static int (*const writers[])(const struct ka_comparison *, bool, FILE *) = {
		[TEXT] = ka_comparison_text,
		[MARKDOWN] = ka_comparison_markdown,
		[JSON] = ka_comparison_json,
	};

	if (writers[options->format](c, options->all, stdout) < 0)
		return KA_EXIT_BROKEN;
	return ka_comparison_regressions(c) ? KA_EXIT_FAIL : KA_EXIT_OK;
}

int ka_command_compare(int argc, char **argv)
{
	const struct argp argp = { table, parse, "BEFORE.json [AFTER.json...]", text, NULL,
				   NULL,  NULL };
	struct ka_comparison comparison = { .n_columns = 0 };
	struct options options = { .format = TEXT };
	int status = KA_EXIT_OK;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	for (int i = 0; i < options.n_files && status == KA_EXIT_OK; i++)
		status = read_file(&comparison, options.files[i]);
	if (status == KA_EXIT_OK && comparison.n_columns < 2) {
		ka_complain("there is only one run; give a second file to compare it with");
		status = KA_EXIT_USAGE;
	}
	if (status == KA_EXIT_OK) {
		ka_comparison_judge(&comparison);
		status = write_all(&comparison, &options);
	}
	ka_comparison_free(&comparison);
	return status;
}
