/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Noise excuses what it overlaps. Each check twice: something that is ten jiffies late in a quiet
 * second, beside a loud one, fails; the same inside the loud one passes.
 */
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include "scene.h"

#define LATE (10 * TICK)
#define LOUD (11 * TICK)

/* Loud for a second around @ns. */
static void loud_at(struct scene *s, int64_t ns)
{
	s->facts.noise_budget_ns = 250 * MS;
	s->facts.late = (struct ka_lateness){ .n = 0 };
	scene_noise_at(s, ns - 500 * MS, ns + 500 * MS, LOUD);
}

/* @text is found as long as it is loud elsewhere only, and nothing when it is loud at @ns. */
static void expect_pair(struct scene *s, int64_t ns, const char *text)
{
	loud_at(s, ns - 6000 * MS);
	scene_expect(s, KA_FAIL, text);
	loud_at(s, ns + 6000 * MS);
	scene_expect(s, KA_FAIL, text);
	loud_at(s, ns);
	scene_expect(s, KA_PASS, "");
}

SCENE_TEST(first_probe)
{
	struct ka_event *probe;

	scene_silent_drop(s, &scene_latest);
	probe = scene_find(s, KA_SEG_PROBE, 0);
	scene_shift(s, probe, LATE);
	expect_pair(s, scene_find(s, KA_SEG_PROBE, 0)->t_ns, "first probe");
}

/* Where the tick was late, a segment came in an older jiffy, and idle counts from that. */
SCENE_TEST(probe_after_a_late_tick)
{
	struct ka_event *probe;

	scene_alive(s, 3);
	probe = scene_find(s, KA_SEG_PROBE, 2);
	probe->t_ns -= 8 * TICK;
	expect_pair(s, probe->t_ns - 1000 * MS, "after a segment was received: idle is 1 s");
}

SCENE_TEST(gap)
{
	scene_shift(s, scene_find(s, KA_SEG_PROBE, 1), LATE);
	expect_pair(s, scene_find(s, KA_SEG_PROBE, 1)->t_ns, "from probe 1 to the next");
}

/* A late probe is nearer to the next one, as far as the rounding absorbs. */
SCENE_TEST(gap_after_a_late_probe)
{
	scene_find(s, KA_SEG_PROBE, 1)->t_ns += 4 * TICK;
	expect_pair(s, scene_find(s, KA_SEG_PROBE, 1)->t_ns, "from probe 1 to the next");
}

/* What is not absorbed moves all that comes after it: the timer is set from when the handler runs. */
SCENE_TEST(chain)
{
	scene_silent_drop(s, &scene_latest);
	scene_shift(s, scene_find(s, KA_SEG_PROBE, 1), 8 * TICK);
	expect_pair(s, scene_find(s, KA_SEG_PROBE, 1)->t_ns, "6 jiffies too late: window");
}

SCENE_TEST(end)
{
	scene_silent_drop(s, &scene_latest);
	scene_shift(s, scene_find(s, KA_SEG_RST, 0), LATE);
	expect_pair(s, scene_find(s, KA_SEG_RST, 0)->t_ns, "too late: window");
}

/* No packet shows the end of data that nobody acknowledges: who sees it may have waited for a CPU, and has
 * seen how long, whatever the watchers say. */
SCENE_TEST(end_by_wakeup)
{
	struct ka_event *end;

	scene_unacked(s);
	end = scene_find_event(s, KA_EV_EPOLL, 0);
	while (!(end->epoll.mask & EPOLLERR))
		end++;
	scene_expect(s, KA_PASS, "");
	scene_shift(s, end, 1000 * MS);
	scene_expect(s, KA_FAIL, "too late: window");
	for (size_t i = (size_t)(end - s->events); i < s->timeline.n; i++)
		s->events[i].late_ns = 1000 * MS;
	scene_expect(s, KA_PASS, "");
	for (size_t i = (size_t)(end - s->events); i < s->timeline.n; i++)
		s->events[i].late_ns = LATE;
	scene_expect(s, KA_FAIL, "too late: window");
}

SCENE_TEST(at_once)
{
	scene_eof(s);
	scene_shift(s, scene_find(s, KA_SEG_DATA, 0), LATE);
	expect_pair(s, scene_find(s, KA_SEG_DATA, 0)->t_ns, "too late");
}

