/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rollout for people: text for a terminal, markdown for a change ticket. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "command/sheet.h"
#include "command/sysctl.h"
#include "model/escape.h"
#include "model/span.h"
#include "model/util.h"
#include "rollout/picture.h"
#include "rollout/suggest.h"

#define COMPUTED " (computed, not measured)"

/* ---- how the experiments went ------------------------------------------------------------- */

/* In a sentence. */
static const char *tally_text(const struct ka_rollout *r, char *buf, size_t size)
{
	struct ka_tally t = ka_rollout_tally(r);
	size_t used =
		(size_t)snprintf(buf, size, "%u experiments: %u as computed", t.trials, t.held);
	const struct {
		unsigned n;
		const char *what;
	} rest[] = { { t.differ, "OTHERWISE than computed" },
		     { t.broken, "broken" },
		     { t.lost, "without a result that could be read" },
		     { t.skipped, "not possible here" },
		     { t.unplanned, "not run, because they take longer than --budget" } };

	for (size_t i = 0; i < KA_N(rest) && used < size; i++)
		if (rest[i].n)
			used += (size_t)snprintf(buf + used, size - used, ", %u %s", rest[i].n,
						 rest[i].what);
	return buf;
}

/* Which kernel was tried, and whether it is the one of this host. */
static const char *kernel_text(const struct ka_rollout *r, char *buf, size_t size)
{
	size_t used = (size_t)snprintf(buf, size, "Tried on Linux %s, HZ %d, ", r->facts.release,
				       r->facts.hz);

	if (used >= size)
		return buf;
	if (!r->facts.virtual_clock)
		snprintf(buf + used, size - used, "real clock: this host's kernel.");
	else
		snprintf(buf + used, size - used,
			 "virtual clock (%.*s): NOT this host's kernel, which is Linux %s, HZ %d.",
			 KA_CUT(r->where, 120), r->host.release, r->host.hz);
	return buf;
}

static void put_odd(struct ka_sheet *sheet, const struct ka_rollout *r)
{
	size_t i = 0;

	if (ka_sysctl_odd(r, &i))
		ka_sheet_section(sheet, "Experiments that did not come out as computed");
	for (const struct ka_measured *m; (m = ka_sysctl_odd(r, &i)); i++)
		ka_sheet_item(sheet, NULL, "%s: %s: %s", r->trials->cases[i].name,
			      ka_measured_word(m), m->why);
}

/* ---- values and lines --------------------------------------------------------------------- */

static void put_values(struct ka_sheet *sheet, const struct ka_rollout *r)
{
	static const struct ka_table_column columns[] = {
		{ .head = "sysctl", .code = true },          { .head = "before", .right = true },
		{ .head = "after", .right = true },          { .head = "from" },
		{ .head = "on this kernel", .below = true },
	};
	struct ka_table table = { .columns = columns, .n_columns = KA_N(columns) };
	char name[80], text[300];

	ka_sheet_section(sheet, "Values");
	for (int i = 0; i < KA_KNOBS; i++) {
		enum ka_knob knob = (enum ka_knob)i;
		int64_t before = r->spec.before.value[i], after = r->spec.after.value[i];
		bool set = r->set && ka_sysctl_value(r->set, ka_knob_infos[i].key);

		if (i > KA_KNOB_RETRIES2 && !set && before == after)
			continue;
		ka_table_cell(&table, "%s", ka_knob_name(knob, name, sizeof(name)));
		ka_table_cell(&table, "%" PRId64, before);
		ka_table_cell(&table, "%" PRId64, after);
		ka_table_cell(&table, "%s", ka_sysctl_origin(r, knob, text, sizeof(text)));
		ka_table_cell(&table, "%s",
			      set ? ka_sysctl_written(r, knob, text, sizeof(text)) : "");
	}
	if (r->spec.after.ut_ms) {
		ka_table_cell(&table, "TCP_USER_TIMEOUT");
		ka_table_cell(&table, "0");
		ka_table_cell(&table, "%u", r->spec.after.ut_ms);
		ka_table_cell(&table, "command line");
		ka_table_cell(&table, "an option of the sockets (ms): no sysctl sets it");
	}
	ka_sheet_table(sheet, &table);
}

