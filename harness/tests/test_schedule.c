/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The runner, with instances that misbehave in every way (misbehave.h). Their sandboxes are real.
 */
#include <signal.h>
#include <sys/wait.h>

#include "netns/sandbox.h"
#include "netns/tests/unit.h"
#include "result/result.h"
#include "run/schedule.h"
#include "tests/misbehave.h"

/* What one run of the scheduler came to. */
struct outcome {
	size_t n;
	json_t *results[KA_MOST];
	unsigned delivered;
	int stop_with;       /* the result callback returns this */
	int signal_at_first; /* raised when the first result comes */
};

/* ---- a sandbox that cannot be had ----------------------------------------------------------- */

struct refusal {
	int code;       /* errno; 0: none */
	unsigned after; /* so many may start first */
	unsigned times; /* and so many are refused; 0: all */
	unsigned asked;
};

static struct refusal refusal;

int __real_nn_sandbox_start_for(int parent, struct nn_sandbox *box, int (*entry)(void *), void *arg,
				struct nn_err *err);
int __wrap_nn_sandbox_start_for(int parent, struct nn_sandbox *box, int (*entry)(void *), void *arg,
				struct nn_err *err);

int __wrap_nn_sandbox_start_for(int parent, struct nn_sandbox *box, int (*entry)(void *), void *arg,
				struct nn_err *err)
{
	unsigned asked = refusal.asked++;

	if (refusal.code && asked >= refusal.after &&
	    (!refusal.times || asked < refusal.after + refusal.times))
		return nn_fail(err, refusal.code, "the host forbids it");
	return __real_nn_sandbox_start_for(parent, box, entry, arg, err);
}

/* ---- a run -------------------------------------------------------------------------------- */

static struct ka_shared *shared;

static int on_result(void *arg, size_t index, json_t *json)
{
	struct outcome *outcome = arg;

	assert_null(outcome->results[index]);
	outcome->results[index] = json;
	if (outcome->delivered++ == 0 && outcome->signal_at_first)
		raise(outcome->signal_at_first);
	return outcome->stop_with;
}

static const struct ka_case a_case = { .name = "a", .why = "w" };
static const struct ka_theme a_theme = { "t", "T", &a_case, 1 };

/* Runs instances that behave like @what. */
static int run(const enum ka_behaviour *what, size_t n, struct ka_schedule_options options,
	       const double *expected_s, struct outcome *outcome)
{
	const struct ka_facts facts = { .release = "6.1", .hz = 250, .tick_ns = 4000000 };
	const struct ka_schedule_events events = { .result = on_result, .arg = outcome };
	struct ka_instance instances[KA_MOST];
	struct ka_prediction predictions[KA_MOST];
	const struct ka_plan plan = { .instances = instances, .predictions = predictions, .n = n };
	struct nn_err err = { "" };

	memset(shared, 0, sizeof(*shared));
	for (size_t i = 0; i < n; i++) {
		instances[i] = (struct ka_instance){ .theme = &a_theme,
						     .case_ = &a_case,
						     .setting = { .idle = 1, .intvl = 1, .cnt = 1 },
						     .family = 2,
						     .seed = what[i],
						     .repetition = (unsigned)i,
						     .name = "a/1-1-1/v4/client" };
		predictions[i] =
			(struct ka_prediction){ .expected_s = expected_s ? expected_s[i] : 0 };
	}
	outcome->n = n;
	options.run = ka_misbehave;
	if (options.set_up_s <= 0)
		options.set_up_s = 10;
	return ka_schedule_run(&plan, &facts, &options, &events, &err);
}

static void assert_result(const struct outcome *outcome, size_t index, const char *verdict,
			  const char *why)
{
	const json_t *json = outcome->results[index];
	const char *text = json_string_value(json_object_get(json, "why"));

	assert_string_equal(json_string_value(json_object_get(json, "verdict")), verdict);
	if (!strstr(text, why))
		fail_msg("instance %zu: '%s' does not say '%s'", index, text, why);
}

/* No process is left, not even a dead one; frees the results. */
static void clean(struct outcome *outcome)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	for (size_t i = 0; i < outcome->n; i++)
		json_decref(outcome->results[i]);
	refusal = (struct refusal){ .code = 0 };
}

