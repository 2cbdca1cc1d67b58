/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A real program at an end: that it is started, greeted, read and watched, and what is said of one that
 * does otherwise. The program is served.c, so that each of its manners is known. All instances run side
 * by side, each in a sandbox; a test looks at the timeline of its own.
 */
#include <sys/mman.h>
#include <sys/socket.h>

#include "bench/bench.h"
#include "judge/judge.h"
#include "model/util.h"
#include "model/vocabulary.h"
#include "netns/sandbox.h"
#include "netns/tests/unit.h"
#include "run/host.h"

#define EVENTS_MAX 2000

#define TEXT(text)                                                                                 \
	{                                                                                          \
		(text), sizeof(text) - 1                                                           \
	}

struct outcome {
	bool told;
	int ret;
	char why[KA_SENSE_TEXT];
	size_t n;
	struct ka_event events[EVENTS_MAX];
};

/* ---- what is run ------------------------------------------------------------------------------ */

#define SETTING(...)                                                                               \
	(const struct ka_setting[])                                                                \
	{                                                                                          \
		{ __VA_ARGS__ },                                                                   \
		{                                                                                  \
			.cnt = 0                                                                   \
		}                                                                                  \
	}

/* A program of these words, which is greeted, and the fault. */
#define GREETED                                                                                    \
	KA_CONNECTED, { .do_ = KA_GREET },                                                         \
	{                                                                                          \
		.do_ = KA_OPTIONS                                                                  \
	}

struct row {
	const char *name;
	struct ka_program program; /* its command begins with served.c's */
	struct ka_case c;
	struct ka_setting setting;
	int family;
	enum ka_end_why why;
	const char *says; /* of an end that is broken */
	void (*look)(const struct outcome *out);
};

static const struct row rows[];

static struct outcome *outcomes;
static struct nn_sandbox boxes[64];
static struct ka_facts facts;

static int run(const struct row *row, struct outcome *out)
{
	static const struct ka_theme theme = { .name = "program" };
	struct ka_case c = row->c;
	struct ka_program program = row->program;
	const struct ka_instance instance = {
		.theme = &theme,
		.case_ = &c,
		.setting = row->setting.cnt
				   ? row->setting
				   : (struct ka_setting){ .idle = 1, .intvl = 1, .cnt = 1 },
		.family = row->family ? row->family : AF_INET,
		.prober = program.role,
		.program = &program
	};
	struct ka_record record = { .timeline = { .n = 0 } };
	struct ka_prediction prediction;

	program.name = row->name;
	if (!program.port)
		program.port = 7000;
	c.program = &program;
	out->ret = ka_check_sense(&instance, out->why, sizeof(out->why));
	if (!out->ret)
		out->ret = ka_predict(&instance, &facts, &prediction);
	if (!out->ret)
		out->ret = ka_bench_run(&instance, &prediction, NULL, &record);
	out->n = record.timeline.n < EVENTS_MAX ? record.timeline.n : EVENTS_MAX;
	memcpy(out->events, record.timeline.events, out->n * sizeof(*out->events));
	out->told = true;
	ka_record_free(&record);
	return out->ret ? 1 : 0;
}

/* ---- what is looked at ------------------------------------------------------------------------ */

static const struct ka_event *first(const struct outcome *out, enum ka_what what)
{
	for (size_t i = 0; i < out->n; i++)
		if (out->events[i].what == what)
			return &out->events[i];
	return NULL;
}

static const struct ka_event *last(const struct outcome *out, enum ka_what what)
{
	for (size_t i = out->n; i > 0; i--)
		if (out->events[i - 1].what == what)
			return &out->events[i - 1];
	return NULL;
}

static void tell(const char *name, const struct outcome *out)
{
	for (size_t i = 0; i < out->n; i++) {
		static const char *const places[] = { "client", "server", "gateway", "bench" };
		char text[400];

		if (out->events[i].what == KA_EV_COUNTER || out->events[i].what == KA_EV_PROOF)
			continue;
		print_message("%s %10.6f %-7s %s\n", name,
			      (double)(out->events[i].t_ns - out->events[0].t_ns) / 1e9,
			      places[out->events[i].at],
			      ka_event_text(&out->events[i], text, sizeof(text)));
	}
}

static const struct ka_options_event *options(const struct outcome *out, bool listener)
{
	for (size_t i = 0; i < out->n; i++)
		if (out->events[i].what == KA_EV_OPTIONS &&
		    out->events[i].options.listener == listener)
			return &out->events[i].options;
	return NULL;
}

/* Seconds from the last step's end to the kernel's end, and from there to the program's. */
static void look_at_silence(const struct outcome *out)
{
	const struct ka_options_event *o = options(out, false);
	const struct ka_event *hold = last(out, KA_EV_HOLD), *gone = last(out, KA_EV_DIAG);

	assert_non_null(o);
	assert_true(o->keepalive);
	assert_int_equal(o->n_holders, 1);
	assert_int_equal(o->error, 0);
	assert_int_equal(o->idle, 1);
	assert_int_equal(o->intvl, 1);
	assert_int_equal(o->cnt, 2);
	assert_non_null(options(out, true));
	assert_false(options(out, true)->keepalive);
	assert_false(gone->diag.found);
	assert_int_equal(hold->hold.n, 0);
	assert_true(hold->t_ns >= gone->t_ns);
	assert_true(hold->t_ns - gone->t_ns < 200 * INT64_C(1000000));
	assert_non_null(first(out, KA_EV_PROCESS));
}

