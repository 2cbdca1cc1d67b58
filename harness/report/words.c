/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The phrases that several formats use, so that a figure reads the same wherever it is met. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/regimes.h"
#include "model/span.h"
#include "report/writer.h"

char *ka_phrase(void (*put)(FILE *, const struct ka_result *), const struct ka_result *result)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	bool bad;

	if (!out)
		return NULL;
	put(out, result);
	bad = ferror(out);
	if (!fclose(out) && !bad)
		return text;
	free(text);
	return NULL;
}

const char *ka_result_name(const struct ka_result *result, char *buf, size_t size)
{
	if (result->repetition > 0)
		snprintf(buf, size, "%s #%d", result->instance, result->repetition + 1);
	else
		snprintf(buf, size, "%s", result->instance);
	return buf;
}

void ka_put_kernel(FILE *out, const struct ka_result *result)
{
	char hz[16] = "unknown";

	if (result->hz)
		snprintf(hz, sizeof(hz), "%d", result->hz);
	ka_print(out, "%s (%s), HZ %s, %s clock", result->release[0] ? result->release : "unknown",
		 result->where, hz, result->clock);
}

/* "3 probes", "1 probe" */
static void put_count(FILE *out, int n, const char *what)
{
	fprintf(out, "%d %s%s", n, what, n == 1 ? "" : "s");
}

double ka_result_took_s(const struct ka_result *result)
{
	if (isfinite(result->wall_s))
		return result->wall_s;
	if (isfinite(result->detect_s))
		return result->detect_s;
	return isfinite(result->alive_s) ? result->alive_s : 0;
}

/* ---- one line of figures ------------------------------------------------------------------ */

static bool expects_eof(const struct ka_result *result)
{
	return json_is_true(json_object_get(result->prediction, "eof"));
}

static bool expects(const struct ka_result *result, enum ka_regime_flags flag)
{
	const struct ka_regime *regime = ka_regime_find(result->expect_when);

	return regime && regime->flags & flag;
}

/* The nominal time says something about an expiry only. */
static bool has_nominal(const struct ka_result *result)
{
	return isfinite(result->nominal_s) &&
	       (!result->expect_when || expects(result, KA_REGIME_BY_CNT));
}

/* In what a line of figures ends: the nominal time, else the rule that ended the connection. */
static void put_regime(FILE *out, const struct ka_result *result)
{
	if (has_nominal(result))
		fprintf(out, "nominal %.10g s", result->nominal_s);
	else
		ka_put_plain(out, result->expect_when ? result->expect_when : "no prediction");
}

/* From here on, nobody reads seconds any more. */
#define LONG_S 120

static void put_long(FILE *out, double seconds)
{
	char text[48];

	if (seconds >= LONG_S)
		fprintf(out, "%s; ", ka_span_text(seconds, text, sizeof(text)));
}

/* ---- what a program did ------------------------------------------------------------------- */

static bool did(const struct ka_result *result, enum ka_program_verdict what)
{
	const char *name = ka_program_verdict_name(what);

	return result->program_verdict && strcmp(result->program_verdict, name) == 0;
}

/* When it let go, after what its kernel told it; NAN: not known. */
static double let_go_late_s(const struct ka_result *result)
{
	return result->notice_s - result->detect_s;
}

/* From here on a time is not told in milliseconds. */
#define SOON_S 0.1

static void put_program(FILE *out, const struct ka_result *result)
{
	double late_s = let_go_late_s(result);

	if (did(result, KA_PROGRAM_LIVES))
		fputs("the program holds it", out);
	else if (did(result, KA_PROGRAM_NEVER))
		fputs("the program never lets go", out);
	else if (did(result, KA_PROGRAM_DIED))
		fputs("the program died", out);
	else if (did(result, KA_PROGRAM_CLOSED) && result->kernel_end_s <= result->program_end_s)
		fputs("with a RST", out);
	else if (did(result, KA_PROGRAM_CLOSED) && isfinite(result->kernel_end_s))
		fprintf(out, "its kernel ended it at %.3f s", result->kernel_end_s);
	else if (did(result, KA_PROGRAM_CLOSED))
		fputs("its kernel was not watched to the end", out);
	else if (isfinite(late_s) && late_s < SOON_S)
		fprintf(out, "the program let go %.1f ms later", late_s * 1e3);
	else if (isfinite(late_s))
		fprintf(out, "the program let go %.3f s later", late_s);
	else
		fputs("nothing is known of the program", out);
}

static void put_closed_summary(FILE *out, const struct ka_result *result)
{
	fprintf(out, "%8.3f s  closed by the program (", result->program_end_s);
	put_long(out, result->program_end_s);
	put_program(out, result);
	putc(')', out);
}

