/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest has besides its processes: mounts, entropy, modules, the host's files. */
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

static int mount_all(struct nn_err *err)
{
	static const struct {
		const char *type, *path;
	} mounts[] = { { "proc", "/proc" },
		       { "sysfs", "/sys" },
		       { "devtmpfs", "/dev" },
		       { "tmpfs", "/run" },
		       { "tmpfs", "/tmp" } };

	for (size_t i = 0; i < KA_N(mounts); i++)
		if (mount(mounts[i].type, mounts[i].path, mounts[i].type, MS_NOSUID, NULL) < 0 &&
		    errno != EBUSY)
			return nn_fail(err, errno, "cannot mount %s", mounts[i].path);
	return 0;
}

/* Where it is not mounted, no BPF program is attached to a cgroup: on a host the first mount would leave a
 * trace. A kernel without cgroups runs without. */
static void mount_cgroups(void)
{
	(void)mount("cgroup2", "/sys/fs/cgroup", "cgroup2", MS_NOSUID, NULL);
}

/* Every process that is forked maps the program anew, window by window; each window is a page fault,
 * which User-mode Linux handles in three stops of a traced process. So, larger ones, where the kernel
 * lets itself be told (CONFIG_DEBUG_FS); it runs without. */
static void map_more_at_once(void)
{
	static const char debugfs[] = "/sys/kernel/debug", bytes[] = "2097152";
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

/* conntrack walks all of its table at least once a minute, for ever; its own size is for routers, and
 * made two thirds of what five idle days cost. */
static const char *parameters_of(const char *path)
{
	return strstr(path, "/nf_conntrack.ko") ? "hashsize=1024" : "";
}

static int load_module(const char *path, struct nn_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return nn_fail(err, errno, "cannot open the module %s", path);
	if (syscall(SYS_finit_module, fd, parameters_of(path), 0) < 0 && errno != EEXIST)
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
	int ret = mount_all(err);

	if (ret < 0)
		return ret;
	mount_cgroups();
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

/* The root that a kernel gives to process 1 has none above it, and so nobody can leave it for another
 * (pivot_root()). The same files as a mount on top of it can be left. */
static int leave_first_root(struct nn_err *err)
{
	static const char folder[] = "/root";

	(void)mkdir(folder, 0700);
	if (mount("/", folder, NULL, MS_BIND | MS_REC, NULL) < 0 || chdir(folder) < 0 ||
	    mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return nn_fail(err, errno, "cannot make a root that can be left");
	return 0;
}

int ka_system_for_program(const struct ka_guest_job *job, struct nn_err *err)
{
	int ret = job->hostfs ? mount_host(err) : 0;

	if (ret == 0 && !has_file_system("overlay")) {
		nn_refuse(err, "this kernel has no overlay of file systems (CONFIG_OVERLAY_FS); "
			       "ci/kernels/build-uml builds one that has");
		ret = -ENOSYS;
	}
	if (ret == 0)
		ret = leave_first_root(err);
	if (ret < 0)
		return ret;
	set_limits();
	setenv(KA_PROGRAM_HOST_VARIABLE, KA_PROGRAM_HOST, 1);
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	/* they were this program's own */
	unsetenv("LD_LIBRARY_PATH");
	unsetenv("LD_BIND_NOW");
	return 0;
}
