/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kacheck doctor: what this host can do, found out by doing it. Of the instances that `kacheck run'
 * would run, one for each thing that any of them needs is run, as `run' would; what is skipped there
 * is skipped here, for the same reason.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "command/command.h"
#include "command/doctor_plan.h"
#include "command/options.h"
#include "command/page.h"
#include "command/select.h"
#include "guest/image.h"
#include "guest/machine.h"
#include "model/escape.h"
#include "model/util.h"
#include "model/verbs.h"
#include "netns/sandbox.h"
#include "result/result.h"
#include "run/host.h"
#include "run/schedule.h"

#define NSEC_PER_SEC 1000000000ll
#define NOISE_NS     NSEC_PER_SEC /* so long the host's wake-ups are watched at the least */
/* Nothing is measured here: a host that is busy still has what it has. */
#define BUDGET_NS    (10 * NSEC_PER_SEC)

static const char about[] =
	"Runs a handful of experiments, one for each thing that the catalogue needs, and measures "
	"how late this host wakes its timers. What is missing is named with the way to get it. "
	"Exit status: 0 the whole catalogue can run; 77 something is missing; 99 something could "
	"not be found out.";

/* What became of one examined instance. */
struct finding {
	enum ka_verdict_kind verdict; /* KA_BROKEN until its result is there */
	bool read_only;               /* KA_SKIP: /proc/sys is, which no kernel helps against */
	char why[400];
};

struct examination {
	struct ka_plan plan; /* of `kacheck run' */
	struct ka_probes probes;
	struct finding *findings; /* by index of the examined plan */
};

/* ---- the examination ------------------------------------------------------------------------ */

static int on_result(void *arg, size_t index, json_t *json)
{
	struct examination *e = arg;
	struct finding *finding = &e->findings[index];
	struct ka_result result;
	struct nn_err err = { "" };

	if (ka_result_decode(&result, json, &err) < 0) {
		snprintf(finding->why, sizeof(finding->why), "%.*s", KA_CUT(err.text, 390));
		return 0;
	}
	finding->verdict = result.verdict;
	finding->read_only = ka_result_finds(&result, KA_FIND_READ_ONLY);
	snprintf(finding->why, sizeof(finding->why), "%s", result.why ? result.why : "");
	ka_result_clear(&result);
	return 0;
}

static void end_examination(struct examination *e)
{
	ka_plan_free(&e->plan);
	ka_probes_free(&e->probes);
	free(e->findings);
}

/* Returns an exit status. */
static int examine(struct examination *e, const struct ka_facts *facts)
{
	const struct ka_plan_options options = { .seed = 1 };
	const struct ka_schedule_options schedule = { .retries = KA_RETRIES,
						      .noise_budget_ns = BUDGET_NS,
						      .noise_goal_ns = KA_NOISE_GOAL_NS };
	const struct ka_schedule_events events = { .result = on_result, .arg = e };
	struct nn_err err = { "" };
	int status = ka_select_plan(&e->plan, &options, facts), ret;

	if (status != KA_EXIT_OK)
		return status;
	if (ka_probes_of(&e->probes, &e->plan) < 0)
		return KA_EXIT_BROKEN;
	e->findings = calloc(e->probes.examined.n, sizeof(*e->findings));
	if (!e->findings)
		return KA_EXIT_BROKEN;
	for (size_t i = 0; i < e->probes.examined.n; i++)
		e->findings[i].verdict = KA_BROKEN;
	ret = ka_schedule_run(&e->probes.examined, facts, &schedule, &events, &err);
	if (ret == -EINTR)
		return KA_EXIT_INTERRUPTED;
	if (ret < 0)
		ka_complain("%s", err.text);
	return ret < 0 ? KA_EXIT_BROKEN : KA_EXIT_OK;
}

/* KA_PASS: an instance that needs it has run; KA_SKIP: none could; KA_BROKEN: not found out. */
static enum ka_verdict_kind state_of(const struct examination *e, const struct ka_probe *probe)
{
	for (size_t i = 0; e->findings && i < e->probes.examined.n; i++)
		if ((e->findings[i].verdict == KA_PASS || e->findings[i].verdict == KA_FAIL) &&
		    ka_probe_matches(probe, &e->probes.examined.instances[i]))
			return KA_PASS;
	return e->findings ? e->findings[probe->instance].verdict : KA_BROKEN;
}