static void put_end_summary(FILE *out, const struct ka_result *result)
{
	const char *error = result->errno_name;
	char window[48] = "", errors[24];

	if (isfinite(result->window_s[1]))
		snprintf(window, sizeof(window), " in %.3f..%.3f", result->window_s[0],
			 result->window_s[1]);
	if (!error)
		error = expects_eof(result) ? "EOF" : "-";
	snprintf(errors, sizeof(errors), "%s", error);
	fprintf(out, "%8.3f s%-18s  %2d %-6s  ", result->detect_s, window,
		result->probes < 0 ? 0 : result->probes, result->probes == 1 ? "probe" : "probes");
	ka_put_plain(out, errors);
	fprintf(out, "%*s(", (int)(12 - (strlen(errors) < 11 ? strlen(errors) : 10)), "");
	put_long(out, result->detect_s);
	put_regime(out, result);
	if (result->have_off)
		fprintf(out, ", off %s%lld j", result->off_jiffies > 0 ? "+" : "",
			(long long)result->off_jiffies);
	if (result->detect_s > result->window_s[1] && isfinite(result->noise_s))
		fprintf(out, ", late by the host's noise of %.1f ms", result->noise_s * 1e3);
	if (result->program) {
		fputs("; ", out);
		put_program(out, result);
	}
	putc(')', out);
}

void ka_put_summary(FILE *out, const struct ka_result *result)
{
	if (did(result, KA_PROGRAM_CLOSED)) {
		put_closed_summary(out, result);
		return;
	}
	if (isfinite(result->detect_s)) {
		put_end_summary(out, result);
		return;
	}
	if (isfinite(result->alive_s))
		fprintf(out, "   alive after %.1f s", result->alive_s);
	else
		fputs("   no end seen", out);
	if (result->answered >= 0) {
		fputs(", ", out);
		put_count(out, result->answered, "probe");
		fputs(" answered", out);
	}
	if (result->program) {
		fputs(", ", out);
		put_program(out, result);
	}
}

/* ---- verdicts ----------------------------------------------------------------------------- */

bool ka_result_is_fine(const struct ka_result *result)
{
	return result->verdict != KA_FAIL && result->verdict != KA_BROKEN;
}

static void put_trouble_count(FILE *out, unsigned n, const char *what, const char *mark)
{
	mark = n ? mark : "";
	fprintf(out, "%s%u %s%s", mark, n, what, mark);
}

void ka_put_counts(FILE *out, const struct ka_totals *totals, const char *mark)
{
	fprintf(out, "%u passed, ", totals->pass);
	put_trouble_count(out, totals->fail, "failed", mark);
	if (totals->known)
		fprintf(out, ", %u known", totals->known);
	fprintf(out, ", %u skipped, ", totals->skip);
	put_trouble_count(out, totals->broken, "broken", mark);
}

/* ---- expected and observed ---------------------------------------------------------------- */

static void put_probes_wanted(FILE *out, const struct ka_result *result)
{
	const json_t *probes = json_object_get(result->prediction, "probes");

	if (json_is_integer(probes)) {
		fputs(", ", out);
		put_count(out, (int)json_integer_value(probes), "probe");
	} else if (json_is_string(probes) && !strcmp(json_string_value(probes), "some")) {
		fputs(", at least 1 probe", out);
	}
}

static void put_end(FILE *out, const char *error, bool eof, const char *events)
{
	if (error || eof)
		ka_print(out, ", %s", error ? error : "EOF");
	if (events)
		ka_print(out, ", epoll %s", events);
}

/* What times count from. */
static const char *zero_name(const struct ka_result *result)
{
	return expects(result, KA_REGIME_CONNECTS) ? "the first SYN" : "last rx";
}

void ka_put_expected(FILE *out, const struct ka_result *result)
{
	if (result->expect_when &&
	    strcmp(result->expect_when, ka_regime(KA_PROGRAM_CLOSES)->name) == 0)
		fputs("no end before the program closes it", out);
	else if (expects(result, KA_REGIME_LIVES))
		fputs("no end while it is watched", out);
	else
		ka_put_plain(out, result->expect_when ? result->expect_when : "no prediction");
	if (isfinite(result->window_s[1]))
		fprintf(out, " %.3f..%.3f s after %s", result->window_s[0], result->window_s[1],
			zero_name(result));
	if (has_nominal(result))
		fprintf(out, " (nominal %.10g s)", result->nominal_s);
	put_probes_wanted(out, result);
	/* nobody asks the epoll of a program */
	put_end(out, result->expect_errno, expects_eof(result),
		result->program ? NULL : result->expect_events);
}

bool ka_has_observed(const struct ka_result *result)
{
	return result->verdict != KA_BROKEN && json_array_size(result->timeline) > 0;
}

void ka_put_observed(FILE *out, const struct ka_result *result)
{
	if (isfinite(result->detect_s))
		fprintf(out, "%.3f s after %s", result->detect_s, zero_name(result));
	else if (isfinite(result->alive_s))
		fprintf(out, "alive after %.1f s", result->alive_s);
	else
		fputs("no end seen", out);
	if (result->probes >= 0) {
		fputs(", ", out);
		put_count(out, result->probes, "probe");
	}
	put_end(out, result->errno_name, false, result->events);
	if (isfinite(result->notice_s) && !result->program)
		fprintf(out, ", application woke at %.3f s", result->notice_s);
	if (result->have_off)
		fprintf(out, ", off %+lld jiffies", (long long)result->off_jiffies);
	if (isfinite(result->program_end_s))
		fprintf(out, ", the program let go at %.3f s", result->program_end_s);
	else if (result->program) {
		fputs(", ", out);
		put_program(out, result);
	}
}
