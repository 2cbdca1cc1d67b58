/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kacheck list: the instances, what must come of each, and how long it takes. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "command/command.h"
#include "command/options.h"
#include "command/select.h"
#include "judge/wheel.h"
#include "model/regimes.h"
#include "run/host.h"

struct list_options {
	struct ka_plan_options plan;
	int format; /* by formats[] */
};

static const char *const formats[] = { "text", "json", NULL };

static const struct ka_option table[] = {
	{ "format", 'F', "FORMAT", "text (default), or json: one object a line", 0, ka_take_choice,
	  offsetof(struct list_options, format), .choices = formats },
	{ .doc = NULL },
};

static const char about[] =
	"Lists instances by theme: their names, between which times after the last segment "
	"received "
	"the connection must end on this kernel, with how many unanswered probes and which error, "
	"and how long each takes. `kacheck explain INSTANCE' says why.";

/* ---- text --------------------------------------------------------------------------------- */

static void number_text(int n, char *buf, size_t size)
{
	if (n == KA_SOME)
		snprintf(buf, size, "some");
	else if (n == KA_ANY)
		snprintf(buf, size, "any");
	else
		snprintf(buf, size, "%d", n);
}

/* As the judge has it. */
static void window_of(const struct ka_prediction *p, int hz, double window_s[2])
{
	ka_wheel_seconds((int64_t[]){ p->lo_j, p->hi_j }, hz, window_s);
	if (window_s[0] < 0) /* at once */
		window_s[0] = 0;
}

static void window_text(const struct ka_prediction *p, int hz, char *buf, size_t size)
{
	double window_s[2];

	window_of(p, hz, window_s);
	if (ka_regime_is(p->when, KA_REGIME_LIVES))
		snprintf(buf, size, "lives");
	else if (ka_regime_is(p->when, KA_REGIME_AT_ONCE))
		snprintf(buf, size, "at once");
	else
		snprintf(buf, size, "%.3f .. %.3f s", window_s[0], window_s[1]);
}

static const char *error_text(const struct ka_prediction *p)
{
	if (p->error)
		return ka_errno_name(p->error);
	return p->eof ? "EOF" : "-";
}

static int name_width(const struct ka_plan *plan)
{
	size_t width = strlen("INSTANCE");

	for (size_t i = 0; i < plan->n; i++)
		if (strlen(plan->instances[i].name) > width)
			width = strlen(plan->instances[i].name);
	return (int)width;
}

/* The reference of what this kernel is known to fail in; NULL: nothing is known. */
static const char *known_failure(const struct ka_instance *instance, const struct ka_facts *facts)
{
	return ka_known_reference(&instance->case_->known, instance->name, facts->release,
				  facts->hz);
}

static void print_row(const struct ka_instance *instance, const struct ka_prediction *p,
		      const struct ka_facts *facts, int width)
{
	char window[64], probes[16];

	window_text(p, facts->hz, window, sizeof(window));
	number_text(p->probes, probes, sizeof(probes));
	printf("%-*s  %-22s  %6s  %-12s  %7.1f s%s\n", width, instance->name, window, probes,
	       error_text(p), p->expected_s,
	       known_failure(instance, facts) ? "  known to fail" : "");
}

static void print_text(const struct ka_plan *plan, const struct ka_facts *facts)
{
	const struct ka_theme *theme = NULL;
	double sum = 0, longest = 0;
	int width = name_width(plan);

	printf("%-*s  %-22s  %6s  %-12s  %9s\n", width, "INSTANCE", "END", "PROBES", "ERROR",
	       "TAKES");
	for (size_t i = 0; i < plan->n; i++) {
		double expected_s = plan->predictions[i].expected_s;

		if (plan->instances[i].theme != theme) {
			theme = plan->instances[i].theme;
			printf("\n%s\n", theme->title);
		}
		print_row(&plan->instances[i], &plan->predictions[i], facts, width);
		sum += expected_s;
		longest = expected_s > longest ? expected_s : longest;
	}
	printf("\n%zu instances: %.0f s one after the other, %.0f s all at once (HZ %d)\n", plan->n,
	       sum, longest, facts->hz);
}

/* ---- json --------------------------------------------------------------------------------- */

static json_t *number_json(int n)
{
	if (n == KA_SOME || n == KA_ANY)
		return json_string(n == KA_SOME ? "some" : "any");
	return json_integer(n);
}

static json_t *window_json(const struct ka_prediction *p, int hz)
{
	double window_s[2];

	if (ka_regime_is(p->when, KA_REGIME_LIVES))
		return json_null();
	window_of(p, hz, window_s);
	return json_pack("[f, f]", window_s[0], window_s[1]);
}

static json_t *row_json(const struct ka_instance *instance, const struct ka_prediction *p,
			const struct ka_facts *facts)
{
	const struct ka_case *c = instance->case_;

	return json_pack("{s:s, s:s, s:s?, s:s, s:s, s:s, s:s, s:f, s:o, s:o, s:s?, s:b, s:f, s:b, "
			 "s:s?}",
			 "instance", instance->name, "case", c->name, "declared", c->declared,
			 "theme", instance->theme->name, "title", instance->theme->title, "why",
			 c->why, "when", ka_regime(p->when)->name, "nominal_s", p->nominal_s,
			 "window_s", window_json(p, facts->hz), "probes", number_json(p->probes),
			 "errno", p->error ? ka_errno_name(p->error) : NULL, "eof", p->eof,
			 "expected_s", p->expected_s, "long", c->long_, "known",
			 known_failure(instance, facts));
}

static int print_json(const struct ka_plan *plan, const struct ka_facts *facts)
{
	for (size_t i = 0; i < plan->n; i++) {
		json_t *row = row_json(&plan->instances[i], &plan->predictions[i], facts);
		int ret = row ? json_dumpf(row, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9)) : -1;

		json_decref(row);
		putchar('\n');
		if (ret < 0)
			return KA_EXIT_BROKEN;
	}
	return KA_EXIT_OK;
}

int ka_command_list(int argc, char **argv)
{
	const struct argp_child children[] = { { ka_select_argp(), 0, NULL, 0 },
					       { NULL, 0, NULL, 0 } };
	struct list_options options = { .format = 0 };
	const struct ka_options all = { .rows = table,
					.about = about,
					.unexpected = "; to list only some, use --filter",
					.children = children,
					.child_target = &options.plan };
	struct ka_plan plan = { .n = 0 };
	struct ka_facts facts;
	int status;

	ka_options_parse(&all, argc, argv, &options);
	status = ka_select_host(&facts);
	if (status == KA_EXIT_OK)
		status = ka_select_plan(&plan, &options.plan, &facts);
	if (status == KA_EXIT_OK && options.format == 1)
		status = print_json(&plan, &facts);
	else if (status == KA_EXIT_OK)
		print_text(&plan, &facts);
	ka_plan_free(&plan);
	return status;
}
