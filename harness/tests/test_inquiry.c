/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said of a program: how its connections end, whether that is what is demanded, what to change. */
#include <math.h>

#include "model/util.h"
#include "netns/tests/unit.h"
#include "plan/plan.h"
#include "program/advice.h"
#include "result/result.h"

#define HZ 250

/* A program with these options, of which no scenario has been tried yet. */
static struct ka_inquiry *inquiry_of(const struct ka_socket_options *o, const char *demand,
				     const char *value)
{
	static const char recipe[] =
		"[program]\ncommand = x\nport = 80\n[talk]\nhello = a\nflood = b\n";
	static const struct ka_case case_ = { .name = "survey", .declared = "x:1" };
	static const struct ka_theme theme = { "program", "x", &case_, 1 };
	const struct ka_instance instance = { .theme = &theme, .case_ = &case_, .name = "survey" };
	const struct ka_plan_options all = { .long_ = true };
	struct ka_inquiry *q = calloc(1, sizeof(*q));
	struct ka_plan plan = { .n = 0 };
	struct ka_recipe r;
	struct nn_err err = { "" };
	json_t *surveyed = json_array(), *json;

	q->facts.hz = HZ;
	q->spec.idle_s = q->spec.watch_s = 3600;
	q->spec.virtual_clock = true;
	assert_int_equal(ka_recipe_parse(&r, "p.conf", recipe, strlen(recipe), &err), 0);
	assert_int_equal(ka_program_spec_add(&q->spec, &r, NULL, &err), 0);
	if (demand)
		assert_int_equal(ka_demands_take(&q->demands[0], demand, value, &err), 0);
	ka_program_spec_pass(&q->spec, &q->demands[0]);
	json = ka_result_without_run(&instance, &q->facts, KA_PASS, "");
	json_object_set_new(json, "options",
			    json_pack("[{s:s, s:s, s:b, s:i, s:i, s:i, s:i, s:i}]", "of",
				      "connection", "comm", "x", "keepalive", (int)o->keepalive,
				      "idle", (int)o->idle, "intvl", (int)o->intvl, "cnt",
				      (int)o->cnt, "user_timeout_ms", (int)o->user_timeout_ms,
				      "holders", 1));
	json_array_append_new(surveyed, json);
	assert_int_equal(ka_inquiry_begin(q, surveyed, &err), 0);
	json_decref(surveyed);
	assert_int_equal(ka_plan_new(&plan, q->attempts->themes, 1, &all, HZ, &err), 0);
	for (size_t i = 0; i < plan.n; i++)
		ka_inquiry_expect(q, i, &plan.predictions[i], false);
	ka_plan_free(&plan);
	return q;
}

static void end(struct ka_inquiry *q)
{
	ka_inquiry_free(q);
	free(q);
}

/* Something was seen of @scenario. */
static struct ka_shown *show(struct ka_inquiry *q, enum ka_scenario_number scenario,
			     enum ka_program_verdict did, double kernel_s, double program_s)
{
	struct ka_shown *s = &q->shown[ka_inquiry_find(q, 0, scenario, 0)];

	*s = (struct ka_shown){ .planned = true,
				.there = true,
				.verdict = KA_PASS,
				.program = did,
				.kernel_s = kernel_s,
				.program_s = program_s,
				.watched_s = 3600,
				.waited_s = NAN };
	return s;
}

static const struct ka_socket_options redis = { true, "", "x", true, 300, 100, 3, 0 };
static const struct ka_socket_options off = { true, "", "x", false, 7200, 75, 9, 0 };

/* The only reply. */
static struct ka_demand_reply reply_of(const struct ka_inquiry *q)
{
	struct ka_replies replies;

	ka_replies_make(&replies, q, 0);
	assert_true(replies.n >= 1);
	return replies.list[0];
}

/* ---- how one ends ---------------------------------------------------------------------------- */

TEST(what_was_not_tried_is_computed)
{
	struct ka_inquiry *q = inquiry_of(&redis, NULL, NULL);
	struct ka_ending e = ka_inquiry_scenario(q, 0, KA_SCENARIO_SILENT);

	assert_int_equal(e.kind, KA_ENDING_COMPUTED);
	assert_false(ka_ending_measured(&e));
	assert_true(e.window_s[0] >= 600 && e.window_s[1] < 690);
	e = ka_inquiry_scenario(q, 0, KA_SCENARIO_HEALTHY);
	assert_int_equal(e.kind, KA_ENDING_LIVES);
	assert_false(ka_ending_measured(&e));
	end(q);
}

