/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of programs, for people: text for a terminal, markdown for a ticket or a document. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "command/program.h"
#include "command/sheet.h"
#include "model/span.h"
#include "model/util.h"

/* ---- one program ------------------------------------------------------------------------------ */

static void give_kernel(struct ka_table *table, const struct ka_ending *e)
{
	char span[60];

	if (e->kind == KA_ENDING_COMPUTED || isnan(e->kernel_s))
		ka_table_cell(table, "%s", "");
	else
		ka_table_cell(table, "%s", ka_span_text(e->kernel_s, span, sizeof(span)));
}

/* What is odd about it, or by how many jiffies the prediction was off. */
static void give_remark(struct ka_table *table, const struct ka_ending *e)
{
	if (e->failed)
		ka_table_cell(table, "FAILED");
	else if (e->have_off)
		ka_table_cell(table, "off %+lld j", (long long)e->off_jiffies);
	else if (e->kind == KA_ENDING_UNKNOWN && e->why)
		ka_table_cell(table, "%s", e->why);
	else
		ka_table_cell(table, "%s", "");
}

static void give_row(struct ka_table *table, const char *title, const char *program,
		     const struct ka_ending *e)
{
	ka_table_cell(table, "%s", title);
	give_kernel(table, e);
	ka_table_cell(table, "%s", program);
	give_remark(table, e);
}

static void put_scenarios(struct ka_sheet *sheet, const struct ka_inquiry *q, size_t subject)
{
	static const struct ka_table_column columns[] = { { .head = "what happens" },
							  { .head = "kernel", .right = true },
							  { .head = "program", .right = true },
							  { .head = "" } };
	struct ka_table table = { .columns = columns, .n_columns = KA_N(columns) };
	char title[80], text[160];

	for (unsigned i = 0; i < KA_SCENARIO_GATEWAY; i++) {
		enum ka_scenario_number number = (enum ka_scenario_number)i;
		struct ka_ending e = ka_inquiry_scenario(q, subject, number);

		if (e.kind != KA_ENDING_UNKNOWN || !ka_scenario(number)->needs)
			give_row(&table, ka_scenario(number)->title,
				 number == KA_SCENARIO_RETURN
					 ? ka_program_back(q, subject, text, sizeof(text))
					 : ka_program_ending(&e, text, sizeof(text)),
				 &e);
	}
	for (size_t i = 0; i < q->spec.n_passages; i++) {
		size_t at = ka_inquiry_find(q, subject, KA_SCENARIO_GATEWAY, i);
		struct ka_ending e = ka_inquiry_ending(q, at);

		snprintf(title, sizeof(title), "behind %s (%u s)", q->spec.passages[i].name,
			 q->spec.passages[i].timeout_s);
		if (at != SIZE_MAX && (q->shown[at].planned || q->spec.passages[i].asked))
			give_row(&table, title,
				 ka_program_passage(q, subject, i, text, sizeof(text)), &e);
	}
	ka_sheet_table(sheet, &table);
}

static void put_replies(struct ka_sheet *sheet, const struct ka_inquiry *q, size_t subject)
{
	struct ka_replies replies;

	ka_replies_make(&replies, q, subject);
	for (size_t i = 0; i < replies.n; i++) {
		const struct ka_demand_reply *r = &replies.list[i];

		ka_sheet_item(sheet, ka_reply_word(r->kind), "%s: %s%s.", r->text, r->why,
			      r->measured || r->kind == KA_REPLY_UNKNOWN ||
					      r->kind == KA_REPLY_BROKEN
				      ? ""
				      : " (computed, not measured)");
	}
}

static void put_advice(struct ka_sheet *sheet, const struct ka_inquiry *q, size_t subject)
{
	struct ka_advices advices;

	ka_advise(&advices, q, subject);
	for (size_t i = 0; i < advices.n; i++)
		ka_sheet_item(sheet, NULL, "%s", advices.list[i].text);
}

/* What did not come out as predicted, and why. */
static void put_odd(struct ka_sheet *sheet, const struct ka_inquiry *q, size_t subject)
{
	for (size_t i = 0; q->attempts && i < q->attempts->n; i++) {
		const struct ka_shown *s = &q->shown[i];
		bool odd = s->there ? s->verdict != KA_PASS : s->planned;

		if (q->attempts->list[i].subject == subject && odd)
			ka_sheet_item(sheet, NULL, "%s: %s: %s", q->attempts->list[i].name,
				      s->there ? ka_verdict_name(s->verdict) : "no result", s->why);
	}
}

