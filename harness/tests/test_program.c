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
	bool files;      /* two scripts in its folder */
	bool privileged; /* makes sense only for root */
	enum ka_end_why why;
	const char *says; /* of an end that is broken */
	void (*look)(const struct outcome *out);
};

static const struct row rows[];

static struct outcome *outcomes;
static struct nn_sandbox boxes[64];
static struct ka_facts facts;

static const struct ka_program_file script = { .path = "/run/kacheck/script",
					       .mode = 0755,
					       .text = TEXT("#!/bin/sh\nexec " SERVED "\n") };
static const struct ka_program_file plain = { .path = "/run/kacheck/plain",
					      .mode = 0755,
					      .text = TEXT("exec " SERVED "\n") };

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
	if (row->files) {
		program.files[program.n_files++] = script;
		program.files[program.n_files++] = plain;
	}
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

/* The kernel's end, then the program's. */
static void looks_dead(const struct outcome *out)
{
	const struct ka_event *hold = last(out, KA_EV_HOLD), *gone = last(out, KA_EV_DIAG);

	assert_false(gone->diag.found);
	assert_int_equal(hold->hold.n, 0);
	assert_true(hold->t_ns >= gone->t_ns);
	assert_true(hold->t_ns - gone->t_ns < 200 * INT64_C(1000000));
}

static void looks_silent(const struct outcome *out)
{
	const struct ka_options_event *o = options(out, false);

	looks_dead(out);
	assert_non_null(o);
	assert_int_equal(o->error, 0);
	assert_int_equal(o->n_holders, 1);
	assert_string_equal(o->comm, "served");
	assert_true(o->keepalive);
	assert_int_equal(o->idle, 1);
	assert_int_equal(o->intvl, 1);
	assert_int_equal(o->cnt, 2);
	assert_non_null(options(out, true));
	assert_false(options(out, true)->keepalive);
}

static void looks_leaky(const struct outcome *out)
{
	assert_false(last(out, KA_EV_DIAG)->diag.found);
	assert_int_equal(last(out, KA_EV_HOLD)->hold.n, 1);
}

static void let_go_after_1_s(const struct outcome *out)
{
	const struct ka_event *hold = last(out, KA_EV_HOLD);
	double s = 0;

	for (size_t i = 0; i < out->n; i++)
		if (out->events[i].what == KA_EV_STEP && out->events[i].step.index == 2)
			s = (double)(hold->t_ns - out->events[i].t_ns) / 1e9;
	assert_int_equal(hold->hold.n, 0);
	assert_true(s > 0.8 && s < 1.5);
}

static const struct ka_process *came_back(const struct outcome *out)
{
	const struct ka_event *event = last(out, KA_EV_PROCESS);

	assert_true(event->t_ns >= last(out, KA_EV_END)->t_ns);
	return &event->process;
}

static void returns(const struct outcome *out)
{
	assert_int_equal(came_back(out)->act, KA_PROC_RETURNS);
	assert_true(came_back(out)->status < 1000);
}

/* Nothing of the second connection is in the record of the first. */
static void serves_again(const struct outcome *out)
{
	looks_dead(out);
	returns(out);
	assert_string_equal(came_back(out)->text, "serves again");
	for (size_t i = 0; i < out->n; i++)
		assert_true(out->events[i].what == KA_EV_PROCESS ||
			    out->events[i].t_ns <= last(out, KA_EV_END)->t_ns);
}

static void serves_no_more(const struct outcome *out)
{
	looks_dead(out);
	assert_int_equal(came_back(out)->act, KA_PROC_STAYS_AWAY);
	assert_string_equal(came_back(out)->text, "does not answer");
	assert_true(came_back(out)->status >= 1000);
}

/* Its first SYN may still meet the silence: the next comes a second later. */
static void connects_again(const struct outcome *out)
{
	assert_int_equal(came_back(out)->act, KA_PROC_RETURNS);
	assert_string_equal(came_back(out)->text, "connects again");
}

static void stays_away(const struct outcome *out)
{
	assert_int_equal(came_back(out)->act, KA_PROC_STAYS_AWAY);
	assert_string_equal(came_back(out)->text, "does not connect");
}

/* Where one user is all there are, that one is who called. */
static void is_nobody(const struct outcome *out)
{
	char words[64];

	snprintf(words, sizeof(words), "uid %u ", getuid() ? getuid() : 65534);
	for (size_t i = 0; i < out->n; i++)
		if (out->events[i].what == KA_EV_PROCESS &&
		    out->events[i].process.act == KA_PROC_SAYS) {
			assert_memory_equal(out->events[i].process.text, words, strlen(words));
			return;
		}
	fail_msg("it does not say who it is");
}

/* The probes and the end, by default of a server that is silent from step four on. */
#define SILENT                                                                                     \
	.c = { .name = "silent", KA_STEPS(GREETED, KA_SILENCE), .expect = { KA_EXPIRES } },        \
	.setting = { .idle = 1, .intvl = 1, .cnt = 2 }

