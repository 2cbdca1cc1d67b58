/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See binary.h. */
#include "guest/binary.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guest/elf_file.h"
#include "model/own.h"
#include "model/util.h"

/* Where one for another machine is kept: beside the installed program, or built in the same tree. To this
 * machine such a program is data. */
#define INSTALLED "guest/%s"
#define IN_TREE   "build/%s/bin"

static int check_arch(const struct ka_guest_kernel *kernel, struct nn_err *err)
{
	const struct ka_arch *arch;
	struct ka_elf elf;
	int ret = ka_elf_open(&elf, kernel->program, err);

	if (ret < 0)
		return nn_prefix(err, ret, "--guest-binary");
	arch = ka_arch_of(elf.head.e_machine);
	if (arch != kernel->arch)
		ret = nn_refuse(err, "--guest-binary: %s is for %s, and the kernel %s for %s",
				kernel->program, arch ? arch->name : "another machine",
				kernel->file, kernel->arch->name);
	ka_elf_close(&elf);
	return ret;
}

static int find_own(struct ka_guest_kernel *kernel, struct nn_err *err)
{
	const char *name = kernel->arch->name;
	char installed[64], in_tree[64], folder[PATH_MAX];

	snprintf(installed, sizeof(installed), INSTALLED, name);
	snprintf(in_tree, sizeof(in_tree), IN_TREE, name);
	if (ka_own_folder(installed, in_tree, folder, sizeof(folder)) &&
	    snprintf(kernel->program, sizeof(kernel->program), "%s/kacheck", folder) <
		    (int)sizeof(kernel->program) &&
	    access(kernel->program, R_OK) == 0)
		return check_arch(kernel, err);
	nn_refuse(
		err,
		"%s is a kernel for %s, and no kacheck for that is here: cmake --preset %s builds "
		"one; name another with --guest-binary",
		kernel->file, name, name);
	return -ENOSYS;
}

int ka_binary_choose(struct ka_guest_kernel *kernel, const char *program, struct nn_err *err)
{
	if (!program)
		return kernel->arch == ka_arch_own() ? 0 : find_own(kernel, err);
	if (strlen(program) >= sizeof(kernel->program) || !*program)
		return nn_refuse(err, "--guest-binary: '%.40s' is no name of a file", program);
	memcpy(kernel->program, program, strlen(program) + 1);
	return check_arch(kernel, err);
}