static void put_subject(struct ka_sheet *sheet, const struct ka_inquiry *q, size_t subject)
{
	const struct ka_variant *variant = q->spec.subjects[subject].variant;
	char name[100], text[3000];

	ka_subject_name(&q->spec.subjects[subject], name, sizeof(name));
	ka_sheet_section(sheet, name);
	if (variant->about)
		ka_sheet_text(sheet, "(%s)", variant->about);
	ka_sheet_text(sheet, "%s", ka_program_answer(q, subject, text, sizeof(text)));
	if (!ka_survey_tells(&q->surveys[subject]))
		return;
	putc('\n', sheet->out);
	put_scenarios(sheet, q, subject);
	putc('\n', sheet->out);
	put_replies(sheet, q, subject);
	put_advice(sheet, q, subject);
	put_odd(sheet, q, subject);
}

/* ---- all programs ------------------------------------------------------------------------------- */

/* The scenarios that tell programs apart. */
static const struct {
	enum ka_scenario_number scenario;
	const char *head;
} columns_of[] = {
	{ KA_SCENARIO_SILENT, "silent, idle" },
	{ KA_SCENARIO_SILENT_BUSY, "answer unacknowledged" },
	{ KA_SCENARIO_REBOOT, "host rebooted" },
	{ KA_SCENARIO_FROZEN, "frozen, window closed" },
	{ KA_SCENARIO_HEALTHY, "healthy, idle" },
};

static void put_matrix(struct ka_sheet *sheet, const struct ka_inquiry *q)
{
	struct ka_table_column columns[2 + KA_N(columns_of)] = { { .head = "program" },
								 { .head = "options" } };
	struct ka_table table = { .columns = columns, .n_columns = KA_N(columns) };
	char text[160];

	for (size_t i = 0; i < KA_N(columns_of); i++)
		columns[2 + i] =
			(struct ka_table_column){ .head = columns_of[i].head, .right = true };
	for (size_t s = 0; s < q->spec.n_subjects; s++) {
		const struct ka_survey *survey = &q->surveys[s];
		struct ka_setting setting = ka_survey_setting(survey);

		ka_table_cell(&table, "%s",
			      ka_subject_name(&q->spec.subjects[s], text, sizeof(text)));
		ka_table_cell(&table, "%s",
			      ka_survey_tells(survey)
				      ? ka_setting_text(&setting, text, sizeof(text))
				      : "?");
		for (size_t i = 0; i < KA_N(columns_of); i++) {
			struct ka_ending e = ka_inquiry_scenario(q, s, columns_of[i].scenario);

			ka_table_cell(&table, "%s", ka_program_ending(&e, text, sizeof(text)));
		}
	}
	ka_sheet_table(sheet, &table);
}

int ka_program_put_matrix(const struct ka_inquiry *q, FILE *out)
{
	struct ka_sheet sheet = { .out = out, .markdown = true };

	put_matrix(&sheet, q);
	return sheet.failed ? -ENOMEM : 0;
}

int ka_program_put_page(const struct ka_inquiry *q, bool markdown, FILE *out)
{
	struct ka_sheet sheet = { .out = out, .markdown = markdown };
	char text[400], name[100];
	const char *title = q->spec.n_subjects == 1
				    ? ka_subject_name(&q->spec.subjects[0], name, sizeof(name))
				    : "programs";

	ka_sheet_title(&sheet, "Dead peers of ", title, "");
	ka_sheet_text(&sheet, "Linux %s, HZ %d, %s clock, %s. %s.%s%s", q->facts.release,
		      q->facts.hz, q->facts.virtual_clock ? "virtual" : "real", q->where,
		      ka_program_tally(q, text, sizeof(text)), *q->note ? " " : "", q->note);
	for (size_t i = 0; i < q->spec.n_subjects; i++)
		put_subject(&sheet, q, i);
	if (q->spec.n_subjects > 1) {
		ka_sheet_section(&sheet, "Side by side");
		put_matrix(&sheet, q);
	}
	return sheet.failed ? -ENOMEM : 0;
}
