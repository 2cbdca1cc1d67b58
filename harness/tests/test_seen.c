/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a dead peer costs a live connection, what is asked of many, and how they are put together. */
#include <math.h>
#include <sys/socket.h>

#include "judge/wheel.h"
#include "model/util.h"
#include "netns/tests/unit.h"
#include "rollout/seen.h"

#define HZ 250

/* The numbers that matter here; the others are a new namespace's. */
#define KNOBS(time, intvl, probes, retries2)                                                       \
	{                                                                                          \
		.value = {                                                                         \
			time,                                                                      \
			intvl,                                                                     \
			probes,                                                                    \
			retries2,                                                                  \
			[KA_KNOB_RTO_MIN_US] = 200000,                                             \
			[KA_KNOB_RTO_MAX_MS] = 120000                                              \
		}                                                                                  \
	}
static const struct ka_knobs usual = KNOBS(7200, 75, 9, 15);

/* One without options of its own that are known. */
static struct ka_live_cost cost_of(const struct ka_live_socket *socket,
				   const struct ka_knobs *values)
{
	const struct ka_live_rule rule = ka_live_rule(socket, values, values);

	return ka_live_cost(socket, &rule, HZ);
}

static struct nn_socket_options options_of(int keepalive, int idle, int intvl, int cnt, int ut_ms)
{
	return (struct nn_socket_options){ .value = { keepalive, idle, intvl, cnt, ut_ms } };
}

/* ---- keepalive ---------------------------------------------------------------------------- */

TEST(a_dead_peer_costs)
{
	static const struct ka_knobs lower = KNOBS(60, 10, 6, 8);
	static const struct ka_knobs odd = KNOBS(-1, 0, 0, 15), endless = KNOBS(60, -1, 2, 15);
	static const struct {
		const struct ka_knobs *values;
		enum ka_live_timer timer;
		int64_t expires_ms;
		unsigned unanswered;
		int64_t quiet_ms;
		enum ka_live_end end;
		double nominal_s;
		bool other_idle;
	} rows[] = {
		/* armed when it was opened, then silence */
		{ &usual, KA_LIVE_ARMED, 7200000, 0, 0, KA_LIVE_KEEPALIVE, 7875, false },
		{ &usual, KA_LIVE_ARMED, 200000, 0, 7000000, KA_LIVE_KEEPALIVE, 875, false },
		/* data came 5 s ago, long after the timer was armed */
		{ &usual, KA_LIVE_ARMED, 100000, 0, 5000, KA_LIVE_KEEPALIVE, 7870, false },
		/* three probes are out already */
		{ &usual, KA_LIVE_ARMED, 50000, 3, 7300000, KA_LIVE_KEEPALIVE, 500, false },
		{ &usual, KA_LIVE_ARMED, 50000, 9, 7300000, KA_LIVE_KEEPALIVE, 50, false },
		{ &usual, KA_LIVE_ARMED, 50000, 12, 7300000, KA_LIVE_KEEPALIVE, 50, false },
		/* lowered sysctls: the timer stays, interval and count do not */
		{ &lower, KA_LIVE_ARMED, 7000000, 0, 200000, KA_LIVE_KEEPALIVE, 7060, true },
		{ &odd, KA_LIVE_ARMED, 0, 0, 0, KA_LIVE_NEVER, 0, false },
		{ &endless, KA_LIVE_ARMED, 100, 0, 0, KA_LIVE_NEVER, 0, false },
		{ &usual, KA_LIVE_OFF, 0, 0, 0, KA_LIVE_NEVER, 0, false },
		{ &usual, KA_LIVE_HIDDEN, 100, 0, 0, KA_LIVE_UNKNOWN, 0, false },
	};

	for (size_t i = 0; i < KA_N(rows); i++) {
		const int64_t *value = rows[i].values->value;
		struct ka_live_socket socket = { .timer = rows[i].timer,
						 .inode = 1,
						 .expires_ms = rows[i].expires_ms,
						 .unanswered = rows[i].unanswered,
						 .have_quiet = true,
						 .quiet_ms = rows[i].quiet_ms,
						 .options = options_of(rows[i].timer != KA_LIVE_OFF,
								       (int)value[0], (int)value[1],
								       (int)value[2], 0) };
		struct ka_live_cost cost = cost_of(&socket, rows[i].values);

		assert_int_equal(cost.end, rows[i].end);
		assert_int_equal(cost.exact, cost.end != KA_LIVE_UNKNOWN);
		assert_int_equal(cost.nominal_s * 1000, rows[i].nominal_s * 1000);
		assert_int_equal(cost.other_idle, rows[i].other_idle);
		assert_true(cost.window_s[0] >= cost.nominal_s);
		/* the wheel is late by an eighth at the most, and a little */
		assert_true(cost.window_s[1] <=
			    cost.nominal_s + (fabs((double)value[0]) + cost.nominal_s) / 8 + 0.3);
	}
}

