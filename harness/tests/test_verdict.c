/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verdict's order and figures, and the guards against vacuity. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "model/regimes.h"
#include "model/util.h"
#include "scene.h"

static void close_to(double seen, double want)
{
	if (!(fabs(seen - want) < 1e-6))
		fail_msg("%.9f, wanted %.9f", seen, want);
}

/* ---- what is good passes ------------------------------------------------------------------------- */

static void every_phase_passes(void **state)
{
	(void)state;
	for (int64_t residue = 0; residue < 64; residue++) {
		for (int64_t before = 1; before < 250; before += 7) {
			const struct scene_phase phase = { before, residue, 2 * MS };
			struct scene s;

			scene_silent_drop(&s, &phase);
			scene_expect(&s, KA_PASS, "");
			assert_true(s.verdict.have_off);
			assert_int_equal(s.verdict.off_jiffies, 0);
		}
	}
}

static void other_stories_pass(void **state)
{
	struct scene s;

	(void)state;
	scene_silent_drop(&s, &scene_earliest);
	scene_expect(&s, KA_PASS, "");
	scene_silent_drop(&s, &scene_latest);
	scene_expect(&s, KA_PASS, "");
	scene_reset(&s, &scene_ordinary);
	scene_expect(&s, KA_PASS, "");
	scene_eof(&s);
	scene_expect(&s, KA_PASS, "");
	scene_alive(&s, 4);
	scene_expect(&s, KA_PASS, "");
	scene_unacked(&s);
	scene_expect(&s, KA_PASS, "");
}

static void figures(void **state)
{
	struct scene s;

	(void)state;
	scene_silent_drop(&s, &scene_earliest);
	scene_judge(&s);
	/* 1014 jiffies after L's, which is half over; the packet 50 us, the reader 200 us after */
	close_to(s.verdict.detect_s, 4.056 - 0.002 + 0.00005);
	close_to(s.verdict.notice_s, 4.056 - 0.002 + 0.0002);
	close_to(s.verdict.window_s[0], 4.052);
	close_to(s.verdict.window_s[1], 4.104);
	assert_int_equal(s.verdict.probes, 3);
	assert_int_equal(s.verdict.n_gaps, 2);
	close_to(s.verdict.gaps_s[0], 1.004); /* the first probe is on no granule */
	close_to(s.verdict.gaps_s[1], 1.024);
	assert_int_equal(s.verdict.error, ETIMEDOUT);
	assert_int_equal(s.verdict.events, 0x2019);
	assert_int_equal(s.verdict.last_rx_ns, scene_find(&s, KA_SEG_DATA, 0)->t_ns);
}

static void figures_of_a_living_connection(void **state)
{
	struct scene s;

	(void)state;
	scene_alive(&s, 2);
	scene_judge(&s);
	assert_true(isnan(s.verdict.window_s[0]) && isnan(s.verdict.detect_s));
	assert_true(isnan(s.verdict.notice_s));
	assert_false(s.verdict.have_off);
	assert_int_equal(s.verdict.probes, 0);
}

/* ---- skip, broken, stalled ------------------------------------------------------------------------- */

static void the_bench_decides_first(void **state)
{
	struct scene s;

	(void)state;
	scene_silent_drop(&s, &scene_ordinary);
	scene_find_event(&s, KA_EV_END, 0)->end.why = KA_END_SKIP;
	scene_find_event(&s, KA_EV_FAULT, 0)->fault.hits = 0;
	scene_expect_only(&s, KA_SKIP, "the text");
	scene_find_event(&s, KA_EV_END, 0)->end.why = KA_END_BROKEN;
	scene_expect_only(&s, KA_BROKEN, "the text");
}

static void nothing_recorded(void **state)
{
	struct scene s;

	(void)state;
	scene_silent_drop(&s, &scene_ordinary);
	s.timeline.n = 0;
	scene_expect_only(&s, KA_BROKEN, "breaks off");
	assert_int_equal(s.verdict.last_rx_ns, 0);
}