/* One instance alone. */
static void assert_one(enum ka_behaviour what, const char *verdict, const char *why)
{
	struct outcome outcome = { .n = 0 };

	assert_int_equal(
		run(&what, 1, (struct ka_schedule_options){ .retries = 2 }, NULL, &outcome), 0);
	assert_int_equal(outcome.delivered, 1);
	assert_result(&outcome, 0, verdict, why);
	clean(&outcome);
}

/* ---- tests -------------------------------------------------------------------------------- */

TEST(results_come_with_their_index)
{
	const enum ka_behaviour what[] = { PASSES, BREAKS, PASSES_WITHOUT_READY, EXITS_7, PASSES };
	struct outcome outcome = { .n = 0 };

	assert_int_equal(run(what, 5, (struct ka_schedule_options){ .retries = 2 }, NULL, &outcome),
			 0);
	assert_int_equal(outcome.delivered, 5);
	assert_result(&outcome, 0, "pass", "");
	assert_result(&outcome, 1, "broken", "host stalled 300 ms");
	assert_result(&outcome, 2, "pass", "");
	assert_result(&outcome, 3, "broken", "ended with status 7");
	assert_result(&outcome, 4, "pass", "");
	clean(&outcome);
}

TEST(nothing_to_do_is_done)
{
	struct outcome outcome = { .n = 0 };

	assert_int_equal(run(NULL, 0, (struct ka_schedule_options){ 0 }, NULL, &outcome), 0);
	assert_int_equal(outcome.delivered, 0);
	clean(&outcome);
}

TEST(what_goes_wrong_is_named)
{
	assert_one(CRASHES, "broken", "killed by signal 4");
	assert_one(EXITS_7, "broken", "ended with status 7");
	assert_one(SAYS_NOTHING, "broken", "without a result");
	assert_one(SAYS_GARBAGE, "broken", "no result");
	assert_one(SAYS_HALF, "broken", "no result");
	assert_one(PASSES_AND_EXITS_1, "broken", "ended with status 1");
}

TEST(long_results_arrive_whole)
{
	const enum ka_behaviour what[] = { SAYS_MUCH, SAYS_MUCH };
	struct outcome outcome = { .n = 0 };

	assert_int_equal(run(what, 2, (struct ka_schedule_options){ 0 }, NULL, &outcome), 0);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(json_string_length(json_object_get(outcome.results[i], "why")),
				 KA_MUCH);
	clean(&outcome);
}

TEST(what_overruns_is_killed_whole)
{
	const enum ka_behaviour what[] = { HANGS, PASSES, HANGS_WITH_CHILD };
	const double expected_s[] = { 0, 0, 0.1 };
	struct outcome outcome = { .n = 0 };

	assert_int_equal(
		run(what, 3, (struct ka_schedule_options){ .set_up_s = 0.4 }, expected_s, &outcome),
		0);
	assert_result(&outcome, 0, "broken", "overran its deadline of 0 s");
	assert_result(&outcome, 1, "pass", "");
	assert_result(&outcome, 2, "broken", "overran its deadline");
	clean(&outcome);
}

TEST(stalled_hosts_get_another_try)
{
	const enum ka_behaviour what[] = { STALLS_UNTIL_LAST_TRY, STALLS_ALWAYS, BREAKS, PASSES };
	const json_t *why;
	struct outcome outcome = { .n = 0 };

	assert_int_equal(run(what, 4, (struct ka_schedule_options){ .retries = 2 }, NULL, &outcome),
			 0);
	assert_int_equal(outcome.delivered, 4);
	assert_result(&outcome, 0, "pass", "");
	assert_result(&outcome, 1, "broken", "host stalled");
	assert_int_equal(shared->tries[0], 3);
	assert_int_equal(shared->tries[1], 3);
	assert_int_equal(shared->tries[2], 1);
	assert_int_equal(shared->tries[3], 1);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(json_array_size(json_object_get(outcome.results[i], "tries")),
				 i < 2 ? 2 : 0);
	why = json_array_get(json_object_get(outcome.results[1], "tries"), 0);
	assert_string_equal(json_string_value(json_object_get(why, "code")), "stalled");
	assert_string_equal(json_string_value(json_object_get(why, "text")), "it did");
	clean(&outcome);
}