/* ... and then the other end is back. */
#define BACK_FOR(time)                                                                             \
	.c = { .name = "back",                                                                     \
	       KA_STEPS(GREETED, KA_SILENCE),                                                      \
	       .returns = { .ms = (time) },                                                        \
	       .expect = { KA_EXPIRES } },                                                         \
	.setting = { .idle = 1, .intvl = 1, .cnt = 2 }

/* It stays so long, and nothing happens. */
#define STAYS_FOR(time)                                                                            \
	.c = { .name = "stays",                                                                    \
	       .from = KA_FROM_NOWHERE,                                                            \
	       KA_STEPS(GREETED, KA_SILENCE),                                                      \
	       .expect = { .when = KA_NEVER, .watch = { .ms = (time) } } }

#define UP                                                                                         \
	.c = { .name = "up",                                                                       \
	       KA_STEPS(GREETED),                                                                  \
	       .expect = { .when = KA_NEVER, .watch = { .ms = 100 } } }

#define FULL(...)                                                                                  \
	.c = { .name = "full",                                                                     \
	       .sysctls = { KA_SMALL_BUFFER },                                                     \
	       KA_STEPS(GREETED, { .do_ = KA_FLOOD }, { .do_ = KA_FREEZE, .who = KA_PEER }),       \
	       .expect = { .when = KA_NEVER, .watch = { __VA_ARGS__ } } }

#define ASKED                                                                                      \
	.c = { .name = "asked",                                                                    \
	       KA_STEPS(GREETED, { .do_ = KA_DROP, .way = KA_PROBES },                             \
			{ .do_ = KA_ASK, .unacked = true },                                        \
			{ .do_ = KA_DROP, .way = KA_ANSWERS }),                                    \
	       .sysctls = { KA_RETRIES2("3") },                                                    \
	       .expect = { KA_RETRANSMITS_IN_VAIN } }

#define HELLO          .hello = TEXT("hello\n"), .hello_expect = TEXT("ok\n")
#define SERVER_OF(...) .program = { .role = KA_SERVER, .command = { __VA_ARGS__ }, HELLO }
#define SERVER(...)    SERVER_OF(SERVED, __VA_ARGS__)
#define CLIENT(...)                                                                                \
	.program = { .role = KA_CLIENT,                                                            \
		     .command = { SERVED, "keepalive=1,1,2", "connect=198.51.100.1",               \
				  __VA_ARGS__ },                                                   \
		     .hello_expect = TEXT("hello\n"),                                              \
		     .answer = TEXT("ok\n"),                                                       \
		     .answer_times = 1,                                                            \
		     .settle_s = 0.2 }
#define BROKEN(text) .why = KA_END_BROKEN, .says = (text)

