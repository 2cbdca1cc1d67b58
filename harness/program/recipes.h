/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where recipes are: kacheck's own beside the program, the reader's by their paths. */
#ifndef KA_RECIPES_H
#define KA_RECIPES_H

#include "program/recipe.h"

/* "redis", or the path of a file, which has a '/' or ends in ".conf". As ka_recipe_read(); -ENOENT with the
 * nearest names. */
int ka_recipes_read(struct ka_recipe *recipe, const char *word, struct nn_err *err);

/* The names of kacheck's own, sorted, NULL at the end; to be freed with ka_recipes_free(). NULL without
 * memory. */
char **ka_recipes_names(void);
void ka_recipes_free(char **names);

/* True when the command of @program, and what else it needs, can be found here. */
bool ka_recipes_installed(const struct ka_program *program);

#endif