/* The first time at once, the last time when all others have begun. */
TEST(the_last_try_comes_last)
{
	const enum ka_behaviour what[] = { STALLS_ALWAYS, PASSES, PASSES };
	static const unsigned wanted[] = { 0, 0, 1, 2, 0 };
	const struct ka_schedule_options options = { .jobs = 1, .retries = 2 };
	struct outcome outcome = { .n = 0 };

	assert_int_equal(run(what, 3, options, NULL, &outcome), 0);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(shared->order[i], wanted[i] + 1);
	clean(&outcome);
}

TEST(jobs_limits_what_runs)
{
	enum ka_behaviour what[12];
	struct outcome outcome = { .n = 0 };

	for (size_t i = 0; i < 12; i++)
		what[i] = LINGERS;
	assert_int_equal(run(what, 12, (struct ka_schedule_options){ .jobs = 3 }, NULL, &outcome),
			 0);
	assert_in_range(shared->most_running, 2, 3);
	clean(&outcome);
}

/* All run at once, but only a few of them build their network at the same time. */
TEST(set_up_work_is_limited)
{
	unsigned limit = 2 * (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
	enum ka_behaviour what[KA_MOST];
	struct outcome outcome = { .n = 0 };

	for (size_t i = 0; i < KA_MOST; i++)
		what[i] = LINGERS;
	assert_int_equal(run(what, KA_MOST, (struct ka_schedule_options){ 0 }, NULL, &outcome), 0);
	assert_in_range(shared->most_setting_up, 1, limit);
	if (limit < KA_MOST / 4)
		assert_true(shared->most_running > limit);
	clean(&outcome);
}

/* ---- pace --------------------------------------------------------------------------------- */

static int64_t always_loud(int64_t from_ns, int64_t to_ns)
{
	return to_ns > from_ns ? 50000000 : 0;
}

static int64_t always_quiet(int64_t from_ns, int64_t to_ns)
{
	(void)from_ns;
	(void)to_ns;
	return 0;
}

static void run_paced(size_t n, unsigned jobs, int64_t (*lateness)(int64_t, int64_t))
{
	const struct ka_schedule_options options = { .jobs = jobs,
						     .noise_goal_ns = 20000000,
						     .lateness = lateness };
	enum ka_behaviour what[KA_MOST];
	struct outcome outcome = { .n = 0 };

	for (size_t i = 0; i < n; i++)
		what[i] = LINGERS;
	assert_int_equal(run(what, n, options, NULL, &outcome), 0);
	for (size_t i = 0; i < n; i++)
		assert_result(&outcome, i, "pass", "");
	clean(&outcome);
}

/* Whatever makes the host loud: one after the other, all come to their end. Those that were let work
 * before it was heard of do not count. */
TEST(a_loud_host_gets_one_at_a_time)
{
	unsigned cpus = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);

	run_paced(KA_MOST, 0, always_loud);
	assert_in_range(shared->most_working, 1, cpus);
	if (cpus < KA_MOST / 8) /* they wait in between: all at once they would have been */
		assert_true(shared->most_running > shared->most_working);
}

TEST(a_quiet_host_gets_more)
{
	unsigned cpus = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);

	run_paced(KA_MOST, 0, always_quiet);
	assert_in_range(shared->most_working, cpus < KA_MOST ? cpus : 1, 8 * cpus);
}

/* Those that wait to tear down do not take the place of others for ever. */
TEST(paced_with_jobs)
{
	run_paced(12, 1, always_loud);
	assert_int_equal(shared->most_running, 1);
	run_paced(12, 3, always_quiet);
	assert_in_range(shared->most_running, 2, 3);
}

