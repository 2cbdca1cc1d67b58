/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of process 1 in a guest. Nobody there computes while waiting: the clock moves only when
 * all sleep. Whatever goes wrong travels over the serial line, and then the power goes off.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/reboot.h>
#include <termios.h>
#include <unistd.h>

#include "guest/guest.h"
#include "guest/job.h"
#include "guest/parcel.h"
#include "guest/system.h"
#include "model/util.h"
#include "result/result.h"
#include "run/host.h"
#include "run/keep.h"

/* Files wait here for a moment. */
#define KEPT_FOLDER "/tmp/kept"

#define NSEC_PER_SEC 1000000000ll

/* By so much do ends move where the clock runs while the guest computes, at the worst that was seen
 * (0.3 s), and as much again. */
#define PLAIN_CLOCK_NOISE_NS (600 * NSEC_PER_SEC / 1000)

struct self {
	FILE *line; /* to the host */
	struct ka_guest_job job;
	struct ka_facts facts;
	int made;            /* what set-up commands have made; ends with the guest */
	json_t *surveyed;    /* the survey's results; NULL: there was none here */
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

/* A sign of life: the clock goes on. How many are in hand tells the host how much there may be to
 * compute until the next. */
static int tell_clock(struct self *self, unsigned running)
{
	return send_message(self, 'T', running, json_integer(ka_now_ns() / NSEC_PER_SEC));
}

/* Where computing takes as long as on the host, it makes timers late; nobody measures that in a guest,
 * where looking at the clock many times a second is what makes it slow. */
static int read_facts(struct self *self, struct nn_err *err)
{
	int ret = ka_host_facts(&self->facts, err);

	self->facts.virtual_clock = true;
	self->facts.noise_ns = self->job.plain_clock ? PLAIN_CLOCK_NOISE_NS : 0;
	return ret;
}

static int prepare(struct self *self, struct nn_err *err)
{
	int ret = check_clock(err);

	if (ret == 0)
		ret = ka_system_modules(err);
	if (ret == 0)
		ret = ka_guest_job_read(&self->job, KA_GUEST_JOB_PATH, err);
	if (ret == 0)
		ret = read_facts(self, err);
	if (ret == 0 && self->job.program)
		ret = ka_system_for_program(&self->job, err);
	if (ret == 0 && self->job.program)
		ret = tell_clock(self, 1);
	if (ret == 0 && self->job.program) {
		self->made = ka_schedule_made(err);
		ret = self->made < 0 ? self->made : 0;
	}
	return ret;
}

static int make_plan(struct self *self, ka_guest_themes_fn *make,
		     const struct ka_plan_options *options, struct nn_err *err)
{
	size_t n;
	const struct ka_theme *const *themes = ka_catalogue(&n);
	int ret = 0;

	if (self->job.trials)
		ret = make(self->job.trials, self->surveyed ? self->surveyed : self->job.surveyed,
			   self->facts.hz, &themes, &n, err);
	if (ret == 0)
		ret = ka_plan_new(&self->plan, themes, n, options, self->facts.hz, err);
	return ret;
}

/* ---- running it --------------------------------------------------------------------------- */

static void on_progress(void *arg, const struct ka_progress *progress)
{
	(void)tell_clock(arg, progress->running);
}

static int run_plan(struct self *self, int (*result)(void *arg, size_t index, json_t *json),
		    const char *out_dir, struct nn_err *err)
{
	const struct ka_schedule_options options = { .jobs = self->job.jobs,
						     .out_dir = out_dir,
						     .keep_all = self->job.keep_all,
						     .made = self->made,
						     .noise_budget_ns = self->facts.noise_ns };
	const struct ka_schedule_events events = { .result = result,
						   .progress =
							   self->job.program ? on_progress : NULL,
						   .progress_every_ns =
							   KA_SIGN_OF_LIFE_S * NSEC_PER_SEC,
						   .arg = self };

	return ka_schedule_run(&self->plan, &self->facts, &options, &events, err);
}

static int on_surveyed(void *arg, size_t index, json_t *json)
{
	struct self *self = arg;
	int ret = json_array_set(self->surveyed, index, json) < 0 ? -ENOMEM : 0;

	if (ret == 0)
		return send_message(self, 'S', index, json);
	json_decref(json);
	return ret;
}

/* Of what the program does by itself the plan is made, here and on the host. */
static int survey(struct self *self, ka_guest_themes_fn *make, struct nn_err *err)
{
	const struct ka_plan_options options = { .seed = self->job.plan.seed, .long_ = true };
	int ret = make_plan(self, make, &options, err);

	if (ret == 0)
		self->surveyed = json_array();
	for (size_t i = 0; ret == 0 && i < self->plan.n; i++)
		json_array_append_new(self->surveyed, json_null());
	if (ret == 0)
		ret = run_plan(self, on_surveyed, NULL, err);
	ka_plan_free(&self->plan);
	return ret;
}

/* The host has its facts before the plan is made, so that what stops it here is told as what it is. */
static int run(struct self *self, ka_guest_themes_fn *make, struct nn_err *err)
{
	bool is_first = self->job.program && !self->job.surveyed;
	int ret = is_first ? survey(self, make, err) : 0;

	if (ret == 0 && is_first)
		ret = send_message(self, 'F', 0, ka_facts_encode(&self->facts));
	if (ret == 0)
		ret = make_plan(self, make, &self->job.plan, err);
	if (ret == 0 && !is_first)
		ret = send_message(self, 'F', 0, ka_facts_encode(&self->facts));
	if (ret < 0)
		return ret;
	self->parts = ka_parts(self->plan.n, self->job.part_size);
	ka_part_keep(&self->plan, self->job.part, self->parts);
	return run_plan(self, on_result, self->job.keep ? KEPT_FOLDER : NULL, err);
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
	ret = ka_system_begin(err);
	if (ret == 0)
		ret = open_line(&self, device, err);
	if (ret == 0)
		ret = prepare(&self, err);
	if (ret == 0)
		ret = run(&self, make, err);
	if (self.line)
		send_message(&self, ret == 0 ? 'E' : 'X', 0,
			     json_string(ret == 0 ? "" : err->text));
	else
		dprintf(2, "kacheck: %s\n", err->text);
	power_off(&self);
	return ret;
}
