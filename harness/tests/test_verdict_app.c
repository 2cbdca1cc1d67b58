/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging programs above TCP: how often they acted, when, and what they closed; masks as asked. */
#include <sys/epoll.h>

#include "scene.h"

static struct ka_app_event *act(struct scene *s, int64_t ns, enum ka_at at, struct ka_app_event app)
{
	snprintf(app.text, sizeof(app.text), "acts");
	return &scene_add(s, ns, at, (struct ka_event){ .what = KA_EV_APP, .app = app })->app;
}

static int64_t last_ns(const struct scene *s)
{
	return s->events[s->timeline.n - 1].t_ns;
}

static void want(struct scene *s, struct ka_app_want declared)
{
	s->case_.expect.app[0] = declared;
}

SCENE_TEST(how_often)
{
	scene_alive(s, 2);
	want(s, (struct ka_app_want){ KA_PEER, KA_DID_SERVE, .times = 2, .number = 2 });
	scene_expect_only(s, KA_FAIL,
			  "the program of the peer answers a request 0 times, must be 2");
	act(s, last_ns(s), KA_AT_SERVER, (struct ka_app_event){ KA_DID_SERVE, .number = 1 });
	scene_expect_only(s, KA_FAIL, "1 times, must be 2");
	act(s, last_ns(s), KA_AT_SERVER, (struct ka_app_event){ KA_DID_SERVE, .number = 2 });
	scene_expect(s, KA_PASS, "");
	scene_find_event(s, KA_EV_APP, 1)->app.number = 1;
	scene_expect_only(s, KA_FAIL, "number 1, must be 2");
}

SCENE_TEST(not_declared)
{
	scene_alive(s, 2);
	act(s, last_ns(s), KA_AT_CLIENT, (struct ka_app_event){ .act = KA_DID_MISS });
	scene_expect_only(s, KA_FAIL, "not declared: a program acts");
	/* the same of the other end is something else */
	want(s, (struct ka_app_want){ KA_PEER, KA_DID_MISS, .times = KA_SOME });
	scene_expect(s, KA_FAIL, "not declared: a program acts");
	want(s, (struct ka_app_want){ KA_PROBER, KA_DID_MISS, .times = KA_SOME });
	scene_expect(s, KA_PASS, "");
}

SCENE_TEST(when)
{
	struct ka_app_event *app;

	scene_alive(s, 2);
	want(s,
	     (struct ka_app_want){ KA_PROBER, KA_DID_MISS, .times = 1, .after = { .idle = 0.3 } });
	app = act(s, last_ns(s), KA_AT_CLIENT,
		  (struct ka_app_event){ KA_DID_MISS, .waited_ns = 300 * MS });
	scene_expect(s, KA_PASS, "");
	app->waited_ns = 300 * MS - 1;
	scene_expect_only(s, KA_FAIL, "misses its heartbeat after 0.300000 s, must be 0.300 s");
	app->waited_ns = 308 * MS;
	scene_expect(s, KA_PASS, "");
	app->waited_ns = 309 * MS;
	scene_expect_only(s, KA_FAIL, "misses its heartbeat after 0.309000 s");
	scene_noise(s, MS);
	scene_expect(s, KA_PASS, "");
}

/* What a program closes ends at once: long after the last step, and just after the close. */
SCENE_TEST(close_is_the_cause)
{
	struct ka_event *fin;

	scene_eof(s);
	want(s, (struct ka_app_want){ KA_PEER, KA_DID_TIME_OUT, .times = 1 });
	fin = scene_find(s, KA_SEG_DATA, 0);
	scene_shift(s, fin, 1500 * MS);
	scene_expect(s, KA_FAIL, "late");
	act(s, scene_find(s, KA_SEG_DATA, 0)->t_ns - MS, KA_AT_SERVER,
	    (struct ka_app_event){ .act = KA_DID_TIME_OUT });
	scene_expect(s, KA_PASS, "");
	/* another connection's end explains nothing */
	want(s, (struct ka_app_want){ KA_PEER, KA_DID_EVICT, .times = 1 });
	scene_find_event(s, KA_EV_APP, 0)->app = (struct ka_app_event){ KA_DID_EVICT, .number = 2 };
	scene_expect(s, KA_FAIL, "late");
	scene_find_event(s, KA_EV_APP, 0)->app.number = 1;
	scene_expect(s, KA_PASS, "");
}

/* Asked only for IN, a FIN looks like data. */
SCENE_TEST(masks_as_asked)
{
	scene_eof(s);
	s->case_.asks = EPOLLIN;
	ka_predict(&s->instance, &s->facts, &s->prediction);
	assert_int_equal(s->prediction.events, EPOLLIN);
	scene_expect_only(s, KA_FAIL, "epoll (as asked) reports 0x2001, must be 0x1");
	scene_find_event(s, KA_EV_EPOLL, 0)->epoll.mask = EPOLLIN;
	scene_expect(s, KA_PASS, "");
	assert_int_equal(s->verdict.events, EPOLLIN);
	/* before the FIN it is data indeed */
	scene_find_event(s, KA_EV_EPOLL, 0)->t_ns = s->events[0].t_ns;
	scene_expect(s, KA_FAIL, "epoll (as asked) reports 0x0, must be 0x1");
}

SCENE_TEST(death_as_asked)
{
	s->case_.asks = EPOLLIN;
	ka_predict(&s->instance, &s->facts, &s->prediction);
	scene_expect_only(s, KA_FAIL, "epoll (as asked) reports 0x2019, must be 0x19");
	scene_find_event(s, KA_EV_EPOLL, 0)->epoll.mask = 0x19;
	scene_expect(s, KA_PASS, "");
}

/* A request to a program that reads no answers would be waited for in vain. */
SCENE_TEST(requests_need_a_reader)
{
	scene_init(s, KA_NEVER);
	scene_step(s, (struct ka_step){ .do_ = KA_REQUEST, .who = KA_PROBER, .text = "PING\n" });
	assert_int_not_equal(ka_predict(&s->instance, &s->facts, &s->prediction), 0);
	s->case_.prober_app.program = KA_APP_LINES;
	assert_int_equal(ka_predict(&s->instance, &s->facts, &s->prediction), 0);
}
