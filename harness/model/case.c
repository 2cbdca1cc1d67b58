/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arithmetic of the vocabulary; see case.h. */
#include "model/case.h"

/* TCP_KEEPCNT is at most 127 (include/net/tcp.h, MAX_TCP_KEEPCNT): nobody adds more than this. */
#define MAX_PLUS 0x1000

double ka_time_s(const struct ka_time *time, const struct ka_setting *setting)
{
	return time->idle * setting->idle + time->intvl * setting->intvl +
	       time->nominal * ka_nominal_s(setting) +
	       time->user_timeout * setting->user_timeout_ms / 1000.0 + time->ms / 1000.0;
}

unsigned ka_gateway_timeout_s(const struct ka_gateway *gateway, const struct ka_setting *setting)
{
	double s = ka_time_s(&gateway->timeout, setting);
	unsigned whole = s > 0 ? (unsigned)s : 0;

	if (gateway->timeout_s)
		return gateway->timeout_s;
	return whole + (whole < s);
}

int ka_number(int n, const struct ka_setting *setting)
{
	if (n > KA_CNT - MAX_PLUS && n < KA_CNT + MAX_PLUS)
		return (int)setting->cnt + (n - KA_CNT);
	return n;
}

int ka_handshake_step(const struct ka_case *c)
{
	for (size_t i = 0; i < c->n_steps; i++) {
		if (c->steps[i].do_ == KA_CONNECT)
			return (int)i;
		if (c->steps[i].do_ != KA_SETSOCKOPT && c->steps[i].do_ != KA_GETSOCKOPT)
			return -1;
	}
	return -1;
}

int ka_step_value(const struct ka_step *step, const struct ka_setting *setting)
{
	double amount = ka_time_s(&step->amount, setting);

	return amount > 0 ? (int)(amount + 0.5) : ka_number(step->value, setting);
}