TEST(what_was_tried_and_lost_is_broken)
{
	struct ka_inquiry *q = inquiry_of(&redis, "detect-within", "11m");
	size_t i = ka_inquiry_find(q, 0, KA_SCENARIO_SILENT, 0);
	struct ka_prediction p = q->predictions[i];

	ka_inquiry_expect(q, i, &p, true);
	assert_int_equal(ka_inquiry_ending(q, i).kind, KA_ENDING_BROKEN);
	assert_int_equal(reply_of(q).kind, KA_REPLY_BROKEN);
	assert_int_equal(ka_inquiry_end(q), KA_INQUIRY_BROKEN);
	end(q);
}

/* As the result's own timeline tells it. */
TEST(what_came_back_is_told)
{
	struct ka_inquiry *q = inquiry_of(&redis, NULL, NULL);
	size_t i = ka_inquiry_find(q, 0, KA_SCENARIO_RETURN, 0);
	const struct ka_case *c = q->attempts->list[i].case_;
	const struct ka_instance instance = { .theme = &q->attempts->theme,
					      .case_ = c,
					      .name = "return" };
	json_t *json;

	assert_true(c->returns.ms > 0);
	assert_int_equal(ka_inquiry_ending(q, i).back, KA_BACK_NOT_TRIED);
	json = ka_result_without_run(&instance, &q->facts, KA_PASS, "");
	json_object_set_new(json, "timeline",
			    json_pack("[{s:f, s:s, s:s, s:s, s:b, s:f, s:b}]", "t", 700.0, "at",
				      "bench", "what", "back", "kind", "process", "returns", 0,
				      "after_s", 15.0, "ended", 0));
	ka_inquiry_take(q, i, json);
	assert_string_equal(q->shown[i].why, "");
	assert_int_equal(ka_inquiry_ending(q, i).back, KA_BACK_NO);
	assert_true(ka_inquiry_ending(q, i).back_s == 15.0);
	end(q);
}

TEST(the_worst_is_what_the_timers_allow)
{
	struct ka_inquiry *q = inquiry_of(&redis, NULL, NULL);
	struct ka_ending e;

	show(q, KA_SCENARIO_SILENT, KA_PROGRAM_NOTICES, 610, 612);
	e = ka_inquiry_scenario(q, 0, KA_SCENARIO_SILENT);
	assert_true(fabs(ka_ending_worst_s(&e) - (e.window_s[1] + 2)) < 1e-6);
	show(q, KA_SCENARIO_SILENT, KA_PROGRAM_CLOSED, NAN, 60);
	e = ka_inquiry_scenario(q, 0, KA_SCENARIO_SILENT);
	assert_true(ka_ending_worst_s(&e) < 61);
	show(q, KA_SCENARIO_SILENT, KA_PROGRAM_NEVER, 610, NAN);
	e = ka_inquiry_scenario(q, 0, KA_SCENARIO_SILENT);
	assert_true(isinf(ka_ending_worst_s(&e)));
	end(q);
}

/* ---- demands ---------------------------------------------------------------------------------- */

TEST(each_demand_can_be_met_and_not)
{
	static const struct {
		const struct ka_socket_options *options;
		const char *demand, *value;
		enum ka_reply_kind kind;
	} rows[] = {
		{ &redis, "detect-within", "11m", KA_REPLY_YES },
		{ &redis, "detect-within", "10m", KA_REPLY_NO },
		{ &redis, "detect-within", "never", KA_REPLY_NO },
		{ &off, "detect-within", "never", KA_REPLY_YES },
		{ &off, "detect-within", "365d", KA_REPLY_NO },
		{ &redis, "detect-busy-within", "17m", KA_REPLY_YES },
		{ &redis, "detect-busy-within", "15m", KA_REPLY_NO },
		{ &redis, "survive", "aws-nlb", KA_REPLY_YES },
		{ &redis, "survive", "azure-lb", KA_REPLY_NO },
		{ &redis, "survive", "310s", KA_REPLY_NO }, /* it depends on the phase */
		{ &off, "survive", "aws-nlb", KA_REPLY_NO },
		{ &redis, "keepalive", "300/100/3", KA_REPLY_YES },
		{ &redis, "keepalive", "300/100/4", KA_REPLY_NO },
		{ &redis, "keepalive", "off", KA_REPLY_NO },
		{ &off, "keepalive", "off", KA_REPLY_YES },
		{ &redis, "survive-idle", "1h", KA_REPLY_UNKNOWN },
		{ &redis, "no-leak", "yes", KA_REPLY_UNKNOWN },
	};
	static const enum ka_inquiry_end ends[] = { [KA_REPLY_YES] = KA_INQUIRY_GOOD,
						    [KA_REPLY_NO] = KA_INQUIRY_BAD,
						    [KA_REPLY_UNKNOWN] = KA_INQUIRY_NOTHING,
						    [KA_REPLY_BROKEN] = KA_INQUIRY_BROKEN };

	for (size_t i = 0; i < KA_N(rows); i++) {
		struct ka_inquiry *q = inquiry_of(rows[i].options, rows[i].demand, rows[i].value);
		struct ka_demand_reply r = reply_of(q);

		if (r.kind != rows[i].kind)
			fail_msg("--%s %s: %d: %s", rows[i].demand, rows[i].value, r.kind, r.why);
		assert_int_equal(ka_inquiry_end(q), ends[rows[i].kind]);
		end(q);
	}
}

