/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dl_iterate_phdr() names what the loader found, wherever it was. */
#include "guest/objects.h"

#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The program itself says which loader it wants. */
static void take_loader(struct ka_objects *objects, const struct dl_phdr_info *info)
{
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_INTERP)
			snprintf(objects->loader, sizeof(objects->loader), "%s",
				 (const char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr));
}

static int take(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct ka_objects *objects = arg;
	const char *path = info->dlpi_name;

	(void)size;
	if (!*path)
		take_loader(objects, info);
	if (*path != '/' || strcmp(path, objects->loader) == 0)
		return 0; /* the program; the vdso; the loader, which has its own place */
	if (objects->n == KA_MAX_OBJECTS)
		return -E2BIG;
	objects->paths[objects->n] = strdup(path);
	return objects->paths[objects->n++] ? 0 : -ENOMEM;
}

int ka_objects_list(struct ka_objects *objects, struct nn_err *err)
{
	int ret;

	*objects = (struct ka_objects){ .n = 0 };
	ret = dl_iterate_phdr(take, objects);
	return ret < 0 ? nn_fail(err, -ret, "shared objects") : 0;
}

void ka_objects_free(struct ka_objects *objects)
{
	for (size_t i = 0; i < objects->n; i++)
		free(objects->paths[i]);
	objects->n = 0;
}
