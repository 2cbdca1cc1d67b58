/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A result for a page: one object with short keys, so that ten thousand of them stay below 10 MB. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/regimes.h"
#include "report/html.h"
#include "report/writer.h"

/* Times are shown to a tenth of a millisecond; where all was right, events to one. */
#define STEPS_OF_FIGURES 1e4
#define STEPS_OF_PASS    1e3
#define LARGEST_INTEGER  1e15 /* a double has it exactly */

static void set(json_t *row, const char *key, json_t *value)
{
	json_object_set_new(row, key, value);
}

static void set_text(json_t *row, const char *key, const char *text)
{
	if (text && *text)
		set(row, key, json_string(text));
}

static json_t *rounded(double seconds, double steps)
{
	double value = round(seconds * steps) / steps;

	if (value == trunc(value) && fabs(value) < LARGEST_INTEGER)
		return json_integer((json_int_t)value);
	return json_real(isfinite(value) ? value : seconds);
}

static void set_time(json_t *row, const char *key, double seconds)
{
	if (isfinite(seconds))
		set(row, key, rounded(seconds, STEPS_OF_FIGURES));
}

json_t *ka_html_case(const struct ka_result *result)
{
	json_t *c = json_object();

	set_text(c, "case", result->case_);
	set_text(c, "theme", result->theme);
	set_text(c, "title", result->title ? result->title : result->theme);
	set_text(c, "rule", result->rule);
	set_text(c, "source", result->source);
	set_text(c, "declared", result->declared);
	return c;
}

json_t *ka_html_kernel(const struct ka_result *result, const char *name)
{
	return json_pack("{s:s, s:s, s:i, s:s, s:s}", "name", name, "release", result->release,
			 "hz", result->hz, "clock", result->clock, "where", result->where);
}

/* The setting as the name of the instance has it: its second part. */
static void set_setting(json_t *row, const struct ka_result *result)
{
	const char *name = strchr(result->instance, '/');
	size_t len = name ? strcspn(name + 1, "/") : 0;

	set(row, "g", json_stringn_nocheck(name ? name + 1 : "", len));
	set_text(row, "f", result->family);
	set(row, "b", json_integer(strcmp(result->prober, "server") == 0));
	if (result->repetition > 0)
		set(row, "r", json_integer(result->repetition));
}

static bool has_nominal(const struct ka_result *result)
{
	const struct ka_regime *regime = ka_regime_find(result->expect_when);

	return regime && regime->flags & KA_REGIME_BY_CNT;
}

static void set_figures(json_t *row, const struct ka_result *result)
{
	set(row, "v", json_integer(result->verdict));
	set_time(row, "d", result->detect_s);
	set_time(row, "a", result->alive_s);
	if (isfinite(result->window_s[0]))
		set(row, "w",
		    json_pack("[o, o]", rounded(result->window_s[0], STEPS_OF_FIGURES),
			      rounded(result->window_s[1], STEPS_OF_FIGURES)));
	if (result->have_off)
		set(row, "o", json_integer(result->off_jiffies));
	if (result->probes >= 0)
		set(row, "p", json_integer(result->probes));
	set_text(row, "e", result->errno_name);
	if (result->noise_s > 0)
		set_time(row, "s", result->noise_s);
	if (has_nominal(result))
		set_time(row, "m", result->nominal_s);
}

/* The arithmetic of the window: the rule, the setting, and in jiffies end, first probe, gap. */
static void set_prediction(json_t *row, const struct ka_result *result)
{
	static const char *const keys[] = { "end_j", "first_probe_j", "gap_j" };
	json_t *l;

	if (!result->expect_when || !result->prediction)
		return;
	l = json_pack("[s, i, i, i]", result->expect_when, result->idle, result->intvl,
		      result->cnt);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		json_array_append(l, json_object_get(result->prediction, keys[i]));
	set(row, "l", l);
}

/* ---- what happened ------------------------------------------------------------------------------- */

