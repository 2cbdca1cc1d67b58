/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kacheck explain program:NAME: a recipe in words. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "command/command.h"
#include "command/explain.h"
#include "command/page.h"
#include "command/program.h"
#include "model/escape.h"
#include "model/span.h"
#include "program/words.h"

static void print_command(const struct ka_program *p)
{
	char *text = NULL, *plain;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; out && p->command[i]; i++) {
		fputs(i ? " " : "", out);
		ka_quote(out, p->command[i]);
	}
	if (out && fclose(out) == 0) {
		plain = ka_plain(text);
		ka_page_hang("  command  ", "%s", plain ? plain : text);
		free(plain);
	}
	free(text);
}

static void print_program(const struct ka_recipe *r)
{
	const struct ka_program *p = &r->variants[0].program;

	ka_page_head("THE PROGRAM");
	print_command(p);
	ka_page_hang("  user     ", "%s", p->user ? p->user : "root, or who calls");
	ka_page_hang("  port     ", "%u, where it %s", p->port,
		     p->role == KA_SERVER ? "listens" : "connects to");
	if (r->package)
		ka_page_hang("  package  ", "%s%s", r->package,
			     ka_recipes_installed(p) ? ", which is here" : ", which is not here");
	ka_page_hang("  recipe   ", "%s", r->file);
}

/* Bytes as they are written in a recipe. */
static void print_bytes(const char *lead, const struct ka_bytes *bytes)
{
	char *text = NULL;
	size_t size;
	FILE *out = bytes->n ? open_memstream(&text, &size) : NULL;

	if (!out)
		return;
	ka_escape(out, bytes->data, bytes->n < 100 ? bytes->n : 100);
	if (fclose(out) == 0)
		ka_page_hang(lead, "%s%s", text, bytes->n > 100 ? " ..." : "");
	free(text);
}

static void print_talk(const struct ka_program *p)
{
	ka_page_head("WHAT IS SAID");
	print_bytes("  hello    ", &p->hello);
	print_bytes("  expects  ", &p->hello_expect);
	print_bytes("  request  ", &p->request);
	print_bytes("  flood    ", &p->flood);
	print_bytes("  answer   ", &p->answer);
}

static void print_demands(const struct ka_demands *d)
{
	char text[120];

	if (d->options)
		ka_page_hang("      - ", "its sockets have keepalive %s",
			     d->keepalive.cnt ? ka_setting_text(&d->keepalive, text, sizeof(text))
					      : "off");
	if (d->detect_s > 0)
		ka_page_hang("      - ", "a dead peer of an idle connection is noticed %s%s",
			     isinf(d->detect_s) ? "never" : "within ",
			     isinf(d->detect_s) ? ""
						: ka_span_text(d->detect_s, text, sizeof(text)));
	if (d->busy_s > 0)
		ka_page_hang("      - ", "one with an answer on its way %s%s",
			     isinf(d->busy_s) ? "never" : "within ",
			     isinf(d->busy_s) ? "" : ka_span_text(d->busy_s, text, sizeof(text)));
	if (d->idle_s > 0)
		ka_page_hang("      - ", "a healthy one is there after %s",
			     ka_span_text(d->idle_s, text, sizeof(text)));
	for (size_t i = 0; i < d->survive.n; i++)
		ka_page_hang("      - ", "idle ones live through %s (%s)",
			     *d->survive.list[i].gateway ? d->survive.list[i].gateway : "a gateway",
			     ka_span_text(d->survive.list[i].limit_s, text, sizeof(text)));
}

static void print_variants(const struct ka_recipe *r)
{
	ka_page_head("ITS SETTINGS, AND WHAT MUST COME OF THEM");
	for (size_t i = 0; i < r->n_variants; i++) {
		const struct ka_variant *v = &r->variants[i];

		ka_page_hang("  - ", "%s%s%s", v->program.variant ? v->program.variant : "one",
			     v->about ? ": " : "", v->about ? v->about : "");
		print_demands(&v->demands);
	}
}

static void print_scenarios(void)
{
	ka_page_head("WHAT IS DONE TO ITS CONNECTION");
	for (unsigned i = 0; i < KA_SCENARIOS; i++) {
		const struct ka_scenario *s = ka_scenario((enum ka_scenario_number)i);

		ka_page_hang("  - ", "%s (%s): %s.", s->title, s->name, s->why);
		ka_page_text(4, "%s", s->lesson);
	}
}

static void print_recipe(const struct ka_recipe *r)
{
	printf("program:%s\n", r->name);
	ka_page_text(2, "%s", r->about ? r->about : "");
	print_program(r);
	print_talk(&r->variants[0].program);
	print_variants(r);
	print_scenarios();
	ka_page_head("SEE FOR YOURSELF");
	printf("  kacheck program %s\n", r->name);
}

int ka_explain_program(const char *word)
{
	struct ka_recipe recipe;
	struct nn_err err = { "" };
	int ret = ka_recipes_read(&recipe, word, &err);

	if (ret == 0)
		print_recipe(&recipe);
	else
		ka_complain("explain: %s", err.text);
	ka_recipe_free(&recipe);
	return ret == 0 ? KA_EXIT_OK : KA_EXIT_USAGE;
}
