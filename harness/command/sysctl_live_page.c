/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Live connections for people: what a dead peer costs, whom, and each of them where they are few. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command/sheet.h"
#include "command/sysctl_live.h"
#include "model/span.h"
#include "model/util.h"

/* What fits on a screen; -v shows all. */
#define MOST_GROUPS      10
#define MOST_CONNECTIONS 30

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* ---- values ------------------------------------------------------------------------------- */

static void put_values(const struct ka_view *v, struct ka_sheet *sheet)
{
	static const struct ka_table_column columns[] = { { .head = "sysctl", .code = true },
							  { .head = "now", .right = true },
							  { .head = "with the file",
							    .right = true } };
	struct ka_table table = { .columns = columns, .n_columns = v->with_file ? 3 : 2 };
	const struct ka_live *live = &v->fleet.lives[0];
	char name[80];

	for (int i = 0; i < KA_KNOBS; i++) {
		if (i >= KA_LIVE_KNOBS && live->values.value[i] == live->after.value[i])
			continue;
		ka_table_cell(&table, "%s", ka_knob_name((enum ka_knob)i, name, sizeof(name)));
		ka_table_cell(&table, "%" PRId64, live->values.value[i]);
		if (v->with_file)
			ka_table_cell(&table, "%" PRId64, live->after.value[i]);
	}
	ka_sheet_table(sheet, &table);
}

static void put_namespaces(const struct ka_view *v, struct ka_sheet *sheet)
{
	static const struct ka_table_column columns[] = { { .head = "namespace" },
							  { .head = "found by" },
							  { .head = "connections", .right = true },
							  { .head = "time/intvl/probes" },
							  { .head = "retries2", .right = true } };
	struct ka_table table = { .columns = columns, .n_columns = KA_N(columns) };

	ka_sheet_section(sheet, "Namespaces");
	for (size_t i = 0; i < v->fleet.n; i++) {
		const struct ka_live *live = &v->fleet.lives[i];
		const int64_t *value = live->values.value;

		ka_table_cell(&table, "net:[%" PRIu64 "]%s", live->inode, live->own ? ", own" : "");
		ka_table_cell(&table, *live->program ? "%s (%s)" : "%s", live->path, live->program);
		ka_table_cell(&table, "%zu", live->n);
		ka_table_cell(&table, "%" PRId64 "/%" PRId64 "/%" PRId64, value[KA_KNOB_TIME],
			      value[KA_KNOB_INTVL], value[KA_KNOB_PROBES]);
		ka_table_cell(&table, "%" PRId64, value[KA_KNOB_RETRIES2]);
	}
	ka_sheet_table(sheet, &table);
}

/* ---- what a dead peer costs ------------------------------------------------------------------ */

/* "nginx, postgres and 3 more" of the groups in @class. */
static const char *programs_of(const struct ka_view *v, enum ka_seen_class class, char *buf,
			       size_t size)
{
	const char *named[3] = { NULL };
	size_t n = 0, used = 0, more = 0;

	*buf = '\0';
	for (size_t i = 0; i < v->seen.established_groups; i++) {
		const struct ka_seen_group *group = &v->seen.groups[i];
		const char *name = ka_live_program(group->list->socket);
		bool known = group->worst != class;

		for (size_t k = 0; k < n && !known; k++)
			known = strcmp(named[k], name) == 0;
		if (known)
			continue;
		if (n == KA_N(named)) {
			more++;
			continue;
		}
		named[n++] = name;
		used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? ", " : "", name);
	}
	if (more)
		snprintf(buf + used, size - used, " ...");
	return buf;
}

