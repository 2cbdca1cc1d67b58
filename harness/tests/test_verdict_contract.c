/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nobody makes a verdict pass by taking its eyes out: each event is taken from each story. */
#include "model/util.h"
#include "scene.h"

static void silent_drop(struct scene *s)
{
	scene_silent_drop(s, &scene_ordinary);
}

static void reset(struct scene *s)
{
	scene_reset(s, &scene_ordinary);
}

static void alive(struct scene *s)
{
	scene_alive(s, 3);
}

static const struct story {
	const char *name;
	void (*tell)(struct scene *s);
} stories[] = {
	{ "silent_drop", silent_drop }, { "reset", reset },
	{ "eof", scene_eof },           { "alive", alive },
	{ "unacked", scene_unacked },
};

/* What nothing is proved by, or what another event says as well. */
static const struct {
	const char *why;
	enum ka_what what;
	const char *text; /* as ka_event_text() begins */
} redundant[] = {
	{ "no rule is about an acknowledgement of what has arrived", KA_EV_PACKET, "ACK" },
	{ "some answers are declared, and others are left", KA_EV_PACKET, "arrives: answer" },
	{ "the story sends again out of time, so that intervals are not judged", KA_EV_PACKET,
	  "retransmit" },
	{ "that all were read is the proof", KA_EV_COUNTER, "counter TcpExt.OutOfWindowIcmps" },
	{ "that all were read is the proof", KA_EV_COUNTER, "counter TcpExt.TCPAbortFailed" },
	{ "there is no load", KA_EV_PROOF, "what became of the load" },
	{ "no call blocks", KA_EV_PROOF, "what the blocked call returned" },
	{ "there is no program", KA_EV_PROOF, "the options of the program's socket" },
	{ "there is no program", KA_EV_PROOF, "who holds the program's socket" },
};

static bool is_redundant(const struct scene *s, const struct ka_event *event)
{
	char text[256];

	/* of the peer's end, only the capture is promised; after an EOF nobody asks the socket */
	if (event->what == KA_EV_PROOF && event->at == KA_AT_SERVER)
		return event->proof != KA_PROOF_CAPTURE;
	if (event->what == KA_EV_PROOF && event->proof == KA_PROOF_CALLS)
		return !s->prediction.error;
	ka_event_text(event, text, sizeof(text));
	for (size_t i = 0; i < KA_N(redundant); i++)
		if (event->what == redundant[i].what &&
		    !strncmp(text, redundant[i].text, strlen(redundant[i].text)))
			return true;
	return false;
}

static void take_one(const struct story *story, size_t k)
{
	struct scene s;
	char text[256];

	story->tell(&s);
	scene_complete(&s);
	ka_event_text(&s.events[k], text, sizeof(text));
	if (is_redundant(&s, &s.events[k]))
		return;
	scene_remove(&s, &s.events[k]);
	scene_judge(&s);
	if (s.verdict.kind == KA_PASS)
		fail_msg("%s passes without '%s'", story->name, text);
}

TEST(an_event_less)
{
	for (size_t i = 0; i < KA_N(stories); i++) {
		struct scene whole;
		size_t n;

		stories[i].tell(&whole);
		scene_complete(&whole);
		n = whole.timeline.n; /* the judge may add what it settles */
		scene_expect(&whole, KA_PASS, "");
		for (size_t k = 0; k < n; k++)
			take_one(&stories[i], k);
	}
}

/* What could not be gathered is broken, by the code that the bench gives it. */
TEST(gaps_are_broken)
{
	static const enum ka_finding_code codes[] = { KA_FIND_NOT_GATHERED, KA_FIND_CAPTURE_LOST };

	for (size_t i = 0; i < KA_N(stories); i++) {
		for (size_t k = 0; k < KA_N(codes); k++) {
			struct scene s;

			stories[i].tell(&s);
			scene_add(&s, s.events[s.timeline.n - 1].t_ns, KA_AT_CLIENT,
				  (struct ka_event){ .what = KA_EV_GAP,
						     .gap = { .proof = KA_PROOF_CAPTURE,
							      .code = codes[k],
							      .step = -1,
							      .text = "EIO" } });
			scene_expect_code(&s, KA_BROKEN, codes[k]);
		}
	}
}

/* A step that was declared and is not in the record. */
SCENE_TEST(a_step_less)
{
	scene_alive(s, 3);
	scene_complete(s);
	scene_step(s, (struct ka_step){ .do_ = KA_SYSCTL_IS, .who = KA_PROBER });
	scene_judge(s);
	assert_int_equal(s->verdict.kind, KA_BROKEN);
	assert_int_equal(s->verdict.findings.n, 2);
	assert_int_equal(s->verdict.findings.list[1].code, KA_FIND_NO_EVIDENCE);
	assert_int_equal(s->verdict.findings.list[1].step, 1);
}
