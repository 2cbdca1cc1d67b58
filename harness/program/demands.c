/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See demands.h. */
#include "program/demands.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "model/util.h"
#include "plan/plan.h"

/* "2m", or "never". */
static int take_span(double *seconds, const char *value, struct nn_err *err)
{
	if (strcmp(value, "never") == 0) {
		*seconds = INFINITY;
		return 0;
	}
	return ka_span_parse(seconds, value, err);
}

static int take_detect(struct ka_demands *demands, const char *value, struct nn_err *err)
{
	return take_span(&demands->detect_s, value, err);
}

static int take_busy(struct ka_demands *demands, const char *value, struct nn_err *err)
{
	return take_span(&demands->busy_s, value, err);
}

static int take_idle(struct ka_demands *demands, const char *value, struct nn_err *err)
{
	return ka_span_parse(&demands->idle_s, value, err);
}

static int take_survive(struct ka_demands *demands, const char *value, struct nn_err *err)
{
	return ka_questions_survive(&demands->survive, value, err);
}

static int take_keepalive(struct ka_demands *demands, const char *value, struct nn_err *err)
{
	demands->options = true;
	if (strcmp(value, "off") == 0) {
		demands->keepalive = (struct ka_setting){ .cnt = 0 };
		return 0;
	}
	return ka_setting_parse(&demands->keepalive, value, err);
}

static int take_leak(struct ka_demands *demands, const char *value, struct nn_err *err)
{
	demands->no_leak = strcmp(value, "yes") == 0;
	if (demands->no_leak || strcmp(value, "no") == 0)
		return 0;
	return nn_refuse(err, "'%.40s' is neither yes nor no", value);
}

const char *const ka_demand_names[] = { "detect-within",
					"detect-busy-within",
					"survive",
					"survive-idle",
					"keepalive",
					"no-leak",
					NULL };

static int (*const takes[])(struct ka_demands *demands, const char *value, struct nn_err *err) = {
	take_detect, take_busy, take_survive, take_idle, take_keepalive, take_leak,
};

int ka_demands_take(struct ka_demands *demands, const char *name, const char *value,
		    struct nn_err *err)
{
	for (size_t i = 0; i < KA_N(takes); i++)
		if (strcmp(name, ka_demand_names[i]) == 0)
			return takes[i](demands, value, err);
	return nn_refuse(err, "nothing called '%.40s' can be demanded", name);
}

bool ka_demands_any(const struct ka_demands *demands)
{
	return demands->detect_s > 0 || demands->busy_s > 0 || demands->idle_s > 0 ||
	       demands->survive.n || demands->options || demands->no_leak;
}

void ka_demands_add(struct ka_demands *demands, const struct ka_demands *more)
{
	if (more->detect_s > 0)
		demands->detect_s = more->detect_s;
	if (more->busy_s > 0)
		demands->busy_s = more->busy_s;
	if (more->idle_s > 0)
		demands->idle_s = more->idle_s;
	if (more->survive.n)
		demands->survive = more->survive;
	if (more->options) {
		demands->options = true;
		demands->keepalive = more->keepalive;
	}
	demands->no_leak |= more->no_leak;
}