/* Why nothing at all could run; NULL: something could, or there are several reasons. */
static const char *why_nothing(const struct examination *e)
{
	for (size_t i = 0; i < e->probes.examined.n; i++)
		if (e->findings[i].verdict != KA_SKIP ||
		    strcmp(e->findings[i].why, e->findings[0].why) != 0)
			return NULL;
	return e->findings[0].why;
}

/* ---- the host ----------------------------------------------------------------------------- */

static void print_row(const char *state, const char *name, const char *text)
{
	char lead[40];

	snprintf(lead, sizeof(lead), "  %-8s %-12s ", state, name);
	ka_page_hang(lead, "%s", text);
}

static void print_kernel(const struct ka_facts *facts)
{
	cpu_set_t set;
	int cpus = sched_getaffinity(0, sizeof(set), &set) < 0 ? 0 : CPU_COUNT(&set);

	printf("kacheck %s on Linux %s, HZ %d (a jiffy is %g ms), %d CPU%s\n\n", KACHECK_VERSION,
	       facts->release, facts->hz, 1000.0 / facts->hz, cpus, cpus == 1 ? "" : "s");
}

static void print_phase(const struct ka_facts *facts)
{
	if (facts->phase_known)
		print_row("OK", "jiffies",
			  "their phase can be read: ends are predicted to the jiffy");
	else
		print_row("-", "jiffies",
			  "/proc/timer_list cannot be read: ends are predicted to a window, not to "
			  "the jiffy; as root they are");
}

static void print_files(void)
{
	struct rlimit files;
	char text[160];

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return;
	snprintf(text, sizeof(text), "%llu may be open: enough for %llu instances at once",
		 (unsigned long long)files.rlim_max,
		 (unsigned long long)(files.rlim_max > 64 ? (files.rlim_max - 64) / 3 : 1));
	print_row("OK", "files", text);
}

/* Which kernels can be booted here. Nothing that the catalogue needs. */
static void print_guests(void)
{
	const struct ka_image_kind *kind;
	struct nn_err err = { "" };
	char text[100];
	int fd;

	if (ka_uml_here(&err) == 0)
		print_row("OK", "guests", "User-mode Linux (kacheck kernels build uml 6.12)");
	else
		print_row("-", "guests", err.text);
	for (size_t i = 0; (kind = ka_image_kind(i)); i++) {
		fd = ka_image_qemu(kind, &err);
		snprintf(text, sizeof(text), "kernels of distributions for %s", kind->arch->name);
		if (fd >= 0)
			close(fd);
		print_row(fd >= 0 ? "OK" : "-", "guests", fd >= 0 ? text : err.text);
	}
}

/* Watches the host's wake-ups for the rest of a second that began at @from_ns. */
static void print_noise(const struct ka_noise *noise, int64_t from_ns)
{
	int64_t left_ns = from_ns + NOISE_NS - ka_now_ns();
	int64_t late_ns;
	char text[160];

	if (left_ns > 0)
		poll(NULL, 0, (int)(left_ns / 1000000) + 1);
	late_ns = ka_noise_between(noise, from_ns, ka_now_ns());
	snprintf(text, sizeof(text),
		 "timers were woken at most %.1f ms late meanwhile; windows are wider by as "
		 "much "
		 "as is measured while an instance runs",
		 (double)late_ns / 1e6);
	print_row("OK", "wake-ups", text);
}

/* ---- what the catalogue needs ------------------------------------------------------------- */

static size_t count_users(const struct ka_plan *plan, const struct ka_probe *probe)
{
	size_t users = 0;

	for (size_t i = 0; i < plan->n; i++)
		users += ka_probe_matches(probe, &plan->instances[i]);
	return users;
}

static struct ka_need_text text_of(const struct ka_probe *probe)
{
	if (probe->need)
		return *ka_need_text((unsigned)__builtin_ctz(probe->need));
	if (probe->key)
		return (struct ka_need_text){ "sysctl", probe->key, "a kernel that has it", NULL };
	return (struct ka_need_text){ "release", probe->case_->name, "a newer kernel", NULL };
}

