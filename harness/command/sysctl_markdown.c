/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rollout for a change ticket. */
#include <inttypes.h>
#include <stdio.h>

#include "command/sysctl.h"
#include "command/sysctl_words.h"
#include "rollout/picture.h"
#include "rollout/suggest.h"

/* A text inside a table or a line: what markdown would take for its own is escaped. */
static void put(const char *text)
{
	for (; *text; text++) {
		if (*text == '|' || *text == '<' || *text == '*' || *text == '`')
			putchar('\\');
		putchar((unsigned char)*text < ' ' ? ' ' : *text);
	}
}

static void put_questions(const struct ka_rollout *r)
{
	char text[200], picture[KA_PICTURE_ROOM + 100];

	if (r->questions.n == 0)
		return;
	printf("\n## Questions\n");
	for (size_t i = 0; i < r->questions.n; i++) {
		struct ka_reply reply = ka_rollout_reply(r, i);

		printf("\n- **%s**: ", ka_sysctl_reply(&reply));
		put(ka_question_text(&r->questions.list[i], text, sizeof(text)));
		putchar(' ');
		put(reply.why);
		printf(".\n");
		ka_picture(&r->questions.list[i], &r->after, 0, picture, sizeof(picture));
		if (*picture)
			printf("\n```\n%s```\n", picture);
	}
}

static void put_values(const struct ka_rollout *r)
{
	char name[80], text[300];

	printf("\n## Values\n\n| sysctl | before | after | from | on this kernel |\n"
	       "| --- | ---: | ---: | --- | --- |\n");
	for (int i = 0; i < KA_KNOBS; i++) {
		enum ka_knob knob = (enum ka_knob)i;
		bool set = r->set && ka_sysctl_value(r->set, ka_knob_infos[i].key);

		if (i > KA_KNOB_RETRIES2 && !set)
			continue;
		printf("| `%s` | %" PRId64 " | %" PRId64 " | ",
		       ka_knob_name(knob, name, sizeof(name)), r->spec.before.value[i],
		       r->spec.after.value[i]);
		put(ka_sysctl_origin(r, knob, text, sizeof(text)));
		printf(" | ");
		put(ka_sysctl_written(r, knob, text, sizeof(text)));
		printf(" |\n");
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
			printf("\n## Lines that are not used\n\n");
		any = true;
		printf("- ");
		put(line->file);
		printf(":%u `%s`: ", line->line, line->key);
		put(text);
		putchar('\n');
	}
}

static void put_sides(const struct ka_rollout *r)
{
	struct ka_row rows[KA_MAX_SIDE_ROWS];
	size_t n = ka_sysctl_rows(r, rows);

	printf("\n## When a dead peer is noticed, and what it costs\n\n"
	       "| | before | after |\n| --- | --- | --- |\n");
	for (size_t i = 0; i < n; i++)
		printf("| %s | %s | %s |\n", rows[i].what, rows[i].before, rows[i].after);
	printf("\nFor sockets that say `SO_KEEPALIVE` and nothing else; seconds since the last "
	       "segment received. A probe and its answer are %d bytes each (IPv6: %d).\n",
	       KA_PROBE_BYTES_V4, KA_PROBE_BYTES_V6);
}

static void put_unchanged(const struct ka_rollout *r)
{
	struct ka_unchanged who[KA_N_UNCHANGED];

	ka_sysctl_who(r, who);
	printf("\n## Who is not changed\n\n");
	for (size_t i = 0; i < KA_N_UNCHANGED; i++) {
		printf("- **");
		put(who[i].who);
		printf("**: %s", who[i].tried ? "tried: " : "");
		put(who[i].shown);
		printf("\n");
	}
}

static void put_findings(const struct ka_rollout *r)
{
	char proof[200];

	if (r->n_findings)
		printf("\n## To think about\n\n");
	for (size_t i = 0; i < r->n_findings; i++) {
		printf("- %s", r->findings[i].serious ? "**serious** " : "");
		put(r->findings[i].text);
		printf(": ");
		put(r->findings[i].reason);
		printf(" (%s)\n", ka_sysctl_proof(r, &r->findings[i], proof, sizeof(proof)));
	}
}

static void put_odd(const struct ka_rollout *r)
{
	size_t i = 0;

	if (ka_sysctl_odd(r, &i))
		printf("\n## Experiments that did not come out as computed\n\n");
	for (const struct ka_measured *m; (m = ka_sysctl_odd(r, &i)); i++) {
		printf("- `%s`: %s: ", r->trials->cases[i].name, ka_verdict_name(m->verdict));
		put(m->why);
		putchar('\n');
	}
}

static void put_change(const struct ka_rollout *s)
{
	char text[1500];

	printf("\n```ini\n%s```\n",
	       ka_suggest_file(&s->spec.after, &s->spec.before, text, sizeof(text)));
	printf("\n```yaml\n%s```\n", ka_suggest_kubernetes(&s->spec.after, text, sizeof(text)));
	printf("\n```sh\n%s\n```\n\n", ka_suggest_docker(&s->spec.after, text, sizeof(text)));
	for (size_t i = 0; i < s->questions.n; i++) {
		struct ka_reply reply = ka_rollout_reply(s, i);

		printf("- **%s**: ", ka_sysctl_reply(&reply));
		put(ka_question_text(&s->questions.list[i], text, sizeof(text)));
		putchar(' ');
		put(reply.why);
		printf("\n");
	}
	printf("\n%s.\n", ka_sysctl_tally(s, text, sizeof(text)));
}

static void put_suggestion(const struct ka_suggestion *suggestion)
{
	if (suggestion->kind == KA_SUGGEST_NOT_ASKED)
		return;
	printf("\n## Suggestion\n");
	if (suggestion->kind == KA_SUGGEST_CHANGE)
		put_change(&suggestion->rollout);
	else
		printf("\n%s\n", suggestion->kind == KA_SUGGEST_NOTHING
					 ? "Nothing needs to change."
					 : "There are no values that answer all questions with yes "
					   "on every usual kernel.");
}

void ka_sysctl_put_markdown(const struct ka_rollout *r, const struct ka_suggestion *suggestion)
{
	char text[400];

	printf("# TCP keepalive: what `%s` changes\n\nBefore: ", r->title);
	put(r->before_name);
	printf(". ");
	put(ka_sysctl_kernel(r, text, sizeof(text)));
	printf(". ");
	put(ka_sysctl_tally(r, text, sizeof(text)));
	printf(".\n");
	put_questions(r);
	put_values(r);
	put_unused(r);
	put_sides(r);
	put_unchanged(r);
	put_findings(r);
	put_odd(r);
	put_suggestion(suggestion);
}
