/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Columns and rows, and what became of an instance from one column to another. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "command/compare.h"
#include "model/escape.h"

/* ---- one instance in two runs ------------------------------------------------------------- */

/* Two runs of one kernel meet different phases of its tick: a jiffy is no news. */
#define SAME_JIFFIES 1

/* Times in results are rounded to the microsecond. */
#define ROUNDING_S 2e-6

/* Two runs of a program differ by this without having changed. */
#define PROGRAM_S 1.0

const char *ka_change_name(enum ka_change change)
{
	static const char *const names[KA_CHANGES] = {
		[KA_SAME] = "same",         [KA_REGRESSED] = "regressed", [KA_MOVED] = "moved",
		[KA_FIXED] = "fixed",       [KA_CHANGED] = "changed",     [KA_NEW] = "new",
		[KA_VANISHED] = "vanished",
	};

	return names[change];
}

static enum ka_change say(enum ka_change change, char *why, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static enum ka_change say(enum ka_change change, char *why, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, size, fmt, ap);
	va_end(ap);
	return change;
}

/* The kernel, or a program, did otherwise; known or not. */
static bool does_otherwise(const struct ka_result *result)
{
	return result->verdict == KA_KNOWN ||
	       (result->verdict == KA_FAIL && !ka_result_blames_catalogue(result));
}

/* ... or did all it must, although it is known not to. */
static bool does_right(const struct ka_result *result)
{
	return result->verdict == KA_PASS || ka_result_blames_catalogue(result);
}

static bool has_regressed(const struct ka_result *before, const struct ka_result *after)
{
	/* It fails otherwise than it is known to. */
	if (before->verdict == KA_KNOWN && after->verdict == KA_FAIL)
		return does_otherwise(after);
	/* From broken to fail: the kernel is now known to do otherwise. */
	return (does_otherwise(after) || after->verdict == KA_BROKEN) && !does_otherwise(before);
}

/* Of several the first says what changed; the others mostly follow from it. Version 1 has none. */
static const char *first_finding(const struct ka_result *result)
{
	const json_t *first = json_array_get(result->findings, 0);
	const char *text = json_string_value(json_object_get(first, "text"));

	return text ? text : result->why;
}

static enum ka_change compare_verdicts(const struct ka_result *before,
				       const struct ka_result *after, char *why, size_t size)
{
	const char *from = ka_verdict_name(before->verdict), *to = ka_verdict_name(after->verdict);
	const size_t n = json_array_size(after->findings);
	enum ka_change change = KA_CHANGED;

	if (has_regressed(before, after))
		change = KA_REGRESSED;
	else if ((does_otherwise(before) || before->verdict == KA_BROKEN) && does_right(after))
		change = KA_FIXED;
	if (after->verdict == KA_PASS)
		return say(change, why, size, "%s -> pass", from);
	if (n > 1)
		return say(change, why, size, "%s -> %s: %.*s; and %zu more", from, to,
			   KA_CUT(first_finding(after), 180), n - 1);
	return say(change, why, size, "%s -> %s: %.*s", from, to,
		   KA_CUT(first_finding(after), 180));
}

/*
 * Where in the tick an experiment begins is chance, and HZ decides how wide the window is that chance
 * has. Both windows are known: what differs by more than they and the noise allow is the kernel's
 * doing. Where the end was predicted to the jiffy, that tells more.
 */
static enum ka_change compare_times(const struct ka_result *before, const struct ka_result *after,
				    char *why, size_t size)
{
	double moved_s = after->detect_s - before->detect_s;
	double noise_s = fmax(isnan(before->noise_s) ? 0 : before->noise_s,
			      isnan(after->noise_s) ? 0 : after->noise_s);
	double least_s = after->window_s[0] - before->window_s[1] - noise_s - ROUNDING_S;
	double most_s = after->window_s[1] - before->window_s[0] + noise_s + ROUNDING_S;
	double off = (double)after->off_jiffies - (double)before->off_jiffies;
	/* A busy host is late by its noise, at the beginning and at the end; a guest never is. */
	double allowed = SAME_JIFFIES + trunc(2 * noise_s * before->hz);

	if (before->have_off && after->have_off && before->hz == after->hz &&
	    (off > allowed || off < -allowed))
		return say(KA_MOVED, why, size, "off by %lld jiffies, was %lld",
			   (long long)after->off_jiffies, (long long)before->off_jiffies);
	/* A comparison with NAN is false: no time, no window, nothing to say. */
	if (moved_s < least_s || moved_s > most_s)
		return say(KA_MOVED, why, size,
			   "ends after %.3f s, was %.3f s; the model allows %+.3f .. %+.3f s",
			   after->detect_s, before->detect_s, least_s, most_s);
	return KA_SAME;
}

