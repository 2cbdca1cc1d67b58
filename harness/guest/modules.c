/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The modules of an image that a plan needs, in an order in which each comes after those that it
 * depends on. libkmod reads what a module says of itself; the dependencies are followed from there,
 * because a package that was only unpacked has no modules.dep.
 */
#include <errno.h>
#include <fts.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest/job.h"
#include "guest/library.h"
#include "guest/machine.h"
#include "model/nearest.h"
#include "model/util.h"
#include "model/verbs.h"

#define MAX_LOADED 128

struct loader {
	const struct ka_guest_kernel *kernel;
	struct ka_initramfs *initramfs;
	const char *more; /* modules that are needed besides */
	struct nn_err *err;
	const struct ka_libkmod *call;
	struct kmod_ctx *kmod;
	char **paths; /* of all modules there are */
	size_t n, room;
	char *builtin; /* modules.builtin */
	char *loaded[MAX_LOADED];
	size_t n_loaded;
	FILE *list;
};

/* ---- what there is ------------------------------------------------------------------------ */

/* '-' and '_' are the same in a module's name; what follows is its suffix: .ko, .ko.xz. */
static bool is_named(const char *file, const char *name)
{
	for (; *name; file++, name++)
		if (*file != *name && !(strchr("-_", *file) && strchr("-_", *name)))
			return false;
	return strncmp(file, ".ko", 3) == 0;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static const char *find_path(const struct loader *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (is_named(last_part(l->paths[i]), name))
			return l->paths[i];
	return NULL;
}

static bool is_builtin(const struct loader *l, const char *name)
{
	for (const char *line = l->builtin; line && *line; line += strcspn(line, "\n") + 1) {
		size_t length = strcspn(line, "\n");
		const char *part = line + length;

		while (part > line && part[-1] != '/')
			part--;
		if (is_named(part, name))
			return true;
		if (!line[length])
			return false;
	}
	return false;
}

static int keep_path(struct loader *l, const char *path)
{
	if (ka_grow(&l->paths, &l->room, l->n + 1, sizeof(*l->paths)) < 0)
		return -ENOMEM;
	l->paths[l->n] = strdup(path);
	return l->paths[l->n++] ? 0 : -ENOMEM;
}

static int scan_folder(struct loader *l)
{
	char *roots[] = { (char *)l->kernel->modules, NULL };
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);
	FTSENT *entry;
	int ret = 0;

	if (!walk)
		return -errno;
	while (ret == 0 && (entry = fts_read(walk)))
		if (entry->fts_info != FTS_D && entry->fts_info != FTS_DP &&
		    strstr(entry->fts_name, ".ko"))
			ret = keep_path(l, entry->fts_path);
	fts_close(walk);
	return ret;
}

/* The whole file, or NULL. */
static char *read_builtin(const char *folder)
{
	char path[PATH_MAX + 32], *text = NULL;
	size_t room = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/modules.builtin", folder);
	file = fopen(path, "re");
	if (!file)
		return NULL;
	if (getdelim(&text, &room, '\0', file) < 0) {
		free(text);
		text = NULL;
	}
	fclose(file);
	return text;
}

/* ---- one module --------------------------------------------------------------------------- */

static int add_module(struct loader *l, const char *name, bool needed);

static bool is_added(const struct loader *l, const char *name)
{
	for (size_t i = 0; i < l->n_loaded; i++)
		if (is_named(last_part(l->loaded[i]), name))
			return true;
	return false;
}

static int check_version(struct loader *l, const char *name, const char *vermagic)
{
	const char *release = l->kernel->release;
	size_t length = strlen(release);

	if (strncmp(vermagic, release, length) == 0 &&
	    (vermagic[length] == ' ' || !vermagic[length]))
		return 0;
	return nn_refuse(l->err,
			 "the module %s in %s is for Linux %.*s, the image is %s; give "
			 "modules=DIR of the same version",
			 name, l->kernel->modules, (int)strcspn(vermagic, " "), vermagic, release);
}

static int add_dependencies(struct loader *l, const char *depends)
{
	char name[128];
	int ret = 0;

	while (ret == 0 && *depends) {
		size_t length = strcspn(depends, ",");

		snprintf(name, sizeof(name), "%.*s", (int)length, depends);
		ret = *name ? add_module(l, name, true) : 0;
		depends += length + (depends[length] == ',');
	}
	return ret;
}

/* "pre: crc32c": what it will ask for by an algorithm's name when it starts. Whoever computes that on any
 * machine is called ..._generic; what a kernel has built in is no module. */
static int add_soft_dependencies(struct loader *l, const char *softdep)
{
	char word[64], generic[80];
	bool before = false;
	int ret = 0;

	for (; ret == 0 && *softdep; softdep += strspn(softdep, " ")) {
		size_t length = strcspn(softdep, " ");

		snprintf(word, sizeof(word), "%.*s", (int)length, softdep);
		snprintf(generic, sizeof(generic), "%s_generic", word);
		softdep += length;
		if (strchr(word, ':'))
			before = strcmp(word, "pre:") == 0;
		else if (before)
			ret = add_module(l, find_path(l, word) ? word : generic, false);
	}
	return ret;
}

