/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host that stalls: the instance ends at once, and does not wait until its last second. */
#include <errno.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "bench/bench.h"
#include "model/util.h"
#include "netns/sandbox.h"
#include "netns/tests/unit.h"
#include "run/host.h"

#define MS INT64_C(1000000)

static const struct ka_case patient = {
	.name = "patient",
	.why = "nothing happens for a while",
	.topology = KA_PAIR,
	KA_STEPS({ .do_ = KA_CONNECT }, { .do_ = KA_SEND, .who = KA_PEER, .bytes = 10 },
		 { .do_ = KA_WAIT, .at = { .ms = 200 } }, { .do_ = KA_WAIT, .at = { .ms = 200 } }),
	.expect = { .when = KA_NEVER,
		    .arming = KA_PROBED,
		    .watch = { .idle = 3 },
		    .answered = KA_SOME },
};

/* What the host does. */
enum host { QUIET, LOUD, STOPS_ONCE };

static struct outcome {
	int ret;
	struct ka_end end;
	bool done;
	double wall_s;
} * outcome; /* shared with the sandbox */

static int64_t late_ns(void *arg, int64_t from_ns, int64_t to_ns)
{
	static int64_t first_ns;
	enum host *host = arg;

	(void)to_ns;
	first_ns = first_ns ? first_ns : from_ns;
	/* when the first wait is over, and the second has begun */
	if (*host == STOPS_ONCE && from_ns - first_ns > 100 * MS) {
		poll(NULL, 0, 700);
		*host = QUIET;
	}
	return *host == LOUD ? 300 * MS : MS;
}

static void done(void *arg)
{
	(void)arg;
	outcome->done = true;
}

static int entry(void *arg)
{
	static const struct ka_theme theme = { .name = "stall" };
	const struct ka_instance instance = { .theme = &theme,
					      .case_ = &patient,
					      .setting = { .idle = 1, .intvl = 1, .cnt = 1 },
					      .family = AF_INET,
					      .prober = KA_CLIENT };
	const struct ka_bench_events events = {
		.late_ns = late_ns, .done = done, .budget_ns = 250 * MS, .arg = arg
	};
	struct ka_record record = { .timeline = { .n = 0 } };
	struct ka_prediction prediction;
	struct ka_facts facts;
	int64_t began_ns = ka_now_ns();

	outcome->ret = ka_host_facts(&facts, NULL);
	if (!outcome->ret)
		outcome->ret = ka_predict(&instance, &facts, &prediction);
	if (!outcome->ret)
		outcome->ret = ka_bench_run(&instance, &prediction, &events, &record);
	outcome->wall_s = (double)(ka_now_ns() - began_ns) / 1e9;
	for (size_t i = 0; i < record.timeline.n; i++)
		if (record.timeline.events[i].what == KA_EV_END)
			outcome->end = record.timeline.events[i].end;
	ka_record_free(&record);
	return 0;
}

static void run(enum host host)
{
	struct nn_sandbox box = NN_SANDBOX_INIT;
	struct nn_err err = { "" };

	*outcome = (struct outcome){ .ret = -1 };
	if (nn_sandbox_start(&box, entry, &host, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(nn_sandbox_wait(&box), 0);
	assert_int_equal(outcome->ret, 0);
	assert_true(outcome->done);
}

TEST(a_quiet_host_is_watched_to_the_end)
{
	run(QUIET);
	assert_int_equal(outcome->end.why, KA_END_WATCHED);
	assert_true(outcome->wall_s > 3);
}

TEST(late_timers)
{
	run(LOUD);
	assert_int_equal(outcome->end.why, KA_END_BROKEN);
	assert_int_equal(outcome->end.code, KA_FIND_STALLED);
	assert_string_equal(outcome->end.text, "host stalled 300 ms");
	assert_true(outcome->wall_s < 2);
}

TEST(late_steps)
{
	run(STOPS_ONCE);
	assert_int_equal(outcome->end.why, KA_END_BROKEN);
	assert_int_equal(outcome->end.code, KA_FIND_STEP_LATE);
	assert_non_null(strstr(outcome->end.text, "ms before: "));
	assert_true(outcome->wall_s < 2.7);
}

static int begin(void **state)
{
	void *memory = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)state;
	outcome = memory == MAP_FAILED ? NULL : memory;
	return outcome ? 0 : -1;
}

TEST_GROUP(begin, NULL)