/* 5/2/3 of its own, whatever the namespace says; a file that changes the sysctls does not reach it. */
TEST(its_own_options_rule)
{
	static const struct ka_knobs file = KNOBS(60, 10, 6, 8);
	struct ka_live_socket socket = { .timer = KA_LIVE_ARMED,
					 .inode = 1,
					 .have_quiet = true,
					 .expires_ms = 5000,
					 .options = options_of(1, 5, 2, 3, 0) };
	struct ka_live_rule rule = ka_live_rule(&socket, &usual, &file);
	struct ka_live_cost cost = ka_live_cost(&socket, &rule, HZ);

	assert_true(rule.known && rule.keepalive && !rule.inherits);
	assert_true(cost.window_s[0] >= 11 && cost.window_s[1] < 11.5);
	/* one of them alone is its own: the others come with the file */
	socket.options = options_of(1, 5, 75, 9, 0);
	rule = ka_live_rule(&socket, &usual, &file);
	assert_false(rule.inherits);
	assert_int_equal(rule.knobs.value[KA_KNOB_TIME], 5);
	assert_int_equal(rule.knobs.value[KA_KNOB_INTVL], 10);
	assert_int_equal(rule.knobs.value[KA_KNOB_PROBES], 6);
	/* none is */
	socket.options = options_of(1, 7200, 75, 9, 0);
	rule = ka_live_rule(&socket, &usual, &file);
	assert_true(rule.inherits);
	assert_int_equal(rule.knobs.value[KA_KNOB_TIME], 60);
}

/* An option that this kernel does not tell is as the namespace says. */
TEST(an_option_that_cannot_be_read)
{
	struct ka_live_socket socket = { .options = options_of(1, 5, 2, 3, 9) };
	struct ka_live_rule rule;

	socket.options.error[NN_TCP_KEEPINTVL] = -ENOPROTOOPT;
	socket.options.error[NN_TCP_USER_TIMEOUT] = -ENOPROTOOPT;
	rule = ka_live_rule(&socket, &usual, &usual);
	assert_int_equal(rule.knobs.value[KA_KNOB_INTVL], 75);
	assert_int_equal(rule.ut_ms, 0);
}

/* Every end that the kernel's own handler can make of it lies inside: a walk over how late expiries may be.
 * From the second one on they are multiples of the timer's granularity. */
static bool ends_inside(int64_t at, int64_t last, const struct ka_live_rule *rule, unsigned out,
			unsigned expiry, const struct ka_live_cost *cost)
{
	int64_t intvl = HZ * rule->knobs.value[KA_KNOB_INTVL];
	int64_t most = ka_wheel_granule(intvl - 1, HZ);
	bool inside = true;

	if (out > 0 && at - last >= ka_wheel_ms(rule->ut_ms, HZ))
		return (double)at / HZ >= cost->window_s[0] && (double)at / HZ <= cost->window_s[1];
	if (expiry > 0)
		return ends_inside(at + ka_wheel_step(intvl, HZ, NULL), last, rule, out + 1,
				   expiry + 1, cost);
	for (int64_t late = 1; late <= most && inside; late++)
		inside = ends_inside(at + intvl + late, last, rule, out + 1, 1, cost);
	return inside;
}