/* What is said of a sysctl or a release is said already where a need of its instance is missing. */
static bool is_said(const struct examination *e, const struct ka_probe *probe)
{
	for (size_t i = 0; i < e->probes.n && !probe->need; i++)
		if (e->probes.all[i].need && state_of(e, &e->probes.all[i]) == KA_SKIP &&
		    ka_probe_matches(&e->probes.all[i],
				     &e->probes.examined.instances[probe->instance]))
			return true;
	return false;
}

static enum ka_verdict_kind print_probe(const struct examination *e, const struct ka_probe *probe)
{
	const struct finding *finding = &e->findings[probe->instance];
	enum ka_verdict_kind state = state_of(e, probe);
	const struct ka_need_text need = text_of(probe);
	char text[1024];

	if (state == KA_PASS && probe->need)
		print_row("OK", need.name, need.what);
	if (state == KA_PASS || is_said(e, probe))
		return state;
	if (state == KA_SKIP && e->findings && finding->read_only)
		snprintf(text, sizeof(text), "%s: %s (%zu of %zu instances need it)", need.what,
			 finding->why, count_users(&e->plan, probe), e->plan.n);
	else if (state == KA_SKIP)
		snprintf(text, sizeof(text), "%s: %s; it takes %s (%zu of %zu instances need it)",
			 need.what, finding->why, need.remedy, count_users(&e->plan, probe),
			 e->plan.n);
	else
		snprintf(text, sizeof(text), "%s: could not be found out: %s: %s", need.what,
			 e->probes.examined.instances[probe->instance].name, finding->why);
	print_row(state == KA_SKIP ? "MISSING" : "?", need.name, text);
	return state;
}

/* Instances of `kacheck run' that need something that is missing. */
static size_t count_skipped(const struct examination *e)
{
	size_t skipped = 0;

	for (size_t i = 0; i < e->plan.n; i++) {
		bool lacks = false;

		for (size_t j = 0; j < e->probes.n && !lacks; j++)
			lacks = ka_probe_matches(&e->probes.all[j], &e->plan.instances[i]) &&
				state_of(e, &e->probes.all[j]) == KA_SKIP;
		skipped += lacks;
	}
	return skipped;
}

static bool print_probes(const struct examination *e)
{
	bool known = true;

	print_row("OK", "sandbox",
		  nn_sandbox_is_privileged()
			  ? "network, mount and pid namespaces (root needs no user namespace)"
			  : "user, network, mount and pid namespaces, without privilege");
	for (size_t i = 0; i < e->probes.n; i++)
		known &= print_probe(e, &e->probes.all[i]) != KA_BROKEN;
	return known;
}

/* The table and the sum. Returns the exit status. */
static int print_all(const struct examination *e, const struct ka_facts *facts,
		     const struct ka_noise *noise, int64_t began_ns)
{
	const char *nothing = why_nothing(e);
	size_t skipped = count_skipped(e);
	bool known = true;

	print_kernel(facts);
	if (nothing)
		print_row("MISSING", "sandbox", nothing);
	else
		known = print_probes(e);
	print_phase(facts);
	print_files();
	print_guests();
	print_noise(noise, began_ns);
	if (skipped)
		printf("\nSomething is missing: `kacheck run' skips %zu of its %zu instances.\n",
		       skipped, e->plan.n);
	else
		printf("\n%s\n", known ? "Everything that the catalogue needs is here."
				       : "Not everything could be found out.");
	if (skipped)
		return KA_EXIT_NOTHING;
	return known ? KA_EXIT_OK : KA_EXIT_BROKEN;
}

int ka_command_doctor(int argc, char **argv)
{
	static const struct ka_options options = { .about = about,
						   .unexpected = "; doctor takes no arguments" };
	struct examination e = { .findings = NULL };
	struct ka_noise *noise = NULL;
	struct nn_err err = { "" };
	struct ka_facts facts;
	int64_t began_ns;
	int status;

	ka_options_parse(&options, argc, argv, NULL);
	if (ka_select_host(&facts) != KA_EXIT_OK)
		return KA_EXIT_BROKEN;
	if (ka_noise_start(&noise, &err) < 0) {
		ka_complain("%s", err.text);
		return KA_EXIT_BROKEN;
	}
	began_ns = ka_now_ns();
	status = examine(&e, &facts);
	if (status == KA_EXIT_OK)
		status = print_all(&e, &facts, noise, began_ns);
	ka_noise_stop(noise);
	end_examination(&e);
	return status;
}
