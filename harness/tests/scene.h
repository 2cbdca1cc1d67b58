/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timelines made by hand, as a kernel without fault would have written them. A test builds one that
 * passes, spoils one thing, and looks for the finding.
 */
#ifndef KA_SCENE_H
#define KA_SCENE_H

#include "judge/judge.h"
#include "netns/tests/unit.h"

#define SCENE_MAX 400
#define TICK      INT64_C(4000000)
#define MS        INT64_C(1000000)
#define US        INT64_C(1000)

/* Client probes, 250 Hz, 1/1/3 unless said otherwise. */
struct scene {
	struct ka_step steps[8];
	struct ka_case case_;
	struct ka_instance instance;
	struct ka_facts facts;
	struct ka_prediction prediction;
	struct ka_event events[SCENE_MAX];
	struct ka_timeline timeline;
	struct ka_verdict verdict;
	uint32_t peer_seq; /* next byte of the peer */
	uint32_t own_seq;  /* next byte of the prober */
	bool timestamps;
	/* probe @stamped (from 1; 0: none) has a timestamp that is so far off */
	int stamped, stamp_off_ms;
	int echoed, echo_off_ms; /* the same of what it echoes */
	bool complete;
	struct ka_program program;
};

/* How timer and last segment lie: jiffies from arming to L, and L modulo 64. */
struct scene_phase {
	int64_t armed_before, residue;
	int64_t into_jiffy; /* how far into its jiffy L is, ns */
};
/* The phases that give the earliest and the latest end of 1/1/3 at 250 Hz. */
extern const struct scene_phase scene_earliest, scene_latest, scene_ordinary;

/* An empty scene with @when; the caller completes case and setting, then scene_begin(). */
void scene_init(struct scene *s, enum ka_when when);
void scene_step(struct scene *s, struct ka_step step);
/* Predicts, and shakes hands at @ns. */
void scene_begin(struct scene *s, int64_t ns);

/* ---- one event, in its place in time -------------------------------------------------------- */

struct ka_event *scene_add(struct scene *s, int64_t ns, enum ka_at at, struct ka_event event);
struct ka_event *scene_packet(struct scene *s, int64_t ns, struct ka_packet packet);
void scene_done(struct scene *s, int64_t began_ns, int64_t done_ns, int step);
void scene_rx(struct scene *s, int64_t ns, uint16_t len); /* data from the peer, acknowledged */
void scene_probe(struct scene *s, int64_t ns);
void scene_answer(struct scene *s, int64_t ns);
void scene_rst_out(struct scene *s, int64_t ns);
void scene_rst_in(struct scene *s, int64_t ns);
void scene_epoll(struct scene *s, int64_t ns, uint32_t level, uint32_t full);
void scene_call(struct scene *s, int64_t ns, enum ka_call_name name, int64_t ret, int err);
void scene_info(struct scene *s, int64_t ns, uint8_t state, uint8_t probes);
/* What the post-mortem finds after @error: masks, TCP_INFO, calls. */
void scene_post_mortem(struct scene *s, int64_t ns, int error, uint8_t probes);
void scene_counter(struct scene *s, const char *name, int64_t delta);
void scene_fault(struct scene *s, int step, uint64_t hits);
void scene_check(struct scene *s, int step, bool ok, const char *text);
/* The end, and that all evidence was taken. */
void scene_end(struct scene *s, int64_t ns, enum ka_end_why why);

/* ---- whole stories ------------------------------------------------------------------------------ */

/* The path falls silent and the kernel gives up. */
void scene_silent_drop(struct scene *s, const struct scene_phase *phase);
/* The same, with what scene_init() and the caller have prepared. */
void scene_give_up(struct scene *s, const struct scene_phase *phase);
/* The first probe meets a RST. */
void scene_reset(struct scene *s, const struct scene_phase *phase);
/* The peer closes. */
void scene_eof(struct scene *s);
/* A living peer answers @n probes. */
void scene_alive(struct scene *s, int n);
/* Ten bytes that nobody acknowledges, sent for the first time or again. */
void scene_in_flight(struct scene *s, int64_t ns, enum ka_segment kind);
/* Data is never acknowledged; sysctl tcp_retries2 is 3. */
void scene_unacked(struct scene *s);

/* ---- a real program is the prober (scene_program.c) --------------------------------------------- */

/* Takes away what only a socket of our own tells, and puts in what is seen of a program from outside:
 * its options, who holds the socket, sock_diag. It has let go @late_ns after the end (0: never). */
void scene_of_program(struct scene *s, int64_t late_ns);
void scene_hold(struct scene *s, int64_t ns, int n);
/* sock_diag: the state, and the timer that runs with what is left of it; no state: not found. */
struct ka_event *scene_diag(struct scene *s, int64_t ns, uint8_t state, uint8_t timer,
			    uint32_t expires_ms);
/* The verdict, and beside it what the program did. */
void scene_expect_program(struct scene *s, enum ka_verdict_kind kind, const char *text,
			  enum ka_program_verdict did);
struct ka_event *scene_process(struct scene *s, int64_t ns, enum ka_process_act act, int status);
/* What leaves the program's end. */
void scene_fin_out(struct scene *s, int64_t ns);
void scene_data_out(struct scene *s, int64_t ns, enum ka_segment kind, uint16_t len);

/* When a timer of @length jiffies, set at @ns, has gone off and its segment is out. */
int64_t scene_fired(const struct scene *s, int64_t ns, int64_t length);

/* ---- spoiling ------------------------------------------------------------------------------------ */

/* The @nth (from 0) packet of @kind at the prober's end; NULL: none. */
struct ka_event *scene_find(struct scene *s, enum ka_segment kind, int nth);
/* The @nth event of @what at the prober's end or the bench. */
struct ka_event *scene_find_event(struct scene *s, enum ka_what what, int nth);
struct ka_event *scene_find_counter(struct scene *s, const char *name);
void scene_remove(struct scene *s, struct ka_event *event);
/* Moves everything from @from on by @ns. */
void scene_shift(struct scene *s, const struct ka_event *from, int64_t ns);

/* The host was late by @late_ns all the time, or from @from_ns to @to_ns only. */
void scene_noise(struct scene *s, int64_t late_ns);
void scene_noise_at(struct scene *s, int64_t from_ns, int64_t to_ns, int64_t late_ns);

/* ---- judging --------------------------------------------------------------------------------------- */

void scene_judge(struct scene *s);
/* What the bench records and no test is about: steps done, checks that hold, counters that stand. Once,
 * so that what a test then takes away is gone. */
void scene_complete(struct scene *s);
/* Completes, judges, and requires @kind and that @text is part of why. */
void scene_expect(struct scene *s, enum ka_verdict_kind kind, const char *text);
/* Judges, and requires @kind by a finding of @code and no other. */
void scene_expect_code(struct scene *s, enum ka_verdict_kind kind, enum ka_finding_code code);
/* As scene_expect(), and nothing else may be found. */
void scene_expect_only(struct scene *s, enum ka_verdict_kind kind, const char *text);

/* A unit test with a scene @s, which is scene_silent_drop() as long as the test says nothing else. */
#define SCENE_TEST(name)                                                                           \
	static void with_##name(struct scene *s);                                                  \
	TEST(name)                                                                                 \
	{                                                                                          \
		struct scene s;                                                                    \
                                                                                                   \
		scene_silent_drop(&s, &scene_ordinary);                                            \
		with_##name(&s);                                                                   \
	}                                                                                          \
	static void with_##name(struct scene *s)

#endif