TEST(a_user_timeout_decides_instead_of_cnt)
{
	static const int timeouts[] = { 1, 999, 3000, 4000, 4001, 5500, 9000 };

	for (size_t i = 0; i < KA_N(timeouts); i++)
		for (unsigned out = 0; out < 3; out++)
			for (int64_t quiet_ms = 0; quiet_ms <= 3000; quiet_ms += 1500) {
				struct ka_live_socket socket = { .timer = KA_LIVE_ARMED,
								 .inode = 1,
								 .have_quiet = true,
								 .quiet_ms = quiet_ms,
								 .unanswered = out,
								 .expires_ms = 3000 - quiet_ms,
								 .options = options_of(
									 1, 3, 1, 9, timeouts[i]) };
				struct ka_live_rule rule = ka_live_rule(&socket, &usual, &usual);
				struct ka_live_cost cost = ka_live_cost(&socket, &rule, HZ);
				int64_t left = ka_wheel_ms(socket.expires_ms, HZ);
				int64_t most = ka_wheel_granule(3 * HZ, HZ);

				assert_true(cost.exact);
				for (int64_t late = 0; late <= most; late++)
					assert_true(ends_inside(left + late,
								-ka_wheel_ms(quiet_ms, HZ), &rule,
								out, 0, &cost));
				assert_true(cost.window_s[1] - cost.window_s[0] < 1.5);
			}
}

/* ---- what is not known -------------------------------------------------------------------- */

TEST(who_is_not_seen_has_a_range)
{
	struct ka_live_socket socket = { .timer = KA_LIVE_ARMED,
					 .inode = 1,
					 .have_quiet = true,
					 .expires_ms = 5000,
					 .hidden = -EPERM };
	struct ka_live_cost cost = cost_of(&socket, &usual);

	assert_false(cost.exact);
	assert_true(cost.window_s[0] > 5.99 && cost.window_s[0] < 6.01); /* 5 s, then intvl 1 */
	assert_true(isinf(cost.window_s[1]));
	assert_true(cost.assumed_s[0] >= 7875);
	socket.unanswered = 1; /* the next expiry may be the end */
	cost = cost_of(&socket, &usual);
	assert_true(cost.window_s[0] > 4.99 && cost.window_s[0] < 5.01);
	socket.timer = KA_LIVE_BUSY;
	cost = cost_of(&socket, &usual);
	assert_false(cost.exact);
	assert_true(cost.window_s[0] < 1e-9 && cost.assumed_s[0] > 924);
	/* without a timer nothing depends on options */
	socket.timer = KA_LIVE_OFF;
	cost = cost_of(&socket, &usual);
	assert_true(cost.exact);
	assert_int_equal(cost.end, KA_LIVE_NEVER);
	assert_false(ka_fleet_misses(&socket));
}

/* SO_KEEPALIVE was set, or cleared, after the timer was looked at. */
TEST(what_does_not_go_together_is_not_known)
{
	struct ka_live_socket socket = { .timer = KA_LIVE_OFF,
					 .inode = 1,
					 .options = options_of(1, 5, 2, 3, 0) };
	struct ka_live_cost cost = cost_of(&socket, &usual);

	assert_int_equal(cost.end, KA_LIVE_UNKNOWN);
	assert_int_equal(ka_seen_class(&cost), KA_SEEN_UNKNOWN);
	socket.timer = KA_LIVE_ARMED;
	socket.options = options_of(0, 5, 2, 3, 0);
	assert_int_equal(cost_of(&socket, &usual).end, KA_LIVE_UNKNOWN);
	socket.timer = KA_LIVE_BUSY; /* data says nothing about keepalive */
	assert_int_equal(cost_of(&socket, &usual).end, KA_LIVE_DATA);
}

/* ---- data --------------------------------------------------------------------------------- */

