/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is tried of a program, by the options that it gives its sockets. */
#include <math.h>

#include "model/util.h"
#include "netns/tests/unit.h"
#include "plan/plan.h"
#include "program/attempts.h"
#include "result/result.h"

#define HZ 250

static const char recipe[] = "[program]\ncommand = x\nport = 80\n[talk]\nhello = a\nflood = b\n"
			     "[variant one]\n[variant two]\nhello =\nflood =\n"
			     "[variant three]\ndeaf = yes\n";

struct tried {
	struct ka_program_spec *spec;
	struct ka_attempts *attempts;
	struct ka_plan plan;
};

/* What a survey would have said. */
static json_t *result_of(const struct ka_socket_options *o)
{
	static const struct ka_case case_ = { .name = "survey", .declared = "x:1" };
	static const struct ka_theme theme = { "program", "x", &case_, 1 };
	const struct ka_instance instance = { .theme = &theme, .case_ = &case_, .name = "survey" };
	const struct ka_facts facts = { .hz = HZ };
	json_t *json = ka_result_without_run(&instance, &facts, KA_PASS, "");

	json_object_set_new(json, "options",
			    json_pack("[{s:s, s:s, s:b, s:i, s:i, s:i, s:i, s:i}]", "of",
				      "connection", "comm", "x", "keepalive", (int)o->keepalive,
				      "idle", (int)o->idle, "intvl", (int)o->intvl, "cnt",
				      (int)o->cnt, "user_timeout_ms", (int)o->user_timeout_ms,
				      "holders", 1));
	return json;
}

/* The scenarios of one subject with the options @o. */
static struct tried try_with(const char *variant, const struct ka_socket_options *o)
{
	struct tried t = { .spec = calloc(1, sizeof(*t.spec)) };
	const struct ka_plan_options options = { .long_ = true };
	const struct ka_demands none = { .detect_s = 0 };
	struct ka_recipe r;
	struct nn_err err = { "" };
	json_t *surveyed = json_array();