/* A module says for which kernel it is, and which others it needs. */
static int follow_info(struct loader *l, const char *name, const struct kmod_list *info)
{
	const struct kmod_list *item;
	int ret = 0;

	for (item = info; item; item = l->call->kmod_list_next(info, item)) {
		const char *key = l->call->kmod_module_info_get_key(item);
		const char *value = l->call->kmod_module_info_get_value(item);

		if (ret == 0 && strcmp(key, "vermagic") == 0)
			ret = check_version(l, name, value);
		if (ret == 0 && strcmp(key, "depends") == 0)
			ret = add_dependencies(l, value);
		if (ret == 0 && strcmp(key, "softdep") == 0)
			ret = add_soft_dependencies(l, value);
	}
	return ret;
}

static int add_what_it_needs(struct loader *l, const char *name, const char *path)
{
	struct kmod_module *module;
	struct kmod_list *info = NULL;
	int ret;

	ret = l->call->kmod_module_new_from_path(l->kmod, path, &module);
	if (ret == 0) {
		ret = l->call->kmod_module_get_info(module, &info);
		l->call->kmod_module_unref(module);
	}
	if (ret < 0)
		return nn_fail(l->err, -ret, "cannot read the module %s", path);
	ret = follow_info(l, name, info);
	l->call->kmod_module_info_free_list(info);
	return ret;
}

static int add_file(struct loader *l, const char *name, const char *path)
{
	char inside[160];

	snprintf(inside, sizeof(inside), "/lib/%.120s.ko", name);
	l->loaded[l->n_loaded] = strdup(path);
	if (!l->loaded[l->n_loaded++])
		return nn_fail(l->err, ENOMEM, "modules");
	fprintf(l->list, "%s\n", inside);
	return ka_initramfs_copy_plain(l->initramfs, inside, path, l->err);
}

static int add_module(struct loader *l, const char *name, bool needed)
{
	const char *path;
	int ret;

	if (is_added(l, name) || is_builtin(l, name))
		return 0;
	path = find_path(l, name);
	if (!path && !needed)
		return 0;
	if (!path)
		return nn_refuse(l->err,
				 "it has no %s built in, and %s has no such module; give "
				 "modules=DIR",
				 name, l->kernel->modules);
	ret = add_what_it_needs(l, name, path);
	if (ret < 0)
		return ret;
	if (l->n_loaded == MAX_LOADED)
		return nn_fail(l->err, E2BIG, "more than %d modules", MAX_LOADED);
	return add_file(l, name, path);
}

/* ---- all ---------------------------------------------------------------------------------- */

/* @names: divided by blanks. */
static int add_modules(struct loader *l, const char *names, bool needed)
{
	char name[64];
	int ret = 0;

	for (; ret == 0 && names && *names; names += strspn(names, " ")) {
		size_t length = strcspn(names, " ");

		snprintf(name, sizeof(name), "%.*s", (int)length, names);
		names += length;
		ret = add_module(l, name, needed);
	}
	return ret;
}

/* Without veth and nf_tables there is nothing to test; other things, cases can do without. */
static int add_all(struct loader *l)
{
	int ret = add_modules(l, "veth nf_tables", true);

	if (ret == 0)
		ret = add_modules(l, l->more, true);
	for (unsigned i = 0; ret == 0 && i < KA_NEEDS; i++)
		ret = add_modules(l, ka_need_text(i)->modules, false);
	return ret;
}

static int add_and_list(struct loader *l)
{
	char *text = NULL;
	size_t size = 0;
	int ret;

	l->kmod = l->call->kmod_new(l->kernel->modules, NULL);
	l->list = open_memstream(&text, &size);
	if (!l->kmod || !l->list || scan_folder(l) == -ENOMEM)
		ret = nn_fail(l->err, ENOMEM, "modules");
	else
		ret = add_all(l);
	if (l->list)
		fclose(l->list);
	if (ret == 0)
		ret = ka_initramfs_add(l->initramfs, KA_MODULES_PATH, text, size, l->err);
	free(text);
	return ret;
}

int ka_modules_add(const struct ka_guest_kernel *kernel, struct ka_initramfs *initramfs,
		   const char *more, struct nn_err *err)
{
	struct ka_libkmod call;
	struct loader l = {
		.kernel = kernel, .initramfs = initramfs, .more = more, .err = err, .call = &call
	};
	int ret = ka_libkmod_load(&call, err);

	if (ret < 0)
		return ret;
	l.builtin = read_builtin(kernel->modules);
	ret = add_and_list(&l);
	for (size_t i = 0; i < l.n; i++)
		free(l.paths[i]);
	for (size_t i = 0; i < l.n_loaded; i++)
		free(l.loaded[i]);
	free(l.paths);
	free(l.builtin);
	if (l.kmod)
		call.kmod_unref(l.kmod);
	return ret;
}
