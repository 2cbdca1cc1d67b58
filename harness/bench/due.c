/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When a step is due, and when there is no more point in waiting. */
#include "bench/engine.h"

#define LONGEST_PHASE_NS UINT64_C(850000000)

/* Less than the shortest idle time, so that no timer fires before. A gateway must remember until
 * then, also when the host is late: on a busy one, what is left of a second was not enough. */
static uint64_t longest_phase_ns(const struct ka_engine *e)
{
	const struct ka_gateway *gateway = e->case_->gateway;
	uint64_t half_ns = UINT64_MAX;

	if (gateway)
		half_ns =
			ka_gateway_timeout_s(gateway, &e->instance->setting) * UINT64_C(500000000);
	return half_ns < LONGEST_PHASE_NS ? half_ns : LONGEST_PHASE_NS;
}

/* A part of the first second that only the seed decides. */
static int64_t random_ns(const struct ka_engine *e)
{
	uint64_t x = e->instance->seed + 0x9e3779b97f4a7c15u * (e->step + 1);

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	x ^= x >> 31;
	return (int64_t)(x % longest_phase_ns(e));
}

int64_t ka_step_due_ns(const struct ka_engine *e, const struct ka_step *step)
{
	int64_t base = e->step_done_ns;
	int nth = ka_number(step->nth, &e->instance->setting);

	if (e->repeats)
		return base + (int64_t)(ka_time_s(&step->every, &e->instance->setting) * 1e9);
	if (step->since == KA_SINCE_LAST_RX)
		base = e->last_rx_ns;
	else if (step->since == KA_SINCE_PROBE)
		base = nth >= 1 && nth <= e->probes ? e->probe_ns[nth - 1] : KA_NEVER_NS;
	if (base == KA_NEVER_NS)
		return KA_NEVER_NS;
	return base + (int64_t)(ka_time_s(&step->at, &e->instance->setting) * 1e9) +
	       (step->random_phase ? random_ns(e) : 0);
}

int64_t ka_give_up_ns(const struct ka_engine *e)
{
	return e->step_done_ns + (int64_t)(e->prediction->give_up_s * 1e9);
}