static void put_classes(const struct ka_view *v, struct ka_sheet *sheet)
{
	static const struct ka_table_column columns[] = { { .head = "noticed after" },
							  { .head = "connections", .right = true },
							  { .head = "programs" } };
	struct ka_table table = { .columns = columns, .n_columns = KA_N(columns) };
	size_t count[KA_SEEN_CLASSES] = { 0 };
	char text[100];

	for (size_t i = 0; i < v->seen.established; i++)
		count[ka_seen_class(&v->seen.list[i].cost[KA_SEEN_NOW])]++;
	for (int i = 0; i < KA_SEEN_CLASSES; i++) {
		enum ka_seen_class class = (enum ka_seen_class)i;

		if (!count[i])
			continue;
		ka_table_cell(&table, "%s", ka_seen_class_name(class));
		ka_table_cell(&table, "%zu", count[i]);
		ka_table_cell(&table, "%s", programs_of(v, class, text, sizeof(text)));
	}
	ka_sheet_section(sheet, "If a peer dies now");
	ka_sheet_table(sheet, &table);
}

/* ---- groups ------------------------------------------------------------------------------- */

static size_t shown(const struct ka_view *v, size_t n, size_t most)
{
	return v->options->verbose || n <= most ? n : most;
}

static void put_more(struct ka_sheet *sheet, size_t left, const char *what)
{
	if (left)
		ka_sheet_text(sheet, "... and %zu more %s%s (-v shows all).", left, what,
			      plural(left));
}

static void give_group(const struct ka_view *v, struct ka_table *table,
		       const struct ka_seen_group *group)
{
	const struct ka_seen *like = group->list;
	const struct ka_live_rule *rule = &like->rule[KA_SEEN_NOW];
	char text[300];

	ka_table_cell(table, "%s", ka_live_program(like->socket));
	ka_table_cell(table, "%s", ka_live_service(like->socket, text, sizeof(text)));
	ka_table_cell(table, "%zu", group->n);
	ka_table_cell(table, "%zu", group->namespaces);
	ka_table_cell(table, "%s", ka_live_rule_text(rule, text, sizeof(text)));
	ka_table_cell(table, "%s",
		      ka_live_window_text(group->window_s[KA_SEEN_NOW], text, sizeof(text)));
	if (v->with_file)
		ka_table_cell(
			table, "%s",
			ka_live_window_text(group->window_s[KA_SEEN_AFTER], text, sizeof(text)));
	ka_table_cell(table, "%s", ka_live_gateways_text(rule, v->facts.hz, text, sizeof(text)));
}

static void put_groups(const struct ka_view *v, struct ka_sheet *sheet)
{
	static const struct ka_table_column with_file[] = {
		{ .head = "program" },
		{ .head = "port" },
		{ .head = "connections", .right = true },
		{ .head = "namespaces", .right = true },
		{ .head = "options" },
		{ .head = "noticed" },
		{ .head = "with the file" },
		{ .head = "idle, forgotten by", .below = true }
	};
	static const struct ka_table_column without[] = { { .head = "program" },
							  { .head = "port" },
							  { .head = "connections", .right = true },
							  { .head = "namespaces", .right = true },
							  { .head = "options" },
							  { .head = "noticed" },
							  { .head = "idle, forgotten by",
							    .below = true } };
	struct ka_table table = { .columns = v->with_file ? with_file : without,
				  .n_columns = v->with_file ? KA_N(with_file) : KA_N(without) };
	size_t n = shown(v, v->seen.established_groups, MOST_GROUPS);

	ka_sheet_section(sheet, "By program, port and options");
	for (size_t i = 0; i < n; i++)
		give_group(v, &table, &v->seen.groups[i]);
	ka_sheet_table(sheet, &table);
	put_more(sheet, v->seen.established_groups - n, "group");
}

