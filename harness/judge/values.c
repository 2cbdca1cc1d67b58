/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See values.h. */
#include "judge/values.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "model/regimes.h"
#include "model/util.h"
#include "model/verbs.h"

static bool ends_in(const char *key, const char *name)
{
	size_t n = strlen(key), m = strlen(name);

	return n >= m && !strcmp(key + n - m, name);
}

static bool sets(const struct ka_sysctl *sysctl, enum ka_who who, const char *name)
{
	return sysctl->key && sysctl->who == who && ends_in(sysctl->key, name);
}

int64_t ka_case_sysctl(const struct ka_case *case_, enum ka_who who, const char *name,
		       int64_t otherwise)
{
	const size_t n = KA_N(case_->sysctls);

	for (size_t i = 0; i < n && case_->sysctls[i].key; i++)
		if (sets(&case_->sysctls[i], who, name))
			return strtoll(case_->sysctls[i].value, NULL, 10);
	if (sets(&case_->sysctl_if_there, who, name))
		return strtoll(case_->sysctl_if_there.value, NULL, 10);
	return otherwise;
}

int64_t ka_case_option(const struct ka_case *case_, int option, int64_t otherwise)
{
	for (size_t i = case_->n_steps; i-- > 0;) {
		const struct ka_step *step = &case_->steps[i];

		if (step->do_ == KA_SETSOCKOPT && step->who == KA_PROBER && !step->fails &&
		    step->level == IPPROTO_TCP && step->option == option)
			return step->value;
	}
	return otherwise;
}

bool ka_case_does(const struct ka_case *case_, enum ka_do do_, enum ka_who who)
{
	for (size_t i = 0; i < case_->n_steps; i++)
		if (case_->steps[i].do_ == do_ && case_->steps[i].who == who)
			return true;
	return false;
}

bool ka_case_swallows(const struct ka_case *case_)
{
	for (size_t i = 0; i < case_->n_steps; i++)
		if (ka_step_is(&case_->steps[i], KA_VERB_SWALLOWS) ||
		    case_->steps[i].place != KA_ON_PATH)
			return true;
	return false;
}

bool ka_case_refuses(const struct ka_case *case_)
{
	return ka_case_does(case_, KA_REFUSE, KA_PROBER) &&
	       !ka_case_does(case_, KA_ACCEPT, KA_PROBER);
}

bool ka_case_stuck(const struct ka_case *case_)
{
	return case_->expect.unseen && !ka_case_swallows(case_);
}

bool ka_case_persists(const struct ka_case *case_)
{
	return case_->expect.window_probes ||
	       ka_regime_is(case_->expect.meanwhile, KA_REGIME_WINDOW_PROBES) ||
	       ka_regime_is(case_->expect.when, KA_REGIME_WINDOW_PROBES);
}

bool ka_case_blocks_in_recv(const struct ka_case *case_)
{
	for (size_t i = 0; i < case_->n_steps; i++)
		if (case_->steps[i].do_ == KA_BLOCK && case_->steps[i].who == KA_PROBER &&
		    case_->steps[i].call == KA_IN_RECV)
			return true;
	return false;
}

bool ka_case_orphans(const struct ka_case *case_)
{
	return ka_case_does(case_, KA_CLOSE, KA_PROBER);
}

bool ka_case_closes(const struct ka_case *case_)
{
	const struct ka_app_want *app = case_->expect.app;
	const size_t n = KA_N(case_->expect.app);

	for (size_t i = 0; i < n && app[i].who != KA_NOBODY; i++)
		if (app[i].who == KA_PROBER && app[i].act == KA_DID_TIME_OUT)
			return true;
	return ka_case_orphans(case_);
}

/* A namespace begins with the protocol's defaults, whatever its parent says (tcp_sk_init()). */
static struct ka_values defaults(void)
{
	return (struct ka_values){ .idle = 7200, .intvl = 75, .cnt = 9 };
}

struct ka_values ka_values_begin(const struct ka_instance *instance)
{
	const struct ka_case *c = instance->case_;
	const struct ka_setting *s = &instance->setting;
	struct ka_values v = { s->idle, s->intvl, s->cnt, s->user_timeout_ms };

	if (c->from == KA_FROM_NOWHERE)
		v = defaults();
	else if (c->from != KA_FROM_SYSCTL)
		return v;
	v.idle = ka_case_sysctl(c, KA_PROBER, "tcp_keepalive_time", v.idle);
	v.intvl = ka_case_sysctl(c, KA_PROBER, "tcp_keepalive_intvl", v.intvl);
	v.cnt = (unsigned)ka_case_sysctl(c, KA_PROBER, "tcp_keepalive_probes", v.cnt);
	return v;
}

