/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of process 1 in a guest. Nobody there computes while waiting: the clock moves only when
 * all sleep. Whatever goes wrong travels over the serial line, and then the power goes off.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "guest/guest.h"
#include "guest/job.h"
#include "guest/parcel.h"
#include "model/util.h"
#include "result/result.h"
#include "run/host.h"
#include "run/keep.h"

/* Files wait here for a moment. */
#define KEPT_FOLDER "/tmp/kept"

/* As much as the kernel wants. */
#define ENTROPY_BYTES 64

struct self {
	FILE *line; /* to the host */
	struct ka_guest_job job;
	struct ka_facts facts;
	struct ka_plan plan; /* this guest's part */
	unsigned parts;
};

/* ---- to the host -------------------------------------------------------------------------- */

/* No echo, no translation of newlines. */
static int open_line(struct self *self, const char *device, struct nn_err *err)
{
	struct termios raw;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/%.40s", device);
	fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return nn_fail(err, errno, "cannot open %s", path);
	if (tcgetattr(fd, &raw) == 0) {
		cfmakeraw(&raw);
		cfsetspeed(&raw, B115200);
		raw.c_cflag |= CLOCAL;
		tcsetattr(fd, TCSANOW, &raw);
	}
	self->line = fdopen(fd, "w");
	return self->line ? 0 : nn_fail(err, errno, "fdopen");
}

/* Takes over @json. */
static int send_message(struct self *self, char kind, size_t index, json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
	int ret = text ? 0 : -ENOMEM;

	json_decref(json);
	if (text &&
	    (fprintf(self->line, "%c%zu %s\n", kind, index, text) < 0 || fflush(self->line) != 0))
		ret = -EIO;
	free(text);
	return ret;
}

/* Sends the files of an instance, and makes room for those of others. */
static int send_files(struct self *self, size_t index, const char *folder)
{
	int ret = 0;

	for (size_t i = 0; ka_keep_name(i) && ret == 0; i++) {
		json_t *parcel = ka_parcel_pack(folder, ka_keep_name(i));

		if (parcel)
			ret = send_message(self, 'K', index, parcel);
	}
	ka_keep_remove(folder);
	return ret;
}

static int on_result(void *arg, size_t index, json_t *json)
{
	struct self *self = arg;
	const char *folder = json_string_value(json_object_get(json, "kept"));
	size_t at = ka_part_index(self->job.part, self->parts, index);
	int ret = folder ? send_files(self, at, folder) : 0;

	if (ret == 0)
		return send_message(self, 'R', at, json);
	json_decref(json);
	return ret;
}

/* ---- a system around the program ---------------------------------------------------------- */

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

static int load_modules(struct nn_err *err)
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

/* ---- the plan ----------------------------------------------------------------------------- */

/* A kernel passes on to process 1 what it does not understand of its command line. */
static int check_clock(struct nn_err *err)
{
	if (getenv("time-travel"))
		return nn_fail(err, ENOSYS,
			       "this kernel does not know time-travel= "
			       "(CONFIG_UML_TIME_TRAVEL_SUPPORT)");
	return 0;
}

static int make_plan(struct self *self, ka_guest_themes_fn *make, struct nn_err *err)
{
	size_t n;
	const struct ka_theme *const *themes = ka_catalogue(&n);
	int ret;

	ret = check_clock(err);
	if (ret == 0)
		ret = load_modules(err);
	if (ret == 0)
		ret = ka_guest_job_read(&self->job, KA_GUEST_JOB_PATH, err);
	if (ret == 0)
		ret = ka_host_facts(&self->facts, err);
	self->facts.virtual_clock = true;
	if (ret == 0 && self->job.trials)
		ret = make(self->job.trials, self->facts.hz, &themes, &n, err);
	if (ret == 0)
		ret = ka_plan_new(&self->plan, themes, n, &self->job.plan, self->facts.hz, err);
	if (ret < 0)
		return ret;
	self->parts = ka_parts(self->plan.n, self->job.part_size);
	ka_part_keep(&self->plan, self->job.part, self->parts);
	return 0;
}

static int run_plan(struct self *self, struct nn_err *err)
{
	const struct ka_schedule_options options = { .jobs = self->job.jobs,
						     .out_dir = self->job.keep ? KEPT_FOLDER : NULL,
						     .keep_all = self->job.keep_all };
	const struct ka_schedule_events events = { .result = on_result, .arg = self };
	int ret = send_message(self, 'F', 0, ka_facts_encode(&self->facts));

	if (ret == 0)
		ret = ka_schedule_run(&self->plan, &self->facts, &options, &events, err);
	return ret;
}

/* A guest that has no ACPI cannot switch itself off; QEMU takes a restart for the end. */
static void power_off(struct self *self)
{
	if (self->line) {
		fflush(self->line);
		tcdrain(fileno(self->line));
	}
	sync();
	reboot(RB_POWER_OFF);
	reboot(RB_AUTOBOOT);
}

int ka_guest_main(const char *device, ka_guest_themes_fn *make, struct nn_err *err)
{
	struct self self = { .line = NULL };
	int ret;

	if (getpid() != 1 || access(KA_GUEST_JOB_PATH, R_OK) < 0)
		return nn_fail(err, EPERM, "this is for process 1 of a guest kernel");
	ret = mount_all(err);
	if (ret == 0) {
		map_more_at_once();
		ret = begin_entropy(err);
	}
	if (ret == 0)
		ret = open_line(&self, device, err);
	if (ret == 0)
		ret = make_plan(&self, make, err);
	if (ret == 0)
		ret = run_plan(&self, err);
	if (self.line)
		send_message(&self, ret == 0 ? 'E' : 'X', 0,
			     json_string(ret == 0 ? "" : err->text));
	else
		dprintf(2, "kacheck: %s\n", err->text);
	power_off(&self);
	return ret;
}
