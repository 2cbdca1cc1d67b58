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

bool ka_case_does(const struct ka_case *case_, enum ka_do do_, enum ka_who who)
{
	for (size_t i = 0; i < case_->n_steps; i++)
		if (case_->steps[i].do_ == do_ && case_->steps[i].who == who)
			return true;
	return false;
}

bool ka_case_persists(const struct ka_case *case_)
{
	return case_->expect.window_probes ||
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

bool ka_case_closes(const struct ka_case *case_)
{
	const struct ka_app_want *app = case_->expect.app;
	const size_t n = KA_N(case_->expect.app);

	for (size_t i = 0; i < n && app[i].who != KA_NOBODY; i++)
		if (app[i].who == KA_PROBER && app[i].act == KA_DID_TIME_OUT)
			return true;
	return ka_case_does(case_, KA_CLOSE, KA_PROBER);
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

static enum ka_change_kind option_change(const struct ka_step *step)
{
	if (step->level == SOL_SOCKET && step->option == SO_KEEPALIVE)
		return step->value ? KA_CHANGE_ON : KA_CHANGE_OFF;
	if (step->level != IPPROTO_TCP)
		return KA_CHANGE_NOTHING;
	switch (step->option) {
	case TCP_KEEPIDLE:
		return KA_CHANGE_IDLE;
	case TCP_KEEPINTVL:
		return KA_CHANGE_INTVL;
	case TCP_KEEPCNT:
		return KA_CHANGE_CNT;
	case TCP_USER_TIMEOUT:
		return KA_CHANGE_USER_TIMEOUT;
	default:
		return KA_CHANGE_NOTHING;
	}
}

static enum ka_change_kind sysctl_change(const struct ka_step *step)
{
	if (ends_in(step->key, "tcp_keepalive_time"))
		return KA_CHANGE_SYSCTL_IDLE;
	if (ends_in(step->key, "tcp_keepalive_intvl"))
		return KA_CHANGE_INTVL;
	if (ends_in(step->key, "tcp_keepalive_probes"))
		return KA_CHANGE_CNT;
	return KA_CHANGE_NOTHING;
}

struct ka_change ka_change_of(const struct ka_instance *instance, const struct ka_step *step)
{
	enum ka_from from = instance->case_->from;
	struct ka_change change = { .kind = KA_CHANGE_NOTHING,
				    .value = ka_step_value(step, &instance->setting) };
	bool follows_sysctl = from == KA_FROM_SYSCTL || from == KA_FROM_NOWHERE;

	if (step->who != KA_PROBER || step->fails)
		return change;
	if (step->do_ == KA_REFUSE)
		change.kind = KA_CHANGE_REFUSE;
	if (step->do_ == KA_ACCEPT)
		change.kind = KA_CHANGE_ACCEPT;
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
	if (value < *least)
		*least = value;
	if (value > *most)
		*most = value;
}

static void span_unsigned(unsigned *least, unsigned *most, int64_t value)
{
	int64_t low = *least, high = *most;

	span(&low, &high, value);
	*least = (unsigned)low;
	*most = (unsigned)high;
}

void ka_values_span(struct ka_values *least, struct ka_values *most, struct ka_change change)
{
	switch (change.kind) {
	case KA_CHANGE_IDLE:
	case KA_CHANGE_SYSCTL_IDLE:
		span(&least->idle, &most->idle, change.value);
		break;
	case KA_CHANGE_INTVL:
		span(&least->intvl, &most->intvl, change.value);
		break;
	case KA_CHANGE_CNT:
		span_unsigned(&least->cnt, &most->cnt, change.value);
		break;
	case KA_CHANGE_USER_TIMEOUT:
		span_unsigned(&least->user_timeout_ms, &most->user_timeout_ms, change.value);
		break;
	case KA_CHANGE_NOTHING:
	case KA_CHANGE_ON:
	case KA_CHANGE_OFF:
	case KA_CHANGE_REFUSE:
	case KA_CHANGE_ACCEPT:
		break;
	}
}

bool ka_changes(const struct ka_instance *instance)
{
	const struct ka_case *c = instance->case_;

	for (size_t i = 0; i < c->n_steps; i++)
		if (ka_change_of(instance, &c->steps[i]).kind != KA_CHANGE_NOTHING)
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
		if (ka_change_of(instance, &c->steps[i]).kind == KA_CHANGE_ON)
			return true;
	return false;
}
