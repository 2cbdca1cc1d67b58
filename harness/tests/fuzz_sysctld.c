/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer target: any text for the sysctl.d reader. It must take it or refuse it whole, and what
 * it took, written down again, must mean the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rollout/knobs.h"
#include "rollout/sysctld.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Without assert(): that may be compiled out. */
static void must(bool holds)
{
	if (!holds)
		abort();
}

/* Each is of a line, and in their order. */
static void check_notes(const struct ka_sysctl_set *set)
{
	for (size_t i = 0; i < set->n_notes; i++) {
		must(set->notes[i].file == set->files[0] && *set->notes[i].why);
		must(!i || set->notes[i].line > set->notes[i - 1].line);
	}
}

static void check_lines(const struct ka_sysctl_set *set)
{
	const struct ka_sysctl_line *line;

	for (size_t i = 0; i < set->n; i++) {
		line = &set->lines[i];
		must(*line->key && *line->key != '/' && !strstr(line->key, "//"));
		must(line->file == set->files[0] && line->line > 0);
		must(!i || line->line > line[-1].line);
		must(line->fate != KA_SYSCTL_USED || line->value);
		must(line->fate != KA_SYSCTL_EXCLUDES || !line->value);
		if (line->fate == KA_SYSCTL_OVERRIDDEN)
			must(line->by < set->n && line->by != i);
	}
}

/* Every value comes from a line that says so, and every such line is a value's. */
static void check_values(const struct ka_sysctl_set *set)
{
	const struct ka_sysctl_line *line;
	bool *gives = calloc(set->n + 1, sizeof(*gives));

	must(gives);
	for (size_t i = 0; i < KA_KNOBS; i++) {
		line = ka_sysctl_value(set, ka_knob_infos[i].key);
		if (line)
			gives[line - set->lines] = true;
	}
	for (size_t i = 0; i < set->n; i++)
		must(gives[i] == (set->lines[i].fate == KA_SYSCTL_USED));
	free(gives);
}

static char *write_down(const struct ka_sysctl_set *set, size_t *size)
{
	const struct ka_sysctl_line *line;
	char *text = NULL;
	FILE *out = open_memstream(&text, size);

	must(out);
	for (size_t i = 0; i < set->n; i++) {
		line = &set->lines[i];
		fprintf(out, "%s/%s%s%s\n", line->ignore_errors ? "-" : "", line->key,
			line->value ? "=" : "", line->value ? line->value : "");
	}
	must(!fclose(out));
	return text;
}

static void check_again(const struct ka_sysctl_set *set)
{
	struct ka_sysctl_set again = { 0 };
	struct nn_err err = { "" };
	size_t size;
	char *text = write_down(set, &size);

	must(!ka_sysctl_parse(&again, "again", text, size, &err));
	ka_sysctl_resolve(&again);
	must(again.n == set->n);
	for (size_t i = 0; i < set->n; i++) {
		must(!strcmp(again.lines[i].key, set->lines[i].key));
		must(!again.lines[i].value == !set->lines[i].value);
		must(!set->lines[i].value || !strcmp(again.lines[i].value, set->lines[i].value));
		must(again.lines[i].fate == set->lines[i].fate);
	}
	ka_sysctl_free(&again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ka_sysctl_set set = { 0 };
	struct nn_err err = { "" };
	int ret = ka_sysctl_parse(&set, "file", (const char *)data, size, &err);

	if (ret) {
		must(!set.n && !set.n_files && !set.n_notes);
		must(!strncmp(err.text, "file:", 5));
	} else {
		ka_sysctl_resolve(&set);
		check_lines(&set);
		check_notes(&set);
		check_values(&set);
		check_again(&set);
	}
	ka_sysctl_free(&set);
	return 0;
}