static void put_unused(struct ka_sheet *sheet, const struct ka_rollout *r)
{
	static const struct ka_table_column columns[] = {
		{ .head = "line" },
		{ .head = "sysctl", .code = true },
		{ .head = "why", .below = true },
	};
	struct ka_table table = { .columns = columns, .n_columns = KA_N(columns) };
	char text[400];

	for (size_t i = 0; r->set && i < r->set->n; i++) {
		const struct ka_sysctl_line *line = &r->set->lines[i];
		const char *why = ka_sysctl_unused(r, line, text, sizeof(text));

		if (!why)
			continue;
		ka_table_cell(&table, "%s:%u", line->file, line->line);
		ka_table_cell(&table, "%s%s%s", line->key, line->value ? " = " : "",
			      line->value ? line->value : "");
		ka_table_cell(&table, "%s", why);
	}
	if (!table.n)
		return;
	ka_sheet_section(sheet, "Lines that are not used");
	ka_sheet_table(sheet, &table);
}

/* What the tools pass over in silence. */
static void put_notes(struct ka_sheet *sheet, const struct ka_rollout *r)
{
	static const struct ka_table_column columns[] = {
		{ .head = "line" },
		{ .head = "text", .code = true },
		{ .head = "what becomes of it", .below = true },
	};
	struct ka_table table = { .columns = columns, .n_columns = KA_N(columns) };

	if (!r->set || !r->set->n_notes)
		return;
	for (size_t i = 0; i < r->set->n_notes; i++) {
		const struct ka_sysctl_note *note = &r->set->notes[i];

		if (note->line)
			ka_table_cell(&table, "%s:%u", note->file, note->line);
		else
			ka_table_cell(&table, "%s", note->file);
		ka_table_cell(&table, "%s", note->text);
		ka_table_cell(&table, "%s", note->why);
	}
	ka_sheet_section(sheet, "Lines that do not do what they seem to do, or not everywhere");
	ka_sheet_table(sheet, &table);
}

/* ---- side by side ------------------------------------------------------------------------- */

/* As many decimals as tell the ends apart. */
static void give_window(struct ka_table *table, const double window[2])
{
	int decimals = window[0] < 100 ? 3 : 1;

	if (isnan(window[0]))
		ka_table_cell(table, "never");
	else if (window[1] - window[0] < 0.0005)
		ka_table_cell(table, "%.*f s", decimals, window[0]);
	else
		ka_table_cell(table, "%.*f .. %.*f s", decimals, window[0], decimals, window[1]);
}

/* What an experiment says of an end. */
static void give_end(struct ka_table *table, const struct ka_measured *m)
{
	if (!m)
		ka_table_cell(table, "not measured");
	else if (m->verdict == KA_BROKEN || m->verdict == KA_SKIP)
		ka_table_cell(table, "not measured (%s)", ka_verdict_name(m->verdict));
	else if (isnan(m->detect_s))
		ka_table_cell(table, "not noticed");
	else
		ka_table_cell(table, "%.3f s%s", m->detect_s,
			      m->verdict == KA_FAIL ? ", UNEXPECTED" : "");
}

static void give_period(struct ka_table *table, const struct ka_measured *m)
{
	if (!m || m->verdict != KA_PASS)
		ka_table_cell(table, "not measured");
	else if (isnan(m->period_s[0]))
		ka_table_cell(table, "none seen");
	else
		give_window(table, m->period_s);
}

/* A row of what is computed, and one of what the experiments of the two sides have measured. */
static void give_rows(struct ka_table *table, const struct ka_rollout *r, const char *what,
		      const double *before, const double *after,
		      void (*give)(struct ka_table *table, const struct ka_measured *m),
		      enum ka_trial_kind kind_before, enum ka_trial_kind kind_after)
{
	ka_table_cell(table, "%s", what);
	give_window(table, before);
	give_window(table, after);
	ka_table_cell(table, "  measured");
	give(table, ka_rollout_measured(r, kind_before, 0));
	give(table, ka_rollout_measured(r, kind_after, 0));
}

