/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What --kernel names. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "guest/arch.h"
#include "guest/binary.h"
#include "guest/machine.h"
#include "model/escape.h"
#include "model/nearest.h"
#include "model/util.h"

#define ADDRESS_OF(name) &ka_machine_##name,

static const struct ka_machine *const machines[] = { KA_MACHINES(ADDRESS_OF) };

const struct ka_machine *ka_machine(size_t i)
{
	return i < KA_N(machines) ? machines[i] : NULL;
}

const char *ka_kernel_forms(bool about, char *buf, size_t size)
{
	int used = snprintf(buf, size, about ? "host: the running kernel (default)" : "host");

	for (size_t i = 0; i < KA_N(machines) && (size_t)used < size; i++) {
		const char *join = i + 1 < KA_N(machines) ? about ? "; " : ", "
				   : about                ? ", or "
							  : " or ";

		used += snprintf(buf + used, size - (size_t)used, "%s%s%s%s", join,
				 machines[i]->form, about ? ": " : "",
				 about ? machines[i]->about : "");
	}
	return buf;
}

/* "'vmlinuz' is none of host, uml:FILE or ...": @what is "is none of" or the like. */
static int refuse_form(const char *text, const char *what, struct nn_err *err)
{
	char forms[200];

	return nn_refuse(err, "--kernel: '%.*s' %s %s", KA_CUT(text, 100), what,
			 ka_kernel_forms(false, forms, sizeof(forms)));
}

int ka_open_kernel(const char *file, int *fd, struct stat *st, struct nn_err *err)
{
	*fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* a FIFO would wait */
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
static int split_file_and_modules(struct ka_guest_kernel *kernel, const char *rest,
				  struct nn_err *err)
{
	const char *comma = strchr(rest, ','), *modules = "";
	size_t length = comma ? (size_t)(comma - rest) : strlen(rest);

	if (comma && kernel->machine->has_modules &&
	    strncmp(comma, ",modules=", strlen(",modules=")) == 0)
		modules = comma + strlen(",modules=");
	else if (comma)
		return refuse_form(kernel->text, "is none of", err);
	if (length == 0 || length >= sizeof(kernel->file) ||
	    strlen(modules) >= sizeof(kernel->modules) || (comma && !*modules))
		return refuse_form(kernel->text, "names no file; write", err);
	snprintf(kernel->file, sizeof(kernel->file), "%.*s", (int)length, rest);
	snprintf(kernel->modules, sizeof(kernel->modules), "%s", modules);
	snprintf(kernel->where, sizeof(kernel->where), "%s", kernel->text);
	return 0;
}

int ka_guest_kernel_parse(struct ka_guest_kernel *kernel, const char *text, const char *program,
			  struct nn_err *err)
{
	const struct ka_machine *machine = NULL;
	int ret;

	for (size_t i = 0; i < KA_N(machines) && !machine; i++)
		if (strncmp(text, machines[i]->prefix, strlen(machines[i]->prefix)) == 0)
			machine = machines[i];
	if (!machine)
		return refuse_form(text, "is none of", err);
	*kernel =
		(struct ka_guest_kernel){ .machine = machine, .text = text, .arch = ka_arch_own() };
	ret = split_file_and_modules(kernel, text + strlen(machine->prefix), err);
	if (ret == 0)
		ret = machine->check(kernel, err);
	return ret < 0 ? ret : ka_binary_choose(kernel, program, err);
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