/* Letters of the page's program; what else there is stays in the result line. */
static const struct {
	const char *kind;
	char letter;
	bool of_pass; /* also where everything was right */
} kinds[] = {
	{ "packet", 'p', true },  { "step", 's', true },    { "fault", 'f', false },
	{ "check", 'k', false },  { "epoll", 'e', true },   { "call", 'c', false },
	{ "app", 'a', true },     { "end", 'z', true },     { "diag", 'd', false },
	{ "load", 'l', true },    { "gap", 'g', true },     { "hold", 'h', true },
	{ "options", 'o', true }, { "process", 'r', true },
};

static char letter_of(const json_t *event, bool pass)
{
	const char *kind = json_string_value(json_object_get(event, "kind"));

	for (size_t i = 0; kind && i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(kinds[i].kind, kind) == 0)
			return kinds[i].of_pass || !pass ? kinds[i].letter : '\0';
	return '\0';
}

/* Which lane: client, server, gateway, bench. */
static int place_of(const json_t *event)
{
	static const char *const places[] = { "client", "server", "gateway" };
	const char *at = json_string_value(json_object_get(event, "at"));

	for (int i = 0; at && i < 3; i++)
		if (strcmp(places[i], at) == 0)
			return i;
	return 3;
}

static json_t *short_event(const json_t *event, char letter, double steps)
{
	static const char arrives[] = "arrives: ";
	const char *what = json_string_value(json_object_get(event, "what"));
	bool in = strncmp(what, arrives, sizeof(arrives) - 1) == 0;
	const char *mark = letter != 'p' ? "" : in ? "-" : "+";

	return json_pack(
		"[o, i, o]", rounded(json_number_value(json_object_get(event, "t")), steps),
		place_of(event),
		json_sprintf("%c%s%s", letter, mark, in ? what + sizeof(arrives) - 1 : what));
}

static void set_timeline(json_t *row, const struct ka_result *result)
{
	double steps = result->verdict == KA_PASS ? STEPS_OF_PASS : STEPS_OF_FIGURES;
	json_t *list = json_array(), *event;
	size_t i;

	json_array_foreach(result->timeline, i, event)
	{
		char letter = letter_of(event, result->verdict == KA_PASS);
		bool full = json_is_true(json_object_get(event, "all"));

		if (letter && !(letter == 'e' && full && result->verdict == KA_PASS))
			json_array_append_new(list, short_event(event, letter, steps));
	}
	set(row, "t", list);
}

/* ---- the story of what did not pass ----------------------------------------------------------------- */

static void set_phrase(json_t *row, const char *key, void (*put)(FILE *, const struct ka_result *),
		       const struct ka_result *result)
{
	char *text = ka_phrase(put, result);

	set_text(row, key, text);
	free(text);
}

static void set_story(json_t *row, const struct ka_result *result)
{
	json_t *list, *finding;
	size_t i;

	set_text(row, "y", result->why);
	if (result->verdict == KA_PASS || result->verdict == KA_SKIP)
		return;
	list = json_array();
	json_array_foreach(result->findings, i, finding)
	{
		json_array_append_new(list, json_pack("[O, O]", json_object_get(finding, "code"),
						      json_object_get(finding, "text")));
	}
	set(row, "x", list);
	if (result->expect_when)
		set_phrase(row, "E", ka_put_expected, result);
	if (ka_has_observed(result))
		set_phrase(row, "O", ka_put_observed, result);
}

json_t *ka_html_row(const struct ka_result *result, const char *command)
{
	json_t *row = json_object();
	char *again = command ? ka_again_text(command, result) : NULL;

	set_setting(row, result);
	set_figures(row, result);
	set_prediction(row, result);
	set_timeline(row, result);
	set_story(row, result);
	set_text(row, "c", again);
	free(again);
	return row;
}

json_t *ka_html_row_of(json_t *line)
{
	struct nn_err err = { "" };
	struct ka_result result;
	json_t *row;

	if (ka_result_decode(&result, json_incref(line), &err) < 0)
		return NULL;
	row = ka_html_row(&result, NULL);
	json_object_set_new(row, "C", ka_html_case(&result));
	ka_result_clear(&result);
	return row;
}