static void put_half_closed(const struct ka_view *v, struct ka_sheet *sheet)
{
	static const struct ka_table_column columns[] = { { .head = "state" },
							  { .head = "program" },
							  { .head = "port" },
							  { .head = "connections", .right = true },
							  { .head = "quiet up to" },
							  { .head = "options" },
							  { .head = "ends if the peer is dead" } };
	struct ka_table table = { .columns = columns, .n_columns = KA_N(columns) };
	size_t first = v->seen.established_groups, all = v->seen.n_groups - first;
	size_t n = shown(v, all, MOST_GROUPS);
	char text[100];

	if (!all)
		return;
	ka_sheet_section(sheet, "Half closed");
	for (size_t i = first; i < first + n; i++) {
		const struct ka_seen_group *group = &v->seen.groups[i];
		const struct ka_seen *like = group->list;

		ka_table_cell(&table, "%s", ka_live_state_name(like->socket->state));
		ka_table_cell(&table, "%s", ka_live_program(like->socket));
		ka_table_cell(&table, "%s", ka_live_service(like->socket, text, sizeof(text)));
		ka_table_cell(&table, "%zu", group->n);
		ka_table_cell(&table, "%s",
			      ka_span_text((double)group->quiet_ms / 1000, text, sizeof(text)));
		ka_table_cell(&table, "%s",
			      ka_live_rule_text(&like->rule[KA_SEEN_NOW], text, sizeof(text)));
		ka_table_cell(
			&table, "%s",
			ka_live_window_text(group->window_s[KA_SEEN_NOW], text, sizeof(text)));
	}
	ka_sheet_table(sheet, &table);
	put_more(sheet, all - n, "group");
	ka_sheet_text(sheet,
		      "CLOSE_WAIT: the peer has closed and the program has not; what is quiet "
		      "for long is a program that forgot to.");
}

/* ---- each connection ---------------------------------------------------------------------------- */

static const char *timer_text(const struct ka_live_socket *s, char *buf, size_t size)
{
	char left[64];

	if (s->timer == KA_LIVE_OFF || s->timer == KA_LIVE_HIDDEN)
		snprintf(buf, size, "%s", ka_live_timer_name(s->timer));
	else
		snprintf(buf, size, "%s, in %s, %u out", ka_live_timer_name(s->timer),
			 ka_span_text((double)s->expires_ms / 1000, left, sizeof(left)),
			 s->unanswered);
	return buf;
}

/* "yes, NO", in the order of the questions. */
static const char *replies_text(const struct ka_view *v, const struct ka_seen *seen, char *buf,
				size_t size)
{
	static const char *const words[] = { "yes", "NO", "not known" };
	size_t used = 0;

	*buf = '\0';
	for (size_t i = 0; i < v->questions.n && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? ", " : "",
					 words[ka_seen_reply(seen, ka_view_when(v),
							     &v->questions.list[i], v->facts.hz)]);
	return buf;
}

static void give_connection(const struct ka_view *v, struct ka_table *table,
			    const struct ka_seen *seen)
{
	const struct ka_live_socket *s = seen->socket;
	char text[300];

	ka_table_cell(table, "%s",
		      ka_live_address(s->family, s->local, s->local_port, text, sizeof(text)));
	ka_table_cell(table, "%s",
		      ka_live_address(s->family, s->remote, s->remote_port, text, sizeof(text)));
	ka_table_cell(table, *s->program ? "%s (%d)" : "%s", ka_live_program(s), (int)s->pid);
	ka_table_cell(table, "%s", timer_text(s, text, sizeof(text)));
	ka_table_cell(table, "%s", ka_live_rule_text(&seen->rule[KA_SEEN_NOW], text, sizeof(text)));
	ka_table_cell(table, "%s", ka_live_cost_text(&seen->cost[KA_SEEN_NOW], text, sizeof(text)));
	if (v->with_file)
		ka_table_cell(table, "%s",
			      ka_live_cost_text(&seen->cost[KA_SEEN_AFTER], text, sizeof(text)));
	if (v->questions.n)
		ka_table_cell(table, "%s", replies_text(v, seen, text, sizeof(text)));
}