static void stepped_clock(void **state)
{
	struct scene s;

	(void)state;
	scene_silent_drop(&s, &scene_ordinary);
	s.timeline.clock_step_ns = MS;
	scene_expect(&s, KA_PASS, "");
	s.timeline.clock_step_ns = MS + 1;
	scene_expect_only(&s, KA_BROKEN, "clock");
}

static void stalled_host(void **state)
{
	struct scene s;

	(void)state;
	scene_silent_drop(&s, &scene_ordinary);
	s.facts.noise_ns = s.facts.noise_budget_ns;
	scene_expect(&s, KA_PASS, "");
	s.facts.noise_ns = 70 * MS;
	scene_expect_only(&s, KA_BROKEN, "host stalled 70 ms");
	/* neither pass nor fail, whatever else is found */
	scene_find_event(&s, KA_EV_CALL, 0)->call.err = EHOSTUNREACH;
	scene_expect_only(&s, KA_BROKEN, "host stalled 70 ms");
	/* a fault that met nothing does not hide it: the order of findings means nothing */
	scene_find_event(&s, KA_EV_FAULT, 0)->fault.hits = 0;
	scene_expect(&s, KA_BROKEN, "host stalled 70 ms");
	assert_true(ka_verdict_is_stall(&s.verdict));
	/* a guest's clock does not know the host's noise */
	scene_silent_drop(&s, &scene_ordinary);
	s.facts.virtual_clock = true;
	s.facts.noise_ns = 70 * MS;
	scene_expect(&s, KA_PASS, "");
}

/* A step that began or took longer than the budget was held up: the plan was not carried out. */
static void stalled_step(void **state)
{
	struct scene s;
	struct ka_event *step;

	(void)state;
	scene_silent_drop(&s, &scene_ordinary);
	step = scene_find_event(&s, KA_EV_STEP, 1);
	step->step.due_ns = step->t_ns - s.facts.noise_budget_ns;
	scene_expect(&s, KA_PASS, "");
	step->step.due_ns--;
	scene_expect_only(&s, KA_BROKEN, "host stalled");
	step->step.due_ns = step->t_ns;
	step->step.done_ns = step->t_ns + s.facts.noise_budget_ns + 1;
	scene_expect_only(&s, KA_BROKEN, "during: step 2");
	s.facts.virtual_clock = true;
	scene_expect(&s, KA_PASS, "");
}

/* ---- guards ------------------------------------------------------------------------------------------ */

static void fault_without_effect(void **state)
{
	struct scene s;

	(void)state;
	scene_silent_drop(&s, &scene_ordinary);
	scene_find_event(&s, KA_EV_FAULT, 0)->fault.hits = 0;
	scene_expect_only(&s, KA_BROKEN, "fault without effect: drop both ways");
}

/* A host so slow that the first probe could be sent while the fault was being made. */
static void fault_too_late(void **state)
{
	struct scene s;
	struct ka_event *drop;
	int64_t due_ns;

	(void)state;
	scene_silent_drop(&s, &scene_ordinary);
	due_ns = scene_find(&s, KA_SEG_DATA, 0)->t_ns + 250 * TICK;
	drop = scene_find_event(&s, KA_EV_STEP, 2);
	drop->step.done_ns = due_ns - 1;
	scene_expect(&s, KA_PASS, "");
	drop->step.done_ns = due_ns;
	scene_expect_only(&s, KA_BROKEN, "host stalled: step 3");
}

static void option_not_read_back(void **state)
{
	struct scene s;

	(void)state;
	scene_silent_drop(&s, &scene_ordinary);
	scene_check(&s, -1, true, "option TCP_KEEPIDLE reads 1");
	scene_expect(&s, KA_PASS, "");
	scene_check(&s, -1, false, "option TCP_KEEPIDLE reads 7200, must be 1");
	scene_expect_code(&s, KA_FAIL, KA_FIND_OPTION);
}

static void timestamps_not_switched_off(void **state)
{
	struct scene s;

	(void)state;
	scene_silent_drop(&s, &scene_ordinary);
	s.case_.no_timestamps = true;
	scene_expect_code(&s, KA_FAIL, KA_FIND_TIMESTAMPS);
}

