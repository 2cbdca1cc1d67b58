/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a declaration makes no sense: nothing could be predicted of it, or nothing compared. */
#include <errno.h>
#include <stdio.h>

#include "judge/judge.h"
#include "judge/retransmit.h"
#include "judge/values.h"
#include "model/verbs.h"

static const char *check_gateway(const struct ka_instance *instance)
{
	const struct ka_case *c = instance->case_;

	if (!c->gateway)
		return NULL;
	if (c->topology != KA_ROUTED)
		return "a pair has no gateway";
	return ka_gateway_timeout_s(c->gateway, &instance->setting)
		       ? NULL
		       : "the gateway has no timeout, or one of 0 s";
}

/* Of a load only this is judged: each timer was started at a known time, and brings the end. */
static const char *check_load(const struct ka_case *c)
{
	if (!c->load)
		return NULL;
	if (c->from != KA_FROM_ACCEPTED || c->expect.arming != KA_FRESH)
		return "a load is armed after the handshake: it takes KA_FROM_ACCEPTED and "
		       "KA_FRESH";
	return c->expect.when == KA_KEEPALIVE_EXPIRY || c->expect.when == KA_NEVER
		       ? NULL
		       : "of a load only KA_KEEPALIVE_EXPIRY and KA_NEVER can be judged";
}

static const char *check_keepalive(const struct ka_instance *instance)
{
	if (instance->case_->expect.when == KA_USER_TIMEOUT && !instance->setting.user_timeout_ms)
		return "its setting has no user timeout";
	return ka_runs_keepalive(instance) ? NULL : "nothing says SO_KEEPALIVE";
}

static const char *check_connect(const struct ka_instance *instance)
{
	if (instance->prober != KA_CLIENT)
		return "only a client connects";
	return ka_connect_is_declared(instance->case_)
		       ? NULL
		       : "it takes an unacknowledged KA_CONNECT, tcp_syn_retries and "
			 "tcp_syn_linear_timeouts";
}

/* Does the end leave anything that can be compared? */
static const char *check_end(const struct ka_case *c)
{
	return c->expect.error || c->expect.eof || c->expect.rst_sent || c->expect.rst_received ||
			       ka_case_closes(c)
		       ? NULL
		       : "its end leaves nothing that can be compared: no error, EOF, RST or "
			 "close is declared";
}

/* Data that is stuck in the device: when it ends is known only for the user timeout. */
static const char *check_stuck(const struct ka_instance *instance)
{
	return instance->case_->expect.unseen && !instance->setting.user_timeout_ms
		       ? "data that is stuck in the device takes a user timeout"
		       : NULL;
}

static const char *check_regime(const struct ka_instance *instance)
{
	const struct ka_expect *expect = &instance->case_->expect;

	switch (expect->when) {
	case KA_NEVER: /* the bench stops at an expected EOF */
		return expect->eof ? "a connection that lives reports no EOF" : NULL;
	case KA_USER_TIMEOUT:
	case KA_KEEPALIVE_EXPIRY:
	case KA_FIRST_PROBE:
		return check_keepalive(instance);
	case KA_CONNECT_LIMIT:
		return check_connect(instance);
	case KA_RETRANSMIT_LIMIT:
		return check_stuck(instance);
	case KA_AT_ONCE:
	case KA_PERSIST_LIMIT:
	case KA_FIRST_RETRANSMIT:
		return NULL;
	}
	return "it names no regime";
}

int ka_check_sense(const struct ka_instance *instance, char *why, size_t size)
{
	const struct ka_case *c = instance->case_;
	const char *text = check_gateway(instance);

	for (size_t i = 0; i < c->n_steps; i++) {
		const char *of_step = ka_step_check(instance, i);

		if (!of_step)
			continue;
		snprintf(why, size, "step %zu (%s): %s", i + 1, ka_verb(c->steps[i].do_)->name,
			 of_step);
		return -EINVAL;
	}
	if (!text)
		text = check_load(c);
	if (!text)
		text = check_regime(instance);
	if (!text && c->expect.when != KA_NEVER)
		text = check_end(c);
	snprintf(why, size, "%s", text ? text : "");
	return text ? -EINVAL : 0;
}