/* The same over IPv6, of what is rolled out. */
static void give_ipv6(struct ka_table *table, const struct ka_rollout *r, enum ka_trial_kind kind)
{
	const struct ka_measured *m = ka_rollout_measured(r, kind, 0);

	if (!m)
		return;
	ka_table_cell(table, "  measured over IPv6");
	ka_table_cell(table, "%s", "");
	give_end(table, m);
}

static void give_costs(struct ka_table *table, const struct ka_rollout *r)
{
	double hourly[] = { ka_answer_alive_per_hour(&r->before),
			    ka_answer_alive_per_hour(&r->after) };
	double each_s = (double)r->connections / 3600;

	ka_table_cell(table, "  an hour, with answers (IPv4)");
	for (size_t i = 0; i < 2; i++)
		ka_table_cell(table, "%.4g, %.0f bytes", hourly[i],
			      2 * KA_PROBE_BYTES_V4 * hourly[i]);
	ka_table_cell(table, "probes an hour to a dead peer");
	ka_table_cell(table, "%.4g", ka_answer_dead_per_hour(&r->before));
	ka_table_cell(table, "%.4g", ka_answer_dead_per_hour(&r->after));
	if (!r->connections)
		return;
	ka_table_cell(table, "all connections, alive and idle");
	for (size_t i = 0; i < 2; i++)
		ka_table_cell(table, "%.4g/s, %.4g bytes/s", hourly[i] * each_s,
			      2 * KA_PROBE_BYTES_V4 * hourly[i] * each_s);
}

static void put_sides(struct ka_sheet *sheet, const struct ka_rollout *r)
{
	static const struct ka_table_column columns[] = { { .head = "" },
							  { .head = "before" },
							  { .head = "after" } };
	struct ka_table table = { .columns = columns, .n_columns = KA_N(columns) };
	const struct ka_answer *before = &r->before, *after = &r->after;
	char text[80];

	ka_sheet_section(sheet, "When a dead peer is noticed, and what it costs");
	ka_table_cell(&table, "idle connection: nominal");
	ka_table_cell(&table, "%s", ka_span_text(before->nominal_s, text, sizeof(text)));
	ka_table_cell(&table, "%s", ka_span_text(after->nominal_s, text, sizeof(text)));
	give_rows(&table, r, "  computed for this kernel", before->detect_s, after->detect_s,
		  give_end, KA_TRIAL_DEAD_BEFORE, KA_TRIAL_DEAD_AFTER);
	give_ipv6(&table, r, KA_TRIAL_DEAD_V6);
	give_rows(&table, r, "with unacknowledged data", before->unacked_s, after->unacked_s,
		  give_end, KA_TRIAL_UNACKED_BEFORE, KA_TRIAL_UNACKED_AFTER);
	give_ipv6(&table, r, KA_TRIAL_UNACKED_V6);
	give_rows(&table, r, "alive and idle: a probe each", before->period_s, after->period_s,
		  give_period, KA_TRIAL_ALIVE_BEFORE, KA_TRIAL_ALIVE_AFTER);
	give_costs(&table, r);
	ka_sheet_table(sheet, &table);
	putc('\n', sheet->out);
	ka_sheet_text(sheet,
		      "For sockets that say SO_KEEPALIVE and nothing else; seconds since the last "
		      "segment received. A probe and its answer are %d bytes each (IPv6: %d), "
		      "without what the link adds.",
		      KA_PROBE_BYTES_V4, KA_PROBE_BYTES_V6);
}

/* ---- what is said ------------------------------------------------------------------------- */

/* True when all are answered with yes. */
static bool put_replies(struct ka_sheet *sheet, const struct ka_rollout *r, bool pictures)
{
	char text[200], picture[KA_PICTURE_ROOM + 100];
	bool all = true;

	for (size_t i = 0; i < r->questions.n; i++) {
		const struct ka_question *question = &r->questions.list[i];
		struct ka_reply reply = ka_rollout_reply(r, i);

		all = all && reply.yes;
		ka_sheet_item(sheet, reply.yes ? "yes" : "NO", "%s %s%s.",
			      ka_question_text(question, text, sizeof(text)), reply.why,
			      reply.measured ? "" : COMPUTED);
		if (pictures)
			ka_sheet_block(sheet, "", "",
				       ka_picture(question, &r->after, sheet->markdown ? 0 : 3,
						  picture, sizeof(picture)));
	}
	return all;
}

