/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A command line as a recipe: there is one way in, and what was tried out can be kept as a file. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/program.h"
#include "program/words.h"

static void put_text(FILE *out, const char *key, const char *value)
{
	if (value)
		fprintf(out, "%s = %s\n", key, value);
}

static void put_number(FILE *out, const char *key, unsigned value)
{
	if (value)
		fprintf(out, "%s = %u\n", key, value);
}

/* As it was written: but for blanks at its ends, which would get lost. */
static void put_bytes(FILE *out, const char *key, const char *value)
{
	char *copy = value ? strdup(value) : NULL;
	size_t n;

	if (copy && ka_unescape(copy, &n, NULL) == 0 && n) {
		fprintf(out, "%s = ", key);
		ka_escape(out, copy, n);
		putc('\n', out);
	}
	free(copy);
}

static void put_command(FILE *out, const char *const *command, const char *line)
{
	fprintf(out, "command =");
	for (; command && *command; command++) {
		putc(' ', out);
		ka_quote(out, *command);
	}
	fprintf(out, "%s%s\n", line ? " " : "", line ? line : "");
}

/* A path like ./my-server is one of the reader's own folder. */
static void put_cwd(FILE *out, const struct ka_program_options *options)
{
	char here[PATH_MAX];

	if (options->cwd && !options->rootfs && realpath(options->cwd, here))
		put_text(out, "cwd", here);
	else if (options->cwd)
		put_text(out, "cwd", options->cwd);
	else if (!options->rootfs && getcwd(here, sizeof(here)))
		put_text(out, "cwd", here);
}

static void put_program(FILE *out, const struct ka_program_options *options,
			const char *const *command, const char *line, enum ka_role role)
{
	char root[PATH_MAX];

	fprintf(out, "[program]\nrole = %s\n", role == KA_SERVER ? "server" : "client");
	put_command(out, command, line);
	put_number(out, "port", options->port);
	put_text(out, "user", options->user);
	put_cwd(out, options);
	if (options->rootfs)
		put_text(out, "rootfs", realpath(options->rootfs, root) ? root : options->rootfs);
	put_text(out, "settle", options->settle);
	put_text(out, "patience", options->patience);
	put_number(out, "memory", options->memory);
}

static void put_env(FILE *out, const struct ka_program_options *options)
{
	if (options->n_env)
		fputs("\n[env]\n", out);
	for (size_t i = 0; i < options->n_env; i++) {
		const char *env = options->env[i];
		int name = (int)strcspn(env, "=");

		fprintf(out, "%.*s = %s\n", name, env, env + name + 1);
	}
}

static void put_talk(FILE *out, const struct ka_program_options *options, enum ka_role role)
{
	fputs("\n[talk]\n", out);
	if (role == KA_SERVER)
		put_bytes(out, "hello", options->send);
	else
		put_bytes(out, "answer", options->answer ? options->answer : options->send);
	put_bytes(out, "expect", options->expect);
	put_bytes(out, "request", options->request);
	put_bytes(out, "request-expect", options->request_expect);
	put_bytes(out, "flood", options->flood);
	put_number(out, "flood-times", options->flood ? options->flood_times : 0);
}

char *ka_program_recipe(const struct ka_program_options *options, const char *const *command,
			const char *line, enum ka_role role)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	put_program(out, options, command, line, role);
	put_env(out, options);
	put_talk(out, options, role);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