static bool differ(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) != 0 : a != b;
}

static const char *or_none(const char *text)
{
	return text ? text : "none";
}

/* The same verdict by other signs: both kernels are right, and an application may notice. */
static enum ka_change compare_signs(const struct ka_result *before, const struct ka_result *after,
				    char *why, size_t size)
{
	if (differ(before->errno_name, after->errno_name))
		return say(KA_CHANGED, why, size, "errno %s -> %s", or_none(before->errno_name),
			   or_none(after->errno_name));
	if (differ(before->events, after->events))
		return say(KA_CHANGED, why, size, "epoll %s -> %s", or_none(before->events),
			   or_none(after->events));
	if (before->probes != after->probes)
		return say(KA_CHANGED, why, size, "%d -> %d probes", before->probes, after->probes);
	return KA_SAME;
}

static const char *options_text(const struct ka_result *result, char *buf, size_t size)
{
	if (strcmp(result->from, "nowhere") == 0)
		snprintf(buf, size, "off, user timeout %d ms", result->user_timeout_ms);
	else
		snprintf(buf, size, "%d/%d/%d, user timeout %d ms", result->idle, result->intvl,
			 result->cnt, result->user_timeout_ms);
	return buf;
}

/* A program that was changed between the runs: its options, and what it does at the end. */
static enum ka_change compare_programs(const struct ka_result *before,
				       const struct ka_result *after, char *why, size_t size)
{
	char was[80], is[80];

	if (!before->program || !after->program)
		return KA_SAME;
	options_text(before, was, sizeof(was));
	options_text(after, is, sizeof(is));
	if (strcmp(was, is) != 0)
		return say(KA_CHANGED, why, size, "keepalive %s -> %s", was, is);
	if (differ(before->program_verdict, after->program_verdict))
		return say(KA_CHANGED, why, size, "the program: %s -> %s",
			   or_none(before->program_verdict), or_none(after->program_verdict));
	if (!strcmp(or_none(after->program_verdict), "closed first") &&
	    fabs(after->program_end_s - before->program_end_s) > PROGRAM_S)
		return say(KA_CHANGED, why, size, "the program closes after %.3f s, was %.3f s",
			   after->program_end_s, before->program_end_s);
	return KA_SAME;
}

/* Both failed: by the program, or by the kernel? */
static enum ka_change compare_failures(const struct ka_result *before,
				       const struct ka_result *after, char *why, size_t size)
{
	bool program = ka_result_blames_program(after);

	if (after->verdict != KA_FAIL)
		return KA_SAME;
	if (does_right(before) != does_right(after))
		return say(does_right(after) ? KA_FIXED : KA_REGRESSED, why, size, "%.180s",
			   first_finding(after));
	if (ka_result_blames_program(before) == program)
		return KA_SAME;
	if (program)
		return say(KA_CHANGED, why, size, "was the kernel's: the program fails: %.180s",
			   first_finding(after));
	return say(KA_REGRESSED, why, size, "was the program's: the kernel fails: %.180s",
		   first_finding(after));
}