	assert_int_equal(ka_recipe_parse(&r, "p.conf", recipe, strlen(recipe), &err), 0);
	assert_int_equal(ka_program_spec_add(t.spec, &r, variant, &err), 0);
	ka_program_spec_pass(t.spec, &none);
	t.spec->idle_s = 10800;
	t.spec->watch_s = 3600;
	t.spec->virtual_clock = true;
	json_array_append_new(surveyed, result_of(o));
	assert_int_equal(ka_attempts_new(&t.attempts, t.spec, surveyed, HZ, &err), 0);
	json_decref(surveyed);
	if (ka_plan_new(&t.plan, t.attempts->themes, 1, &options, HZ, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(t.plan.n, t.attempts->n);
	return t;
}

static void end(struct tried *t)
{
	ka_plan_free(&t->plan);
	ka_attempts_free(t->attempts);
	ka_program_spec_free(t->spec);
	free(t->spec);
}

/* The index of the attempt called @name; fails without one. */
static size_t find(const struct tried *t, const char *name)
{
	for (size_t i = 0; i < t->attempts->n; i++)
		if (strcmp(t->attempts->list[i].name, name) == 0)
			return i;
	fail_msg("there is no %s", name);
	return 0;
}

static bool has(const struct tried *t, const char *name)
{
	for (size_t i = 0; i < t->attempts->n; i++)
		if (strcmp(t->attempts->list[i].name, name) == 0)
			return true;
	return false;
}

TEST(the_survey_has_one_case_for_each_subject)
{
	struct ka_program_spec spec = { .n_recipes = 0 };
	struct ka_attempts *attempts;
	struct ka_recipe r;
	struct nn_err err = { "" };
	char *text;
	struct ka_program_spec again;

	assert_int_equal(ka_recipe_parse(&r, "p.conf", recipe, strlen(recipe), &err), 0);
	assert_int_equal(ka_program_spec_add(&spec, &r, NULL, &err), 0);
	ka_recipe_free(&r);
	spec.idle_s = 1.5;
	ka_program_spec_pass(&spec, &(struct ka_demands){ .detect_s = 0 });
	text = ka_program_spec_text(&spec);
	assert_int_equal(*text, '{');
	assert_int_equal(ka_program_spec_read(&again, text, &err), 0);
	free(text);
	assert_int_equal(again.n_subjects, 3);
	assert_int_equal(again.n_passages, spec.n_passages);
	assert_true(again.idle_s > 1.4 && again.idle_s < 1.6);
	assert_int_equal(ka_attempts_new(&attempts, &again, NULL, HZ, &err), 0);
	assert_int_equal(attempts->n, 3);
	assert_string_equal(attempts->list[0].name, "p.one.survey");
	assert_string_equal(attempts->list[1].name, "p.two.survey");
	ka_attempts_free(attempts);
	ka_program_spec_free(&again);
	ka_program_spec_free(&spec);
}

TEST(a_text_of_another_make_is_refused)
{
	static const char *const rows[] = { "", "{}", "[1]", "{\"subjects\":[[0,0]]}",
					    "{\"recipes\":[[\"a\",\"[\"]]}" };

	for (size_t i = 0; i < KA_N(rows); i++) {
		struct ka_program_spec spec;
		struct nn_err err = { "" };

		assert_int_equal(ka_program_spec_read(&spec, rows[i], &err), -EINVAL);
		ka_program_spec_free(&spec);
	}
}

/* The middle of the window of @name, seconds; NAN: it lives. */
static double end_s(const struct tried *t, const char *name)
{
	const struct ka_prediction *p = &t->plan.predictions[find(t, name)];

	return p->when == KA_NEVER ? NAN : (double)(p->lo_j + p->hi_j) / 2 / HZ;
}

static void assert_near(double seconds, double wanted)
{
	if (!(fabs(seconds - wanted) < wanted * 0.05))
		fail_msg("%.1f, not about %.1f", seconds, wanted);
}

TEST(keepalive_decides_what_ends)
{
	struct tried t =
		try_with("one", &(struct ka_socket_options){ true, "", "x", true, 300, 100, 3, 0 });

	assert_near(end_s(&t, "p.one.silent"), 617);
	assert_near(end_s(&t, "p.one.silent-new"), 617);
	assert_near(end_s(&t, "p.one.silent-busy"), 935);
	assert_near(end_s(&t, "p.one.reboot"), 308);
	assert_true(isnan(end_s(&t, "p.one.frozen")));
	assert_true(isnan(end_s(&t, "p.one.healthy")));
	assert_true(isnan(end_s(&t, "p.one.gateway-aws-nlb")));
	assert_true(has(&t, "p.one.gateway-gcp"));
	/* 240 s are over before the first probe */
	assert_near(end_s(&t, "p.one.gateway-azure-lb"), 617);
	assert_true(has(&t, "p.one.outage-most"));
	end(&t);
}

TEST(without_keepalive_it_never_ends)
{
	struct tried t = try_with(
		"one", &(struct ka_socket_options){ true, "", "x", false, 7200, 75, 9, 0 });

	assert_true(isnan(end_s(&t, "p.one.silent")));
	assert_true(isnan(end_s(&t, "p.one.reboot")));
	assert_true(isnan(end_s(&t, "p.one.gateway-aws-nlb")));
	assert_near(end_s(&t, "p.one.silent-busy"), 935);
	assert_false(has(&t, "p.one.outage-one"));
	assert_string_equal(t.plan.instances[0].name, "p.one.silent/off/v4/server");
	end(&t);
}

TEST(a_user_timeout_takes_over)
{
	struct tried t = try_with(
		"one", &(struct ka_socket_options){ true, "", "x", true, 60, 10, 6, 90000 });

	assert_near(end_s(&t, "p.one.silent"), 91);
	assert_near(end_s(&t, "p.one.silent-busy"), 90);
	assert_near(end_s(&t, "p.one.frozen"), 90);
	assert_false(has(&t, "p.one.outage-one"));
	end(&t);
}

TEST(who_is_not_talked_to_is_not_asked)
{
	struct tried t =
		try_with("two", &(struct ka_socket_options){ true, "", "x", true, 60, 10, 1, 0 });

	assert_false(has(&t, "p.two.silent-busy"));
	assert_false(has(&t, "p.two.frozen"));
	assert_false(has(&t, "p.two.reset"));
	assert_false(has(&t, "p.two.outage-one"));
	assert_true(has(&t, "p.two.healthy"));
	end(&t);
}

TEST(who_answers_nothing_once_greeted_is_not_asked)
{
	struct tried t =
		try_with("three", &(struct ka_socket_options){ true, "", "x", true, 60, 10, 3, 0 });

	assert_false(has(&t, "p.three.silent-busy"));
	assert_false(has(&t, "p.three.silent-full"));
	assert_false(has(&t, "p.three.reset"));
	assert_true(has(&t, "p.three.silent"));
	assert_true(has(&t, "p.three.healthy"));
	end(&t);
}