TEST(a_healthy_connection_must_have_been_watched)
{
	struct ka_inquiry *q = inquiry_of(&redis, "survive-idle", "1h");

	show(q, KA_SCENARIO_HEALTHY, KA_PROGRAM_LIVES, NAN, NAN);
	assert_int_equal(reply_of(q).kind, KA_REPLY_YES);
	q->spec.idle_s = 60;
	assert_int_equal(reply_of(q).kind, KA_REPLY_UNKNOWN);
	show(q, KA_SCENARIO_HEALTHY, KA_PROGRAM_CLOSED, NAN, 61);
	assert_int_equal(reply_of(q).kind, KA_REPLY_NO);
	/* it was idle for that long, and closed when it was used again */
	q->spec.idle_s = 3600;
	show(q, KA_SCENARIO_HEALTHY, KA_PROGRAM_CLOSED, NAN, 0.001)->waited_s = 3600;
	assert_int_equal(reply_of(q).kind, KA_REPLY_YES);
	end(q);
}

static json_t *event_at(double t_s, const char *kind, const char *key, int value)
{
	return json_pack("{s:f, s:s, s:s, s:s, s:i}", "t", t_s, "at", "server", "what", "", "kind",
			 kind, key, value);
}

/* A healthy connection was idle for 1 h, and then used; the program let go @let_go_s after its begin. */
static void take_healthy(struct ka_inquiry *q, double let_go_s)
{
	static const struct ka_case case_ = { .name = "healthy", .declared = "x:1" };
	static const struct ka_theme theme = { "program", "x", &case_, 1 };
	const struct ka_instance instance = { .theme = &theme, .case_ = &case_, .name = "healthy" };
	size_t i = ka_inquiry_find(q, 0, KA_SCENARIO_HEALTHY, 0);
	const struct ka_attempt *a = &q->attempts->list[i];
	json_t *json = ka_result_without_run(&instance, &q->facts, KA_PASS, "");
	json_t *timeline = json_array();
	int wait = 0;

	while (a->steps[wait].do_ != KA_WAIT)
		wait++;
	for (int step = 0; step <= wait; step++)
		json_array_append_new(timeline,
				      event_at(step < wait ? 0 : 3600, "step", "step", step));
	json_array_insert_new(timeline, (size_t)wait + (let_go_s > 3600),
			      event_at(let_go_s, "hold", "holders", 0));
	json_object_set_new(json, "timeline", timeline);
	json_object_set_new(json, "program",
			    json_pack("{s:s, s:n, s:s, s:s}", "name", "x", "variant", "role",
				      "server", "declared", "x:1"));
	json_object_set_new(json, "program_verdict", json_string("closed first"));
	json_object_set_new(json, "options", json_array());
	json_object_set_new(json, "kernel_end_s", json_null());
	json_object_set_new(json, "program_end_s", json_real(0.001));
	ka_inquiry_take(q, i, json);
}

TEST(who_closed_before_it_was_used_has_not_let_it_live)
{
	struct ka_inquiry *q = inquiry_of(&redis, "survive-idle", "1h");

	take_healthy(q, 3600.1);
	if (reply_of(q).kind != KA_REPLY_YES)
		fail_msg("%s", reply_of(q).why);
	take_healthy(q, 6);
	assert_int_equal(reply_of(q).kind, KA_REPLY_NO);
	end(q);
}

TEST(who_closes_by_itself_lives_through_no_gateway)
{
	struct ka_inquiry *q = inquiry_of(&redis, "survive", "aws-nlb");

	show(q, KA_SCENARIO_HEALTHY, KA_PROGRAM_CLOSED, NAN, 61);
	assert_int_equal(reply_of(q).kind, KA_REPLY_NO);
	end(q);
}