static void tell_app(struct scene *s, int64_t ns, int64_t waited_ns)
{
	struct ka_event event = { .what = KA_EV_APP,
				  .app = { KA_DID_MISS, .waited_ns = waited_ns } };

	s->case_.expect.app[0] = (struct ka_app_want){ KA_PROBER, KA_DID_MISS, .times = 1,
						       .after = { .idle = 0.3 } };
	scene_add(s, ns, KA_AT_CLIENT, event);
}

SCENE_TEST(program)
{
	int64_t ns;

	scene_alive(s, 6);
	ns = scene_find(s, KA_SEG_PROBE, 3)->t_ns;
	tell_app(s, ns, 300 * MS + LATE);
	expect_pair(s, ns, "misses its heartbeat after 0.340000 s");
	/* what it waited for a CPU, it has seen itself */
	loud_at(s, ns - 2000 * MS);
	scene_find_event(s, KA_EV_APP, 0)->late_ns = LATE - 2 * TICK;
	scene_expect(s, KA_PASS, "");
	scene_find_event(s, KA_EV_APP, 0)->late_ns = LATE - 2 * TICK - 1;
	scene_expect(s, KA_FAIL, "misses its heartbeat after 0.340000 s");
}

SCENE_TEST(blocked)
{
	struct ka_event *event;
	int64_t end_ns;

	scene_init(s, KA_KEEPALIVE_EXPIRY);
	s->case_.expect.error = ETIMEDOUT;
	s->case_.expect.probes = KA_CNT;
	s->case_.expect.rst_sent = 1;
	scene_step(s, (struct ka_step){ .do_ = KA_CONNECT });
	scene_step(s, (struct ka_step){ .do_ = KA_BLOCK, .who = KA_PROBER, .call = KA_IN_SELECT });
	scene_step(s, (struct ka_step){ .do_ = KA_DROP });
	scene_give_up(s, &scene_ordinary);
	end_ns = scene_find(s, KA_SEG_RST, 0)->t_ns;
	event = scene_add(s, end_ns + LATE, KA_AT_CLIENT,
			  (struct ka_event){ .what = KA_EV_CALL,
					     .call = { .name = KA_CALL_BLOCKED_SELECT,
						       .ret = 1,
						       .since_ns = end_ns - 1000 * MS } });
	expect_pair(s, end_ns, "the blocked call woke");
	loud_at(s, end_ns - 2000 * MS);
	event = scene_find_event(s, KA_EV_CALL, 0);
	while (event->call.name != KA_CALL_BLOCKED_SELECT)
		event++;
	event->late_ns = LATE;
	scene_expect(s, KA_PASS, "");
}

SCENE_TEST(notice)
{
	struct ka_event *rst;

	s->case_.expect.notice = (struct ka_time){ .ms = 2000 };
	rst = scene_find(s, KA_SEG_RST, 0);
	scene_shift(s, rst + 1, 2040 * MS + LATE);
	expect_pair(s, scene_find(s, KA_SEG_RST, 0)->t_ns + 2040 * MS, "heard of the end");
	loud_at(s, scene_find(s, KA_SEG_RST, 0)->t_ns);
	for (size_t i = 0; i < s->timeline.n; i++)
		if (s->events[i].what == KA_EV_EPOLL)
			s->events[i].late_ns = LATE + MS;
	scene_expect(s, KA_PASS, "");
	/* the thread's own wait is seen by nobody: as long as any other's in these two seconds */
	scene_shift(s, scene_find(s, KA_SEG_RST, 0) + 1, LATE);
	loud_at(s, scene_find(s, KA_SEG_RST, 0)->t_ns + 1000 * MS);
	scene_expect(s, KA_PASS, "");
}

/* Of a load no probe is seen: what was loud at any time of its chain may have moved it. */
SCENE_TEST(load)
{
	struct ka_event event = { .what = KA_EV_LOAD,
				  .load = { .n = 1,
					    .dead = 1,
					    .earliest_ns = 4070 * MS,
					    .latest_ns = 4112 * MS + LATE,
					    .error = ETIMEDOUT,
					    .events = 0x2019,
					    .probes = 3 } };
	int64_t end_ns;

	s->case_.load = 1;
	end_ns = scene_find(s, KA_SEG_RST, 0)->t_ns;
	event.load.latest_at_ns = end_ns;
	event.load.armed_ns = scene_find(s, KA_SEG_PROBE, 0)->t_ns - 1000 * MS;
	scene_find_counter(s, "TcpExt.TCPKeepAlive")->counter.delta += 3;
	scene_find_counter(s, "TcpExt.TCPAbortOnTimeout")->counter.delta += 1;
	scene_find_counter(s, "Tcp.OutRsts")->counter.delta += 1;
	scene_find_counter(s, "Tcp.EstabResets")->counter.delta += 1;
	scene_add(s, s->events[s->timeline.n - 1].t_ns, KA_AT_CLIENT, event);
	loud_at(s, end_ns - 6000 * MS);
	scene_expect(s, KA_FAIL, "load: one ended after 4.152000 s, too late");
	loud_at(s, end_ns - 2000 * MS);
	scene_expect(s, KA_PASS, "");
	/* its own wake-up, long after its packets */
	loud_at(s, end_ns - 6000 * MS);
	scene_find_event(s, KA_EV_LOAD, 0)->late_ns = LATE;
	scene_expect(s, KA_PASS, "");
}