static void remove_all(struct scene *s, enum ka_segment kind)
{
	while (scene_find(s, kind, 0))
		scene_remove(s, scene_find(s, kind, 0));
}

static void remove_proof(struct scene *s, enum ka_proof proof, enum ka_at at)
{
	for (size_t i = 0; i < s->timeline.n; i++)
		if (s->events[i].what == KA_EV_PROOF && s->events[i].at == at &&
		    s->events[i].proof == proof)
			scene_remove(s, &s->events[i]);
}

/* The counter has moved and the wire was silent: whose fault that is, the capture decides. */
static void lost_by_the_capture(void **state)
{
	struct scene s;

	(void)state;
	scene_silent_drop(&s, &scene_ordinary);
	remove_all(&s, KA_SEG_PROBE);
	scene_expect(&s, KA_FAIL, "0 unanswered probes, must be 3");
	remove_proof(&s, KA_PROOF_CAPTURE, KA_AT_CLIENT);
	scene_expect(&s, KA_BROKEN, "capture lost the probes");
}

/* A kernel that never sends a probe leaves nothing for a fault to meet: its silence is its own. */
static void nothing_to_meet(void **state)
{
	struct scene s;

	(void)state;
	scene_silent_drop(&s, &scene_ordinary);
	remove_all(&s, KA_SEG_PROBE);
	remove_all(&s, KA_SEG_RST);
	scene_find_event(&s, KA_EV_FAULT, 0)->fault.hits = 0;
	scene_expect(&s, KA_FAIL, "0 unanswered probes, must be 3");
	remove_proof(&s, KA_PROOF_CAPTURE, KA_AT_SERVER);
	scene_expect(&s, KA_BROKEN, "without effect");
	/* and one that was to send nothing was not tried */
	scene_alive(&s, 2);
	scene_step(&s, (struct ka_step){ .do_ = KA_DROP });
	scene_add(&s, s.events[s.timeline.n - 1].t_ns, KA_AT_BENCH,
		  (struct ka_event){ .what = KA_EV_STEP,
				     .step = { .index = 1, .done_ns = INT64_MAX } });
	scene_fault(&s, 1, 0);
	scene_expect_code(&s, KA_BROKEN, KA_FIND_NOTHING_MET);
}

/* What a rule lets pass first is not what it could have met. */
static void first_ones_pass(void **state)
{
	struct scene s;

	(void)state;
	scene_silent_drop(&s, &scene_ordinary);
	remove_all(&s, KA_SEG_PROBE);
	scene_find_event(&s, KA_EV_FAULT, 0)->fault.hits = 0;
	scene_expect(&s, KA_BROKEN, "without effect"); /* there is the RST */
	for (size_t i = 0; i < s.case_.n_steps; i++)
		if (s.steps[i].do_ == KA_DROP)
			s.steps[i].after = 1;
	scene_expect(&s, KA_FAIL, "0 unanswered probes, must be 3");
}

static void nothing_arrived(void **state)
{
	struct scene s;

	(void)state;
	scene_silent_drop(&s, &scene_ordinary);
	scene_find(&s, KA_SEG_SYN_ACK, 0)->packet.accepted = false;
	scene_find(&s, KA_SEG_DATA, 0)->packet.accepted = false;
	scene_expect_only(&s, KA_BROKEN, "no segment was seen to arrive");
}

static void ended_unseen(void **state)
{
	struct scene s;

	(void)state;
	scene_silent_drop(&s, &scene_ordinary);
	scene_remove(&s, scene_find(&s, KA_SEG_RST, 0));
	scene_remove(&s, scene_find_event(&s, KA_EV_EPOLL, 0));
	scene_remove(&s, scene_find_event(&s, KA_EV_EPOLL, 0));
	scene_expect_only(&s, KA_BROKEN, "no observer saw the end");
}

