/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest has besides its processes: mounts, entropy, modules, a name, the host's files. */
#include "guest/system.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <linux/random.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest/job.h"
#include "model/program.h"
#include "model/util.h"

/* As much as the kernel wants. */
#define ENTROPY_BYTES 64

/* What systemd gives its services. */
#define OPEN_FILES     1024
#define OPEN_FILES_MAX 524288

/* ---- every guest -------------------------------------------------------------------------- */

struct mounted {
	const char *type, *path, *data;
};

static int mount_each(const struct mounted *list, size_t n, struct nn_err *err)
{
	for (size_t i = 0; i < n; i++) {
		(void)mkdir(list[i].path, 0755);
		if (mount(list[i].type, list[i].path, list[i].type, MS_NOSUID, list[i].data) < 0 &&
		    errno != EBUSY)
			return nn_fail(err, errno, "cannot mount %s", list[i].path);
	}
	return 0;
}

/* Every process that is forked maps the program anew, window by window; each window is a page fault,
 * which User-mode Linux handles in three stops of a traced process. So, larger ones, where the kernel
 * lets itself be told (CONFIG_DEBUG_FS); it runs without. */
static void map_more_at_once(void)
{
	static const char debugfs[] = "/sys/kernel/debug", bytes[] = "1048576";
	int fd;

	if (mount("debugfs", debugfs, "debugfs", MS_NOSUID, NULL) < 0)
		return;
	fd = open("/sys/kernel/debug/fault_around_bytes", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)!write(fd, bytes, sizeof(bytes) - 1);
	close(fd);
}

/* The kernel waits for entropy before it gives out random numbers; a constant makes all that is drawn
 * from it, like ports and sequence numbers, the same in every run. */
static int begin_entropy(struct nn_err *err)
{
	union {
		struct rand_pool_info info;
		char room[sizeof(struct rand_pool_info) + ENTROPY_BYTES];
	} seed = { .room = "" };
	int fd = open("/dev/random", O_RDWR | O_CLOEXEC), ret = 0;

	seed.info.entropy_count = ENTROPY_BYTES * 8;
	seed.info.buf_size = ENTROPY_BYTES;
	if (fd < 0 || ioctl(fd, RNDADDENTROPY, &seed) < 0)
		ret = nn_fail(err, errno, "cannot seed /dev/random");
	if (fd >= 0)
		close(fd);
	json_object_seed(1);
	return ret;
}

static int load_module(const char *path, struct nn_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return nn_fail(err, errno, "cannot open the module %s", path);
	if (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST)
		ret = nn_fail(err, errno, "cannot load the module %s", path);
	close(fd);
	return ret;
}

int ka_system_modules(struct nn_err *err)
{
	FILE *list = fopen(KA_MODULES_PATH, "re");
	char *path = NULL;
	size_t room = 0;
	int ret = 0;

	if (!list)
		return errno == ENOENT ? 0 : nn_fail(err, errno, "cannot read the list of modules");
	while (ret == 0 && getline(&path, &room, list) > 0) {
		path[strcspn(path, "\n")] = '\0';
		ret = load_module(path, err);
	}
	free(path);
	fclose(list);
	return ret;
}

int ka_system_begin(struct nn_err *err)
{
	static const struct mounted list[] = { { "proc", "/proc", NULL },
					       { "sysfs", "/sys", NULL },
					       { "devtmpfs", "/dev", NULL },
					       { "tmpfs", "/run", NULL },
					       { "tmpfs", "/tmp", NULL } };
	int ret = mount_each(list, KA_N(list), err);

	if (ret < 0)
		return ret;
	map_more_at_once();
	return begin_entropy(err);
}

/* ---- for a program of the host ------------------------------------------------------------ */

/* What is written stays in the guest: what is mounted here is the host's own root, which the kernel's
 * process on the host cannot write either (boot.c). */
static int mount_host(struct nn_err *err)
{
	(void)mkdir(KA_PROGRAM_HOST, 0755);
	if (mount("none", KA_PROGRAM_HOST, "hostfs", MS_RDONLY, "/") == 0)
		return 0;
	if (errno != ENODEV)
		return nn_fail(err, errno, "cannot mount the host's files");
	nn_refuse(err, "this kernel cannot read the host's files (CONFIG_HOSTFS); "
		       "ci/kernels/build-uml builds one that can");
	return -ENOSYS;
}

static bool has_file_system(const char *name)
{
	FILE *list = fopen("/proc/filesystems", "re");
	char line[80];
	bool found = false;

	while (list && !found && fgets(line, sizeof(line), list)) {
		const char *at = strchr(line, '\t');

		found = at && strncmp(at + 1, name, strlen(name)) == 0;
	}
	if (list)
		fclose(list);
	return found;
}

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)!write(fd, text, strlen(text));
	close(fd);
}

/* Memory is promised as to any program of a server, and files may be as many as systemd allows. */
static void set_limits(void)
{
	const struct rlimit files = { OPEN_FILES, OPEN_FILES_MAX };

	write_text("/proc/sys/vm/overcommit_memory", "1");
	(void)setrlimit(RLIMIT_NOFILE, &files);
}

int ka_system_for_program(const struct ka_guest_job *job, struct nn_err *err)
{
	static const struct mounted list[] = { { "devpts", "/dev/pts", "ptmxmode=0666" },
					       { "tmpfs", "/dev/shm", "mode=1777" },
					       { "mqueue", "/dev/mqueue", NULL } };
	int ret = job->hostfs ? mount_host(err) : 0;

	if (ret == 0 && !has_file_system("overlay")) {
		nn_refuse(err, "this kernel has no overlay of file systems (CONFIG_OVERLAY_FS); "
			       "ci/kernels/build-uml builds one that has");
		ret = -ENOSYS;
	}
	/* what a kernel lacks of these, most programs do not miss */
	for (size_t i = 0; ret == 0 && i < KA_N(list); i++)
		(void)mount_each(&list[i], 1, NULL);
	if (ret < 0)
		return ret;
	set_limits();
	/* this name has an address in every /etc/hosts */
	if (sethostname("localhost", strlen("localhost")) < 0)
		return nn_fail(err, errno, "cannot name the guest");
	setenv(KA_PROGRAM_HOST_ENV, KA_PROGRAM_HOST, 1);
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	/* they were this program's own */
	unsetenv("LD_LIBRARY_PATH");
	unsetenv("LD_BIND_NOW");
	return 0;
}
