/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The experiments of a rollout: each set of values makes cases that make sense, here and, by way of
 * a line of text, in a guest. */
#include "model/util.h"
#include "netns/tests/unit.h"
#include "plan/plan.h"
#include "rollout/rollout.h"
#include "sample.h"

static const int64_t odd[] = { -2147483, -1, 0, 1, 10, 7200, 32768, 2147483 };
static const int64_t counts[] = { 0, 1, 3, 127, 128, 255 };

static struct ka_spec spec_of(int64_t time, int64_t intvl, int64_t probes, bool virtual_clock)
{
	struct ka_spec spec = { .before = ka_knobs_initial(),
				.after = ka_knobs_initial(),
				.n_writes = 1,
				.writes = { { KA_KNOB_TIME, "60" } },
				.n_gateways = 2,
				.gateways = { { 350, KA_UNKNOWN_RESET, false },
					      { 240, KA_UNKNOWN_DROP, true } },
				.virtual_clock = virtual_clock };

	spec.after.value[KA_KNOB_TIME] = time;
	spec.after.value[KA_KNOB_INTVL] = intvl;
	spec.after.value[KA_KNOB_PROBES] = probes;
	return spec;
}

/* The plan refuses a case that makes no sense. */
static size_t plan_of(const struct ka_spec *spec, int hz)
{
	const struct ka_plan_options options = { .long_ = true };
	struct ka_plan plan = { .n = 0 };
	struct ka_trials *trials;
	struct nn_err err = { "" };
	size_t n;

	assert_int_equal(ka_trials_new(&trials, spec, hz, "6.18.0", &err), 0);
	if (ka_plan_new(&plan, trials->themes, 1, &options, hz, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < plan.n; i++)
		assert_ptr_equal(plan.instances[i].case_, &trials->cases[i]);
	n = plan.n;
	assert_int_equal(n, trials->n);
	ka_plan_free(&plan);
	free(trials);
	return n;
}

TEST(all_values_make_sense)
{
	for (size_t t = 0; t < KA_N(odd); t++)
		for (size_t i = 0; i < KA_N(odd); i++)
			for (size_t c = 0; c < KA_N(counts); c++) {
				struct ka_spec spec =
					spec_of(odd[t], odd[i], counts[c], (t + i + c) % 2);

				assert_true(plan_of(&spec, 250) >= 7);
			}
}

TEST(most_fit)
{
	struct ka_spec spec = spec_of(60, 10, 1, true);

	spec.n_gateways = KA_MAX_QUESTIONS;
	for (size_t i = 0; i < spec.n_gateways; i++)
		spec.gateways[i] =
			(struct ka_spec_gateway){ 100 + (unsigned)i, KA_UNKNOWN_DROP, i % 2 };
	assert_true(plan_of(&spec, 1000) <= KA_MAX_TRIALS);
}

/* A memory of months cannot be waited for, and does not become a time below zero. */
TEST(long_memories_are_only_computed)
{
	struct ka_spec spec = spec_of(60, 10, 3, true), none = spec;
	size_t with;

	none.n_gateways = 0;
	spec.n_gateways = 1;
	spec.gateways[0].timeout_s = 858993;
	with = plan_of(&spec, 250);
	assert_int_equal(with, plan_of(&none, 250) + KA_TRIAL_PHASES);
	spec.gateways[0].timeout_s = 858994;
	assert_int_equal(plan_of(&spec, 250), plan_of(&none, 250));
}

/* Between a probe that is answered and one that is reset lies the end of a closed connection: of
 * FIN_WAIT2 above a minute twice what is above it, of an orphan as of data with as many retries. */
TEST(a_closed_connection_is_enclosed)
{
	static const struct {
		enum ka_knob knob;
		int64_t value;
		unsigned there_s, gone_s; /* idle times of the two; 0: there is none */
	} rows[] = {
		{ KA_KNOB_FIN_TIMEOUT, -1, 0, 1 },        { KA_KNOB_FIN_TIMEOUT, 2, 0, 4 },
		{ KA_KNOB_FIN_TIMEOUT, 30, 25, 35 },      { KA_KNOB_FIN_TIMEOUT, 60, 52, 69 },
		{ KA_KNOB_FIN_TIMEOUT, 61, 0, 4 },        { KA_KNOB_FIN_TIMEOUT, 90, 52, 69 },
		{ KA_KNOB_FIN_TIMEOUT, 200, 248, 316 },   { KA_KNOB_FIN_TIMEOUT, 1000000, 0, 0 },
		{ KA_KNOB_ORPHAN_RETRIES, 8, 90, 121 },   { KA_KNOB_ORPHAN_RETRIES, 0, 90, 121 },
		{ KA_KNOB_ORPHAN_RETRIES, 15, 821, 970 },
	};

	for (size_t i = 0; i < KA_N(rows); i++) {
		struct ka_spec spec = spec_of(60, 10, 6, true);
		struct ka_trials *trials;
		struct nn_err err = { "" };
		unsigned seen[2] = { 0, 0 };

		spec.writes[0].knob = rows[i].knob;
		snprintf(spec.writes[0].text, sizeof(spec.writes[0].text), "%lld",
			 (long long)rows[i].value);
		spec.after.value[rows[i].knob] = rows[i].value;
		plan_of(&spec, 250);
		assert_int_equal(ka_trials_new(&trials, &spec, 250, "6.18.0", &err), 0);
		for (size_t t = 0; t < trials->n; t++)
			if (trials->trials[t].kind == KA_TRIAL_EFFECT)
				seen[trials->trials[t].must_keep] = trials->trials[t].with[0].idle;
		free(trials);
		if (seen[1] != rows[i].there_s || seen[0] != rows[i].gone_s)
			fail_msg("row %zu: there %u, gone %u", i, seen[1], seen[0]);
	}
}

TEST(travels_as_text)
{
	struct ka_spec spec = spec_of(-5, 10, 3, true), read;
	char *text = ka_spec_text(&spec), *again;
	struct nn_err err = { "" };

	assert_non_null(text);
	assert_int_equal(ka_spec_read(&read, text, &err), 0);
	again = ka_spec_text(&read);
	assert_string_equal(text, again);
	assert_int_equal(ka_spec_read(&read, "{}", &err), -EINVAL);
	assert_int_equal(ka_spec_read(&read, "", &err), -EINVAL);
	free(text);
	free(again);
}

/* ---- replies ------------------------------------------------------------------------------ */

static struct ka_rollout *rollout_of(int64_t time, const char *survive)
{
	struct ka_rollout *r = calloc(1, sizeof(*r));
	struct nn_err err = { "" };

	assert_non_null(r);
	r->spec = spec_of(time, 10, 6, false);
	r->spec.n_writes = r->spec.n_gateways = 0;
	r->facts.hz = 250;
	assert_int_equal(ka_questions_detect(&r->questions, "5m", &err), 0);
	assert_int_equal(ka_questions_survive(&r->questions, survive, &err), 0);
	ka_rollout_plan(r);
	assert_int_equal(ka_rollout_predict(r, &err), 0);
	return r;
}

static struct ka_measured *measured_of(struct ka_rollout *r, enum ka_trial_kind kind)
{
	for (size_t i = 0; i < r->trials->n; i++)
		if (r->trials->trials[i].kind == kind)
			return &r->measured[i];
	fail_msg("there is no trial of that kind");
	return NULL;
}

TEST(without_results_it_computes)
{
	struct ka_rollout *r = rollout_of(60, "aws-nlb");

	for (size_t i = 0; i < 2; i++) {
		assert_true(ka_rollout_reply(r, i).yes);
		assert_false(ka_rollout_reply(r, i).measured);
	}
	assert_int_equal(ka_rollout_tally(r).unplanned, r->trials->n);
	ka_rollout_free(r);
	free(r);
}

TEST(results_decide)
{
	struct ka_rollout *r = rollout_of(60, "aws-nlb");
	struct ka_measured *dead = measured_of(r, KA_TRIAL_DEAD_AFTER);
	struct ka_measured *gateway = measured_of(r, KA_TRIAL_GATEWAY);

	*dead = (struct ka_measured){ .there = true, .verdict = KA_PASS, .detect_s = 122.5 };
	*gateway = (struct ka_measured){ .there = true, .verdict = KA_PASS };
	assert_true(ka_rollout_reply(r, 0).yes && ka_rollout_reply(r, 0).measured);
	assert_non_null(strstr(ka_rollout_reply(r, 0).why, "measured 122.5 s"));
	assert_true(ka_rollout_reply(r, 1).yes && ka_rollout_reply(r, 1).measured);
	dead->verdict = KA_FAIL;
	gateway->verdict = KA_FAIL;
	assert_false(ka_rollout_reply(r, 0).yes);
	assert_false(ka_rollout_reply(r, 1).yes);
	assert_int_equal(ka_rollout_tally(r).differ, 2);
	dead->verdict = KA_BROKEN; /* says nothing: the computed reply stands */
	assert_true(ka_rollout_reply(r, 0).yes);
	assert_false(ka_rollout_reply(r, 0).measured);
	ka_rollout_free(r);
	free(r);
}

/* Where the wheel decides, an experiment may go either way; the reply is no, and nothing is odd. */
TEST(luck_is_no)
{
	struct ka_rollout *r = rollout_of(349, "aws-nlb");
	struct ka_measured *gateway = measured_of(r, KA_TRIAL_GATEWAY);

	*gateway = (struct ka_measured){ .there = true, .verdict = KA_FAIL };
	assert_false(ka_rollout_reply(r, 1).yes);
	gateway->verdict = KA_PASS;
	assert_false(ka_rollout_reply(r, 1).yes);
	gateway->verdict = KA_FAIL;
	assert_int_equal(ka_rollout_tally(r).differ, 0);
	ka_rollout_free(r);
	free(r);
}

/* What was to run and has no result that can be read is lost, not left out: it moves the end. */
TEST(unreadable_is_lost)
{
	struct ka_rollout *r = rollout_of(60, "aws-nlb");
	size_t n = r->trials->n;
	json_t *wrong = ka_sample(KA_SAMPLE_PASS);

	assert_int_equal(ka_rollout_end(r), KA_ROLLOUT_GOOD);
	ka_rollout_expect(r, 0);
	ka_rollout_expect(r, 1);
	assert_int_equal(ka_rollout_tally(r).lost, 2);
	assert_int_equal(ka_rollout_tally(r).unplanned, n - 2);
	assert_string_equal(r->measured[0].why, "no result has come");
	assert_int_equal(ka_rollout_end(r), KA_ROLLOUT_BROKEN);
	json_object_set_new(wrong, "verdict", json_string("perhaps"));
	ka_rollout_take(r, 0, wrong);
	assert_int_equal(ka_rollout_outcome(r, 0), KA_OUTCOME_LOST);
	assert_non_null(strstr(r->measured[0].why, "cannot be read: "));
	ka_rollout_take(r, 1, ka_sample(KA_SAMPLE_PASS));
	assert_int_equal(ka_rollout_outcome(r, 1), KA_OUTCOME_HELD);
	assert_int_equal(ka_rollout_end(r), KA_ROLLOUT_BROKEN);
	ka_rollout_take(r, 0, ka_sample(KA_SAMPLE_SKIP));
	assert_int_equal(ka_rollout_end(r), KA_ROLLOUT_GOOD);
	ka_rollout_take(r, 0, ka_sample(KA_SAMPLE_BROKEN));
	assert_int_equal(ka_rollout_end(r), KA_ROLLOUT_BROKEN);
	ka_rollout_take(r, 1, ka_sample(KA_SAMPLE_FAIL));
	assert_int_equal(ka_rollout_end(r), KA_ROLLOUT_BAD);
	ka_rollout_take(r, 0, ka_sample(KA_SAMPLE_SKIP));
	ka_rollout_take(r, 1, ka_sample(KA_SAMPLE_SKIP));
	assert_int_equal(ka_rollout_end(r), KA_ROLLOUT_NOTHING);
	ka_rollout_free(r);
	free(r);
}