static void nothing_done_and_nothing_sent(void **state)
{
	struct scene s;

	(void)state;
	scene_eof(&s);
	scene_complete(&s);
	while (scene_find_event(&s, KA_EV_STEP, 0))
		scene_remove(&s, scene_find_event(&s, KA_EV_STEP, 0));
	scene_expect(&s, KA_BROKEN, "that it was done (step 1)");
	/* it was done when all was over */
	scene_silent_drop(&s, &scene_ordinary);
	scene_find_event(&s, KA_EV_STEP, 2)->t_ns = INT64_MAX;
	scene_expect_code(&s, KA_FAIL, KA_FIND_ENDED_BEFORE_STEP);
	scene_unacked(&s);
	while (scene_find(&s, KA_SEG_RETRANSMIT, 0))
		scene_remove(&s, scene_find(&s, KA_SEG_RETRANSMIT, 0));
	scene_remove(&s, scene_find(&s, KA_SEG_DATA, 0));
	scene_expect_only(&s, KA_BROKEN, "stays unacknowledged");
}

/* ---- precedence ---------------------------------------------------------------------------------------- */

/* From the least certain finding on, each one more decides. */
static void classes_have_an_order(void **state)
{
	struct scene s;

	(void)state;
	scene_silent_drop(&s, &scene_ordinary);
	s.timeline.host_lost = 7;
	scene_find(&s, KA_SEG_PROBE, 0)->packet.kind = KA_SEG_ACK;
	scene_find_counter(&s, "TcpExt.TCPKeepAlive")->counter.delta = 2;
	scene_judge(&s);
	assert_int_equal(s.verdict.kind, KA_BROKEN);
	assert_true(ka_verdict_is_stall(&s.verdict));
	assert_int_equal(s.verdict.findings.list[0].code, KA_FIND_PACKETS_LOST);
	/* a lost packet does not explain this */
	scene_find_event(&s, KA_EV_CALL, 0)->call.err = EHOSTUNREACH;
	scene_expect(&s, KA_FAIL, "EHOSTUNREACH");
	/* nothing is said where the experiment did not happen */
	scene_find_event(&s, KA_EV_FAULT, 0)->fault.hits = 0;
	scene_expect_code(&s, KA_BROKEN, KA_FIND_NO_EFFECT);
	assert_false(ka_verdict_is_stall(&s.verdict));
	/* an end that came before what should have brought it needs no more evidence */
	scene_find_event(&s, KA_EV_END, 0)->end.step = 2;
	scene_expect_code(&s, KA_FAIL, KA_FIND_ENDED_BEFORE_STEP);
	/* but a host on time */
	s.facts.noise_ns = 900 * MS;
	scene_expect(&s, KA_BROKEN, "host stalled 900 ms");
	assert_true(ka_verdict_is_stall(&s.verdict));
	/* an option needs not even that */
	scene_check(&s, -1, false, "option TCP_KEEPIDLE reads 7200, must be 1");
	scene_expect_code(&s, KA_FAIL, KA_FIND_OPTION);
}

/* What the bench says of its end decides by its class. */
static void an_end_before_its_time(void **state)
{
	static const struct {
		enum ka_finding_code code;
		enum ka_verdict_kind kind;
		bool again;
	} rows[] = {
		{ KA_FIND_NOTHING, KA_BROKEN, false },
		{ KA_FIND_BENCH, KA_BROKEN, false },
		{ KA_FIND_NOT_GATHERED, KA_BROKEN, false },
		{ KA_FIND_STEP_NO_TIME, KA_BROKEN, true },
		{ KA_FIND_NO_CONNECTION, KA_FAIL, false },
		{ KA_FIND_STICKY, KA_FAIL, false },
		{ KA_FIND_NOT_NOTICED, KA_FAIL, false },
	};

	(void)state;
	for (size_t i = 0; i < KA_N(rows); i++) {
		struct scene s;
		struct ka_end *end;

		scene_silent_drop(&s, &scene_ordinary);
		end = &scene_find_event(&s, KA_EV_END, 0)->end;
		end->why = KA_END_BROKEN;
		end->code = rows[i].code;
		scene_expect_code(&s, rows[i].kind, rows[i].code ? rows[i].code : KA_FIND_BENCH);
		assert_int_equal(ka_verdict_is_stall(&s.verdict), rows[i].again);
		s.facts.noise_ns = 900 * MS;
		scene_judge(&s);
		assert_int_equal(ka_verdict_is_stall(&s.verdict), rows[i].code != KA_FIND_STICKY);
	}
}

