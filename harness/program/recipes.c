/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See recipes.h. */
#include "program/recipes.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/nearest.h"
#include "model/own.h"
#include "model/util.h"

#define ENDING ".conf"

/* The folder of kacheck's own recipes into @buf; empty: there is none. Returns @buf. */
static const char *own_folder(char *buf, size_t size)
{
	(void)ka_own_folder("programs", "cases/programs", buf, size);
	return buf;
}

static bool has_ending(const char *name)
{
	size_t n = strlen(name);

	return n > strlen(ENDING) && strcmp(name + n - strlen(ENDING), ENDING) == 0;
}

/* ---- all of them ------------------------------------------------------------------------------ */

static int is_recipe(const struct dirent *entry)
{
	return has_ending(entry->d_name) && *entry->d_name != '.';
}

/* Moves the names of @list into @names, without their endings; frees the rest. */
static void take_names(char **names, struct dirent **list, int n)
{
	size_t used = 0;

	for (int i = 0; i < n; i++) {
		size_t size = strlen(list[i]->d_name) - strlen(ENDING);
		char *name = names ? strndup(list[i]->d_name, size) : NULL;

		if (name)
			names[used++] = name;
		free(list[i]);
	}
	free(list);
}

char **ka_recipes_names(void)
{
	char folder[PATH_MAX + 40];
	struct dirent **list = NULL;
	int n = scandir(own_folder(folder, sizeof(folder)), &list, is_recipe, alphasort);
	char **names = calloc((size_t)(n < 0 ? 0 : n) + 1, sizeof(*names));

	take_names(names, list, n);
	return names;
}

void ka_recipes_free(char **names)
{
	for (size_t i = 0; names && names[i]; i++)
		free(names[i]);
	free(names);
}

/* ---- one of them ------------------------------------------------------------------------------ */

static int unknown(const char *word, struct nn_err *err)
{
	struct ka_nearest nearest = { .n = 0 };
	char **names = ka_recipes_names();
	char hint[600];

	for (size_t i = 0; names && names[i]; i++)
		ka_nearest_offer(&nearest, word, names[i]);
	ka_recipes_free(names);
	nn_refuse(err,
		  "there is no recipe '%.60s'%.200s (kacheck program --list has them; a file of "
		  "yours is written as ./%.60s.conf)",
		  word, ka_nearest_text(&nearest, hint, sizeof(hint)), word);
	return -ENOENT;
}

int ka_recipes_read(struct ka_recipe *recipe, const char *word, struct nn_err *err)
{
	char folder[PATH_MAX + 40], path[PATH_MAX + 400];

	*recipe = (struct ka_recipe){ .name = NULL };
	if (strchr(word, '/') || has_ending(word))
		return ka_recipe_read(recipe, word, err);
	if (!*own_folder(folder, sizeof(folder)))
		return unknown(word, err);
	snprintf(path, sizeof(path), "%s/%.200s" ENDING, folder, word);
	if (access(path, F_OK) < 0)
		return unknown(word, err);
	return ka_recipe_read(recipe, path, err);
}

/* ---- is it here? ------------------------------------------------------------------------------ */

/* Where programs are, besides what PATH says: servers are in sbin, which a user's PATH has not. */
#define MORE_PATH ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

#define BLANKS " \t"

static bool is_there(const char *root, const char *folder, size_t folder_n, const char *name,
		     size_t n, int mode)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%.*s/%.*s", root, (int)folder_n, folder, (int)n, name);
	return access(path, mode) == 0;
}

/* It comes with the recipe, or lies in the folder that only the program's own file system has. */
static bool is_brought(const struct ka_program *program, const char *name, size_t n)
{
	for (size_t i = 0; i < program->n_files; i++)
		if (strlen(program->files[i].path) == n && !memcmp(program->files[i].path, name, n))
			return true;
	return *name != '/' && !program->cwd;
}

static bool is_path_there(const struct ka_program *program, const char *root, const char *name,
			  size_t n)
{
	const char *cwd = program->cwd ? program->cwd : "";

	if (is_brought(program, name, n))
		return true;
	return is_there(root, cwd, *name == '/' ? 0 : strlen(cwd), name, n, F_OK);
}

/* A file, or a command in PATH: the @n bytes of @name. */
static bool is_found(const struct ka_program *program, const char *name, size_t n)
{
	const char *root = program->rootfs ? program->rootfs : "";
	const char *env = getenv("PATH");
	bool found = false;
	char *path;

	if (memchr(name, '/', n))
		return is_path_there(program, root, name, n);
	if (asprintf(&path, "%s" MORE_PATH, env ? env : "") < 0)
		return false;
	for (const char *at = path; at && !found; at = strchr(at, ':')) {
		at += *at == ':';
		found = is_there(root, at, strcspn(at, ":"), name, n, X_OK);
	}
	free(path);
	return found;
}

bool ka_recipes_installed(const struct ka_program *program)
{
	const char *at = program->needs ? program->needs : "";
	const char *command = program->command[0];

	if (!is_found(program, command, strlen(command)))
		return false;
	for (at += strspn(at, BLANKS); *at; at += strspn(at, BLANKS)) {
		size_t n = strcspn(at, BLANKS);

		if (!is_found(program, at, n))
			return false;
		at += n;
	}
	return true;
}
