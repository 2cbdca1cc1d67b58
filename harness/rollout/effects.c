/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long a connection takes to begin, or to be gone. A closed connection has no socket that could
 * be asked; but its host answers a probe while it is there, and resets when it is not. So two
 * experiments enclose its life: a probe shortly before the end, and one shortly after.
 */
#include <errno.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/epoll.h>

#include "judge/backoff.h"
#include "judge/wheel.h"
#include "model/release.h"
#include "model/util.h"
#include "model/vocabulary.h"
#include "rollout/maker.h"

#define LONGEST_IDLE_S 32767 /* TCP_KEEPIDLE */
#define TIME_WAIT_S    60    /* TCP_TIMEWAIT_LEN */
#define ROUND_UP       1.125 /* the timer wheel's, at the most */

/* tcp_syn_linear_timeouts as it comes. */
static void put_linear(struct ka_case *c, const char *release)
{
	static const char key[] = "net/ipv4/tcp_syn_linear_timeouts";

	if (ka_release_reaches(release, "6.5"))
		c->sysctls[1] = (struct ka_sysctl){ KA_PROBER, key, "4" };
	else
		c->sysctl_if_there = (struct ka_sysctl){ KA_PROBER, key, "0" };
}

static void add_connect(struct ka_maker *maker, size_t index)
{
	const struct ka_step steps[] = { KA_SILENCE, { .do_ = KA_CONNECT, .unacked = true } };
	const struct ka_setting setting = { .idle = 1, .intvl = 1, .cnt = 3 };
	struct ka_trial *t;
	char name[32];

	snprintf(name, sizeof(name), "effect_%zu", index);
	t = ka_trial_new(maker, KA_TRIAL_EFFECT, setting, steps, KA_N(steps), name,
			 "a connect() that nobody answers ends");
	t->index = index;
	t->case_->from = KA_FROM_OPTION;
	t->case_->sysctls[0] = (struct ka_sysctl){
		KA_PROBER, ka_knob_infos[KA_KNOB_SYN_RETRIES].key,
		ka_trial_number(t, maker->spec->after.value[KA_KNOB_SYN_RETRIES])
	};
	put_linear(t->case_, maker->release);
	t->case_->expect = (struct ka_expect){ .when = KA_CONNECT_LIMIT, .error = ETIMEDOUT };
}

/* tcp_fin_time(), tcp_rcv_state_process(): up to a minute in FIN_WAIT2 as a small socket. Above it, as
 * a whole one for what is more than the minute, and then (tcp_keepalive_timer()) as a small one for the
 * same time again. */
static void life_of_fin(const struct ka_maker *maker, double life_s[2])
{
	double timeout_s = (double)maker->spec->after.value[KA_KNOB_FIN_TIMEOUT];

	if (timeout_s > TIME_WAIT_S)
		timeout_s = 2 * (timeout_s - TIME_WAIT_S);
	life_s[0] = timeout_s > 0 ? timeout_s : 0;
	life_s[1] = life_s[0] * ROUND_UP;
}

/* tcp_orphan_retries(): 0 is 8. The FIN is sent again as data is. */
static void life_of_orphan(const struct ka_maker *maker, double life_s[2])
{
	const int64_t *value = maker->spec->after.value;
	int64_t retries = value[KA_KNOB_ORPHAN_RETRIES];
	struct ka_backoff timer =
		ka_backoff_on_lan(KA_BACKOFF_DATA, retries ? (unsigned)retries : 8, 0, maker->hz);
	int64_t window[2];

	ka_backoff_limits(&timer, value[KA_KNOB_RTO_MIN_US], value[KA_KNOB_RTO_MAX_MS]);
	ka_backoff_window(&timer, window);
	ka_wheel_seconds(window, maker->hz, life_s);
}

/* The knob, and the limits of RTO where they are not those of a new namespace. */
static void put_peer(struct ka_trial *t, const struct ka_knobs *k, enum ka_knob knob)
{
	const enum ka_knob knobs[] = { knob, KA_KNOB_RTO_MIN_US, KA_KNOB_RTO_MAX_MS };
	size_t n = 0;

	for (size_t i = 0; i < KA_N(knobs); i++)
		if (i == 0 || k->value[knobs[i]] != ka_knob_infos[knobs[i]].initial)
			t->case_->sysctls[n++] =
				(struct ka_sysctl){ KA_PEER, ka_knob_infos[knobs[i]].key,
						    ka_trial_number(t, k->value[knobs[i]]) };
}

/* The peer closes; the prober, which has not, asks after @idle_s. */
static void add_closed(struct ka_maker *maker, size_t index, bool there, double idle_s)
{
	enum ka_knob knob = maker->spec->writes[index].knob;
	const struct ka_setting setting = { .idle = (unsigned)idle_s, .intvl = 1, .cnt = 3 };
	struct ka_step steps[] = {
		KA_IDLE,
		{ .do_ = KA_DROP, .way = KA_ANSWERS, .flags_mask = TH_FIN, .flags = TH_FIN },
		{ .do_ = KA_CLOSE, .who = KA_PEER }
	};
	size_t n = KA_N(steps);
	struct ka_trial *t;
	char name[32];

	if (knob == KA_KNOB_FIN_TIMEOUT) /* its FIN arrives */
		steps[2] = steps[--n];
	snprintf(name, sizeof(name), "effect_%zu_%s", index, there ? "there" : "gone");
	t = ka_trial_new(maker, KA_TRIAL_EFFECT, setting, steps, n, name,
			 there ? "the host of a closed connection still answers for it"
			       : "the host of a closed connection knows it no more");
	t->index = index;
	t->must_keep = there;
	t->case_->from = KA_FROM_OPTION;
	put_peer(t, &maker->spec->after, knob);
	t->case_->expect = (struct ka_expect){ KA_LIVES_ON, .watch = { .idle = 1.2, .ms = 100 } };
	if (there)
		return;
	t->case_->expect = (struct ka_expect){ KA_RESET_AT_FIRST_PROBE };
	if (knob == KA_KNOB_FIN_TIMEOUT) { /* tcp_reset(): CLOSE_WAIT */
		t->case_->expect.error = EPIPE;
		t->case_->expect.events = EPOLLERR | EPOLLHUP;
		t->case_->expect.events_full = KA_EPOLL_ALL;
	}
}

/* A second lies between its end and either probe, and what the prober's own timer rounds up. */
static void add_life(struct ka_maker *maker, size_t index, const double life_s[2])
{
	double before_s = floor((life_s[0] - 1) / ROUND_UP), after_s = ceil(life_s[1]) + 1;

	if (before_s >= 1 && before_s <= LONGEST_IDLE_S)
		add_closed(maker, index, true, before_s);
	if (after_s <= LONGEST_IDLE_S)
		add_closed(maker, index, false, after_s);
}

void ka_trials_add_effects(struct ka_maker *maker)
{
	const struct ka_spec *spec = maker->spec;
	double life_s[2];

	for (size_t i = 0; i < spec->n_writes; i++) {
		enum ka_knob knob = spec->writes[i].knob;

		if (!ka_knob_takes(knob, spec->writes[i].text, maker->hz))
			continue;
		if (knob == KA_KNOB_SYN_RETRIES) {
			add_connect(maker, i);
		} else if (knob == KA_KNOB_FIN_TIMEOUT) {
			life_of_fin(maker, life_s);
			add_life(maker, i, life_s);
		} else if (knob == KA_KNOB_ORPHAN_RETRIES) {
			life_of_orphan(maker, life_s);
			add_life(maker, i, life_s);
		}
	}
}
