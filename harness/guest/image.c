/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A distribution's kernel under QEMU. Emulated instruction by instruction (TCG), the guest's clock
 * counts instructions; while it sleeps, sleep=off lets the clock jump to the next timer.
 */
#include "guest/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest/machine.h"
#include "model/util.h"

/* The guest's memory, 1 GiB for what TCG translates, QEMU itself. */
#define ADDRESSES (2200ull << 20)

static const struct ka_image_kind *const kinds[] = { &ka_image_x86, &ka_image_arm64 };

const struct ka_image_kind *ka_image_kind(size_t i)
{
	return i < KA_N(kinds) ? kinds[i] : NULL;
}

int ka_image_map(const char *file, struct ka_image_bytes *bytes, struct nn_err *err)
{
	struct stat st;
	void *data;
	int fd, ret;

	ret = ka_open_kernel(file, &fd, &st, err);
	if (ret < 0)
		return ret;
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (data == MAP_FAILED)
		return nn_fail(err, errno, "cannot read %s", file);
	*bytes = (struct ka_image_bytes){ data, (size_t)st.st_size };
	return 0;
}

/* Whose kernel it is. */
static int check_kind(struct ka_guest_kernel *kernel, struct nn_err *err)
{
	struct ka_image_bytes bytes;
	int ret = ka_image_map(kernel->file, &bytes, err);

	if (ret < 0)
		return ret;
	ret = KA_OTHER_IMAGE;
	for (size_t i = 0; i < KA_N(kinds) && ret == KA_OTHER_IMAGE; i++) {
		kernel->image = kinds[i];
		ret = kinds[i]->check(kernel, &bytes, err);
	}
	munmap((void *)bytes.data, bytes.size);
	if (ret == KA_OTHER_IMAGE)
		ret = nn_refuse(
			err,
			"%s is no kernel image, neither for x86 (bzImage) nor for arm64 "
			"(Image); fetch one with ci/kernels/get-image, or take one of /boot",
			kernel->file);
	kernel->arch = kernel->image->arch;
	return ret;
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

int ka_image_qemu(const struct ka_image_kind *kind, struct nn_err *err)
{
	const char *at = getenv("PATH");
	char path[PATH_MAX];

	while (at && *at) {
		size_t length = strcspn(at, ":");

		snprintf(path, sizeof(path), "%.*s/%s", (int)length, at, kind->qemu);
		if (access(path, X_OK) == 0)
			return open(path, O_RDONLY | O_CLOEXEC);
		at += length + (at[length] == ':');
	}
	nn_refuse(err, "%s is not installed; on Debian: apt-get install %s", kind->qemu,
		  kind->package);
	return -ENOSYS;
}

static int check_image(struct ka_guest_kernel *kernel, struct nn_err *err)
{
	int ret = check_kind(kernel, err);

	if (ret < 0)
		return ret;
	guess_modules(kernel);
	ret = ka_image_qemu(kernel->image, err);
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
	"sysctl.vm.compaction_proactiveness=0"

/* What every machine is told. shift=0: a nanosecond an instruction. On a slower machine (2, 4) five thousand
 * connections take longer to make than the idle time of the first, and with several instances at once an end
 * is late by a jiffy now and then. */
static const char start[] = "clock=vm,base=" KA_GUEST_DATE;
static const char *const common[] = {
	"-nodefaults",
	"-no-user-config",
	"-display",
	"none",
	"-accel",
	"tcg",
	"-seed",
	"1",
	"-icount",
	"shift=0,sleep=off",
	"-rtc",
	start,
	"-no-reboot",
	"-chardev",
	"file,id=results,path=/proc/self/fd/3",
	"-chardev",
	"stdio,id=console,signal=off",
	"-serial",
	"chardev:console",
	"-initrd",
	"/proc/self/fd/4",
	NULL,
};

#define MAX_ARGUMENTS 48

/* Adds @more, which ends with NULL. */
static void add_arguments(const char **argv, const char *const *more)
{
	size_t n = 0;

	while (argv[n])
		n++;
	for (; *more && n < MAX_ARGUMENTS - 1; more++)
		argv[n++] = *more;
}

/* The kernel as QEMU can read it, into @boot or as it is. 0 or -errno. */
static int open_kernel(const struct ka_guest_kernel *kernel, struct ka_boot *boot,
		       const char **file, struct nn_err *err)
{
	const struct ka_image_kind *kind = kernel->image;
	int fd = kind->unpack ? kind->unpack(kernel, err) : 0;

	boot->kernel = fd > 0 ? fd : 0;
	*file = fd > 0 ? "/proc/self/fd/5" : kernel->file;
	return fd < 0 ? fd : 0;
}

static int boot_image(const struct ka_guest_kernel *kernel, int initramfs, const struct ka_how *how,
		      struct ka_booted *booted, struct nn_err *err)
{
	const struct ka_image_kind *kind = kernel->image;
	const char *argv[MAX_ARGUMENTS] = { kind->qemu };
	char memory[32], append[600];
	const char *own[] = { "-m", memory, "-append", append, "-kernel", NULL, NULL };
	struct ka_boot boot = { .initramfs = initramfs, .argv = argv };
	int ret = open_kernel(kernel, &boot, &own[5], err);

	if (ret < 0)
		return ret;
	snprintf(memory, sizeof(memory), "%uM", how->memory_mib);
	snprintf(append, sizeof(append),
		 "console=%s quiet panic=-1 %s" NO_HOUSEKEEPING
		 " LD_LIBRARY_PATH=/lib LD_BIND_NOW=1 -- guest %s",
		 kind->console, kind->append, kind->results);
	add_arguments(argv, common);
	add_arguments(argv, kind->machine);
	add_arguments(argv, own);
	boot.program = ka_image_qemu(kind, err);
	ret = boot.program < 0 ? boot.program : ka_boot(booted, &boot, err);
	if (boot.kernel)
		close(boot.kernel);
	return ret;
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
