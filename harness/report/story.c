/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A failure as a story: what went wrong, which rule says so, what was expected and observed, what
 * happened when and where, and how to see it again. Every line stands on its own after a prefix,
 * so the same story is a block of text, TAP comments or the output of a JUnit test case.
 */
#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "model/util.h"
#include "report/writer.h"

/* A longer timeline is cut in its middle: the end tells most, the beginning sets the scene. */
#define FIRST_EVENTS 20
#define LAST_EVENTS  60

static void put_label(FILE *out, const char *prefix, const char *label)
{
	fprintf(out, "%s%-10s", prefix, label);
}

static void put_line(FILE *out, const char *prefix, const char *label, const char *text)
{
	if (!text || !*text)
		return;
	put_label(out, prefix, label);
	ka_put_plain(out, text);
	putc('\n', out);
}

/* A line for each finding. Of a result without any (skipped, or version 1), what is known in one. */
static void put_what(FILE *out, const struct ka_result *result, const char *prefix)
{
	const json_t *finding;
	size_t i;

	if (!json_array_size(result->findings))
		put_line(out, prefix, "what", result->why);
	json_array_foreach(result->findings, i, finding)
	{
		put_line(out, prefix, i ? "" : "what",
			 json_string_value(json_object_get(finding, "text")));
	}
}

static void put_counters(FILE *out, const struct ka_result *result, const char *prefix)
{
	const char *name, *comma = "";
	json_t *delta;

	if (!json_object_size(result->counters))
		return;
	put_label(out, prefix, "counters");
	json_object_foreach(result->counters, name, delta)
	{
		fputs(comma, out);
		ka_put_plain(out, name);
		fprintf(out, " %+lld", (long long)json_integer_value(delta));
		comma = ", ";
	}
	putc('\n', out);
}

static void put_case(FILE *out, const struct ka_result *result, const char *prefix)
{
	put_label(out, prefix, "case");
	ka_put_plain(out, result->declared ? result->declared : result->case_);
	fputs(", topology ", out);
	ka_put_plain(out, result->topology);
	putc('\n', out);
}

static void put_setting(FILE *out, const struct ka_result *result, const char *prefix)
{
	static const char *const from[][2] = {
		{ "option", "by socket option" },
		{ "accepted", "by socket option after the handshake" },
		{ "sysctl", "from sysctl" },
		{ "nowhere", "not switched on" },
	};

	put_label(out, prefix, "setting");
	fprintf(out, "idle %d s, intvl %d s, cnt %d", result->idle, result->intvl, result->cnt);
	if (result->user_timeout_ms)
		fprintf(out, ", user timeout %d ms", result->user_timeout_ms);
	for (size_t i = 0; i < KA_N(from); i++)
		if (!strcmp(result->from, from[i][0]))
			fprintf(out, ", %s", from[i][1]);
	fputs(", at the ", out);
	ka_put_plain(out, result->prober);
	putc('\n', out);
}

void ka_put_findings(FILE *out, const struct ka_result *result, const char *prefix)
{
	put_what(out, result, prefix);
	put_line(out, prefix, "rule", result->rule);
	put_line(out, prefix, "source", result->source);
	put_case(out, result, prefix);
	put_setting(out, result, prefix);
	if (result->prediction) {
		put_label(out, prefix, "expected");
		ka_put_expected(out, result);
		putc('\n', out);
	}
	if (ka_has_observed(result)) {
		put_label(out, prefix, "observed");
		ka_put_observed(out, result);
		putc('\n', out);
	}
	if (result->noise_s > 0) {
		put_label(out, prefix, "noise");
		fprintf(out, "this host woke its timers up to %.1f ms late\n",
			result->noise_s * 1e3);
	}
	put_counters(out, result, prefix);
}

static void put_event(FILE *out, const json_t *event, const char *prefix)
{
	const char *at = json_string_value(json_object_get(event, "at"));
	size_t len = strlen(at);

	fprintf(out, "%s%15.3f   ", prefix, json_number_value(json_object_get(event, "t")));
	ka_put_plain(out, at);
	fprintf(out, "%*s  ", (int)(len < 7 ? 7 - len : 0), "");
	ka_put_plain(out, json_string_value(json_object_get(event, "what")));
	putc('\n', out);
}

void ka_put_timeline(FILE *out, const struct ka_result *result, const char *prefix)
{
	size_t n = json_array_size(result->timeline);
	size_t cut = n > FIRST_EVENTS + LAST_EVENTS ? n - FIRST_EVENTS - LAST_EVENTS : 0;

	if (!n)
		return;
	fprintf(out, "%s%15s   %-7s  %s\n", prefix, "s since last rx", "where", "what");
	for (size_t i = 0; i < n; i++) {
		if (cut && i == FIRST_EVENTS) {
			fprintf(out, "%s%15s   %zu more, all in the result line\n", prefix, "...",
				cut);
			i += cut;
		}
		put_event(out, json_array_get(result->timeline, i), prefix);
	}
}

/* In single quotes, for a shell. */
static void put_quoted(FILE *out, const char *text)
{
	const char *quote;

	putc('\'', out);
	for (; (quote = strchr(text, '\'')); text = quote + 1) {
		char part[PATH_MAX];

		snprintf(part, sizeof(part), "%.*s", (int)(quote - text), text);
		ka_put_plain(out, part);
		fputs("'\\''", out);
	}
	ka_put_plain(out, text);
	putc('\'', out);
}

/* The kernel, unless it is the running one; the setting, unless such a kernel has it by default. A
 * case whose own setting has a zero brings it along. */
static void put_where_again(FILE *out, const struct ka_result *result)
{
	bool guest = strcmp(result->where, "host") != 0;
	const char *setting = strchr(result->instance, '/');
	size_t len = setting ? strcspn(setting + 1, "/") : 0;
	char text[KA_NAME_SIZE];

	if (guest) {
		fputs(" --kernel ", out);
		put_quoted(out, result->where);
	}
	snprintf(text, sizeof(text), "%.*s", (int)len, setting ? setting + 1 : "");
	if (result->idle < 1 || result->intvl < 1 || !*text ||
	    (guest ? !isdigit((unsigned char)*text)
		   : !strcmp(text, "1-1-1") || !strcmp(text, "1-1-3") || !strcmp(text, "2-1-3")))
		return;
	fputs(" --setting ", out);
	ka_put_plain(out, text);
}

void ka_put_again(FILE *out, const struct ka_report *report, const struct ka_result *result,
		  const char *prefix)
{
	const char *command = report->options.command;

	put_line(out, prefix, "kept", result->kept);
	put_line(out, prefix, "not kept",
		 json_string_value(json_object_get(result->json, "keep_error")));
	put_label(out, prefix, "again");
	ka_put_plain(out, command ? command : "kacheck");
	fputs(" run", out);
	put_where_again(out, result);
	fputs(" --filter ", out);
	put_quoted(out, result->instance);
	fputs(" --keep\n", out);
}

void ka_put_story(FILE *out, const struct ka_report *report, const struct ka_result *result,
		  const char *prefix)
{
	ka_put_findings(out, result, prefix);
	ka_put_timeline(out, result, prefix);
	ka_put_again(out, report, result, prefix);
}