TEST(the_longest_go_first)
{
	const enum ka_behaviour what[] = { PASSES, PASSES, PASSES, PASSES };
	const double expected_s[] = { 1, 4, 2, 4 };
	static const unsigned wanted[] = { 1, 3, 2, 0 };
	struct outcome outcome = { .n = 0 };

	assert_int_equal(
		run(what, 4, (struct ka_schedule_options){ .jobs = 1 }, expected_s, &outcome), 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(shared->order[i], wanted[i] + 1);
	clean(&outcome);
}

TEST(the_receiver_can_stop_it)
{
	const enum ka_behaviour what[] = { HANGS, PASSES, HANGS_WITH_CHILD };
	struct outcome outcome = { .stop_with = -EPIPE };

	assert_int_equal(run(what, 3, (struct ka_schedule_options){ 0 }, NULL, &outcome), -EPIPE);
	assert_int_equal(outcome.delivered, 1);
	clean(&outcome);
}

TEST(signals_stop_it)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	const enum ka_behaviour what[] = { HANGS, PASSES, HANGS_WITH_CHILD };
	sigset_t before, after;

	sigprocmask(SIG_SETMASK, NULL, &before);
	for (size_t i = 0; i < 3; i++) {
		struct outcome outcome = { .signal_at_first = signals[i] };

		assert_int_equal(run(what, 3, (struct ka_schedule_options){ 0 }, NULL, &outcome),
				 -EINTR);
		clean(&outcome);
	}
	sigprocmask(SIG_SETMASK, NULL, &after);
	for (int i = 1; i < NSIG; i++)
		assert_int_equal(sigismember(&before, i), sigismember(&after, i));
}

TEST(impossible_sandboxes_are_skipped)
{
	static const int codes[] = { EPERM, ENOSPC, ENOSYS, EUSERS };
	const enum ka_behaviour what[] = { PASSES, PASSES };

	for (size_t i = 0; i < 4; i++) {
		struct outcome outcome = { .n = 0 };

		refusal = (struct refusal){ .code = codes[i] };
		assert_int_equal(run(what, 2, (struct ka_schedule_options){ 0 }, NULL, &outcome),
				 0);
		assert_result(&outcome, 0, "skip", "the host forbids it");
		assert_result(&outcome, 1, "skip", "the host forbids it");
		clean(&outcome);
	}
}

TEST(other_causes_are_broken)
{
	const enum ka_behaviour what[] = { PASSES };
	struct outcome outcome = { .n = 0 };

	refusal = (struct refusal){ .code = EIO };
	assert_int_equal(run(what, 1, (struct ka_schedule_options){ 0 }, NULL, &outcome), 0);
	assert_result(&outcome, 0, "broken", "the host forbids it");
	clean(&outcome);
}

/* One sandbox too many: it waits for its turn, and for some time no more are tried at once. */
TEST(too_many_sandboxes_wait)
{
	static const enum ka_behaviour what[12] = { LINGERS, LINGERS, LINGERS, LINGERS,
						    LINGERS, LINGERS, LINGERS, LINGERS,
						    LINGERS, LINGERS, LINGERS, LINGERS };

	for (int soon = 0; soon < 2; soon++) {
		struct outcome outcome = { .n = 0 };
		const struct ka_schedule_options options = { .refused_s = soon ? 0.05 : 60 };

		shared->most_running = 0;
		refusal = (struct refusal){ .code = EAGAIN, .after = 2, .times = 1 };
		assert_int_equal(run(what, 12, options, NULL, &outcome), 0);
		for (size_t i = 0; i < 12; i++)
			assert_result(&outcome, i, "pass", "");
		assert_in_range(shared->most_running, soon ? 3 : 1, soon ? 12 : 2);
		clean(&outcome);
	}
}

static int do_nothing(void *arg)
{
	(void)arg;
	return 0;
}

/* Where there are no sandboxes there is nothing to test. */
static int probe_host(void **state)
{
	struct nn_sandbox box = NN_SANDBOX_INIT;
	struct nn_err err = { "" };

	(void)state;
	if (nn_sandbox_start(&box, do_nothing, NULL, &err) < 0) {
		printf("skipped: %s\n", err.text);
		exit(77);
	}
	nn_sandbox_kill(&box);
	refusal.asked = 0;
	shared = ka_misbehave_shared();
	return shared ? 0 : -1;
}

TEST_GROUP(probe_host, NULL)