static const struct row rows[] = {
	{ .name = "silent", SERVER("keepalive=1,1,2"), SILENT, .look = looks_silent },
	{ .name = "silent over IPv6",
	  SERVER("keepalive=1,1,2", "bind=::"),
	  SILENT,
	  .family = AF_INET6,
	  .look = looks_silent },
	{ .name = "silent, IPv4 at a listener of IPv6",
	  SERVER("keepalive=1,1,2", "bind=::"),
	  SILENT,
	  .look = looks_silent },
	{ .name = "a client, silent",
	  .program = { .role = KA_CLIENT,
		       .command = { SERVED, "keepalive=1,1,2", "connect=198.51.100.1" },
		       .hello_expect = TEXT("hello\n"),
		       .answer = TEXT("ok\n"),
		       .answer_times = 1,
		       .settle_s = 0.2 },
	  SILENT,
	  .look = looks_dead },
	{ .name = "serves again", SERVER("keepalive=1,1,2"), BACK_FOR(1000), .look = serves_again },
	{ .name = "serves no more",
	  SERVER("keepalive=1,1,2", "once"),
	  BACK_FOR(1000),
	  .look = serves_no_more },
	{ .name = "serves again, though it never noticed",
	  SERVER("deaf"),
	  .c = { .name = "back",
		 .from = KA_FROM_NOWHERE,
		 KA_STEPS(GREETED, KA_SILENCE),
		 .returns = { .ms = 1000 },
		 .expect = { .when = KA_NEVER, .watch = { .ms = 300 } } },
	  .why = KA_END_WATCHED,
	  .look = returns },
	{ .name = "a client, connects again",
	  CLIENT("again"),
	  BACK_FOR(5000),
	  .look = connects_again },
	{ .name = "a client, does not", CLIENT("deaf"), BACK_FOR(1000), .look = stays_away },
	{ .name = "leaks",
	  .program = { .role = KA_SERVER,
		       .command = { SERVED, "keepalive=1,1,2", "leak" },
		       HELLO,
		       .patience_s = 1 },
	  SILENT,
	  .look = looks_leaky },
	{ .name = "closes by its own clock",
	  SERVER("timeout=1"),
	  STAYS_FOR(3000),
	  .look = let_go_after_1_s },
	{ .name = "closes by its own clock, with a full window",
	  .program = { .role = KA_SERVER,
		       .command = { SERVED, "timeout=1", "big=3000000" },
		       HELLO,
		       .flood = TEXT("big\n") },
	  FULL(.ms = 3000),
	  .look = let_go_after_1_s },
	{ .name = "stays", SERVER("deaf"), STAYS_FOR(300), .why = KA_END_WATCHED },
	{ .name = "full",
	  .program = { .role = KA_SERVER,
		       .command = { SERVED, "big=3000000" },
		       HELLO,
		       .flood = TEXT("big\n") },
	  FULL(.ms = 300),
	  .why = KA_END_WATCHED },
	{ .name = "asked", SERVER("keepalive=1,1,2"), ASKED, .look = looks_dead },

	/* ---- of many manners, and all the same it is up ---- */
	{ .name = "listens late, and refuses five",
	  SERVER("slow=300", "refuse=5"),
	  UP,
	  .why = KA_END_WATCHED },
	{ .name = "listens twice", SERVER("two"), UP, .why = KA_END_WATCHED },
	{ .name = "goes into the background", SERVER("background"), UP, .why = KA_END_WATCHED },
	{ .name = "has children", SERVER("children=3", "deaf"), UP, .why = KA_END_WATCHED },
	{ .name = "prints much", SERVER("print=64"), UP, .why = KA_END_WATCHED },
	{ .name = "writes", SERVER("write=/tmp/kacheck-was-here"), UP, .why = KA_END_WATCHED },
	{ .name = "is a script",
	  SERVER_OF("/run/kacheck/script"),
	  UP,
	  .files = true,
	  .why = KA_END_WATCHED },
	{ .name = "is a script without #!",
	  SERVER_OF("/run/kacheck/plain"),
	  UP,
	  .files = true,
	  .why = KA_END_WATCHED },
	{ .name = "has a user",
	  .program = { .role = KA_SERVER,
		       .command = { SERVED, "user", "port=80" },
		       HELLO,
		       .user = "nobody",
		       .port = 80 },
	  UP,
	  .why = KA_END_WATCHED,
	  .look = is_nobody },

	/* ---- what cannot be ---- */
	{ .name = "no such command",
	  SERVER_OF("kacheck-no-such"),
	  UP,
	  BROKEN("cannot run kacheck-no-such: ") },
	{ .name = "no such file",
	  SERVER_OF("/no/such"),
	  UP,
	  BROKEN("cannot run /no/such: No such file") },
	{ .name = "not executable",
	  SERVER_OF("/etc/passwd"),
	  UP,
	  BROKEN("cannot run /etc/passwd: Permission denied") },
	{ .name = "ends at once",
	  SERVER("exit=3"),
	  UP,
	  BROKEN("served ended with exit status 3 before it listened; its last words: served: this "
		 "ends badly") },
	{ .name = "ends well at once",
	  SERVER("exit=0"),
	  UP,
	  BROKEN("served ended with exit status 0 before it listened") },
	{ .name = "listens on another port",
	  SERVER("port=7001"),
	  UP,
	  BROKEN("served listens on 0.0.0.0:7001, not on port 7000 of 0.0.0.0") },
	{ .name = "listens on 127.0.0.1",
	  SERVER("bind=127.0.0.1"),
	  UP,
	  BROKEN("served listens on 127.0.0.1:7000, not on") },
	{ .name = "listens on ::1",
	  SERVER("bind=::1"),
	  UP,
	  BROKEN("served listens on [::1]:7000, not on") },
	{ .name = "answers nothing",
	  SERVER("quiet"),
	  UP,
	  BROKEN("served does not answer the greeting") },
	{ .name = "answers something else",
	  SERVER("wrong"),
	  UP,
	  BROKEN("served answers the greeting otherwise than expected: no") },
	{ .name = "set-up fails",
	  .program = { .role = KA_SERVER,
		       .command = { SERVED },
		       HELLO,
		       .set_up = { "true", "echo oh; exit 7" } },
	  UP,
	  BROKEN("set-up command 2 of set-up fails ended with exit status 7; its last words: oh") },
	{ .name = "no such user",
	  .program = { .role = KA_SERVER, .command = { SERVED }, HELLO, .user = "nosuchuser" },
	  UP,
	  BROKEN("there is no user nosuchuser here"),
	  .privileged = true },
	{ .name = "no such folder",
	  .program = { .role = KA_SERVER, .command = { SERVED }, HELLO, .cwd = "/no/such" },
	  UP,
	  BROKEN("/no/such: No such file or directory") },
	{ .name = "no such root",
	  .program = { .role = KA_SERVER, .command = { SERVED }, HELLO, .rootfs = "/no/such" },
	  UP,
	  BROKEN("root file system /no/such: No such file or directory") },
	{ .name = "a client that ends",
	  .program = { .role = KA_CLIENT,
		       .command = { SERVED, "connect=198.51.100.1", "port=7001" },
		       HELLO },
	  UP,
	  BROKEN("served ended with exit status 1 before it connected; its last words: connect: "
		 "Connection refused") },
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

	if (row->privileged && getuid())
		skip();
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
