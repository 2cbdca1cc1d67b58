/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The shared objects of a program. Of the one that runs, the loader tells what it has loaded. A program for
 * another machine cannot be run to be asked: its files say what they need, and that is looked for where its
 * own loader would find it, and where Debian keeps it on a machine like this one.
 */
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest/binary.h"
#include "guest/elf_file.h"
#include "model/nearest.h"
#include "model/util.h"

static int keep(struct ka_objects *objects, const char *path)
{
	if (objects->n == KA_MAX_OBJECTS)
		return -E2BIG;
	objects->paths[objects->n] = strdup(path);
	return objects->paths[objects->n++] ? 0 : -ENOMEM;
}

void ka_objects_free(struct ka_objects *objects)
{
	for (size_t i = 0; i < objects->n; i++)
		free(objects->paths[i]);
	objects->n = 0;
}

/* ---- of this program ---------------------------------------------------------------------- */

/* The program itself says which loader it wants. */
static void note_loader(struct ka_objects *objects, const struct dl_phdr_info *info)
{
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_INTERP)
			snprintf(objects->loader, sizeof(objects->loader), "%s",
				 (const char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr));
}

static int add_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct ka_objects *objects = arg;
	const char *path = info->dlpi_name;

	(void)size;
	if (!*path)
		note_loader(objects, info);
	if (*path != '/' || strcmp(path, objects->loader) == 0)
		return 0; /* the program; the vdso; the loader, which has its own place */
	return keep(objects, path);
}

int ka_objects_list(struct ka_objects *objects, struct nn_err *err)
{
	int ret;

	*objects = (struct ka_objects){ .program = "/proc/self/exe" };
	ret = dl_iterate_phdr(add_object, objects);
	memcpy(objects->loader_file, objects->loader, sizeof(objects->loader));
	return ret < 0 ? nn_fail(err, -ret, "shared objects") : 0;
}

/* ---- of another --------------------------------------------------------------------------- */

/* Below the program's own folder (a package that was unpacked, with its libraries), then below the root. The
 * name of the machine's folder stands between .above and .below. */
static const struct {
	bool own;
	const char *above, *below; /* .below NULL: that folder itself */
} folders[] = { { true, "", NULL },     { true, "/../lib/", "" },   { true, "/../../lib/", "" },
		{ false, "/lib/", "" }, { false, "/usr/lib/", "" }, { false, "/usr/", "/lib" } };

static bool is_for(const char *path, const struct ka_arch *arch)
{
	struct ka_elf elf;
	bool is;

	if (access(path, R_OK) < 0 || ka_elf_open(&elf, path, NULL) < 0)
		return false;
	is = elf.head.e_machine == arch->machine;
	ka_elf_close(&elf);
	return is;
}

/* The file @name, for @arch. */
static bool find_file(const struct ka_objects *objects, const struct ka_arch *arch,
		      const char *name, char *path, size_t size)
{
	const char *slash = strrchr(objects->program, '/');
	char own[PATH_MAX], folder[2 * PATH_MAX];

	snprintf(own, sizeof(own), "%.*s", slash ? (int)(slash - objects->program) : 1,
		 slash ? objects->program : ".");
	for (size_t i = 0; i < KA_N(folders); i++) {
		snprintf(folder, sizeof(folder), "%s%s%s%s", folders[i].own ? own : "",
			 folders[i].above, folders[i].below ? arch->triplet : "",
			 folders[i].below ? folders[i].below : "");
		if (snprintf(path, size, "%s/%s", folder, name) < (int)size && is_for(path, arch))
			return true;
	}
	return false;
}

static int refuse(const struct ka_objects *objects, const struct ka_arch *arch, const char *name,
		  struct nn_err *err)
{
	nn_refuse(err,
		  "%s needs %s for %s, which is neither beside it nor in /usr/lib/%s; on Debian, "
		  "install what ci/packages lists under [%s]",
		  objects->program, name, arch->name, arch->triplet, arch->name);
	return -ENOSYS;
}

static bool is_kept(const struct ka_objects *objects, const char *name)
{
	for (size_t i = 0; i < objects->n; i++)
		if (strcmp(strrchr(objects->paths[i], '/') + 1, name) == 0)
			return true;
	return *objects->loader && strcmp(strrchr(objects->loader, '/') + 1, name) == 0;
}

/* Keeps what the file @path needs, and is not kept yet. */
static int add_needs(struct ka_objects *objects, const struct ka_arch *arch, const char *path,
		     struct nn_err *err)
{
	struct ka_elf elf;
	char found[2 * PATH_MAX];
	const char *name;
	size_t at = 0;
	int ret = ka_elf_open(&elf, path, err);

	while (ret == 0 && (name = ka_elf_next(&elf, &at))) {
		if (is_kept(objects, name))
			continue;
		if (strchr(name, '/') || !find_file(objects, arch, name, found, sizeof(found)))
			ret = refuse(objects, arch, name, err);
		else if (keep(objects, found) < 0)
			ret = nn_fail(err, ENOMEM, "shared objects");
	}
	ka_elf_close(&elf);
	return ret;
}

/* The loader that it asks for; the file of it is where the libraries are. */
static int find_loader(struct ka_objects *objects, const struct ka_arch *arch, struct nn_err *err)
{
	struct ka_elf elf;
	const char *loader;
	int ret = ka_elf_open(&elf, objects->program, err);

	if (ret < 0)
		return ret;
	loader = ka_elf_loader(&elf);
	if (loader && *loader == '/')
		snprintf(objects->loader, sizeof(objects->loader), "%s", loader);
	ka_elf_close(&elf);
	if (!*objects->loader || find_file(objects, arch, strrchr(objects->loader, '/') + 1,
					   objects->loader_file, sizeof(objects->loader_file)))
		return 0;
	return refuse(objects, arch, objects->loader, err);
}

int ka_objects_of(struct ka_objects *objects, const char *program, const struct ka_arch *arch,
		  struct nn_err *err)
{
	int ret;

	*objects = (struct ka_objects){ .n = 0 };
	snprintf(objects->program, sizeof(objects->program), "%s", program);
	ret = find_loader(objects, arch, err);
	if (ret == 0)
		ret = add_needs(objects, arch, program, err);
	for (size_t i = 0; ret == 0 && i < objects->n; i++)
		ret = add_needs(objects, arch, objects->paths[i], err);
	return ret;
}
