/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A real program is the prober: the options that its socket really has decide, not those of the plan. */
#include "model/util.h"
#include "scene.h"

#define AT_ONCE (200 * US)

/* The plan was made from the survey; the program did otherwise here. */
SCENE_TEST(other_values_than_planned)
{
	scene_init(s, KA_KEEPALIVE_EXPIRY);
	s->case_.expect.error = ETIMEDOUT;
	s->case_.expect.probes = KA_CNT;
	s->case_.expect.rst_sent = 1;
	s->instance.setting = (struct ka_setting){ .idle = 2, .intvl = 1, .cnt = 4 };
	scene_give_up(s, &scene_ordinary);
	scene_of_program(s, AT_ONCE);
	s->instance.setting = (struct ka_setting){ .idle = 1, .intvl = 1, .cnt = 3 };
	ka_predict(&s->instance, &s->facts, &s->prediction);
	scene_expect_program(s, KA_PASS, "", KA_PROGRAM_NOTICES);
	scene_find_event(s, KA_EV_OPTIONS, 0)->options.idle = 1;
	scene_expect_program(s, KA_FAIL, "must be", KA_PROGRAM_NOTICES);
}

SCENE_TEST(keepalive_where_none_was_planned)
{
	scene_of_program(s, AT_ONCE);
	s->case_.from = KA_FROM_NOWHERE;
	s->case_.expect =
		(struct ka_expect){ .when = KA_NEVER, .watch = { .ms = 5000 }, .probes = 0 };
	ka_predict(&s->instance, &s->facts, &s->prediction);
	scene_expect_program(s, KA_PASS, "", KA_PROGRAM_NOTICES);
	scene_find_event(s, KA_EV_OPTIONS, 0)->options.keepalive = false;
	scene_expect(s, KA_FAIL, "must live");
}

/* TCP_USER_TIMEOUT takes the place of the count. */
SCENE_TEST(a_user_timeout_that_was_not_planned)
{
	scene_of_program(s, AT_ONCE);
	scene_find_event(s, KA_EV_OPTIONS, 0)->options.user_timeout_ms = 2500;
	scene_expect(s, KA_FAIL, "too late");
	scene_find_event(s, KA_EV_OPTIONS, 0)->options.user_timeout_ms = 3500;
	scene_expect_program(s, KA_PASS, "", KA_PROGRAM_NOTICES);
}

/* Options on the accepted socket: nobody saw when they were set, but sock_diag tells what is left. */
SCENE_TEST(armed_at_a_time_that_sock_diag_tells)
{
	struct ka_event *diag;

	scene_of_program(s, AT_ONCE);
	diag = scene_find_event(s, KA_EV_DIAG, 0);
	diag->diag.expires_ms += 8;
	scene_expect(s, KA_PASS, "");
	assert_true(s->verdict.have_off);
	scene_remove(s, diag);
	scene_expect(s, KA_PASS, "");
	assert_false(s->verdict.have_off);
}
