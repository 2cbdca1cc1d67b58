/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rollout for people. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command/page.h"
#include "command/sysctl.h"
#include "command/sysctl_words.h"
#include "rollout/picture.h"
#include "rollout/suggest.h"

static void put_values(const struct ka_rollout *r)
{
	char name[80], origin[300], written[300];

	ka_page_head("VALUES");
	printf("  %-34s %10s %10s\n", "", "before", "after");
	for (int i = 0; i < KA_KNOBS; i++) {
		enum ka_knob knob = (enum ka_knob)i;
		bool set = r->set && ka_sysctl_value(r->set, ka_knob_infos[i].key);

		if (i > KA_KNOB_RETRIES2 && !set &&
		    r->spec.before.value[i] == r->spec.after.value[i])
			continue;
		printf("  %-34s %10" PRId64 " %10" PRId64 "  %s\n",
		       ka_knob_name(knob, name, sizeof(name)), r->spec.before.value[i],
		       r->spec.after.value[i], ka_sysctl_origin(r, knob, origin, sizeof(origin)));
		if (set)
			printf("  %34s %21s  %s\n", "", "",
			       ka_sysctl_written(r, knob, written, sizeof(written)));
	}
}

static void put_unused(const struct ka_rollout *r)
{
	bool any = false;
	char why[400];

	for (size_t i = 0; r->set && i < r->set->n; i++) {
		const struct ka_sysctl_line *line = &r->set->lines[i];
		const char *text = ka_sysctl_unused(r, line, why, sizeof(why));

		if (!text)
			continue;
		if (!any)
			ka_page_head("LINES THAT ARE NOT USED");
		any = true;
		printf("  %s:%u  %s%s%s\n      %s\n", line->file, line->line, line->key,
		       *line->value ? " = " : "", line->value, text);
	}
}

static void put_sides(const struct ka_rollout *r)
{
	struct ka_row rows[KA_MAX_SIDE_ROWS];
	size_t n = ka_sysctl_rows(r, rows);

	ka_page_head("A DEAD PEER IS NOTICED, AND WHAT IT COSTS");
	printf("  %-32s %-22s %s\n", "", "before", "after");
	for (size_t i = 0; i < n; i++)
		printf("  %-32s %-22s %s\n", rows[i].what, rows[i].before, rows[i].after);
	printf("\n");
	ka_page_text(2,
		     "For sockets that say SO_KEEPALIVE and nothing else; seconds since the last "
		     "segment received. A probe and its answer are %d bytes each (IPv6: %d), "
		     "without what the link adds.",
		     KA_PROBE_BYTES_V4, KA_PROBE_BYTES_V6);
}

static void put_questions(const struct ka_rollout *r)
{
	char text[200], picture[KA_PICTURE_ROOM + 100];

	if (r->questions.n == 0)
		return;
	ka_page_head("QUESTIONS");
	for (size_t i = 0; i < r->questions.n; i++) {
		const struct ka_question *question = &r->questions.list[i];
		struct ka_reply reply = ka_rollout_reply(r, i);

		ka_page_hang(reply.yes ? "  yes  " : "  NO   ", "%s %s%s.",
			     ka_question_text(question, text, sizeof(text)), reply.why,
			     reply.measured ? "" : " (computed, not measured)");
		printf("%s", ka_picture(question, &r->after, 7, picture, sizeof(picture)));
	}
}

static void put_unchanged(const struct ka_rollout *r)
{
	struct ka_unchanged who[KA_N_UNCHANGED];

	ka_sysctl_who(r, who);
	ka_page_head("WHO IS NOT CHANGED");
	for (size_t i = 0; i < KA_N_UNCHANGED; i++)
		ka_page_hang("  - ", "%s%s%s.", who[i].who, who[i].tried ? ". Tried: " : ": ",
			     who[i].shown);
}

static void put_findings(const struct ka_rollout *r)
{
	char proof[200];

	if (r->n_findings == 0)
		return;
	ka_page_head("TO THINK ABOUT");
	for (size_t i = 0; i < r->n_findings; i++)
		ka_page_hang(r->findings[i].serious ? "  ! " : "  - ", "%s: %s (%s).",
			     r->findings[i].text, r->findings[i].reason,
			     ka_sysctl_proof(r, &r->findings[i], proof, sizeof(proof)));
}

static void put_odd(const struct ka_rollout *r)
{
	size_t i = 0;

	if (!ka_sysctl_odd(r, &i))
		return;
	ka_page_head("EXPERIMENTS THAT DID NOT COME OUT AS COMPUTED");
	for (const struct ka_measured *m; (m = ka_sysctl_odd(r, &i)); i++)
		ka_page_hang("  - ", "%s: %s: %s", r->trials->cases[i].name,
			     ka_verdict_name(m->verdict), m->why);
}

static void put_indented(const char *text)
{
	for (const char *at = text; *at;) {
		size_t len = strcspn(at, "\n");

		printf("    %.*s\n", (int)len, at);
		at += len + (at[len] != '\0');
	}
}

static void put_change(const struct ka_rollout *s)
{
	char text[1500], tally[300];
	bool all = true;

	printf("  a file in /etc/sysctl.d:\n");
	put_indented(ka_suggest_file(&s->spec.after, &s->spec.before, text, sizeof(text)));
	printf("  Kubernetes (pod):\n");
	put_indented(ka_suggest_kubernetes(&s->spec.after, text, sizeof(text)));
	printf("  Docker:\n");
	put_indented(ka_suggest_docker(&s->spec.after, text, sizeof(text)));
	for (size_t i = 0; i < s->questions.n; i++) {
		struct ka_reply reply = ka_rollout_reply(s, i);

		all = all && reply.yes;
		ka_page_hang(reply.yes ? "  yes  " : "  NO   ", "%s %s%s.",
			     ka_question_text(&s->questions.list[i], text, sizeof(text)), reply.why,
			     reply.measured ? "" : " (computed, not measured)");
	}
	ka_page_text(2, "%s. %s.",
		     all ? "All questions are answered with yes" : "It does not hold here",
		     ka_sysctl_tally(s, tally, sizeof(tally)));
}

static void put_suggestion(const struct ka_suggestion *suggestion)
{
	if (suggestion->kind == KA_SUGGEST_NOT_ASKED)
		return;
	ka_page_head("SUGGESTION");
	if (suggestion->kind == KA_SUGGEST_NOTHING)
		ka_page_text(2, "Nothing needs to change: no question is answered with no.");
	else if (suggestion->kind == KA_SUGGEST_NONE)
		ka_page_text(2, "There are no values that answer all questions with yes on every "
				"usual kernel: the questions exclude each other.");
	else
		put_change(&suggestion->rollout);
}

void ka_sysctl_put_text(const struct ka_rollout *r, const struct ka_suggestion *suggestion)
{
	char text[400];

	printf("%s\n", r->title);
	ka_page_text(2, "Before: %s. %s.", r->before_name, ka_sysctl_kernel(r, text, sizeof(text)));
	ka_page_text(2, "%s.", ka_sysctl_tally(r, text, sizeof(text)));
	put_questions(r);
	put_values(r);
	put_unused(r);
	put_sides(r);
	put_unchanged(r);
	put_findings(r);
	put_odd(r);
	put_suggestion(suggestion);
}