/* The timer's values: what sets each, and what that does. A sysctl is found at the next expiry. */
static const struct {
	int option;
	const char *sysctl; /* NULL: none */
	enum ka_wheel_input_kind by_option, by_sysctl;
} timer_values[] = {
	{ TCP_KEEPIDLE, "tcp_keepalive_time", KA_WHEEL_REARM, KA_WHEEL_IDLE },
	{ TCP_KEEPINTVL, "tcp_keepalive_intvl", KA_WHEEL_INTVL, KA_WHEEL_INTVL },
	{ TCP_KEEPCNT, "tcp_keepalive_probes", KA_WHEEL_CNT, KA_WHEEL_CNT },
	{ TCP_USER_TIMEOUT, NULL, KA_WHEEL_UT, KA_WHEEL_NOTHING },
};

static enum ka_wheel_input_kind option_change(const struct ka_step *step)
{
	if (step->level == SOL_SOCKET && step->option == SO_KEEPALIVE)
		return step->value ? KA_WHEEL_ARM : KA_WHEEL_OFF;
	for (size_t i = 0; step->level == IPPROTO_TCP && i < KA_N(timer_values); i++)
		if (timer_values[i].option == step->option)
			return timer_values[i].by_option;
	return KA_WHEEL_NOTHING;
}

static enum ka_wheel_input_kind sysctl_change(const struct ka_step *step)
{
	for (size_t i = 0; i < KA_N(timer_values); i++)
		if (timer_values[i].sysctl && ends_in(step->key, timer_values[i].sysctl))
			return timer_values[i].by_sysctl;
	return KA_WHEEL_NOTHING;
}

struct ka_wheel_input ka_change_of(const struct ka_instance *instance, const struct ka_step *step)
{
	enum ka_from from = instance->case_->from;
	struct ka_wheel_input change = { .kind = KA_WHEEL_NOTHING,
					 .value = ka_step_value(step, &instance->setting) };
	bool follows_sysctl = from == KA_FROM_SYSCTL || from == KA_FROM_NOWHERE;

	if (step->who != KA_PROBER || step->fails)
		return change;
	if (step->do_ == KA_REFUSE)
		change.kind = KA_WHEEL_REFUSE;
	if (step->do_ == KA_ACCEPT)
		change.kind = KA_WHEEL_ACCEPT;
	if (step->do_ == KA_OWN)
		change.kind = KA_WHEEL_OWN;
	if (step->do_ == KA_RELEASE)
		change.kind = KA_WHEEL_RELEASE;
	if (step->do_ == KA_SETSOCKOPT)
		change.kind = option_change(step);
	/* a value of the socket's own hides the sysctl (keepalive_time_when()) */
	if (step->do_ == KA_SYSCTL && follows_sysctl && step->key && step->text) {
		change.kind = sysctl_change(step);
		change.value = strtoll(step->text, NULL, 10);
	}
	return change;
}

static void span(int64_t *least, int64_t *most, int64_t value)
{
	*least = ka_lesser(*least, value);
	*most = ka_greater(*most, value);
}

static void span_unsigned(unsigned *least, unsigned *most, int64_t value)
{
	int64_t low = *least, high = *most;

	span(&low, &high, value);
	*least = (unsigned)low;
	*most = (unsigned)high;
}

void ka_values_span(struct ka_values *least, struct ka_values *most, struct ka_wheel_input change)
{
	if (change.kind == KA_WHEEL_IDLE || change.kind == KA_WHEEL_REARM)
		span(&least->idle, &most->idle, change.value);
	if (change.kind == KA_WHEEL_INTVL)
		span(&least->intvl, &most->intvl, change.value);
	if (change.kind == KA_WHEEL_CNT)
		span_unsigned(&least->cnt, &most->cnt, change.value);
	if (change.kind == KA_WHEEL_UT)
		span_unsigned(&least->user_timeout_ms, &most->user_timeout_ms, change.value);
}

bool ka_changes(const struct ka_instance *instance)
{
	const struct ka_case *c = instance->case_;

	for (size_t i = 0; i < c->n_steps; i++)
		if (ka_change_of(instance, &c->steps[i]).kind != KA_WHEEL_NOTHING)
			return true;
	return false;
}

bool ka_begins_on(const struct ka_case *case_)
{
	return case_->from != KA_FROM_NOWHERE && case_->from != KA_FROM_VALUES;
}

bool ka_runs_keepalive(const struct ka_instance *instance)
{
	const struct ka_case *c = instance->case_;

	if (ka_begins_on(c))
		return true;
	for (size_t i = 0; i < c->n_steps; i++)
		if (ka_change_of(instance, &c->steps[i]).kind == KA_WHEEL_ARM)
			return true;
	return false;
}
