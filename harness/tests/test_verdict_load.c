/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging what nobody captured: a load in sum, and a host that lost packets of its own. */
#include "model/util.h"
#include "scene.h"

#define MANY 10

/* A silent drop at 1/1/3 under which ten more end as the observed one does. */
static struct ka_load *begin(struct scene *s)
{
	static const struct {
		const char *name;
		int64_t each;
	} counters[] = { { "TcpExt.TCPKeepAlive", 3 },
			 { "TcpExt.TCPAbortOnTimeout", 1 },
			 { "Tcp.OutRsts", 1 },
			 { "Tcp.EstabResets", 1 } };
	struct ka_event event = { .what = KA_EV_LOAD,
				  .load = { .n = MANY,
					    .dead = MANY,
					    .earliest_ns = 4070 * MS,
					    .latest_ns = 4100 * MS,
					    .error = ETIMEDOUT,
					    .events = 0x2019,
					    .probes = 3 } };

	scene_silent_drop(s, &scene_ordinary);
	s->case_.load = MANY;
	event.load.armed_ns = scene_find(s, KA_SEG_PROBE, 0)->t_ns - 1000 * MS;
	for (size_t i = 0; i < KA_N(counters); i++)
		scene_find_counter(s, counters[i].name)->counter.delta += MANY * counters[i].each;
	scene_add(s, s->events[s->timeline.n - 1].t_ns, KA_AT_CLIENT, event);
	return &scene_find_event(s, KA_EV_LOAD, 0)->load;
}

SCENE_TEST(alike)
{
	begin(s);
	scene_expect(s, KA_PASS, "");
}

SCENE_TEST(survivors)
{
	begin(s)->dead = MANY - 1;
	scene_expect_only(s, KA_FAIL, "load: 9 of 10 have ended, must be 10");
}

SCENE_TEST(times)
{
	struct ka_load *load;

	/* 1/1/3 at 250 Hz: 4.056 .. 4.104 s, an L truncated by a jiffy, two jiffies of handling */
	load = begin(s);
	load->earliest_ns = 4052 * MS;
	load->latest_ns = 4112 * MS;
	scene_expect(s, KA_PASS, "");
	load->earliest_ns = 4051 * MS;
	scene_expect_only(s, KA_FAIL, "load: one ended after 4.051000 s, too early");
	load->earliest_ns = 4070 * MS;
	load->latest_ns = 4113 * MS;
	scene_expect_only(s, KA_FAIL, "load: one ended after 4.113000 s, too late");
	scene_noise(s, 2 * MS);
	scene_expect(s, KA_PASS, "");
}

/* One process sees all of them end, one after the other: the last ones later, by what it knows. */
SCENE_TEST(behind)
{
	begin(s)->latest_ns = 4190 * MS;
	scene_expect_only(s, KA_FAIL, "load: one ended after 4.190000 s, too late");
	scene_find_event(s, KA_EV_LOAD, 0)->late_ns = 78 * MS;
	scene_expect(s, KA_PASS, "");
	scene_find_event(s, KA_EV_LOAD, 0)->late_ns = 77 * MS;
	scene_expect_only(s, KA_FAIL, "load: one ended after 4.190000 s, too late");
}

SCENE_TEST(kinds)
{
	struct ka_load *load;

	load = begin(s);
	load->other = 1;
	scene_expect_only(s, KA_FAIL, "load: 1 of 10 ended otherwise than the first");
	load = begin(s);
	load->error = ECONNRESET;
	scene_expect_only(s, KA_FAIL, "load: ECONNRESET, must be ETIMEDOUT");
	load = begin(s);
	load->events = 0x2018;
	scene_expect_only(s, KA_FAIL, "load: epoll reports 0x2018, must be 0x2019");
	load = begin(s);
	load->probes = 2;
	scene_expect_only(s, KA_FAIL, "load: TCP_INFO counts 2 probes, must be 3");
}

SCENE_TEST(counters)
{
	begin(s);
	scene_find_counter(s, "TcpExt.TCPKeepAlive")->counter.delta++;
	scene_expect_only(s, KA_FAIL, "TcpExt.TCPKeepAlive moved by 34, must be 33");
	begin(s);
	scene_find_counter(s, "Tcp.OutRsts")->counter.delta--;
	scene_expect_only(s, KA_FAIL, "Tcp.OutRsts moved by 10, must be 11");
}

SCENE_TEST(not_there)
{
	begin(s)->n = MANY - 1;
	scene_expect_only(s, KA_BROKEN, "a load of 9, must be 10");
	begin(s);
	scene_remove(s, scene_find_event(s, KA_EV_LOAD, 0));
	scene_expect_only(s, KA_BROKEN, "nobody counted the load");
}

SCENE_TEST(drop_came_late)
{
	struct ka_load *load;

	load = begin(s);
	load->armed_ns = s->events[0].t_ns - 1100 * MS;
	scene_expect_only(s, KA_BROKEN, "host stalled");
}

SCENE_TEST(alive_and_dead)
{
	scene_alive(s, 2);
	s->case_.load = MANY;
	scene_add(s, s->events[s->timeline.n - 1].t_ns, KA_AT_CLIENT,
		  (struct ka_event){ .what = KA_EV_LOAD, .load = { .n = MANY } });
	scene_expect(s, KA_PASS, "");
	scene_find_event(s, KA_EV_LOAD, 0)->load.dead = 1;
	scene_expect_only(s, KA_FAIL, "load: 1 of 10 have ended, must be 0");
}

/* A host that lost packets may be the reason of what is wrong; of what is right it is none. */
SCENE_TEST(host_lost_packets)
{
	s->timeline.host_lost = 7;
	scene_expect(s, KA_PASS, "");
	scene_find_counter(s, "Tcp.RetransSegs")->counter.delta++;
	scene_expect(s, KA_BROKEN,
		     "host stalled: 7 packets did not fit into its queues; "
		     "Tcp.RetransSegs moved by 1");
	assert_true(ka_verdict_is_stall(&s->verdict));
	/* what the device refused is counted */
	scene_add(s, s->events[s->timeline.n - 1].t_ns, KA_AT_CLIENT,
		  (struct ka_event){ .what = KA_EV_COUNTER,
				     .counter = { .name = "TcpExt.TCPRetransFail", .delta = 1 } });
	scene_expect(s, KA_BROKEN, "host stalled: 7 packets did not fit");
	/* of what no lost packet explains it is none either */
	scene_find_counter(s, "TcpExt.TCPKeepAlive")->counter.delta++;
	scene_expect(s, KA_FAIL, "TcpExt.TCPKeepAlive moved by 4");
}