/* A stall at a time when nothing was due and nothing came has held nothing up. */
SCENE_TEST(stall)
{
	int64_t ns = scene_find(s, KA_SEG_PROBE, 1)->t_ns;

	scene_noise_at(s, ns - 600 * MS, ns - 300 * MS, 300 * MS);
	scene_expect(s, KA_PASS, "");
	scene_noise_at(s, ns - 200 * MS, ns - MS, 201 * MS);
	scene_expect_code(s, KA_BROKEN, KA_FIND_STALLED);
	s->facts.virtual_clock = true;
	scene_expect(s, KA_PASS, "");
}

/* ---- attempts that a device refuses, one by one --------------------------------------------------- */

static void refused(struct scene *s, int64_t ns, int64_t attempts)
{
	scene_init(s, KA_NEVER);
	scene_step(s, (struct ka_step){ .do_ = KA_CONNECT });
	scene_step(s, (struct ka_step){ .do_ = KA_REFUSE, .who = KA_PROBER });
	scene_begin(s, ns);
	scene_done(s, ns + MS, ns + 2 * MS, 1);
	scene_add(s, ns + 10000 * MS, KA_AT_CLIENT,
		  (struct ka_event){ .what = KA_EV_DIAG,
				     .diag = { .found = true, .state = TCP_ESTABLISHED } });
	scene_info(s, ns + 10000 * MS, TCP_ESTABLISHED, 0);
	scene_counter(s, "TcpExt.TCPKeepAlive", attempts);
	scene_fault(s, 1, 18);
	scene_end(s, ns + 10000 * MS, KA_END_WATCHED);
	s->facts.noise_budget_ns = 250 * MS;
}

SCENE_TEST(refused_attempts)
{
	const int64_t ns = 100000 * MS, each = 512 * MS;

	/* 18 are due: one may be missed at an end, none in between */
	refused(s, ns, 16);
	scene_noise_at(s, ns - 3000 * MS, ns - 100 * MS, 240 * MS);
	scene_expect_only(s, KA_FAIL, "16 attempts refused by the device, must be 17 .. 19");
	/* late where no attempt is due */
	refused(s, ns, 16);
	for (int64_t k = 0; k < 5; k++)
		scene_noise_at(s, ns + 1032 * MS + k * each + 200 * MS,
			       ns + 1032 * MS + k * each + 300 * MS, 240 * MS);
	scene_expect_only(s, KA_FAIL, "16 attempts refused by the device, must be 17 .. 19");
	/* three that were held up by a fifth of a second each cost those after them one */
	refused(s, ns, 16);
	scene_noise_at(s, ns + 900 * MS, ns + 2800 * MS, 200 * MS);
	scene_expect(s, KA_PASS, "");
	refused(s, ns, 14);
	scene_noise_at(s, ns + 900 * MS, ns + 2800 * MS, 200 * MS);
	scene_expect_only(s, KA_FAIL, "14 attempts refused");
}

/* The device changed some time between the beginning of the step and its end. */
SCENE_TEST(refused_until_some_time)
{
	const int64_t ns = 100000 * MS;

	for (int slow = 0; slow < 2; slow++) {
		refused(s, ns, 100);
		scene_step(s, (struct ka_step){ .do_ = KA_ACCEPT, .who = KA_PROBER });
		scene_done(s, ns + (slow ? 3430 : 3640) * MS, ns + 3650 * MS, 2);
		scene_expect(s, KA_FAIL,
			     slow ? "attempts refused by the device, must be 4 .. 7"
				  : "attempts refused by the device, must be 5 .. 7");
	}
}
