/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What --kernel names. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "guest/machine.h"
#include "model/nearest.h"

#define FORMS "host, uml:FILE or image:FILE[,modules=DIR]"

int ka_open_kernel(const char *file, int *fd, struct stat *st, struct nn_err *err)
{
	*fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (*fd < 0)
		return nn_fail(err, errno, "cannot open the kernel %s", file);
	if (fstat(*fd, st) == 0 && S_ISREG(st->st_mode) && st->st_size > 0)
		return 0;
	close(*fd);
	return nn_refuse(err, "%s is no kernel: not a file, or empty", file);
}

int ka_check_memory(unsigned long long addresses, struct nn_err *err)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_AS, &limit) < 0 || limit.rlim_cur >= addresses)
		return 0; /* RLIM_INFINITY is the largest number */
	nn_refuse(err,
		  "a guest needs %llu MiB of address space, and may have %llu; raise the limit "
		  "(ulimit -v)",
		  addresses >> 20, (unsigned long long)limit.rlim_cur >> 20);
	return -ENOSYS;
}

/* FILE[,modules=DIR] */
static int split(struct ka_guest_kernel *kernel, const char *rest, struct nn_err *err)
{
	const char *comma = strchr(rest, ','), *modules = "";
	size_t length = comma ? (size_t)(comma - rest) : strlen(rest);

	if (comma && kernel->kind == KA_GUEST_IMAGE &&
	    strncmp(comma, ",modules=", strlen(",modules=")) == 0)
		modules = comma + strlen(",modules=");
	else if (comma)
		return nn_refuse(err, "--kernel: '%.100s' is none of " FORMS, kernel->text);
	if (length == 0 || length >= sizeof(kernel->file) ||
	    strlen(modules) >= sizeof(kernel->modules) || (comma && !*modules))
		return nn_refuse(err, "--kernel: '%.100s' names no file; write " FORMS,
				 kernel->text);
	snprintf(kernel->file, sizeof(kernel->file), "%.*s", (int)length, rest);
	snprintf(kernel->modules, sizeof(kernel->modules), "%s", modules);
	snprintf(kernel->where, sizeof(kernel->where), "%s", kernel->text);
	return 0;
}

int ka_guest_kernel_parse(struct ka_guest_kernel *kernel, const char *text, struct nn_err *err)
{
	bool uml = strncmp(text, "uml:", 4) == 0;
	int ret;

	if (!uml && strncmp(text, "image:", 6) != 0)
		return nn_refuse(err, "--kernel: '%.100s' is none of " FORMS, text);
	*kernel = (struct ka_guest_kernel){ .kind = uml ? KA_GUEST_UML : KA_GUEST_IMAGE,
					    .text = text };
	ret = split(kernel, strchr(text, ':') + 1, err);
	if (ret < 0)
		return ret;
	return uml ? ka_uml_check(kernel, err) : ka_image_check(kernel, err);
}

void ka_guest_plan_defaults(struct ka_plan_options *options)
{
	size_t n;
	const struct ka_setting *named = ka_named_settings(&n);

	options->long_ = true;
	if (options->n_settings)
		return;
	for (size_t i = 0; i < n && i < KA_MAX_SETTINGS; i++)
		options->settings[options->n_settings++] = named[i];
}
