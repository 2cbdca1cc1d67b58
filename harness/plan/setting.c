/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keepalive settings as they are written on a command line: three numbers, or the name of values
 * that somebody out there uses.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "model/escape.h"
#include "model/nearest.h"
#include "plan/plan.h"

/* What setsockopt() takes: MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL, MAX_TCP_KEEPCNT (net/tcp.h). */
#define MAX_IDLE  32767ul
#define MAX_INTVL 32767ul
#define MAX_CNT   127ul

static int parse_name(struct ka_setting *setting, const char *text, struct nn_err *err)
{
	struct ka_nearest nearest = { .n = 0 };
	char hint[600];
	size_t n;
	const struct ka_setting *named = ka_named_settings(&n);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(named[i].name, text) == 0) {
			*setting = named[i];
			return 0;
		}
		ka_nearest_offer(&nearest, text, named[i].name);
	}
	ka_nearest_text(&nearest, hint, sizeof(hint));
	return nn_refuse(err,
			 "setting '%.*s' is neither IDLE/INTVL/CNT in seconds (like 1/1/3) nor a "
			 "known name%.200s",
			 KA_CUT(text, 60), hint);
}

/* Reads one number of @text at *@at, followed by '/', '-' or the end. */
static int parse_number(unsigned *value, const char *text, const char **at, const char *what,
			unsigned long max, struct nn_err *err)
{
	const char *start = *at;
	unsigned long number;
	char *end;

	if (!isdigit((unsigned char)*start))
		return nn_refuse(err,
				 "setting '%.*s': %s is missing; write IDLE/INTVL/CNT, like 1/1/3",
				 KA_CUT(text, 60), what);
	errno = 0;
	number = strtoul(start, &end, 10);
	if (errno || number < 1 || number > max)
		return nn_refuse(err, "setting '%.*s': %s %.*s is out of range; it must be 1..%lu",
				 KA_CUT(text, 60), what, (int)(end - start < 20 ? end - start : 20),
				 start, max);
	if (*end && *end != '/' && *end != '-')
		return nn_refuse(err, "setting '%.*s': unexpected '%.*s' after %s",
				 KA_CUT(text, 60), KA_CUT(end, 20), what);
	*value = (unsigned)number;
	*at = *end ? end + 1 : end;
	return *end && !end[1]
		       ? nn_refuse(err, "setting '%.*s' ends with '%c'", KA_CUT(text, 60), *end)
		       : 0;
}

int ka_setting_parse(struct ka_setting *setting, const char *text, struct nn_err *err)
{
	struct ka_setting parsed = { .name = NULL };
	const char *at = text;
	int ret;

	if (!isdigit((unsigned char)*text))
		return parse_name(setting, text, err);
	ret = parse_number(&parsed.idle, text, &at, "IDLE", MAX_IDLE, err);
	if (ret == 0)
		ret = parse_number(&parsed.intvl, text, &at, "INTVL", MAX_INTVL, err);
	if (ret == 0)
		ret = parse_number(&parsed.cnt, text, &at, "CNT", MAX_CNT, err);
	if (ret == 0 && *at == 'u') {
		at++;
		ret = parse_number(&parsed.user_timeout_ms, text, &at, "user timeout (ms)", INT_MAX,
				   err);
	}
	if (ret == 0 && *at)
		ret = nn_refuse(err,
				"setting '%.*s': unexpected '%.*s'; only a user timeout may "
				"follow, like 1/1/9/u2500",
				KA_CUT(text, 60), KA_CUT(at, 20));
	if (ret == 0)
		*setting = parsed;
	return ret;
}