TEST(a_leak_is_one_wherever_it_is)
{
	struct ka_inquiry *q = inquiry_of(&redis, "no-leak", "yes");
	struct ka_shown *s;

	show(q, KA_SCENARIO_FIN, KA_PROGRAM_NOTICES, 0.1, 0.1);
	assert_int_equal(reply_of(q).kind, KA_REPLY_YES);
	s = show(q, KA_SCENARIO_RESET, KA_PROGRAM_NEVER, 0.1, NAN);
	s->verdict = KA_FAIL;
	s->of_program = true;
	assert_int_equal(reply_of(q).kind, KA_REPLY_NO);
	assert_int_equal(ka_inquiry_end(q), KA_INQUIRY_BAD);
	end(q);
}

/* What is known to be never noticed is no failure; what the kernel does wrong is one all the same. */
TEST(who_dies_of_it_is_not_said_to_hold_it)
{
	struct ka_inquiry *q = inquiry_of(&redis, "no-leak", "yes");
	struct ka_shown *s = show(q, KA_SCENARIO_SILENT, KA_PROGRAM_DIED, 610, 610);
	struct ka_ending e;

	s->verdict = KA_FAIL;
	s->of_program = true;
	e = ka_inquiry_scenario(q, 0, KA_SCENARIO_SILENT);
	assert_int_equal(e.kind, KA_ENDING_DIED);
	assert_true(ka_ending_measured(&e));
	assert_true(isinf(ka_ending_worst_s(&e)));
	assert_int_equal(reply_of(q).kind, KA_REPLY_NO);
	end(q);
}

TEST(what_a_recipe_knows_is_no_failure)
{
	struct ka_inquiry *q = inquiry_of(&redis, "detect-within", "never");
	struct ka_shown *s = show(q, KA_SCENARIO_SILENT, KA_PROGRAM_NEVER, 610, NAN);

	s->verdict = KA_FAIL;
	s->of_program = true;
	assert_int_equal(ka_inquiry_end(q), KA_INQUIRY_GOOD);
	s->of_program = false;
	assert_int_equal(ka_inquiry_end(q), KA_INQUIRY_BAD);
	end(q);
}

/* ---- advice ----------------------------------------------------------------------------------- */

static bool advises(const struct ka_inquiry *q, const char *text)
{
	struct ka_advices advices;

	ka_advise(&advices, q, 0);
	for (size_t i = 0; i < advices.n; i++)
		if (strstr(advices.list[i].text, text))
			return true;
	return false;
}

TEST(advice_names_the_option)
{
	static const struct ka_socket_options quick = { true, "", "x", true, 30, 5, 3, 60000 };
	static const struct ka_socket_options one = { true, "", "x", true, 30, 5, 1, 0 };
	static const struct ka_socket_options kernel = { true, "", "x", true, 7200, 75, 9, 0 };
	static const struct ka_socket_options idle_ut = { true, "", "x", false, 7200, 75, 9, 9000 };
	static const struct {
		const struct ka_socket_options *options;
		const char *text;
		bool said;
	} rows[] = {
		{ &off, "Set SO_KEEPALIVE, with TCP_KEEPIDLE", true },
		{ &redis, "Set SO_KEEPALIVE", false },
		{ &redis, "Set TCP_USER_TIMEOUT to 120000 ms", true },
		{ &quick, "Set TCP_USER_TIMEOUT", false },
		{ &redis, "azure-lb", true },
		{ &quick, "azure-lb", false },
		{ &one, "TCP_KEEPCNT 1", true },
		{ &kernel, "net.ipv4.tcp_keepalive", true },
		{ &kernel, "Set TCP_KEEPIDLE", true },
		{ &idle_ut, "TCP_USER_TIMEOUT without SO_KEEPALIVE", true },
	};

	for (size_t i = 0; i < KA_N(rows); i++) {
		struct ka_inquiry *q = inquiry_of(rows[i].options, NULL, NULL);

		if (advises(q, rows[i].text) != rows[i].said)
			fail_msg("row %zu: '%s'", i, rows[i].text);
		end(q);
	}
}

TEST(what_no_values_do_is_not_advised)
{
	struct ka_inquiry *q = inquiry_of(&redis, "detect-within", "2s");

	assert_true(advises(q, "Demand less: no values"));
	assert_false(advises(q, "then an idle connection"));
	end(q);
}

/* What is advised does what is demanded. */
TEST(advised_values_hold)
{
	struct ka_inquiry *q = inquiry_of(&off, "detect-within", "5m"), *again;
	struct ka_setting v;
	char text[60];

	assert_true(ka_advise_values(&v, q, 0));
	end(q);
	again = inquiry_of(
		&(struct ka_socket_options){ true, "", "x", true, v.idle, v.intvl, v.cnt, 0 },
		"detect-within", "5m");
	if (reply_of(again).kind != KA_REPLY_YES)
		fail_msg("%s", ka_setting_text(&v, text, sizeof(text)));
	end(again);
}
