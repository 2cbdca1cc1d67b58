/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See span.h. */
#include "model/span.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/util.h"

const char *ka_span_text(double seconds, char *buf, size_t size)
{
	long whole = lround(seconds);
	size_t used = 0;

	if (isnan(seconds)) {
		snprintf(buf, size, "never");
		return buf;
	}
	if (seconds < 60) {
		snprintf(buf, size, fabs(seconds - (double)whole) < 0.0005 ? "%.0f s" : "%.3g s",
			 seconds);
		return buf;
	}
	*buf = '\0';
	if (whole >= 3600)
		used += (size_t)snprintf(buf, size, "%ld h", whole / 3600);
	if (whole / 60 % 60 && used < size)
		used += (size_t)snprintf(buf + used, size - used, "%s%ld min", used ? " " : "",
					 whole / 60 % 60);
	if (whole % 60 && used < size)
		snprintf(buf + used, size - used, " %ld s", whole % 60);
	return buf;
}

/* ---- from text ---------------------------------------------------------------------------- */

#define LONGEST_S 31536000.0 /* a year */

static const struct {
	const char *name;
	double seconds;
} units[] = {
	{ "ms", 0.001 }, { "min", 60 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 },
};

/* The unit that begins @text; 0: none. */
static double take_unit(const char **text)
{
	for (size_t i = 0; i < KA_N(units); i++) {
		size_t len = strlen(units[i].name);

		if (strncmp(*text, units[i].name, len) == 0 &&
		    !isalpha((unsigned char)(*text)[len])) {
			*text += len;
			return units[i].seconds;
		}
	}
	return 0;
}

/* Digits with at most one point. strtod() would also take "0x1p3", "inf" and "nan". */
static bool take_number(double *number, const char **text)
{
	size_t len = strspn(*text, "0123456789.");
	char *end;

	if (!isdigit((unsigned char)**text))
		return false;
	*number = strtod(*text, &end);
	if (end != *text + len)
		return false;
	*text = end;
	return true;
}

int ka_span_parse(double *seconds, const char *text, struct nn_err *err)
{
	const char *at = text;
	double sum = 0, number;

	while (take_number(&number, &at)) {
		double unit = take_unit(&at);

		if (unit == 0 && (*at || at == text || sum > 0))
			break;
		sum += number * (unit > 0 ? unit : 1);
		if (!*at && sum > 0 && sum <= LONGEST_S) {
			*seconds = sum;
			return 0;
		}
	}
	return nn_refuse(err,
			 "'%.40s' is no length of time; write 350s, 5m, 1h30m or 2d (more than 0, "
			 "at most 365d)",
			 text);
}
