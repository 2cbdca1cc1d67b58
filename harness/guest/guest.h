/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan inside another kernel, whose clock jumps over idle time: hours of keepalive in seconds.
 *
 *   host                                      guest (the same program as process 1)
 *   ka_guest_start()   kernel, initramfs -->  ka_guest_main(): mounts, modules, facts, plan
 *                      <-- facts of the kernel
 *   ka_guest_collect() <-- results            ka_schedule_run(), power off
 *   ka_guest_stop()    kills, reaps
 *
 * Such a kernel has one CPU. A plan that is big enough is cut into parts (job.h), each of which gets
 * a guest of its own; as many of them run side by side as the machine has room for.
 *
 * The initramfs is a memory file: the program, the shared objects that it has loaded, modules, and
 * what to do. No file of the host is visible inside, and none changes.
 *
 * A program of the host that is itself under test (model/program.h) needs the host's files. Those are
 * at KA_PROGRAM_HOST inside, read-only (User-mode Linux), or copies of some (an image). Which options
 * it gives its sockets is found out first, by a survey, of whose results the plan is made:
 *
 *   ka_guest_start()   kernel, initramfs -->  ka_guest_main(): make(.., NULL) -> ka_schedule_run()
 *                      <-- surveyed, facts
 *   ka_guest_surveyed()                       make(.., surveyed) -> ka_schedule_run()
 *   ka_guest_collect() <-- results
 */
#ifndef KA_GUEST_H
#define KA_GUEST_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>

#include "model/verdict.h"
#include "netns/err.h"
#include "plan/plan.h"
#include "run/schedule.h"

#define KA_WHERE_SIZE (2 * PATH_MAX + 32)

struct ka_guest_kernel {
	const struct ka_machine *machine; /* its kind (machine.h) */
	const char *text; /* as it was given: "uml:FILE", "image:FILE,modules=DIR"; borrowed */
	char where[KA_WHERE_SIZE]; /* what results say: the same, owned */
	char file[PATH_MAX];
	char modules[PATH_MAX]; /* the folder that modules are looked for in; "": there are none */
	char release[80];       /* as the file says; "": it does not */
	const struct ka_arch *arch;        /* of the machine that it is for */
	const struct ka_image_kind *image; /* NULL: it is no image */
	char program[PATH_MAX];            /* what runs in it; "": this program */
};

/* What guests need that run a program of the host. */
struct ka_guest_program {
	/* Files, folders and programs of the host, for a kernel that cannot read the host's files itself
	 * (copies.h); ends with NULL. NULL: none. */
	const char *const *copies;
	unsigned instance_mib; /* memory that an instance's programs take; 0: a little */
	unsigned memory_mib;   /* of a guest; 0: what so many instances need */
	/* Called with what a reader of the results must know of the clock. NULL: not wanted. */
	void (*say)(void *arg, const char *text);
	void *arg;
};

struct ka_guest_options { /* strings and plan must live until ka_guest_stop() */
	const struct ka_plan_options *plan;
	const char *trials; /* what ka_guest_themes_fn is given in the guest; NULL: the catalogue */
	const struct ka_guest_program *program; /* NULL: no program of the host, and no survey */
	unsigned jobs;    /* instances at once in a guest; 0: as many as its memory holds */
	unsigned guests;  /* side by side; 0: as many as this machine has CPUs and memory for */
	bool keep;        /* files of what fails will be asked for, */
	bool keep_all;    /* of passes too */
	double boot_s;    /* real time until the guest must have answered; 0: the default */
	double silence_s; /* real time between two results; 0: the default */
};

/* Understands @text and looks at the files. @program: what shall run in it; NULL: this program, or, in a
 * kernel for another machine, the one for that machine which came along. -EINVAL: it is no such kernel, or
 * no such program; -ENOENT, -EACCES: no file; -ENOSYS: this host lacks what is needed to start it. @err is
 * one line with the remedy. */
int ka_guest_kernel_parse(struct ka_guest_kernel *kernel, const char *text, const char *program,
			  struct nn_err *err);

/* What --kernel may be: "host, uml:FILE or image:FILE[,modules=DIR]"; @about: of each guest what it
 * is, for --help. Returns @buf. */
const char *ka_kernel_forms(bool about, char *buf, size_t size);

struct ka_guest;

/*
 * Boots @kernel for the first part of the plan and waits until it has told @facts. 0; -EINTR after
 * SIGINT, SIGTERM or SIGHUP; -EINVAL, -ENOENT, -ENOSYS as above (modules that do not fit are found here); -ETIMEDOUT, -EIO: it
 * hung or died, @err has its last words. Nothing is left behind on failure.
 */
int ka_guest_start(struct ka_guest **ret, const struct ka_guest_kernel *kernel,
		   const struct ka_guest_options *options, struct ka_facts *facts,
		   struct nn_err *err);

/*
 * Hands on the result of every instance of @plan, which must have been made with the options and
 * the facts of ka_guest_start(): those that the guest did not deliver are broken, with its last
 * words. @out_dir: of this host, where files are kept; NULL: nowhere. Like ka_schedule_run(): 0,
 * what events->result returned, -EINTR, or -errno.
 */
int ka_guest_collect(struct ka_guest *guest, const struct ka_plan *plan, const char *out_dir,
		     const struct ka_schedule_events *events, struct nn_err *err);

/* The survey's results, in the order of its plan: what ka_guest_themes_fn was given. Borrowed; NULL:
 * there was none. */
const json_t *ka_guest_surveyed(const struct ka_guest *guest);

/* Kills the guest with all that belongs to it. NULL and half-started ones are fine. */
struct ka_guest *ka_guest_stop(struct ka_guest *guest);

/* What the plan of a guest has that the host's has not: every named setting unless some were chosen,
 * and what takes long. */
void ka_guest_plan_defaults(struct ka_plan_options *options);

/*
 * Makes the themes that @trials of ka_guest_options stands for, on a kernel with @hz. They live as
 * long as the process. Where a program is under test it is called twice: with @surveyed NULL for the
 * survey's own themes (of which the plan has no filters and no settings), and with the array of their
 * results, also those that are broken, for those of the plan. Both ends of a guest must make the same
 * of it. 0 or -errno.
 */
typedef int ka_guest_themes_fn(const char *trials, const json_t *surveyed, int hz,
			       const struct ka_theme *const **themes, size_t *n,
			       struct nn_err *err);

/* The life of process 1 in a guest: `kacheck guest DEVICE`, results go to /dev/DEVICE. Ends with
 * power off; returns only where it is not process 1 of a guest. */
int ka_guest_main(const char *device, ka_guest_themes_fn *make, struct nn_err *err);

#endif