TEST(data_in_flight_costs_retries)
{
	static const struct ka_knobs few = KNOBS(7200, 75, 9, 3);
	struct ka_live_socket socket = { .timer = KA_LIVE_BUSY, .inode = 1 };
	struct ka_live_cost cost = cost_of(&socket, &usual);

	assert_int_equal(cost.end, KA_LIVE_DATA);
	assert_true(cost.window_s[0] > 924.5 && cost.window_s[0] < 926);
	assert_true(cost.window_s[1] > 1044 && cost.window_s[1] < 1100);
	cost = cost_of(&socket, &few);
	assert_true(cost.window_s[0] > 3 && cost.window_s[1] < 8);
	socket.timer = KA_LIVE_CLOSED;
	cost = cost_of(&socket, &few);
	assert_int_equal(cost.end, KA_LIVE_DATA);
	assert_true(cost.window_s[0] > 1 && cost.window_s[1] < 16);
	/* its own user timeout is sooner */
	socket.timer = KA_LIVE_BUSY;
	socket.options.value[NN_TCP_USER_TIMEOUT] = 20000;
	cost = cost_of(&socket, &usual);
	assert_true(cost.window_s[0] > 20 && cost.window_s[1] < 25);
	/* as is its own limit of RTO; 6 s + 10 * 1 s, or thereabouts */
	socket.options = (struct nn_socket_options){ .value[NN_TCP_RTO_MAX] = 1000 };
	cost = cost_of(&socket, &usual);
	assert_true(cost.window_s[0] > 13 && cost.window_s[1] < 18);
	socket.options.error[NN_TCP_RTO_MAX] = -ENOPROTOOPT; /* an older kernel */
	cost = cost_of(&socket, &usual);
	assert_true(cost.window_s[0] > 900);
}

/* Closed by its program: the kernel sees it off by itself. */
TEST(orphans_end_by_themselves)
{
	struct ka_live_socket socket = { .state = KA_LIVE_FIN_WAIT2,
					 .timer = KA_LIVE_ARMED,
					 .expires_ms = 30000 };
	struct ka_live_cost cost = cost_of(&socket, &usual);

	assert_int_equal(cost.end, KA_LIVE_ORPHAN);
	assert_true(cost.exact && cost.window_s[0] >= 30 && cost.window_s[1] < 34.2);
	socket.state = KA_LIVE_FIN_WAIT1;
	socket.timer = KA_LIVE_BUSY;
	cost = cost_of(&socket, &usual); /* eight retries */
	assert_true(cost.exact && cost.window_s[0] > 100 && cost.window_s[1] < 240);
}

TEST(any_values_are_counted)
{
	static const struct ka_knobs huge = KNOBS(INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX);
	static const struct ka_knobs least = KNOBS(INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN);
	struct ka_live_socket socket = { .timer = KA_LIVE_ARMED, .inode = 1, .hidden = -EPERM };

	assert_true(cost_of(&socket, &huge).nominal_s > 1e9);
	assert_int_equal(cost_of(&socket, &least).end, KA_LIVE_NEVER);
	socket.hidden = 0;
	socket.options = options_of(1, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX);
	socket.expires_ms = UINT32_MAX;
	socket.quiet_ms = UINT32_MAX;
	assert_true(cost_of(&socket, &huge).nominal_s > 1e6);
	socket.timer = KA_LIVE_BUSY;
	socket.options = options_of(1, 1, 1, 1, 0);
	assert_true(cost_of(&socket, &huge).nominal_s > 20000);
	assert_true(cost_of(&socket, &least).nominal_s < 10);
}

/* ---- many --------------------------------------------------------------------------------- */

static struct ka_live_socket connection(const char *program, uint16_t port,
					struct nn_socket_options options)
{
	bool on = options.value[NN_SO_KEEPALIVE];
	struct ka_live_socket socket = { .family = AF_INET,
					 .inode = 1,
					 .local_port = 40000,
					 .remote_port = port,
					 .timer = on ? KA_LIVE_ARMED : KA_LIVE_OFF,
					 .expires_ms =
						 on ? 1000 * options.value[NN_TCP_KEEPIDLE] : 0,
					 .have_quiet = true,
					 .options = options };

	snprintf(socket.program, sizeof(socket.program), "%s", program);
	return socket;
}

struct host {
	struct ka_live_socket web[5], db[2];
	struct ka_live lives[2];
	struct ka_fleet fleet;
};

