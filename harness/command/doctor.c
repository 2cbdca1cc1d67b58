/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kacheck doctor: what this host can do, found out by doing it. */
#include "command/doctor.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "command/command.h"
#include "command/page.h"
#include "command/select.h"
#include "model/util.h"
#include "netns/sandbox.h"
#include "run/host.h"

#define NSEC_PER_SEC 1000000000ll
#define NOISE_NS     NSEC_PER_SEC        /* so long the host's wake-ups are watched */
#define PATIENCE_NS  (30 * NSEC_PER_SEC) /* all probes together take less than a second */

static const char about[] =
	"Tries, in a sandbox, everything that experiments need, and measures how late this host "
	"wakes its timers. What is missing is named with the way to get it. Exit status: 0 the "
	"whole "
	"catalogue can run; 77 something is missing.";

struct finding {
	bool known;
	int ret;
	char why[400];
};

/* ---- in the sandbox, and out of it -------------------------------------------------------- */

static int enter(void *arg)
{
	return ka_probes_run(*(const int *)arg);
}

/* Reads all that the sandbox has to say, until it ends or the patience does. */
static char *read_all(int fd)
{
	int64_t deadline_ns = ka_now_ns() + PATIENCE_NS;
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char *text = NULL, chunk[4096];
	size_t len;
	FILE *out = open_memstream(&text, &len);
	ssize_t got = 1;

	while (out && got > 0) {
		int64_t left_ns = deadline_ns - ka_now_ns();

		if (left_ns <= 0 || poll(&pfd, 1, (int)(left_ns / 1000000) + 1) <= 0)
			break;
		got = read(fd, chunk, sizeof(chunk));
		if (got > 0)
			fwrite(chunk, 1, (size_t)got, out);
	}
	if (out && fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static void parse_findings(char *text, struct finding *findings, size_t n)
{
	char *state = NULL;

	for (char *line = strtok_r(text, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
		char *tab;
		size_t i = strtoul(line, &tab, 10);

		if (i >= n || *tab != '\t')
			continue;
		findings[i].known = true;
		findings[i].ret = (int)strtol(tab + 1, &tab, 10);
		snprintf(findings[i].why, sizeof(findings[i].why), "%s", *tab ? tab + 1 : "");
	}
}

/* Runs the probes. -errno with the cause when there is no sandbox at all. */
static int examine(struct finding *findings, size_t n, struct nn_err *err)
{
	struct nn_sandbox box = NN_SANDBOX_INIT;
	char *text;
	int fds[2], ret;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return nn_fail(err, errno, "pipe");
	ret = nn_sandbox_start(&box, enter, &fds[1], err);
	close(fds[1]);
	if (ret == 0) {
		text = read_all(fds[0]);
		if (text)
			parse_findings(text, findings, n);
		free(text);
	}
	nn_sandbox_kill(&box);
	close(fds[0]);
	return ret;
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
		 "timers were woken at most %.1f ms late in one second; windows are wider by as "
		 "much "
		 "as is measured while an instance runs",
		 (double)late_ns / 1e6);
	print_row("OK", "wake-ups", text);
}

/* ---- what the catalogue needs ------------------------------------------------------------- */

static unsigned count_users(const struct ka_probe *probe)
{
	size_t n;
	const struct ka_theme *const *themes = ka_catalogue(&n);
	unsigned users = 0;

	for (size_t t = 0; t < n; t++)
		for (size_t c = 0; c < themes[t]->n; c++)
			users += !probe->used || probe->used(&themes[t]->cases[c]);
	return users;
}

/* True when the catalogue needs something that is not here. */
static bool print_finding(const struct ka_probe *probe, const struct finding *finding)
{
	unsigned users = count_users(probe);
	char text[1024];

	if (finding->known && finding->ret == 0) {
		print_row("OK", probe->name, probe->what);
		return false;
	}
	snprintf(text, sizeof(text), "%s: %s; it takes %s (%u case%s of the catalogue need%s it)",
		 probe->what,
		 finding->known ? finding->why : "the sandbox ended before it was tried",
		 probe->remedy, users, users == 1 ? "" : "s", users == 1 ? "s" : "");
	print_row(users ? "MISSING" : "-", probe->name, text);
	return users > 0;
}

static unsigned print_findings(const struct finding *findings)
{
	size_t n;
	const struct ka_probe *probes = ka_probes(&n);
	unsigned missing = 0;

	for (size_t i = 0; i < n; i++)
		missing += print_finding(&probes[i], &findings[i]);
	return missing;
}

/* Returns the number of things that are missing. */
static unsigned print_sandbox(void)
{
	struct finding findings[32] = { { .known = false } };
	struct nn_err err = { "" };

	if (examine(findings, KA_N(findings), &err) < 0) {
		print_row("MISSING", "sandbox", err.text);
		return 1;
	}
	print_row("OK", "sandbox",
		  nn_sandbox_is_privileged()
			  ? "network, mount and pid namespaces (root needs no user namespace)"
			  : "user, network, mount and pid namespaces, without privilege");
	return print_findings(findings);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	(void)state;
	if (key == ARGP_KEY_ARG)
		ka_usage_error("unexpected '%.60s'; doctor takes no arguments", arg);
	return ARGP_ERR_UNKNOWN;
}

int ka_command_doctor(int argc, char **argv)
{
	const struct argp argp = { NULL, parse, NULL, about, NULL, NULL, NULL };
	struct ka_noise *noise = NULL;
	struct nn_err err = { "" };
	struct ka_facts facts;
	int64_t began_ns;
	unsigned missing;

	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	if (ka_select_host(&facts) != KA_EXIT_OK)
		return KA_EXIT_BROKEN;
	if (ka_noise_start(&noise, &err) < 0) {
		ka_complain("%s", err.text);
		return KA_EXIT_BROKEN;
	}
	began_ns = ka_now_ns();
	print_kernel(&facts);
	missing = print_sandbox();
	print_phase(&facts);
	print_files();
	print_noise(noise, began_ns);
	ka_noise_stop(noise);
	printf("\n%s\n", missing ? "Something is missing: instances that need it are skipped."
				 : "Everything that the catalogue needs is here.");
	return missing ? KA_EXIT_NOTHING : KA_EXIT_OK;
}
