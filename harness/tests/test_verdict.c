/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verdict's order and figures, and the guards against vacuity. */
#include <math.h>

#include "model/regimes.h"
#include "model/util.h"
#include "scene.h"

static void close_to(double seen, double want)
{
	if (!(fabs(seen - want) < 1e-6))
		fail_msg("%.9f, wanted %.9f", seen, want);
}

/* ---- what is good passes ------------------------------------------------------------------------- */

TEST(every_phase_passes)
{
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

SCENE_TEST(other_stories_pass)
{
	scene_silent_drop(s, &scene_earliest);
	scene_expect(s, KA_PASS, "");
	scene_silent_drop(s, &scene_latest);
	scene_expect(s, KA_PASS, "");
	scene_reset(s, &scene_ordinary);
	scene_expect(s, KA_PASS, "");
	scene_eof(s);
	scene_expect(s, KA_PASS, "");
	scene_alive(s, 4);
	scene_expect(s, KA_PASS, "");
	scene_unacked(s);
	scene_expect(s, KA_PASS, "");
}

SCENE_TEST(figures)
{
	scene_silent_drop(s, &scene_earliest);
	scene_judge(s);
	/* 1014 jiffies after L's, which is half over; the packet 50 us, the reader 200 us after */
	close_to(s->verdict.detect_s, 4.056 - 0.002 + 0.00005);
	close_to(s->verdict.notice_s, 4.056 - 0.002 + 0.0002);
	close_to(s->verdict.window_s[0], 4.052);
	close_to(s->verdict.window_s[1], 4.104);
	assert_int_equal(s->verdict.probes, 3);
	assert_int_equal(s->verdict.n_gaps, 2);
	close_to(s->verdict.gaps_s[0], 1.004); /* the first probe is on no granule */
	close_to(s->verdict.gaps_s[1], 1.024);
	assert_int_equal(s->verdict.error, ETIMEDOUT);
	assert_int_equal(s->verdict.events, 0x2019);
	assert_int_equal(s->verdict.last_rx_ns, scene_find(s, KA_SEG_DATA, 0)->t_ns);
}

SCENE_TEST(figures_of_a_living_connection)
{
	scene_alive(s, 2);
	scene_judge(s);
	assert_true(isnan(s->verdict.window_s[0]) && isnan(s->verdict.detect_s));
	assert_true(isnan(s->verdict.notice_s));
	assert_false(s->verdict.have_off);
	assert_int_equal(s->verdict.probes, 0);
}

/* ---- skip, broken, stalled ------------------------------------------------------------------------- */

SCENE_TEST(the_bench_decides_first)
{
	scene_find_event(s, KA_EV_END, 0)->end.why = KA_END_SKIP;
	scene_find_event(s, KA_EV_FAULT, 0)->fault.hits = 0;
	scene_expect_only(s, KA_SKIP, "the text");
	assert_int_equal(s->verdict.findings.n, 0);
	scene_find_event(s, KA_EV_END, 0)->end.code = KA_FIND_READ_ONLY;
	scene_expect_only(s, KA_SKIP, "the text");
	assert_int_equal(s->verdict.findings.n, 1);
	assert_int_equal(s->verdict.findings.list[0].code, KA_FIND_READ_ONLY);
	scene_find_event(s, KA_EV_END, 0)->end.why = KA_END_BROKEN;
	scene_expect_only(s, KA_BROKEN, "the text");
}

SCENE_TEST(nothing_recorded)
{
	s->timeline.n = 0;
	scene_expect_only(s, KA_BROKEN, "breaks off");
	assert_int_equal(s->verdict.last_rx_ns, 0);
}

SCENE_TEST(stepped_clock)
{
	s->timeline.clock_step_ns = MS;
	scene_expect(s, KA_PASS, "");
	s->timeline.clock_step_ns = MS + 1;
	scene_expect_only(s, KA_BROKEN, "clock");
}

SCENE_TEST(stalled_host)
{
	scene_noise(s, s->facts.noise_budget_ns);
	scene_expect(s, KA_PASS, "");
	scene_noise(s, 70 * MS);
	scene_expect_only(s, KA_BROKEN, "host stalled 70 ms");
	/* neither pass nor fail, whatever else is found */
	scene_find_event(s, KA_EV_CALL, 0)->call.err = EHOSTUNREACH;
	scene_expect_only(s, KA_BROKEN, "host stalled 70 ms");
	/* a fault that met nothing does not hide it: the order of findings means nothing */
	scene_find_event(s, KA_EV_FAULT, 0)->fault.hits = 0;
	scene_expect(s, KA_BROKEN, "host stalled 70 ms");
	assert_true(ka_verdict_is_stall(&s->verdict));
	/* a guest's clock does not know the host's noise */
	scene_silent_drop(s, &scene_ordinary);
	s->facts.virtual_clock = true;
	scene_noise(s, 70 * MS);
	scene_expect(s, KA_PASS, "");
}

/* A step that began or took longer than the budget was held up: the plan was not carried out. */
SCENE_TEST(stalled_step)
{
	struct ka_event *step;

	step = scene_find_event(s, KA_EV_STEP, 1);
	step->step.due_ns = step->t_ns - s->facts.noise_budget_ns;
	scene_expect(s, KA_PASS, "");
	step->step.due_ns--;
	scene_expect_only(s, KA_BROKEN, "host stalled");
	step->step.due_ns = step->t_ns;
	step->step.done_ns = step->t_ns + s->facts.noise_budget_ns + 1;
	scene_expect_only(s, KA_BROKEN, "during: step 2");
	s->facts.virtual_clock = true;
	scene_expect(s, KA_PASS, "");
}

/* ---- guards ------------------------------------------------------------------------------------------ */

SCENE_TEST(fault_without_effect)
{
	scene_find_event(s, KA_EV_FAULT, 0)->fault.hits = 0;
	scene_expect_only(s, KA_BROKEN, "fault without effect: drop both ways");
}

/* A host so slow that the first probe could be sent while the fault was being made. */
SCENE_TEST(fault_too_late)
{
	struct ka_event *drop;
	int64_t due_ns;

	due_ns = scene_find(s, KA_SEG_DATA, 0)->t_ns + 250 * TICK;
	drop = scene_find_event(s, KA_EV_STEP, 2);
	drop->step.done_ns = due_ns - 1;
	scene_expect(s, KA_PASS, "");
	drop->step.done_ns = due_ns;
	scene_expect_only(s, KA_BROKEN, "host stalled: step 3");
}

SCENE_TEST(option_not_read_back)
{
	scene_check(s, -1, true, "option TCP_KEEPIDLE reads 1");
	scene_expect(s, KA_PASS, "");
	scene_check(s, -1, false, "option TCP_KEEPIDLE reads 7200, must be 1");
	scene_expect_code(s, KA_FAIL, KA_FIND_OPTION);
}

SCENE_TEST(timestamps_not_switched_off)
{
	s->case_.no_timestamps = true;
	scene_expect_code(s, KA_FAIL, KA_FIND_TIMESTAMPS);
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
SCENE_TEST(lost_by_the_capture)
{
	remove_all(s, KA_SEG_PROBE);
	scene_expect(s, KA_FAIL, "0 unanswered probes, must be 3");
	remove_proof(s, KA_PROOF_CAPTURE, KA_AT_CLIENT);
	scene_expect(s, KA_BROKEN, "capture lost the probes");
}

/* A kernel that never sends a probe leaves nothing for a fault to meet: its silence is its own. */
SCENE_TEST(nothing_to_meet)
{
	remove_all(s, KA_SEG_PROBE);
	remove_all(s, KA_SEG_RST);
	scene_find_event(s, KA_EV_FAULT, 0)->fault.hits = 0;
	scene_expect(s, KA_FAIL, "0 unanswered probes, must be 3");
	remove_proof(s, KA_PROOF_CAPTURE, KA_AT_SERVER);
	scene_expect(s, KA_BROKEN, "without effect");
	/* and one that was to send nothing was not tried */
	scene_alive(s, 2);
	scene_step(s, (struct ka_step){ .do_ = KA_DROP });
	scene_add(s, s->events[s->timeline.n - 1].t_ns, KA_AT_BENCH,
		  (struct ka_event){ .what = KA_EV_STEP,
				     .step = { .index = 1, .done_ns = INT64_MAX } });
	scene_fault(s, 1, 0);
	scene_expect_code(s, KA_BROKEN, KA_FIND_NOTHING_MET);
}

/* What a rule lets pass first is not what it could have met. */
SCENE_TEST(first_ones_pass)
{
	remove_all(s, KA_SEG_PROBE);
	scene_find_event(s, KA_EV_FAULT, 0)->fault.hits = 0;
	scene_expect(s, KA_BROKEN, "without effect"); /* there is the RST */
	for (size_t i = 0; i < s->case_.n_steps; i++)
		if (s->steps[i].do_ == KA_DROP)
			s->steps[i].after = 1;
	scene_expect(s, KA_FAIL, "0 unanswered probes, must be 3");
}

SCENE_TEST(nothing_arrived)
{
	scene_find(s, KA_SEG_SYN_ACK, 0)->packet.accepted = false;
	scene_find(s, KA_SEG_DATA, 0)->packet.accepted = false;
	scene_expect_only(s, KA_BROKEN, "no segment was seen to arrive");
}

SCENE_TEST(ended_unseen)
{
	scene_remove(s, scene_find(s, KA_SEG_RST, 0));
	scene_remove(s, scene_find_event(s, KA_EV_EPOLL, 0));
	scene_remove(s, scene_find_event(s, KA_EV_EPOLL, 0));
	scene_expect_only(s, KA_BROKEN, "no observer saw the end");
}

SCENE_TEST(nothing_done_and_nothing_sent)
{
	scene_eof(s);
	scene_complete(s);
	while (scene_find_event(s, KA_EV_STEP, 0))
		scene_remove(s, scene_find_event(s, KA_EV_STEP, 0));
	scene_expect(s, KA_BROKEN, "that it was done (step 1)");
	/* it was done when all was over */
	scene_silent_drop(s, &scene_ordinary);
	scene_find_event(s, KA_EV_STEP, 2)->t_ns = INT64_MAX;
	scene_expect_code(s, KA_FAIL, KA_FIND_ENDED_BEFORE_STEP);
	scene_unacked(s);
	while (scene_find(s, KA_SEG_RETRANSMIT, 0))
		scene_remove(s, scene_find(s, KA_SEG_RETRANSMIT, 0));
	scene_remove(s, scene_find(s, KA_SEG_DATA, 0));
	scene_expect_only(s, KA_BROKEN, "stays unacknowledged");
}

/* ---- precedence ---------------------------------------------------------------------------------------- */

/* From the least certain finding on, each one more decides. */
SCENE_TEST(classes_have_an_order)
{
	s->timeline.host_lost = 7;
	scene_find(s, KA_SEG_PROBE, 0)->packet.kind = KA_SEG_ACK;
	scene_find_counter(s, "TcpExt.TCPKeepAlive")->counter.delta = 2;
	scene_judge(s);
	assert_int_equal(s->verdict.kind, KA_BROKEN);
	assert_true(ka_verdict_is_stall(&s->verdict));
	assert_int_equal(s->verdict.findings.list[0].code, KA_FIND_PACKETS_LOST);
	/* a lost packet does not explain this */
	scene_find_event(s, KA_EV_CALL, 0)->call.err = EHOSTUNREACH;
	scene_expect(s, KA_FAIL, "EHOSTUNREACH");
	/* nothing is said where the experiment did not happen */
	scene_find_event(s, KA_EV_FAULT, 0)->fault.hits = 0;
	scene_expect_code(s, KA_BROKEN, KA_FIND_NO_EFFECT);
	assert_false(ka_verdict_is_stall(&s->verdict));
	/* an end that came before what should have brought it needs no more evidence */
	scene_find_event(s, KA_EV_END, 0)->end.step = 2;
	scene_expect_code(s, KA_FAIL, KA_FIND_ENDED_BEFORE_STEP);
	/* but a host on time */
	scene_noise(s, 900 * MS);
	scene_expect(s, KA_BROKEN, "host stalled 900 ms");
	assert_true(ka_verdict_is_stall(&s->verdict));
	/* an option needs not even that */
	scene_check(s, -1, false, "option TCP_KEEPIDLE reads 7200, must be 1");
	scene_expect_code(s, KA_FAIL, KA_FIND_OPTION);
}

/* What the bench says of its end decides by its class. */
TEST(an_end_before_its_time)
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

	for (size_t i = 0; i < KA_N(rows); i++) {
		struct scene s;
		struct ka_end *end;

		scene_silent_drop(&s, &scene_ordinary);
		end = &scene_find_event(&s, KA_EV_END, 0)->end;
		end->why = KA_END_BROKEN;
		end->code = rows[i].code;
		scene_expect_code(&s, rows[i].kind, rows[i].code ? rows[i].code : KA_FIND_BENCH);
		assert_int_equal(ka_verdict_is_stall(&s.verdict), rows[i].again);
		scene_noise(&s, 900 * MS);
		scene_judge(&s);
		assert_int_equal(ka_verdict_is_stall(&s.verdict), rows[i].code != KA_FIND_STICKY);
	}
}

/* In virtual time no host is late: what did not come is the kernel's fault, and not tried again. */
SCENE_TEST(nothing_is_late_in_virtual_time)
{
	struct ka_event *drop = scene_find_event(s, KA_EV_STEP, 2);
	struct ka_end *end;

	drop->step.done_ns = drop->t_ns + 5000 * MS;
	scene_expect(s, KA_BROKEN, "was done only when the first probe was due");
	assert_true(ka_verdict_is_stall(&s->verdict));
	s->facts.virtual_clock = true;
	scene_expect_code(s, KA_BROKEN, KA_FIND_NO_EFFECT);
	assert_false(ka_verdict_is_stall(&s->verdict));
	end = &scene_find_event(s, KA_EV_END, 0)->end;
	end->why = KA_END_BROKEN;
	end->code = KA_FIND_STEP_NO_TIME;
	scene_expect_code(s, KA_FAIL, KA_FIND_IN_VAIN);
}

/* ---- findings, names ---------------------------------------------------------------------------------- */

SCENE_TEST(all_findings_are_kept)
{
	scene_find(s, KA_SEG_PROBE, 1)->packet.flags = 0x18;
	scene_find_event(s, KA_EV_EPOLL, 0)->epoll.mask = 0x2011;
	scene_expect(s, KA_FAIL, "; ");
	assert_int_equal(s->verdict.findings.n, 2);
	assert_int_equal(s->verdict.findings.list[0].code, KA_FIND_PROBE_FORMAT);
	assert_non_null(strstr(s->verdict.findings.list[0].text, "flags 0x18"));
	assert_int_equal(s->verdict.findings.list[1].code, KA_FIND_MASK);
	assert_non_null(strstr(s->verdict.findings.list[1].text, "0x2011"));
}

TEST(findings_are_bounded)
{
	struct ka_findings findings = { .n = 0 };
	char text[40];

	assert_string_equal(ka_findings_text(&findings, text, sizeof(text)), "");
	for (int i = 0; i < KA_MAX_FINDINGS + 5; i++)
		ka_find(&findings, KA_FIND_BENCH, -1, "number %d", i);
	assert_int_equal(findings.n, KA_MAX_FINDINGS);
	assert_int_equal(findings.left_out, 5);
	assert_string_equal(ka_findings_text(&findings, text, sizeof(text)),
			    "number 0; number 1; number 2; number 3;");
}

/* Every code has a row, and is found again by its name. */
TEST(codes_have_names)
{
	for (int i = 0; i < KA_FINDING_CODES; i++) {
		enum ka_finding_code code = (enum ka_finding_code)i;

		assert_non_null(ka_finding_name(code));
		assert_int_equal(ka_finding_code(ka_finding_name(code)), code);
		assert_true(ka_finding_class(code) == KA_OF_KERNEL || !ka_finding_stands(code));
	}
	assert_int_equal(ka_finding_code("no such"), KA_FIND_NOTHING);
}

TEST(names)
{
	assert_string_equal(ka_verdict_name(KA_PASS), "pass");
	assert_string_equal(ka_verdict_name(KA_BROKEN), "broken");
	assert_string_equal(ka_regime(KA_KEEPALIVE_EXPIRY)->name, "keepalive expiry");
	assert_string_equal(ka_regime(KA_RETRANSMIT_LIMIT)->name, "retransmission limit");
	assert_string_equal(ka_errno_name(ETIMEDOUT), "ETIMEDOUT");
	assert_string_equal(ka_errno_name(0), "0");
	assert_string_equal(ka_errno_name(99999), "unknown errno");
}