static void two_namespaces(struct host *h)
{
	*h = (struct host){
		.web = { connection("web", 443, options_of(0, 7200, 75, 9, 0)),
			 connection("web", 443, options_of(1, 15, 15, 9, 0)),
			 connection("web", 443, options_of(1, 15, 15, 9, 0)),
			 connection("web", 443, options_of(1, 7200, 75, 9, 0)),
			 connection("web", 443, options_of(1, 15, 15, 9, 0)) },
		.db = { connection("web", 443, options_of(1, 15, 15, 9, 0)),
			connection("db", 5432, options_of(1, 15, 15, 9, 20000)) },
		.lives = { { .inode = 1, .n = 5, .values = usual, .after = usual },
			   { .inode = 2, .n = 2, .values = usual, .after = usual } },
		.fleet = { .n = 2 },
	};
	h->web[4].state = KA_LIVE_CLOSE_WAIT;
	h->web[4].quiet_ms = 7000;
	h->lives[0].sockets = h->web;
	h->lives[1].sockets = h->db;
	h->fleet.lives = h->lives;
}

static struct ka_seen_all see(struct host *h, const char *program, unsigned port)
{
	const struct ka_seen_filter filter = { program, port };
	struct ka_seen_all all;

	assert_int_equal(ka_seen_look(&all, &h->fleet, &filter, HZ, NULL), 0);
	return all;
}

TEST(connections_are_put_together)
{
	static const struct {
		const char *program;
		enum ka_seen_class worst;
		size_t n, namespaces;
	} rows[] = { { "web", KA_SEEN_NEVER, 1, 1 },
		     { "web", KA_SEEN_HOURS, 1, 1 },
		     { "web", KA_SEEN_MINUTES, 3, 2 },
		     { "db", KA_SEEN_SECONDS, 1, 1 },
		     { "web", KA_SEEN_MINUTES, 1, 1 } /* half closed */ };
	struct ka_seen_all all;
	struct host h;

	two_namespaces(&h);
	all = see(&h, NULL, 0);
	assert_int_equal(all.n, 7);
	assert_int_equal(all.established, 6);
	assert_int_equal(all.n_groups, KA_N(rows));
	assert_int_equal(all.established_groups, 4);
	for (size_t i = 0; i < KA_N(rows); i++) {
		assert_string_equal(all.groups[i].list->socket->program, rows[i].program);
		assert_int_equal(all.groups[i].worst, rows[i].worst);
		assert_int_equal(all.groups[i].n, rows[i].n);
		assert_int_equal(all.groups[i].namespaces, rows[i].namespaces);
	}
	assert_true(isinf(all.groups[0].window_s[KA_SEEN_NOW][0]));
	assert_true(all.groups[2].window_s[KA_SEEN_NOW][1] < 160);
	assert_int_equal(all.groups[4].quiet_ms, 7000);
	ka_seen_free(&all);
}

TEST(some_are_chosen)
{
	static const struct {
		const char *program;
		unsigned port;
		size_t n;
	} rows[] = { { "web", 0, 6 },    { "db", 0, 1 }, { NULL, 5432, 1 }, { "web", 5432, 0 },
		     { NULL, 40000, 0 }, { "we", 0, 0 }, { "web", 443, 6 } };

	for (size_t i = 0; i < KA_N(rows); i++) {
		struct ka_seen_all all;
		struct host h;

		two_namespaces(&h);
		all = see(&h, rows[i].program, rows[i].port);
		assert_int_equal(all.n, rows[i].n);
		ka_seen_free(&all);
	}
}

/* ---- questions ---------------------------------------------------------------------------- */

TEST(questions_are_asked_of_each)
{
	static const struct {
		const char *detect, *survive;
		enum ka_seen_reply reply;
		size_t yes, no;
	} rows[] = { { "5m", NULL, KA_SEEN_NO, 4, 2 },
		     { "3h", NULL, KA_SEEN_NO, 5, 1 },
		     { "60s", NULL, KA_SEEN_NO, 1, 5 },
		     { NULL, "aws-nlb", KA_SEEN_NO, 4, 2 },
		     { NULL, "conntrack", KA_SEEN_NO, 5, 1 } };

	for (size_t i = 0; i < KA_N(rows); i++) {
		struct ka_questions questions = { .n = 0 };
		struct ka_seen_tally tally;
		struct ka_seen_all all;
		struct host h;

		two_namespaces(&h);
		all = see(&h, NULL, 0);
		if (rows[i].detect)
			ka_questions_detect(&questions, rows[i].detect, NULL);
		else
			ka_questions_survive(&questions, rows[i].survive, NULL);
		tally = ka_seen_ask(&all, KA_SEEN_NOW, &questions.list[0]);
		assert_int_equal(tally.reply, rows[i].reply);
		assert_int_equal(tally.count[KA_SEEN_YES], rows[i].yes);
		assert_int_equal(tally.count[KA_SEEN_NO], rows[i].no);
		assert_int_equal(tally.worst->socket->timer, KA_LIVE_OFF);
		ka_seen_free(&all);
	}
}