static void put_connections(const struct ka_view *v, struct ka_sheet *sheet)
{
	struct ka_table_column columns[] = {
		{ .head = "local" },
		{ .head = "remote" },
		{ .head = "program" },
		{ .head = "timer", .below = true },
		{ .head = "options", .below = true },
		{ .head = "a dead peer is noticed", .below = true },
		{ .head = "with the file", .below = true },
		{ .head = "answers", .below = true },
	};
	struct ka_table table = { .columns = columns, .n_columns = 6 };

	if (!v->seen.established ||
	    (!v->options->verbose && v->seen.established > MOST_CONNECTIONS))
		return;
	if (v->with_file)
		table.n_columns++;
	if (v->questions.n)
		columns[table.n_columns++] =
			(struct ka_table_column){ .head = "answers", .below = true };
	ka_sheet_section(sheet, "Connections");
	for (size_t i = 0; i < v->seen.established; i++)
		give_connection(v, &table, &v->seen.list[i]);
	ka_sheet_table(sheet, &table);
}

/* ---- questions ---------------------------------------------------------------------------- */

static void put_worst(const struct ka_view *v, struct ka_sheet *sheet, size_t i)
{
	const struct ka_seen_tally *tally = &v->tallies[i];
	const struct ka_live_socket *s = tally->worst->socket;
	char text[200], why[600], from[80], to[80];

	ka_sheet_item(sheet, tally->reply == KA_SEEN_NO ? "NO" : "not known",
		      "%s yes: %zu, no: %zu, not known: %zu. %s (%s -> %s): %s.",
		      ka_question_text(&v->questions.list[i], text, sizeof(text)),
		      tally->count[KA_SEEN_YES], tally->count[KA_SEEN_NO],
		      tally->count[KA_SEEN_NOT_KNOWN], ka_live_program(s),
		      ka_live_address(s->family, s->local, s->local_port, from, sizeof(from)),
		      ka_live_address(s->family, s->remote, s->remote_port, to, sizeof(to)),
		      ka_seen_reason(tally->worst, ka_view_when(v), &v->questions.list[i],
				     v->facts.hz, why, sizeof(why)));
}

static void put_rate(const struct ka_view *v, struct ka_sheet *sheet, size_t i)
{
	static const char *const words[] = { "yes", "NO", "not known" };
	const struct ka_seen_tally *tally = &v->tallies[i];

	ka_sheet_item(sheet, words[tally->reply],
		      "do these %zu connections, idle, cost at most %.6g probes a second together? "
		      "%.4g a second%s.",
		      v->seen.established, v->questions.list[i].rate, tally->rate,
		      tally->count[KA_SEEN_NOT_KNOWN] ? ", and those whose options are not known"
						      : "");
}

static void put_questions(const struct ka_view *v, struct ka_sheet *sheet)
{
	const struct ka_questions *questions = &v->questions;
	char text[200];

	if (!questions->n)
		return;
	ka_sheet_section(sheet, "Questions");
	for (size_t i = 0; i < questions->n; i++)
		if (questions->list[i].kind == KA_ASK_RATE)
			put_rate(v, sheet, i);
		else if (v->tallies[i].worst)
			put_worst(v, sheet, i);
		else
			ka_sheet_item(sheet, v->seen.established ? "yes" : "nobody to ask",
				      "%s yes: %zu.",
				      ka_question_text(&questions->list[i], text, sizeof(text)),
				      v->tallies[i].count[KA_SEEN_YES]);
}

static void put_help(const struct ka_view *v, struct ka_sheet *sheet)
{
	struct ka_view_help *list;
	char service[40], text[400];
	size_t n, few;

	if (!v->options->suggest)
		return;
	if (ka_view_help(v, &list, &n) < 0) {
		sheet->failed = true;
		return;
	}
	ka_sheet_section(sheet, "Suggestion");
	few = shown(v, n, MOST_GROUPS);
	for (size_t i = 0; i < few; i++)
		ka_sheet_item(
			sheet, NULL, "%s %s, %zu connection%s: %s.",
			ka_live_program(list[i].group->list->socket),
			ka_live_service(list[i].group->list->socket, service, sizeof(service)),
			list[i].n, plural(list[i].n),
			list[i].possible
				? ka_live_help_text(&list[i], text, sizeof(text))
				: "there are no values that answer all with yes on every usual "
				  "kernel");
	put_more(sheet, n - few, "group");
	ka_sheet_text(
		sheet,
		n ? "A sysctl reaches new sockets and timers that are armed from then on, not "
		    "those that run."
		  : "Nothing needs to change: no question is answered with no.");
	free(list);
}

