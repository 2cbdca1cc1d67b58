/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A distribution's kernel under QEMU. Emulated instruction by instruction (TCG), the guest's clock
 * counts instructions; while it sleeps, sleep=off lets the clock jump to the next timer.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest/machine.h"
#include "model/nearest.h"

#define QEMU "qemu-system-x86_64"

/* The guest's memory, 1 GiB for what TCG translates, QEMU itself. */
#define ADDRESSES (2200ull << 20)

/* The boot protocol's header: Documentation/arch/x86/boot.rst. */
#define SECTS_AT   0x1f1 /* sectors of the set-up code, after a first one */
#define SIZE_AT    0x1f4 /* of what follows, in 16 bytes */
#define MAGIC_AT   0x202
#define VERSION_AT 0x20e /* offset of the version's text, less 0x200 */
#define HEAD       0x8000

/* As many bytes as the header says; a download may have ended early. */
static uint64_t whole_size(const uint8_t *head)
{
	uint64_t sectors = head[SECTS_AT] ? head[SECTS_AT] : 4, size = 0;

	for (int i = 3; i >= 0; i--)
		size = size << 8 | head[SIZE_AT + i];
	return (sectors + 1) * 512 + size * 16;
}

static int check_header(struct ka_guest_kernel *kernel, const uint8_t *head, size_t n,
			uint64_t file_size, struct nn_err *err)
{
	size_t at, length;

	if (n < VERSION_AT + 2 || memcmp(head + MAGIC_AT, "HdrS", 4) != 0)
		return nn_refuse(err,
				 "%s is no x86 kernel image (bzImage); fetch one with "
				 "ci/kernels/get-image, or take one of /boot",
				 kernel->file);
	at = 0x200u + head[VERSION_AT] + 256u * head[VERSION_AT + 1];
	if (at >= n)
		return nn_refuse(err, "%s is a broken kernel image: it has no version",
				 kernel->file);
	if (file_size < whole_size(head))
		return nn_refuse(err, "%s is cut short: it has %llu of %llu bytes; fetch it again",
				 kernel->file, (unsigned long long)file_size,
				 (unsigned long long)whole_size(head));
	length = strcspn((const char *)head + at, " ");
	if (length >= sizeof(kernel->release))
		length = sizeof(kernel->release) - 1;
	snprintf(kernel->release, sizeof(kernel->release), "%.*s", (int)length,
		 (const char *)head + at);
	return 0;
}

/* The modules of .../boot/vmlinuz-RELEASE are in .../lib/modules/RELEASE. */
static void guess_modules(struct ka_guest_kernel *kernel)
{
	char file[PATH_MAX], *last, *guess;

	if (kernel->modules[0] || !realpath(kernel->file, file))
		return;
	for (int up = 0; up < 2; up++) {
		last = strrchr(file, '/');
		if (!last)
			return;
		*last = '\0';
	}
	if (asprintf(&guess, "%s/lib/modules/%s", file, kernel->release) < 0)
		return;
	if (strlen(guess) < sizeof(kernel->modules))
		memcpy(kernel->modules, guess, strlen(guess) + 1);
	free(guess);
}

/* Opens the first QEMU of PATH. A file or -errno. */
static int open_qemu(struct nn_err *err)
{
	const char *at = getenv("PATH");
	char path[PATH_MAX];

	while (at && *at) {
		size_t length = strcspn(at, ":");

		snprintf(path, sizeof(path), "%.*s/" QEMU, (int)length, at);
		if (access(path, X_OK) == 0)
			return open(path, O_RDONLY | O_CLOEXEC);
		at += length + (at[length] == ':');
	}
	nn_refuse(err, QEMU " is not installed; on Debian: apt-get install qemu-system-x86");
	return -ENOSYS;
}

static int check_image(struct ka_guest_kernel *kernel, struct nn_err *err)
{
	uint8_t head[HEAD + 1] = { 0 };
	struct stat st;
	int fd, ret;
	ssize_t n;

	ret = ka_open_kernel(kernel->file, &fd, &st, err);
	if (ret < 0)
		return ret;
	n = pread(fd, head, HEAD, 0);
	close(fd);
	ret = check_header(kernel, head, n > 0 ? (size_t)n : 0, (uint64_t)st.st_size, err);
	if (ret < 0)
		return ret;
	guess_modules(kernel);
	ret = open_qemu(err);
	if (ret < 0)
		return ret;
	close(ret);
	return ka_check_memory(ADDRESSES, err);
}

/*
 * An hour of idle time costs what the kernel does in it, and each wake-up takes QEMU 0.1 ms. Five a
 * second are housekeeping that TCP has no part in: the lockup detector, pressure stall figures, the
 * memory cgroups' and zones' statistics, and compaction that runs ahead of need. Without them 4000 s
 * take 0.05 s of CPU time instead of 3 s. None of it is built differently: the kernel is as shipped.
 */
#define NO_HOUSEKEEPING                                                                            \
	"nowatchdog psi=0 cgroup_disable=memory sysctl.vm.stat_interval=100000 "                   \
	"sysctl.vm.compaction_proactiveness=0 "

static int boot_image(const struct ka_guest_kernel *kernel, int initramfs, const struct ka_how *how,
		      struct ka_booted *booted, struct nn_err *err)
{
	static const char append[] = "console=ttyS0 quiet panic=-1 tsc=reliable " NO_HOUSEKEEPING
				     "LD_LIBRARY_PATH=/lib LD_BIND_NOW=1 -- guest ttyS1";
	/* shift=0: a nanosecond an instruction. On a slower machine (2, 4) five thousand connections
	 * take longer to make than the idle time of the first, and with several instances at once
	 * an end is late by a jiffy now and then. */
	static const char clock[] = "clock=vm,base=" KA_GUEST_DATE;
	char memory[32];
	const char *argv[] = { QEMU,
			       "-nodefaults",
			       "-no-user-config",
			       "-display",
			       "none",
			       "-accel",
			       "tcg",
			       "-cpu",
			       "max,rdrand=off,rdseed=off",
			       "-seed",
			       "1",
			       "-icount",
			       "shift=0,sleep=off",
			       "-rtc",
			       clock,
			       "-no-reboot",
			       "-m",
			       memory,
			       "-chardev",
			       "file,id=results,path=/proc/self/fd/3",
			       "-chardev",
			       "stdio,id=console,signal=off",
			       "-serial",
			       "chardev:console",
			       "-serial",
			       "chardev:results",
			       "-kernel",
			       kernel->file,
			       "-initrd",
			       "/proc/self/fd/4",
			       "-append",
			       append,
			       NULL };
	struct ka_boot boot = { .program = open_qemu(err), .initramfs = initramfs, .argv = argv };

	snprintf(memory, sizeof(memory), "%uM", how->memory_mib);
	return boot.program < 0 ? boot.program : ka_boot(booted, &boot, err);
}

/* It boots while it could run twenty-five instances. Computing takes the guest's time, and the wheel
 * lets the timers of hours fire in one jiffy: of twenty instances at once, some were three jiffies
 * late. */
const struct ka_machine ka_machine_image = {
	.prefix = "image:",
	.form = "image:FILE[,modules=DIR]",
	.about = "a distribution's kernel under QEMU",
	.has_modules = true,
	.jobs = 3,
	.part_size = 64,
	.cache = { "/kacheck/image-*/boot/vmlinuz-*", "/vmlinuz-", "/config-" },
	.root = { "/boot/vmlinuz-*", "/vmlinuz-", "/config-" },
	.check = check_image,
	.boot = boot_image,
};
