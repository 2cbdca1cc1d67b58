/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A failure as a story: what went wrong, which rule says so, what was expected and observed, what
 * happened when and where, and how to see it again. Every line stands on its own after a prefix,
 * so the same story is a block of text, TAP comments or the output of a JUnit test case.
 */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/again.h"
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
	if (text && *text)
		ka_print(out, "%s%-10s%s\n", prefix, label, text);
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
	put_line(out, prefix, "known", result->known);
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
		ka_print(out, "%s%s %+lld", comma, name, (long long)json_integer_value(delta));
		comma = ", ";
	}
	putc('\n', out);
}

static void put_setting(FILE *out, const struct ka_result *result, const char *prefix)
{
	static const char *const from[][2] = {
		{ "option", "by socket option" },
		{ "accepted", "by socket option after the handshake" },
		{ "sysctl", "from sysctl" },
		{ "nowhere", "not switched on" },
		{ "values", "by socket option, without SO_KEEPALIVE" },
		{ "bpf", "by a BPF program" },
	};

	put_label(out, prefix, "setting");
	fprintf(out, "idle %d s, intvl %d s, cnt %d", result->idle, result->intvl, result->cnt);
	if (result->user_timeout_ms)
		fprintf(out, ", user timeout %d ms", result->user_timeout_ms);
	for (size_t i = 0; i < KA_N(from); i++)
		if (!strcmp(result->from, from[i][0]))
			fprintf(out, ", %s", from[i][1]);
	ka_print(out, ", at the %s\n", result->prober);
}

/* "redis (timeout-60), cases/programs/redis.conf:12" */
static void put_program(FILE *out, const struct ka_result *result, const char *prefix)
{
	const char *declared = json_string_value(json_object_get(result->program, "declared"));

	if (!result->program)
		return;
	put_label(out, prefix, "program");
	ka_print(out, result->program_variant ? "%s (%s)" : "%s", result->program_name,
		 result->program_variant);
	ka_print(out, declared ? ", %s\n" : "\n", declared);
}

/* Each time that the host made it be run again. */
static void put_tries(FILE *out, const struct ka_result *result, const char *prefix)
{
	const json_t *try;
	size_t i;

	json_array_foreach(result->tries, i, try) put_line(
		out, prefix, i ? "" : "before", json_string_value(json_object_get(try, "text")));
}

void ka_put_findings(FILE *out, const struct ka_result *result, const char *prefix)
{
	put_what(out, result, prefix);
	put_line(out, prefix, "rule", result->rule);
	put_line(out, prefix, "source", result->source);
	ka_print(out, "%s%-10s%s, topology %s\n", prefix, "case",
		 result->declared ? result->declared : result->case_, result->topology);
	put_program(out, result, prefix);
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
	if (result->noise_s > 0)
		fprintf(out, "%s%-10sthis host woke its timers up to %.1f ms late\n", prefix,
			"noise", result->noise_s * 1e3);
	put_tries(out, result, prefix);
	put_counters(out, result, prefix);
}

static void put_event(FILE *out, const json_t *event, const char *prefix)
{
	ka_print(out, "%s%15.3f   %-7s  %s\n", prefix,
		 json_number_value(json_object_get(event, "t")),
		 json_string_value(json_object_get(event, "at")),
		 json_string_value(json_object_get(event, "what")));
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

/* What the result says that a run needs; one that was written before it said so: everything. */
static unsigned needs_of(const struct ka_result *result)
{
	const json_t *list = json_object_get(result->json, "again"), *json;
	unsigned needs = 0;
	size_t i;

	if (!json_is_array(list))
		return KA_AGAIN_ALL;
	json_array_foreach(list, i, json)
	{
		const char *name = json_string_value(json);

		for (size_t k = 0; name && k < KA_N(ka_again_names); k++)
			if (!strcmp(name, ka_again_names[k]))
				needs |= 1u << k;
	}
	return needs;
}

void ka_put_packets(FILE *out, const char *prefix, const char *kept)
{
	char path[PATH_MAX];

	if (!kept ||
	    (size_t)snprintf(path, sizeof(path), "%s/" KA_KEPT_PACKETS, kept) >= sizeof(path))
		return;
	put_label(out, prefix, "packets");
	fputs("wireshark ", out);
	ka_put_quoted(out, path);
	putc('\n', out);
}

/* A recipe and its variant; what was given with options is not known here. */
static void put_recipe(FILE *out, const struct ka_result *result)
{
	const char *variant = result->program_variant;
	const char *declared = result->declared ? result->declared : "";
	size_t len = strcspn(declared, ":");
	char word[PATH_MAX + 80];

	if (len < 5 || strncmp(declared + len - 5, ".conf", 5) != 0) {
		fputs("OPTIONS... -- COMMAND...", out);
		return;
	}
	snprintf(word, sizeof(word), "%.*s%s%s", (int)ka_lesser(len, PATH_MAX), declared,
		 variant ? ":" : "", variant ? variant : "");
	ka_put_quoted(out, word);
}

static void put_program_command(FILE *out, const char *command, const struct ka_result *result)
{
	fprintf(out, "%s program --filter ", command ? command : "kacheck");
	ka_put_quoted(out, result->instance);
	fputs(" --kernel ", out);
	ka_put_quoted(out, result->where);
	fputs(" --out kept --keep ", out);
	put_recipe(out, result);
}

static void put_command(FILE *out, const char *command, const struct ka_result *result)
{
	const char *seed = json_string_value(json_object_get(result->json, "seed"));
	const struct ka_again again = {
		.command = command,
		.kernel = result->where,
		.instance = result->instance,
		.more = " --keep",
		.needs = seed ? needs_of(result) : needs_of(result) & ~KA_AGAIN_SEED,
		.seed = seed ? strtoull(seed, NULL, 16) : 0,
	};

	if (result->program) {
		put_program_command(out, command, result);
		return;
	}
	ka_put_again_command(out, &again);
}

char *ka_again_text(const char *command, const struct ka_result *result)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	put_command(out, command, result);
	return fclose(out) ? NULL : text;
}

void ka_put_again(FILE *out, const struct ka_report *report, const struct ka_result *result,
		  const char *prefix)
{
	put_line(out, prefix, "kept", result->kept);
	ka_put_packets(out, prefix, result->kept);
	put_line(out, prefix, "not kept",
		 json_string_value(json_object_get(result->json, "keep_error")));
	put_label(out, prefix, "again");
	put_command(out, report->options.command, result);
	putc('\n', out);
}

void ka_put_story(FILE *out, const struct ka_report *report, const struct ka_result *result,
		  const char *prefix)
{
	ka_put_findings(out, result, prefix);
	ka_put_timeline(out, result, prefix);
	ka_put_again(out, report, result, prefix);
}
