/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Idle connections through gateways that forget: in several phases of the kernel's timers, because
 * these decide whether a probe comes in time. */
#include <errno.h>
#include <stdio.h>

#include "model/util.h"
#include "model/vocabulary.h"
#include "rollout/trials.h"

static void expect_kept(struct ka_case *c, struct ka_step *last, unsigned timeout_s)
{
	*last = (struct ka_step){ .do_ = KA_ENTRY_IS, .at = { .ms = (int)timeout_s * 2500 } };
	c->expect = (struct ka_expect){ KA_LIVES_ON, .watch = { .ms = 100 } };
}

static void expect_gone(struct ka_case *c, struct ka_step *last, enum ka_unknown unknown)
{
	*last = (struct ka_step){ .do_ = KA_ENTRY_GONE, KA_AT_PROBE(1) };
	c->expect = (struct ka_expect){ KA_EXPIRES };
	if (unknown == KA_UNKNOWN_RESET)
		c->expect = (struct ka_expect){ KA_RESET_AT_FIRST_PROBE };
}

static void add_phase(struct ka_trial_maker *maker, size_t index, const struct ka_answer *answer,
		      unsigned phase)
{
	const struct ka_spec_gateway *g = &maker->spec->gateways[index];
	const struct ka_setting setting = ka_trial_setting(&maker->spec->after);
	struct ka_step steps[] = { KA_CONNECTED, { .do_ = KA_WAIT }, KA_LAST_WRITE, KA_CONNECTED };
	double range_s = answer->period_s[1] - answer->period_s[0];
	struct ka_trial_store *store;
	struct ka_trial *trial;
	struct ka_case *c;
	char name[40];

	snprintf(name, sizeof(name), "gateway_%zu_%u", index, phase);
	if (range_s > g->timeout_s / 2.0) /* it is not to forget before the connection begins */
		range_s = g->timeout_s / 2.0;
	steps[1].at.ms = (int)(range_s * 1000 * phase / KA_TRIAL_PHASES);
	c = ka_trial_add(maker, KA_TRIAL_GATEWAY, &setting, steps, KA_N(steps), name,
			 "an idle connection and a gateway that forgets");
	if (!c)
		return;
	trial = &maker->trials->trials[maker->trials->n - 1];
	store = &maker->trials->store[c - maker->trials->cases];
	trial->index = index;
	trial->must_keep = ka_answer_may_keep(answer, g->timeout_s);
	store->gateway = (struct ka_gateway){ .timeout_s = g->timeout_s, .unknown = g->unknown };
	c->gateway = &store->gateway;
	if (trial->must_keep)
		expect_kept(c, &store->steps[3], g->timeout_s);
	else
		expect_gone(c, &store->steps[3], g->unknown);
}

/* One gateway is met in several phases of the timer, where each of them costs nothing. */
void ka_trials_gateway(struct ka_trial_maker *maker, size_t index)
{
	unsigned phases = maker->spec->virtual_clock ? KA_TRIAL_PHASES : 1;
	struct ka_answer answer;

	ka_answer_predict(&answer, &maker->spec->after, maker->hz);
	for (unsigned i = 0; i < phases && answer.effect == KA_EFFECT_DETECTS; i++)
		add_phase(maker, index, &answer, i);
}