/* With data in flight a user timeout rules, else tcp_retries2; a proxy hears no probe. */
TEST(questions_that_keepalive_does_not_answer)
{
	struct ka_questions questions = { .n = 0 };
	struct ka_seen_all all;
	struct host h;
	char why[600];

	ka_questions_busy(&questions, "1m", NULL);
	ka_questions_busy(&questions, "20m", NULL);
	ka_questions_survive(&questions, "envoy", NULL);
	two_namespaces(&h);
	h.web[0].hidden = -EPERM;
	h.web[0].timer = KA_LIVE_ARMED;
	all = see(&h, NULL, 0);
	assert_int_equal(ka_seen_ask(&all, KA_SEEN_NOW, &questions.list[0]).count[KA_SEEN_YES], 1);
	assert_int_equal(ka_seen_ask(&all, KA_SEEN_NOW, &questions.list[0]).count[KA_SEEN_NO], 4);
	assert_int_equal(ka_seen_ask(&all, KA_SEEN_NOW, &questions.list[1]).count[KA_SEEN_YES], 5);
	assert_int_equal(ka_seen_ask(&all, KA_SEEN_NOW, &questions.list[2]).count[KA_SEEN_NO], 6);
	for (size_t i = 0; i < all.established; i++)
		if (all.list[i].rule[KA_SEEN_NOW].ut_ms)
			assert_non_null(
				strstr(ka_seen_reason(&all.list[i], KA_SEEN_NOW, &questions.list[0],
						      HZ, why, sizeof(why)),
				       "its user timeout"));
	ka_seen_free(&all);
}

/* A file lowers the sysctls, but the timer that runs does not hear of it. */
TEST(a_timer_that_runs_is_not_changed)
{
	static const struct ka_knobs file = KNOBS(60, 10, 6, 15);
	struct ka_questions questions = { .n = 0 };
	struct ka_seen_all all;
	struct host h;
	char why[300];

	ka_questions_detect(&questions, "5m", NULL);
	ka_questions_survive(&questions, "aws-nlb", NULL);
	two_namespaces(&h);
	h.lives[0].after = file;
	h.web[3].expires_ms = 4000000;
	all = see(&h, NULL, 0);
	for (size_t i = 0; i < questions.n; i++) {
		const struct ka_seen *seen = &all.groups[1].list[0];

		assert_int_equal(seen->rule[KA_SEEN_AFTER].knobs.value[KA_KNOB_TIME], 60);
		assert_int_equal(ka_seen_reply(seen, KA_SEEN_AFTER, &questions.list[i], HZ),
				 KA_SEEN_NO);
		assert_non_null(strstr(ka_seen_reason(seen, KA_SEEN_AFTER, &questions.list[i], HZ,
						      why, sizeof(why)),
				       "4000.0 s to go"));
	}
	ka_seen_free(&all);
	h.web[3].expires_ms = 50000;
	h.web[3].quiet_ms = 7150000;
	all = see(&h, NULL, 0);
	assert_int_equal(all.groups[1].worst, KA_SEEN_MINUTES);
	ka_seen_free(&all);
}