/* ---- findings, names ---------------------------------------------------------------------------------- */

static void all_findings_are_kept(void **state)
{
	struct scene s;

	(void)state;
	scene_silent_drop(&s, &scene_ordinary);
	scene_find(&s, KA_SEG_PROBE, 1)->packet.flags = 0x18;
	scene_find_event(&s, KA_EV_EPOLL, 0)->epoll.mask = 0x2011;
	scene_expect(&s, KA_FAIL, "; ");
	assert_int_equal(s.verdict.findings.n, 2);
	assert_int_equal(s.verdict.findings.list[0].code, KA_FIND_PROBE_FORMAT);
	assert_non_null(strstr(s.verdict.findings.list[0].text, "flags 0x18"));
	assert_int_equal(s.verdict.findings.list[1].code, KA_FIND_MASK);
	assert_non_null(strstr(s.verdict.findings.list[1].text, "0x2011"));
}

static void findings_are_bounded(void **state)
{
	struct ka_findings findings = { .n = 0 };
	char text[40];

	(void)state;
	assert_string_equal(ka_findings_text(&findings, text, sizeof(text)), "");
	for (int i = 0; i < KA_MAX_FINDINGS + 5; i++)
		ka_find(&findings, KA_FIND_BENCH, -1, "number %d", i);
	assert_int_equal(findings.n, KA_MAX_FINDINGS);
	assert_int_equal(findings.left_out, 5);
	assert_string_equal(ka_findings_text(&findings, text, sizeof(text)),
			    "number 0; number 1; number 2; number 3;");
}

/* Every code has a row, and is found again by its name. */
static void codes_have_names(void **state)
{
	(void)state;
	for (int i = 0; i < KA_FINDING_CODES; i++) {
		enum ka_finding_code code = (enum ka_finding_code)i;

		assert_non_null(ka_finding_name(code));
		assert_int_equal(ka_finding_code(ka_finding_name(code)), code);
		assert_true(ka_finding_class(code) == KA_OF_KERNEL || !ka_finding_stands(code));
	}
	assert_int_equal(ka_finding_code("no such"), KA_FIND_NOTHING);
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(ka_verdict_name(KA_PASS), "pass");
	assert_string_equal(ka_verdict_name(KA_BROKEN), "broken");
	assert_string_equal(ka_regime(KA_KEEPALIVE_EXPIRY)->name, "keepalive expiry");
	assert_string_equal(ka_regime(KA_RETRANSMIT_LIMIT)->name, "retransmission limit");
	assert_string_equal(ka_errno_name(ETIMEDOUT), "ETIMEDOUT");
	assert_string_equal(ka_errno_name(0), "0");
	assert_string_equal(ka_errno_name(99999), "unknown errno");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_phase_passes),
		cmocka_unit_test(other_stories_pass),
		cmocka_unit_test(figures),
		cmocka_unit_test(figures_of_a_living_connection),
		cmocka_unit_test(the_bench_decides_first),
		cmocka_unit_test(nothing_recorded),
		cmocka_unit_test(stepped_clock),
		cmocka_unit_test(stalled_host),
		cmocka_unit_test(stalled_step),
		cmocka_unit_test(fault_without_effect),
		cmocka_unit_test(fault_too_late),
		cmocka_unit_test(option_not_read_back),
		cmocka_unit_test(timestamps_not_switched_off),
		cmocka_unit_test(lost_by_the_capture),
		cmocka_unit_test(nothing_to_meet),
		cmocka_unit_test(first_ones_pass),
		cmocka_unit_test(classes_have_an_order),
		cmocka_unit_test(an_end_before_its_time),
		cmocka_unit_test(nothing_arrived),
		cmocka_unit_test(ended_unseen),
		cmocka_unit_test(nothing_done_and_nothing_sent),
		cmocka_unit_test(all_findings_are_kept),
		cmocka_unit_test(findings_are_bounded),
		cmocka_unit_test(codes_have_names),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