static void look_at_leak(const struct outcome *out)
{
	assert_false(last(out, KA_EV_DIAG)->diag.found);
	assert_int_equal(last(out, KA_EV_HOLD)->hold.n, 1);
}

static void look_at_timeout(const struct outcome *out)
{
	assert_int_equal(last(out, KA_EV_HOLD)->hold.n, 0);
}

#define SILENCE                                                                                    \
	.c = { .name = "silence",                                                                  \
	       .probers = KA_ONLY_SERVER,                                                          \
	       KA_STEPS(GREETED, KA_SILENCE),                                                      \
	       .expect = { KA_EXPIRES } },                                                         \
	.setting = { .idle = 1, .intvl = 1, .cnt = 2 }

#define UP                                                                                         \
	.c = { .name = "up",                                                                       \
	       .probers = KA_ONLY_SERVER,                                                          \
	       KA_STEPS(GREETED),                                                                  \
	       .expect = { .when = KA_NEVER, .watch = { .ms = 100 } } }

#define HELLO .hello = TEXT("hello\n"), .hello_expect = TEXT("ok\n")

static const struct row rows[] = {
	{ .name = "silent",
	  .program = { .role = KA_SERVER, .command = { SERVED, "keepalive=1,1,2" }, HELLO },
	  SILENCE,
	  .why = KA_END_DIED,
	  .look = look_at_silence },
	{ .name = "silent6",
	  .program = { .role = KA_SERVER,
		       .command = { SERVED, "keepalive=1,1,2", "bind=::" },
		       HELLO },
	  SILENCE,
	  .family = AF_INET6,
	  .why = KA_END_DIED,
	  .look = look_at_silence },
	{ .name = "dual",
	  .program = { .role = KA_SERVER,
		       .command = { SERVED, "keepalive=1,1,2", "bind=::" },
		       HELLO },
	  SILENCE,
	  .why = KA_END_DIED,
	  .look = look_at_silence },
	{ .name = "leak",
	  .program = { .role = KA_SERVER,
		       .command = { SERVED, "keepalive=1,1,2", "leak" },
		       HELLO,
		       .patience_s = 1 },
	  SILENCE,
	  .why = KA_END_DIED,
	  .look = look_at_leak },
	{ .name = "timeout",
	  .program = { .role = KA_SERVER, .command = { SERVED, "timeout=1" }, HELLO },
	  .c = { .name = "silence",
		 KA_STEPS(GREETED, KA_SILENCE),
		 .expect = { .when = KA_NEVER, .watch = { .ms = 3000 } },
		 .from = KA_FROM_NOWHERE },
	  .why = KA_END_DIED,
	  .look = look_at_timeout },
	{ .name = "up",
	  .program = { .role = KA_SERVER, .command = { SERVED }, HELLO },
	  UP,
	  .why = KA_END_WATCHED },
	{ .name = "late",
	  .program = { .role = KA_SERVER, .command = { SERVED, "slow=500", "refuse=5" }, HELLO },
	  UP,
	  .why = KA_END_WATCHED },
};

static int entry(void *arg)
{
	const struct row *row = arg;

	return run(row, &outcomes[row - rows]);
}

static int start(void **state)
{
	struct nn_err err = { 0 };
	int ret = ka_host_facts(&facts, &err);

	(void)state;
	outcomes = mmap(NULL, KA_N(rows) * sizeof(*outcomes), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (outcomes == MAP_FAILED)
		return -1;
	for (size_t i = 0; !ret && i < KA_N(rows); i++)
		ret = nn_sandbox_start(&boxes[i], entry, (void *)(uintptr_t)&rows[i], &err);
	if (ret)
		print_error("%s\n", err.text);
	return ret;
}

static int stop(void **state)
{
	(void)state;
	for (size_t i = 0; i < KA_N(rows); i++)
		nn_sandbox_kill(&boxes[i]);
	return munmap(outcomes, KA_N(rows) * sizeof(*outcomes));
}

TEST_GROUP(start, stop)

TEST_ROWS(is_told, rows)
{
	const struct row *row = *state;
	const struct outcome *out = &outcomes[row - rows];
	const struct ka_event *end;
	int ret = nn_sandbox_wait(&boxes[row - rows]);

	if (getenv("KA_TELL"))
		tell(row->name, out);
	if (ret)
		fail_msg("%d: %s", ret, out->why);
	assert_true(out->told);
	end = last(out, KA_EV_END);
	assert_non_null(end);
	if (end->end.why != row->why)
		fail_msg("ended otherwise: %d %s", end->end.why, end->end.text);
	if (row->says && !strstr(end->end.text, row->says))
		fail_msg("says: %s", end->end.text);
	if (row->look)
		row->look(out);
}