TEST(who_is_not_seen_is_not_answered_with_yes)
{
	struct ka_questions questions = { .n = 0 };
	struct ka_seen_tally tally;
	struct ka_seen_all all;
	struct host h;

	ka_questions_detect(&questions, "5h", NULL);
	ka_questions_detect(&questions, "10s", NULL);
	ka_questions_rate(&questions, 10, 0, NULL);
	two_namespaces(&h);
	h.fleet.n = 1;
	for (size_t i = 0; i < 5; i++)
		h.web[i] = connection("web", 443, options_of(1, 20, 20, 9, 0));
	h.web[1].hidden = -EPERM;
	all = see(&h, NULL, 0);
	tally = ka_seen_ask(&all, KA_SEEN_NOW, &questions.list[0]);
	assert_int_equal(tally.reply, KA_SEEN_NOT_KNOWN);
	assert_int_equal(tally.count[KA_SEEN_NOT_KNOWN], 1);
	assert_int_equal(tally.worst->socket->hidden, -EPERM);
	/* its timer alone has longer to go */
	tally = ka_seen_ask(&all, KA_SEEN_NOW, &questions.list[1]);
	assert_int_equal(tally.count[KA_SEEN_NOT_KNOWN], 0);
	assert_int_equal(tally.count[KA_SEEN_NO], 5);
	tally = ka_seen_ask(&all, KA_SEEN_NOW, &questions.list[2]);
	assert_int_equal(tally.reply, KA_SEEN_NOT_KNOWN);
	assert_true(fabs(tally.rate - 4 / 20.0) < 0.001);
	ka_seen_free(&all);
}

TEST(rates_are_summed)
{
	struct ka_questions questions = { .n = 0 };
	struct ka_seen_tally tally;
	struct ka_seen_all all;
	struct host h;

	ka_questions_rate(&questions, 0.2, 0, NULL);
	ka_questions_rate(&questions, 0.3, 0, NULL);
	two_namespaces(&h);
	all = see(&h, NULL, 0);
	tally = ka_seen_ask(&all, KA_SEEN_NOW, &questions.list[0]);
	assert_true(fabs(tally.rate - (4 / 15.0 + 1 / 7200.0)) < 0.001);
	assert_int_equal(tally.reply, KA_SEEN_NO);
	assert_int_equal(ka_seen_ask(&all, KA_SEEN_NOW, &questions.list[1]).reply, KA_SEEN_YES);
	ka_seen_free(&all);
}

/* ---- what would help ---------------------------------------------------------------------- */

TEST(what_helps_helps)
{
	static const struct ka_live_rule rules[] = {
		{ .known = true, .keepalive = false, .knobs = KNOBS(7200, 75, 9, 15) },
		{ .known = true, .keepalive = true, .knobs = KNOBS(7200, 75, 9, 15) },
		{ .known = true,
		  .keepalive = true,
		  .ut_ms = 400000,
		  .knobs = KNOBS(60, 10, 6, 15) },
		{ .known = true,
		  .keepalive = true,
		  .ut_ms = 20000,
		  .knobs = KNOBS(400, 10, 6, 15) },
	};
	struct ka_questions questions = { .n = 0 };
	struct ka_seen_help help;

	ka_questions_detect(&questions, "5m", NULL);
	ka_questions_survive(&questions, "aws-nlb", NULL);
	ka_questions_rate(&questions, 0.001, 10, NULL); /* is about all together */
	for (size_t i = 0; i < KA_N(rules); i++) {
		struct ka_live_rule after = { .known = true, .keepalive = true };
		struct ka_answer answer;

		assert_true(ka_seen_suggest(&help, &rules[i], &questions, HZ));
		assert_int_equal(help.keepalive, !rules[i].keepalive);
		after.knobs = help.knobs;
		after.ut_ms = help.ut_ms;
		answer = ka_live_answer(&after, HZ);
		assert_true(ka_question_holds(&questions.list[0], &answer));
		assert_true(ka_question_holds(&questions.list[1], &answer));
	}
	ka_questions_busy(&questions, "1m", NULL); /* by a user timeout of its own */
	assert_true(ka_seen_suggest(&help, &rules[1], &questions, HZ));
	assert_true(help.ut_ms >= 30000 && help.ut_ms < 60000);
	ka_questions_survive(&questions, "1s", NULL);
	ka_questions_detect(&questions, "1s", NULL);
	assert_false(ka_seen_suggest(&(struct ka_seen_help){ 0 }, &rules[1], &questions, HZ));
}
