/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that reads the host's files, without a program to test in it: `host_guest KERNEL TRIALS
 * [COPY...]`, and the guest runs the same. What TRIALS are:
 *
 *   plain          a survey of one experiment, and a plan made of its result
 *   vandal:FOLDER  besides, root in the guest does its worst to a folder of the host
 *   poll           besides, somebody waits for the coarse clock by looking at it
 *   spin           besides, somebody computes for ever
 *   read:FILE      besides, the guest's root reads a file with the host's own cat
 *
 * Prints what was said, the survey's verdicts, the plan's verdicts; the exit status is 0 if all passed.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest/guest.h"
#include "model/program.h"
#include "model/util.h"

/* Real time that the guest may be silent. */
#define SILENCE_S 4.0

/* ---- in the guest ------------------------------------------------------------------------- */

/* Everything that could be done to a file: says what succeeded. */
static const char vandal[] =
	"cd \"$1\" || exit 90; n=0\n"
	"for try in 'echo changed >file' 'echo more >>file' 'echo new >other' 'mv file gone' \\\n"
	"	'rm -f file' 'chmod 0666 file' 'touch -d 2001-01-01 file' 'ln -s file link' 'mkdir "
	"sub'; do\n"
	"	if (eval \"$try\") 2>/dev/null; then n=$((n + 1)); fi\ndone\nexit $n";

/* In @root, the host's own shell runs @script; its exit status. */
static int run_shell(const char *root, const char *script, const char *argument)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

		if (dup2(nothing, 1) < 0 || chroot(root) < 0 || chdir("/") < 0)
			_exit(91);
		execl("/bin/sh", "sh", "-c", script, "sh", argument, NULL);
		_exit(92);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 93;
}

/* Through the mount that is there, and through one that nobody made read-only in the guest. */
static int do_its_worst(const char *folder, struct nn_err *err)
{
	static const char *const roots[] = { KA_PROGRAM_HOST, "/tmp/writable" };
	int n;

	if (mkdir(roots[1], 0700) < 0 || mount("none", roots[1], "hostfs", 0, "/") < 0)
		return nn_fail(err, errno, "cannot mount the host's files once more");
	if (mount(NULL, roots[0], NULL, MS_REMOUNT, "/") < 0 &&
	    mount("none", roots[0], "hostfs", 0, "/") < 0)
		return nn_fail(err, errno, "cannot mount the host's files over themselves");
	for (size_t i = 0; i < KA_N(roots); i++) {
		n = run_shell(roots[i], vandal, folder);
		if (n)
			return nn_fail(err, EPERM,
				       "%d ways to change a file of the host through %s", n,
				       roots[i]);
	}
	return 0;
}

/* A program gets a root of its own, and leaves the one that it was started in. */
static bool can_leave_root(void)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(CLONE_NEWNS) < 0 || mount("none", "/tmp", "tmpfs", 0, NULL) < 0 ||
		      chdir("/tmp") < 0 || syscall(SYS_pivot_root, ".", ".") < 0);
	waitpid(pid, &status, 0);
	return status == 0;
}

static int read_file(const char *file, struct nn_err *err)
{
	int status = run_shell(KA_PROGRAM_HOST, "cat \"$1\"", file);

	if (!can_leave_root())
		return nn_fail(err, EINVAL, "the guest's root cannot be left");
	return status ? nn_fail(err, EIO, "the host's cat says %d", status) : 0;
}

static long coarse_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Somebody beside the experiments who never sleeps, for ever or until the clock has gone on. */
static void be_busy(bool for_ever)
{
	volatile unsigned long counted = 0;
	long from_ns = coarse_ns();

	if (fork() != 0)
		return;
	while (for_ever || coarse_ns() < from_ns + 50000000)
		counted++;
	_exit(0);
}

static int be_what_is_asked(const char *trials, struct nn_err *err)
{
	if (strncmp(trials, "vandal:", 7) == 0)
		return do_its_worst(trials + 7, err);
	if (strncmp(trials, "read:", 5) == 0)
		return read_file(trials + 5, err);
	if (strcmp(trials, "poll") == 0 || strcmp(trials, "spin") == 0)
		be_busy(*trials == 's');
	return 0;
}

/* ---- at both ends ------------------------------------------------------------------------- */

static const struct ka_case *find_case(const char *name)
{
	size_t n;
	const struct ka_theme *const *themes = ka_catalogue(&n);

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < themes[i]->n; k++)
			if (strcmp(themes[i]->cases[k].name, name) == 0)
				return &themes[i]->cases[k];
	return NULL;
}

/* The survey is one case, the plan another, if the survey passed. */
static int make(const char *trials, const json_t *surveyed, int hz,
		const struct ka_theme *const **themes, size_t *n, struct nn_err *err)
{
	static struct ka_theme theme[2];
	static struct ka_case few;
	static const struct ka_theme *list[2] = { &theme[0], &theme[1] };
	const char *verdict =
		json_string_value(json_object_get(json_array_get(surveyed, 0), "verdict"));
	bool is_plan = verdict && strcmp(verdict, "pass") == 0;

	(void)hz;
	if (surveyed && !is_plan)
		return nn_fail(err, EINVAL, "the survey did not pass");
	few = *find_case(is_plan ? "silent_drop" : "answered");
	few.families = KA_V4;
	few.probers = KA_ONLY_CLIENT;
	theme[is_plan] = (struct ka_theme){
		.name = is_plan ? "plan" : "survey", .title = "", .cases = &few, .n = 1
	};
	*themes = &list[is_plan];
	*n = 1;
	return !is_plan && getpid() == 1 ? be_what_is_asked(trials, err) : 0;
}

/* ---- on the host -------------------------------------------------------------------------- */

static unsigned bad;

static int show(void *arg, size_t index, json_t *json)
{
	const char *verdict = json_string_value(json_object_get(json, "verdict"));

	(void)index;
	printf("%s %s %s %s\n", (const char *)arg,
	       json_string_value(json_object_get(json, "instance")), verdict,
	       json_string_value(json_object_get(json, "why")));
	bad += strcmp(verdict, "pass") != 0;
	json_decref(json);
	return 0;
}

static void say(void *arg, const char *text)
{
	printf("%s: %s\n", (const char *)arg, text);
}

static int run_plan(struct ka_guest *guest, const char *trials, const struct ka_facts *facts,
		    const struct ka_plan_options *options, struct nn_err *err)
{
	char word[] = "result";
	const struct ka_schedule_events events = { .result = show, .arg = word };
	const struct ka_theme *const *themes;
	struct ka_plan plan;
	size_t n;
	int ret = make(trials, ka_guest_surveyed(guest), facts->hz, &themes, &n, err);

	for (size_t i = 0; i < json_array_size(ka_guest_surveyed(guest)); i++)
		printf("surveyed %s\n",
		       json_string_value(json_object_get(
			       json_array_get(ka_guest_surveyed(guest), i), "verdict")));
	if (ret == 0)
		ret = ka_plan_new(&plan, themes, n, options, facts->hz, err);
	if (ret < 0)
		return ret;
	ret = ka_guest_collect(guest, &plan, NULL, &events, err);
	ka_plan_free(&plan);
	return ret;
}

int main(int argc, char **argv)
{
	char word[] = "said";
	const struct ka_plan_options plan = { .filters = { "*/1-1-3/v4/client" }, .n_filters = 1 };
	struct ka_guest_program program = { .say = say, .arg = word };
	struct ka_guest_options options = { .plan = &plan,
					    .program = &program,
					    .silence_s = SILENCE_S };
	struct ka_guest *guest = NULL;
	struct ka_guest_kernel kernel;
	struct nn_err err = { "" };
	struct ka_facts facts;
	int ret;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 2 && strcmp(argv[1], "guest") == 0)
		return ka_guest_main(argv[2], make, &err) < 0 || argc == 0;
	if (argc < 3)
		return 2;
	options.trials = argv[2];
	program.copies = (const char *const *)argv + 3;
	ret = ka_guest_kernel_parse(&kernel, argv[1], NULL, &err);
	if (ret == 0)
		ret = ka_guest_start(&guest, &kernel, &options, &facts, &err);
	if (ret == 0)
		ret = run_plan(guest, argv[2], &facts, &plan, &err);
	ka_guest_stop(guest);
	if (ret < 0)
		printf("error %d: %s\n", ret, err.text);
	return ret < 0 || bad > 0;
}
