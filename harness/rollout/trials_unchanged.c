/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is not changed by a rollout, shown by experiments. They are about mechanisms: in real time
 * they run with small values, and say so.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "model/util.h"
#include "model/vocabulary.h"
#include "rollout/trials.h"

#define KEY(knob) (ka_knob_infos[knob].key)

static struct ka_knobs knobs_of(int64_t time, int64_t intvl, int64_t probes)
{
	struct ka_knobs knobs = ka_knobs_initial();

	knobs.value[KA_KNOB_TIME] = time;
	knobs.value[KA_KNOB_INTVL] = intvl;
	knobs.value[KA_KNOB_PROBES] = probes;
	return knobs;
}

/* The values of the file, where they can be waited for and make sense. */
static struct ka_knobs rolled_out(const struct ka_spec *spec)
{
	if (spec->virtual_clock && ka_trial_is_regular(&spec->after))
		return spec->after;
	return knobs_of(1, 1, 2);
}

static void add_no_keepalive(struct ka_trial_maker *maker, const struct ka_knobs *k)
{
	const struct ka_setting setting = ka_trial_setting(k);
	/* the write at the end shows that the path is dead */
	const struct ka_step steps[] = {
		KA_IDLE,
		KA_SILENCE,
		{ .do_ = KA_DIAG_IS, .who = KA_PROBER, .at = { .nominal = 1.5, .idle = 1 } },
		KA_WRITE(1),
	};
	struct ka_case *c =
		ka_trial_add(maker, KA_TRIAL_NO_KEEPALIVE, &setting, steps, KA_N(steps),
			     "without_keepalive", "a socket without SO_KEEPALIVE notices nothing");

	if (!c)
		return;
	c->from = KA_FROM_NOWHERE;
	ka_trial_put_sysctls(c, maker->trials, k);
	c->expect = (struct ka_expect){ .when = KA_NEVER,
					.watch = { .ms = 100 },
					.counters = { { "TcpExt.TCPTimeouts", KA_ANY },
						      { "TcpExt.TCPLossProbes", KA_ANY },
						      { "Tcp.RetransSegs", KA_ANY } } };
}

static void add_own_options(struct ka_trial_maker *maker, const struct ka_knobs *k)
{
	bool virtual_clock = maker->spec->virtual_clock;
	const struct ka_setting setting = { .idle = virtual_clock ? 15 : 2,
					    .intvl = virtual_clock ? 15 : 1,
					    .cnt = virtual_clock ? 9 : 3 };
	const struct ka_step steps[] = { KA_IDLE, KA_SILENCE };
	struct ka_case *c =
		ka_trial_add(maker, KA_TRIAL_OWN_OPTIONS, &setting, steps, KA_N(steps),
			     "own_options", "a socket with values of its own keeps them");

	if (!c)
		return;
	c->from = KA_FROM_OPTION;
	ka_trial_put_sysctls(c, maker->trials, k);
	c->expect = (struct ka_expect){ KA_EXPIRES };
	maker->trials->trials[maker->trials->n - 1].then = ka_trial_setting(k);
}

/* The values that a living connection had: those before, unless they are shorter. */
static struct ka_knobs armed_with(const struct ka_spec *spec, const struct ka_knobs *k)
{
	if (!spec->virtual_clock)
		return knobs_of(4, 1, 2);
	if (ka_trial_is_regular(&spec->before) &&
	    spec->before.value[KA_KNOB_TIME] > k->value[KA_KNOB_TIME])
		return spec->before;
	return knobs_of(k->value[KA_KNOB_TIME] * 4, k->value[KA_KNOB_INTVL],
			k->value[KA_KNOB_PROBES]);
}

static void add_armed(struct ka_trial_maker *maker, const struct ka_knobs *k)
{
	const struct ka_knobs had = armed_with(maker->spec, k);
	const struct ka_setting setting = ka_trial_setting(&had);
	struct ka_step steps[] = {
		KA_IDLE,
		KA_SILENCE,
		{ .do_ = KA_SYSCTL, .who = KA_PROBER, .key = KEY(KA_KNOB_TIME) },
		{ .do_ = KA_SYSCTL, .who = KA_PROBER, .key = KEY(KA_KNOB_INTVL) },
		{ .do_ = KA_SYSCTL, .who = KA_PROBER, .key = KEY(KA_KNOB_PROBES) },
		/* it says the new value, and nothing has changed */
		{ .do_ = KA_GETSOCKOPT,
		  .who = KA_PROBER,
		  .level = IPPROTO_TCP,
		  .option = TCP_KEEPIDLE,
		  .value = (int)k->value[KA_KNOB_TIME] },
		{ .do_ = KA_DIAG_IS, .who = KA_PROBER, .timer = 2, .value = 0 },
	};
	struct ka_case *c =
		ka_trial_add(maker, KA_TRIAL_ARMED, &setting, steps, KA_N(steps), "armed_before",
			     "a timer that runs already goes off when it was to");

	if (!c)
		return;
	for (size_t i = 0; i < 3; i++)
		maker->trials->store[c - maker->trials->cases].steps[3 + i].text =
			ka_trial_number(c, maker->trials, k->value[KA_KNOB_TIME + i]);
	c->expect = (struct ka_expect){ KA_EXPIRES };
	c->expect.probes = (int)k->value[KA_KNOB_PROBES];
	maker->trials->trials[maker->trials->n - 1].then = ka_trial_setting(k);
}

/* The prober's namespace is the machine, the peer's a container on it: one that is there already
 * when the values are written, and, once it was started again, a new one. */
static void add_containers(struct ka_trial_maker *maker, const struct ka_knobs *k)
{
#define WRITE(knob)                                                                                \
	{                                                                                          \
		.do_ = KA_SYSCTL, .who = KA_PROBER, .key = KEY(knob)                               \
	}
#define IS(knob, value)                                                                            \
	{                                                                                          \
		.do_ = KA_SYSCTL_IS, .who = KA_PEER, .key = KEY(knob), .text = value               \
	}
	const struct ka_setting setting = ka_trial_setting(k);
	struct ka_step steps[] = {
		KA_CONNECTED,
		WRITE(KA_KNOB_TIME),
		WRITE(KA_KNOB_INTVL),
		WRITE(KA_KNOB_PROBES),
		IS(KA_KNOB_TIME, "7200"),
		IS(KA_KNOB_PROBES, "9"),
		{ .do_ = KA_CRASH, .who = KA_PEER },
		{ .do_ = KA_REBOOT, .who = KA_PEER },
		IS(KA_KNOB_TIME, "7200"),
		IS(KA_KNOB_PROBES, "9"),
	};
#undef WRITE
#undef IS
	struct ka_case *c = ka_trial_add(maker, KA_TRIAL_CONTAINERS, &setting, steps, KA_N(steps),
					 "containers", "other namespaces begin with 7200/75/9");

	if (!c)
		return;
	for (size_t i = 0; i < 3; i++)
		maker->trials->store[c - maker->trials->cases].steps[1 + i].text =
			ka_trial_number(c, maker->trials, k->value[KA_KNOB_TIME + i]);
	c->from = KA_FROM_NOWHERE;
	c->expect.when = KA_NEVER;
}

void ka_trials_unchanged(struct ka_trial_maker *maker)
{
	const struct ka_knobs k = rolled_out(maker->spec);

	add_no_keepalive(maker, &k);
	add_own_options(maker, &k);
	add_armed(maker, &k);
	add_containers(maker, &k);
}
