/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A folder in which User-mode Linux was built: a kernel tree, or the O= of one. What is in it is
 * asked for by name, so that who works on a kernel names the folder and no file.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guest/machine.h"
#include "model/nearest.h"

/* What the last make made there: "6.12.117". */
static void read_release(const char *folder, char *release, size_t size)
{
	char path[PATH_MAX + 40];
	FILE *file;

	snprintf(path, sizeof(path), "%s/include/config/kernel.release", folder);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(release, (int)size, file))
		release[strcspn(release, "\n")] = '\0';
	fclose(file);
}

static int check_tree(struct ka_guest_kernel *kernel, struct nn_err *err)
{
	char folder[sizeof(kernel->file)];
	int ret;

	snprintf(folder, sizeof(folder), "%s", kernel->file);
	read_release(folder, kernel->release, sizeof(kernel->release));
	if (snprintf(kernel->file, sizeof(kernel->file), "%s/linux", folder) >=
	    (int)sizeof(kernel->file))
		return nn_refuse(err, "the name of the folder is too long");
	if (access(kernel->file, F_OK) < 0)
		return nn_refuse(err,
				 "no User-mode Linux%s%s was built in %s; ci/kernels/build-uml "
				 "--tree builds one, or make ARCH=um linux there",
				 *kernel->release ? " " : "", kernel->release, folder);
	ret = ka_machine_uml.check(kernel, err);
	if (ret < 0 && *kernel->release)
		return nn_prefix(err, ret, "tree of Linux %s", kernel->release);
	return ret;
}

static int boot_tree(const struct ka_guest_kernel *kernel, int initramfs, const struct ka_how *how,
		     struct ka_booted *booted, struct nn_err *err)
{
	return ka_machine_uml.boot(kernel, initramfs, how, booted, err);
}

/* Figures as those of uml.c. */
const struct ka_machine ka_machine_tree = {
	.prefix = "tree:",
	.form = "tree:DIR",
	.about = "the User-mode Linux that was built in a kernel tree",
	.has_hostfs = true,
	.can_stand = true,
	.jobs = 32,
	.part_size = 32,
	.check = check_tree,
	.boot = boot_tree,
};
