/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A real program is the prober: without evidence of it nothing is said. */
#include "model/util.h"
#include "scene.h"

#define AT_ONCE (200 * US)

static void remove_all(struct scene *s, enum ka_what what)
{
	struct ka_event *event;

	while ((event = scene_find_event(s, what, 0)))
		scene_remove(s, event);
}

static void dies(struct scene *s)
{
	scene_silent_drop(s, &scene_ordinary);
	scene_of_program(s, AT_ONCE);
}

static void lives(struct scene *s)
{
	scene_alive(s, 3);
	scene_of_program(s, AT_ONCE);
}

SCENE_TEST(no_evidence_of_the_program)
{
	static const enum ka_what kinds[] = { KA_EV_OPTIONS, KA_EV_HOLD };

	for (size_t i = 0; i < KA_N(kinds); i++) {
		dies(s);
		remove_all(s, kinds[i]);
		scene_expect_code(s, KA_BROKEN, KA_FIND_NO_EVIDENCE);
		lives(s);
		remove_all(s, kinds[i]);
		scene_expect_code(s, KA_BROKEN, KA_FIND_NO_EVIDENCE);
	}
	lives(s);
	remove_all(s, KA_EV_DIAG);
	scene_expect_code(s, KA_BROKEN, KA_FIND_NO_EVIDENCE);
}

SCENE_TEST(no_proof_of_the_program)
{
	static const enum ka_proof proofs[] = { KA_PROOF_CAPTURE, KA_PROOF_COUNTERS,
						KA_PROOF_SOCKET, KA_PROOF_OPTIONS,
						KA_PROOF_HOLDERS };

	for (size_t i = 0; i < KA_N(proofs); i++) {
		dies(s);
		for (size_t k = s->timeline.n; k-- > 0;)
			if (s->events[k].what == KA_EV_PROOF && s->events[k].proof == proofs[i] &&
			    s->events[k].at == KA_AT_CLIENT)
				scene_remove(s, &s->events[k]);
		scene_expect_code(s, KA_BROKEN, KA_FIND_NO_EVIDENCE);
	}
}

/* Of a program other connections may be counted, too; what its own must have moved must have. */
SCENE_TEST(other_connections_count)
{
	dies(s);
	scene_find_counter(s, "TcpExt.TCPKeepAlive")->counter.delta = 9;
	scene_expect(s, KA_PASS, "");
	scene_find_counter(s, "TcpExt.TCPKeepAlive")->counter.delta = 2;
	scene_expect(s, KA_FAIL, "TCPKeepAlive moved by 2");
}