/* ---- all ---------------------------------------------------------------------------------- */

static void put_unseen(const struct ka_view *v, struct ka_sheet *sheet)
{
	const struct ka_fleet *fleet = &v->fleet;
	const struct ka_live_socket *first = NULL;

	if (fleet->n_gaps || fleet->hidden || fleet->ended || fleet->vanished)
		ka_sheet_section(sheet, "Not seen");
	for (size_t i = 0; i < fleet->n_gaps; i++)
		ka_sheet_item(sheet, NULL, "%s.", fleet->gaps[i].text);
	for (size_t i = 0; i < fleet->n && !first; i++)
		for (size_t s = 0; s < fleet->lives[i].n && !first; s++)
			if (ka_fleet_misses(&fleet->lives[i].sockets[s]))
				first = &fleet->lives[i].sockets[s];
	if (first)
		ka_sheet_item(sheet, NULL, "the options of %zu connection%s: %s.", fleet->hidden,
			      plural(fleet->hidden), ka_live_why_hidden(first));
	if (fleet->ended)
		ka_sheet_item(sheet, NULL, "%zu connection%s ended while being looked at.",
			      fleet->ended, plural(fleet->ended));
	if (fleet->vanished)
		ka_sheet_item(sheet, NULL, "%zu namespace%s vanished while being looked at.",
			      fleet->vanished, plural(fleet->vanished));
}

static void put_head(const struct ka_view *v, struct ka_sheet *sheet)
{
	const struct ka_seen_all *seen = &v->seen;
	size_t off = 0;
	char inode[64];

	for (size_t i = 0; i < seen->established; i++)
		off += !seen->list[i].rule[KA_SEEN_NOW].keepalive;
	if (v->target) {
		snprintf(inode, sizeof(inode), ": net:[%" PRIu64 "]%s", v->fleet.lives[0].inode,
			 v->fleet.lives[0].own ? ", the own one" : "");
		ka_sheet_title(sheet, "namespace of ", v->target, inode);
	} else {
		ka_sheet_title(sheet, "all namespaces of ", "this host", "");
		ka_sheet_text(sheet, "%zu namespace%s.", v->fleet.n, plural(v->fleet.n));
	}
	ka_sheet_text(
		sheet,
		"%zu established connection%s, %zu without keepalive, %zu half closed. Seconds "
		"from now, for Linux %s, HZ %d, as this host has it; only looked at, nothing "
		"was changed.",
		seen->established, plural(seen->established), off, seen->n - seen->established,
		v->facts.release, v->facts.hz);
	if (v->with_file && !v->target)
		ka_sheet_text(sheet,
			      "What is rolled out reaches the host's own namespace: the others "
			      "(containers, pods) need it in theirs.");
}

int ka_view_put_page(const struct ka_view *v, bool markdown)
{
	struct ka_sheet sheet = { .out = stdout, .markdown = markdown };

	put_head(v, &sheet);
	put_questions(v, &sheet);
	if (v->target) {
		ka_sheet_section(&sheet, "Values");
		put_values(v, &sheet);
	}
	if (v->seen.established) {
		put_classes(v, &sheet);
		put_groups(v, &sheet);
	}
	put_half_closed(v, &sheet);
	put_connections(v, &sheet);
	put_help(v, &sheet);
	if (!v->target && v->options->verbose)
		put_namespaces(v, &sheet);
	put_unseen(v, &sheet);
	return sheet.failed ? -1 : 0;
}
