/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libFuzzer target: any text as a recipe. It is taken whole or refused with one line that says where. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "program/recipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Without assert(): that may be compiled out. */
static void must(bool holds)
{
	if (!holds)
		abort();
}

static size_t length(const char *const *list, size_t most)
{
	size_t n = 0;

	while (list[n])
		must(++n <= most);
	return n;
}

static void check(const struct ka_program *p)
{
	must(length(p->command, KA_PROGRAM_ARGS) > 0);
	length(p->env, KA_PROGRAM_ENV);
	length(p->set_up, KA_PROGRAM_COMMANDS);
	length(p->helpers, KA_PROGRAM_COMMANDS);
	must(p->port >= 1 && p->port <= 65535);
	must(p->n_files <= KA_PROGRAM_FILES);
	for (size_t i = 0; i < p->n_files; i++)
		must(*p->files[i].path == '/' &&
		     strlen(p->files[i].folder ? "" : p->files[i].text.data) == p->files[i].text.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ka_recipe recipe;
	struct nn_err err = { "" };
	int ret = ka_recipe_parse(&recipe, "file.conf", (const char *)data, size, &err);

	must(ret == 0 || strncmp(err.text, "file.conf:", 10) == 0);
	must(!strchr(err.text, '\n'));
	for (size_t i = 0; i < recipe.n_variants && ret == 0; i++)
		check(&recipe.variants[i].program);
	ka_recipe_free(&recipe);
	return 0;
}