enum ka_change ka_compare(const struct ka_result *before, const struct ka_result *after, char *why,
			  size_t size)
{
	enum ka_change change;

	*why = '\0';
	if (!before->json && !after->json)
		return KA_SAME;
	if (!before->json)
		return say(KA_NEW, why, size, "new: %s", ka_verdict_name(after->verdict));
	if (!after->json)
		return say(KA_VANISHED, why, size, "vanished, was %s",
			   ka_verdict_name(before->verdict));
	if (before->verdict != after->verdict)
		return compare_verdicts(before, after, why, size);
	if (after->verdict != KA_PASS)
		return compare_failures(before, after, why, size);
	change = compare_programs(before, after, why, size);
	if (change != KA_SAME)
		return change;
	change = compare_times(before, after, why, size);
	return change == KA_SAME ? compare_signs(before, after, why, size) : change;
}

/* ---- columns and rows --------------------------------------------------------------------- */

static bool is_of(const struct ka_column *column, const char *file, const struct ka_result *result)
{
	return strcmp(column->file, file) == 0 && strcmp(column->release, result->release) == 0 &&
	       strcmp(column->where, result->where) == 0 &&
	       strcmp(column->clock, result->clock) == 0 && column->hz == result->hz;
}

/* The column of @result, a new one if there is none yet; -E2BIG. */
static int find_column(struct ka_comparison *c, const char *file, const struct ka_result *result)
{
	/* A file's kernels come one after the other. */
	for (size_t i = c->n_columns; i-- > 0;)
		if (is_of(&c->columns[i], file, result))
			return (int)i;
	if (c->n_columns == KA_MAX_COLUMNS)
		return -E2BIG;
	c->columns[c->n_columns] = (struct ka_column){ .file = file,
						       .release = result->release,
						       .where = result->where,
						       .clock = result->clock,
						       .hz = result->hz };
	return (int)c->n_columns++;
}

/* The row of @result's instance; -ENOMEM. */
static int find_row(struct ka_comparison *c, const struct ka_result *result)
{
	char name[176];

	if (result->repetition > 0)
		snprintf(name, sizeof(name), "%.160s #%d", result->instance,
			 result->repetition + 1);
	else
		snprintf(name, sizeof(name), "%.160s", result->instance);
	return ka_rows_find(&c->rows, name, &c->cells, &c->room, sizeof(*c->cells));
}

int ka_comparison_add(struct ka_comparison *c, const char *file, struct ka_result *result)
{
	int column = find_column(c, file, result);
	int row = column < 0 ? column : find_row(c, result);
	struct ka_cell *cell;

	if (row < 0) {
		ka_result_clear(result);
		return row;
	}
	cell = &c->cells[row][column];
	/* The same instance once more: the last word counts, the column's texts must stay. */
	if (cell->result.json) {
		c->columns[column].verdicts[cell->result.verdict]--;
		c->columns[column].release = result->release;
		c->columns[column].where = result->where;
		c->columns[column].clock = result->clock;
		ka_result_clear(&cell->result);
	}
	cell->result = *result;
	c->columns[column].verdicts[result->verdict]++;
	return 0;
}

void ka_comparison_judge(struct ka_comparison *c)
{
	for (size_t i = 0; i < c->rows.n; i++) {
		struct ka_cell *cells = c->cells[i];

		for (size_t j = 1; j < c->n_columns; j++) {
			cells[j].change = ka_compare(&cells[0].result, &cells[j].result,
						     cells[j].why, sizeof(cells[j].why));
			if (cells[0].result.json || cells[j].result.json)
				c->columns[j].changes[cells[j].change]++;
		}
	}
}

bool ka_comparison_has_changed(const struct ka_comparison *c, size_t row)
{
	for (size_t j = 1; j < c->n_columns; j++)
		if (c->cells[row][j].change != KA_SAME)
			return true;
	return false;
}

unsigned ka_comparison_regressions(const struct ka_comparison *c)
{
	unsigned n = 0;

	for (size_t j = 1; j < c->n_columns; j++)
		n += c->columns[j].changes[KA_REGRESSED] + c->columns[j].changes[KA_MOVED];
	return n;
}

void ka_comparison_free(struct ka_comparison *c)
{
	for (size_t i = 0; i < c->rows.n; i++) {
		for (size_t j = 0; j < c->n_columns; j++)
			ka_result_clear(&c->cells[i][j].result);
	}
	free(c->cells);
	ka_rows_free(&c->rows);
	*c = (struct ka_comparison){ .cells = NULL };
}