static void put_unchanged(struct ka_sheet *sheet, const struct ka_rollout *r)
{
	struct ka_unchanged who[KA_N_UNCHANGED];

	ka_sysctl_who(r, who);
	ka_sheet_section(sheet, "Who is not changed");
	for (size_t i = 0; i < KA_N_UNCHANGED; i++)
		ka_sheet_item(sheet, NULL, "%s%s%s.", who[i].who, who[i].tried ? ". Tried: " : ": ",
			      who[i].shown);
}

static void put_findings(struct ka_sheet *sheet, const struct ka_rollout *r)
{
	char proof[200];

	if (r->n_findings)
		ka_sheet_section(sheet, "To think about");
	for (size_t i = 0; i < r->n_findings; i++)
		ka_sheet_item(sheet, r->findings[i].serious ? "serious" : NULL, "%s: %s (%s).",
			      r->findings[i].text, r->findings[i].reason,
			      ka_sysctl_proof(r, &r->findings[i], proof, sizeof(proof)));
}

static void put_change(struct ka_sheet *sheet, const struct ka_rollout *s)
{
	static const struct {
		const char *language, *caption;
	} blocks[] = {
		[KA_SNIPPET_FILE] = { "ini", "a file in /etc/sysctl.d" },
		[KA_SNIPPET_KUBERNETES] = { "yaml", "Kubernetes (pod)" },
		[KA_SNIPPET_DOCKER] = { "sh", "Docker" },
	};
	char text[1500], tally[300];
	bool all;

	for (size_t i = 0; i < KA_N(blocks); i++)
		ka_sheet_block(sheet, blocks[i].language, blocks[i].caption,
			       ka_suggest_text((enum ka_snippet)i, &s->spec.after, &s->spec.before,
					       text, sizeof(text)));
	all = put_replies(sheet, s, false);
	putc('\n', sheet->out);
	ka_sheet_text(sheet, "%s. %s.",
		      all ? "All questions are answered with yes" : "It does not hold here",
		      tally_text(s, tally, sizeof(tally)));
}

static void put_suggestion(struct ka_sheet *sheet, const struct ka_suggestion *suggestion)
{
	if (suggestion->kind == KA_SUGGEST_NOT_ASKED)
		return;
	ka_sheet_section(sheet, "Suggestion");
	if (suggestion->kind == KA_SUGGEST_NOTHING)
		ka_sheet_text(sheet, "Nothing needs to change: no question is answered with no.");
	else if (suggestion->kind == KA_SUGGEST_NONE)
		ka_sheet_text(sheet,
			      "There are no values that answer all questions with yes on every "
			      "usual kernel: the questions exclude each other.");
	else
		put_change(sheet, &suggestion->rollout);
}

int ka_sysctl_put_page(const struct ka_rollout *r, const struct ka_suggestion *suggestion,
		       bool markdown, FILE *out)
{
	struct ka_sheet sheet = { .out = out, .markdown = markdown };
	char text[400], kernel[300];

	ka_sheet_title(&sheet, "TCP keepalive: what ", r->title, " changes");
	ka_sheet_text(&sheet, "%s Before: %s. %s.", kernel_text(r, kernel, sizeof(kernel)),
		      r->before_name, tally_text(r, text, sizeof(text)));
	if (r->questions.n)
		ka_sheet_section(&sheet, "Questions");
	put_replies(&sheet, r, true);
	put_values(&sheet, r);
	put_notes(&sheet, r);
	put_unused(&sheet, r);
	put_sides(&sheet, r);
	put_unchanged(&sheet, r);
	put_findings(&sheet, r);
	put_odd(&sheet, r);
	put_suggestion(&sheet, suggestion);
	return sheet.failed ? -ENOMEM : 0;
}
