/* SPDX-License-Identifier: GPL-2.0-or-later */
/* User-mode Linux: what such a program is, and how it is started. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/arch.h"
#include "guest/machine.h"
#include "model/nearest.h"

/* The guest's memory, and the program. */
#define PROGRAM_MIB 72

#define BUILD_ONE "build one with ci/kernels/build-uml"

static bool has_text(const char *data, size_t size, const char *text)
{
	return memmem(data, size, text, strlen(text)) != NULL;
}

/* Its banner; the text alone is also in programs that speak of kernels, like this one. */
static bool has_banner(const char *data, size_t size)
{
	static const char banner[] = "Linux version ";
	const char *at = memmem(data, size, banner, sizeof(banner) - 1);

	while (at && (size_t)(at - data) + sizeof(banner) <= size) {
		at += sizeof(banner) - 1;
		if (*at >= '0' && *at <= '9')
			return true;
		at = memmem(at, size - (size_t)(at - data), banner, sizeof(banner) - 1);
	}
	return false;
}

/* The table of sections is the last thing in such a file. */
static bool is_cut_short(const char *data, size_t size)
{
	Elf64_Ehdr head;

	if (size < sizeof(head))
		return true;
	memcpy(&head, data, sizeof(head));
	return head.e_shoff > size || (size_t)head.e_shnum * head.e_shentsize > size - head.e_shoff;
}

static int check_content(const char *data, size_t size, const char *file, struct nn_err *err)
{
	if (size < 4 || memcmp(data, "\177ELF", 4) != 0 ||
	    !has_text(data, size, "User Mode Linux") || !has_banner(data, size))
		return nn_refuse(err, "%s is no User-mode Linux kernel; " BUILD_ONE, file);
	if (is_cut_short(data, size))
		return nn_refuse(err, "%s is cut short; " BUILD_ONE, file);
	if (!has_text(data, size, "time-travel="))
		return nn_refuse(err,
				 "%s has no clock that jumps "
				 "(CONFIG_UML_TIME_TRAVEL_SUPPORT); " BUILD_ONE,
				 file);
	return 0;
}

static int check_room(unsigned memory_mib, struct nn_err *err)
{
	return ka_check_memory((memory_mib + PROGRAM_MIB) * 1ull << 20, err);
}

int ka_uml_here(struct nn_err *err)
{
	if (ka_arch_own() == &ka_arch_amd64)
		return 0;
	nn_refuse(err,
		  "User-mode Linux is for x86 only, and this machine is %s; take a distribution's "
		  "kernel: kacheck kernels get 6.12",
		  ka_arch_own()->name);
	return -ENOSYS;
}

static int check_uml(struct ka_guest_kernel *kernel, struct nn_err *err)
{
	struct stat st;
	void *data;
	int fd, ret;

	ret = ka_open_kernel(kernel->file, &fd, &st, err);
	if (ret < 0)
		return ret;
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (data == MAP_FAILED)
		return nn_fail(err, errno, "cannot read %s", kernel->file);
	ret = check_content(data, (size_t)st.st_size, kernel->file, err);
	munmap(data, (size_t)st.st_size);
	if (ret == 0 && access(kernel->file, X_OK) < 0)
		return nn_fail(err, errno, "%s cannot be executed; try chmod +x", kernel->file);
	if (ret == 0)
		ret = ka_uml_here(err);
	return ret == 0 ? check_room(KA_GUEST_MIB, err) : ret;
}

/*
 * inf-cpu: computing takes no time, waiting none either. Plain time-travel: computing takes as long as
 * it takes the host. The pid file of uml_dir, which nobody
 * needs, cannot be made below /proc, and so cannot be left behind. No panic=: a reboot would start
 * it again. seccomp: since 6.16 a process of the guest is asked rather than traced, where the host allows
 * that, and takes a fifth less time; but it can read and write all of the guest's memory, so a program
 * under test is traced. An older kernel hands the word on to process 1.
 */
static int boot_uml(const struct ka_guest_kernel *kernel, int initramfs, const struct ka_how *how,
		    struct ka_booted *booted, struct nn_err *err)
{
	static const char start[] = "time-travel-start=" KA_GUEST_DATE_NS;
	char memory[32];
	const char *argv[] = { "linux",
			       memory,
			       "initrd=/proc/self/fd/4",
			       how->plain_clock ? "time-travel" : "time-travel=inf-cpu",
			       start,
			       "uml_dir=/proc/self/",
			       "umid=kacheck",
			       how->host_files ? "seccomp=off" : "seccomp=auto",
			       "con=null",
			       "con0=null,fd:1",
			       "ssl=null",
			       "ssl0=null,fd:3",
			       "LD_LIBRARY_PATH=/lib",
			       "LD_BIND_NOW=1", /* once, not in every process that is forked */
			       "quiet",
			       "--",
			       "guest",
			       "ttyS0",
			       NULL };
	struct ka_boot boot = { .initramfs = initramfs,
				.argv = argv,
				.memory_in_file = true,
				.without_entropy = true,
				.host_files = how->host_files,
				.on_one_cpu = true,
				.cpu = how->cpu };
	int ret = check_room(how->memory_mib, err);

	if (ret < 0)
		return ret;
	snprintf(memory, sizeof(memory), "mem=%uM", how->memory_mib);
	boot.program = open(kernel->file, O_RDONLY | O_CLOEXEC);
	if (boot.program < 0)
		return nn_fail(err, errno, "cannot open %s", kernel->file);
	return ka_boot(booted, &boot, err);
}

/* It boots while it could run some six instances; 32 at once fit into its memory. Since waiting takes
 * no time, doing more at once would not be faster. */
const struct ka_machine ka_machine_uml = {
	.prefix = "uml:",
	.form = "uml:FILE",
	.about = "a User-mode Linux",
	.has_hostfs = true,
	.can_stand = true,
	.jobs = 32,
	.part_size = 96,
	.cache = { "/kacheck/uml-*/linux", "/linux", "/config" },
	.check = check_uml,
	.boot = boot_uml,
};
