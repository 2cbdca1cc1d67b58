/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kacheck sysctl --live: the connections of a namespace that exists, and what a rollout would and
 * would not do to them. Looks only. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <sys/socket.h>

#include "command/command.h"
#include "command/select.h"
#include "command/sheet.h"
#include "command/sysctl.h"
#include "model/span.h"
#include "model/util.h"
#include "result/encode.h"
#include "rollout/live.h"

struct view {
	const char *target;
	struct ka_live live;
	struct ka_knobs after; /* what it would have with the file */
	struct ka_facts facts;
};

static const char *const timers[] = {
	[KA_LIVE_OFF] = "no keepalive",     [KA_LIVE_ARMED] = "keepalive",
	[KA_LIVE_BUSY] = "data in flight",  [KA_LIVE_CLOSED] = "window closed",
	[KA_LIVE_HIDDEN] = "another timer",
};

/* ---- words -------------------------------------------------------------------------------- */

static const char *address(int family, const uint8_t *bytes, uint16_t port, char *buf, size_t size)
{
	char text[INET6_ADDRSTRLEN] = "?";

	inet_ntop(family, bytes, text, sizeof(text));
	snprintf(buf, size, family == AF_INET6 ? "[%s]:%u" : "%s:%u", text, port);
	return buf;
}

static const char *timer_text(const struct ka_live_socket *s, char *buf, size_t size)
{
	char left[64];

	if (s->timer == KA_LIVE_OFF || s->timer == KA_LIVE_HIDDEN)
		snprintf(buf, size, "%s", timers[s->timer]);
	else
		snprintf(buf, size, "%s, in %s, %u out", timers[s->timer],
			 ka_span_text((double)s->expires_ms / 1000, left, sizeof(left)),
			 s->unanswered);
	return buf;
}

static const char *cost_text(const struct ka_live_cost *cost, char *buf, size_t size)
{
	switch (cost->end) {
	case KA_LIVE_NEVER:
		snprintf(buf, size, "never");
		break;
	case KA_LIVE_UNKNOWN:
		snprintf(buf, size, "not to be seen");
		break;
	case KA_LIVE_KEEPALIVE:
		snprintf(buf, size, "%.1f .. %.1f s%s", cost->window_s[0], cost->window_s[1],
			 cost->other_idle ? " (armed with another idle)" : "");
		break;
	case KA_LIVE_DATA:
		snprintf(buf, size, "%.0f .. %.0f s after the write", cost->window_s[0],
			 cost->window_s[1]);
		break;
	}
	return buf;
}

/* ---- writers ------------------------------------------------------------------------------ */

static void put_values(const struct view *v, struct ka_sheet *sheet)
{
	static const struct ka_table_column columns[] = { { .head = "sysctl", .code = true },
							  { .head = "now", .right = true },
							  { .head = "with the file",
							    .right = true } };
	struct ka_table table = { .columns = columns, .n_columns = KA_N(columns) };
	char name[80];

	for (int i = 0; i < KA_LIVE_KNOBS; i++) {
		ka_table_cell(&table, "%s", ka_knob_name((enum ka_knob)i, name, sizeof(name)));
		ka_table_cell(&table, "%" PRId64, v->live.values.value[i]);
		ka_table_cell(&table, "%" PRId64, v->after.value[i]);
	}
	ka_sheet_table(sheet, &table);
}

static void put_sockets(const struct view *v, struct ka_sheet *sheet)
{
	static const struct ka_table_column columns[] = {
		{ .head = "local" },
		{ .head = "remote" },
		{ .head = "timer", .below = true },
		{ .head = "a dead peer is noticed", .below = true },
		{ .head = "with the file", .below = true },
	};
	struct ka_table table = { .columns = columns, .n_columns = KA_N(columns) };
	char text[120];

	for (size_t i = 0; i < v->live.n; i++) {
		const struct ka_live_socket *s = &v->live.sockets[i];
		struct ka_live_cost now = ka_live_cost(s, &v->live.values, v->facts.hz);
		struct ka_live_cost after = ka_live_cost(s, &v->after, v->facts.hz);

		ka_table_cell(&table, "%s",
			      address(s->family, s->local, s->local_port, text, sizeof(text)));
		ka_table_cell(&table, "%s",
			      address(s->family, s->remote, s->remote_port, text, sizeof(text)));
		ka_table_cell(&table, "%s", timer_text(s, text, sizeof(text)));
		ka_table_cell(&table, "%s", cost_text(&now, text, sizeof(text)));
		ka_table_cell(&table, "%s", cost_text(&after, text, sizeof(text)));
	}
	putchar('\n');
	if (table.n)
		ka_sheet_table(sheet, &table);
}

static size_t count_off(const struct ka_live *live)
{
	size_t n = 0;

	for (size_t i = 0; i < live->n; i++)
		n += live->sockets[i].timer == KA_LIVE_OFF;
	return n;
}

static int put_page(const struct view *v, bool markdown)
{
	struct ka_sheet sheet = { .out = stdout, .markdown = markdown };
	char inode[64];

	snprintf(inode, sizeof(inode), ": net:[%" PRIu64 "]%s", v->live.inode,
		 v->live.own ? ", the own one" : "");
	ka_sheet_title(&sheet, "namespace of ", v->target, inode);
	put_values(v, &sheet);
	putchar('\n');
	ka_sheet_text(&sheet,
		      "%zu established connection%s, %zu without keepalive. Seconds from now; only "
		      "looked at, nothing was changed.",
		      v->live.n, v->live.n == 1 ? "" : "s", count_off(&v->live));
	put_sockets(v, &sheet);
	return sheet.failed ? KA_EXIT_BROKEN : KA_EXIT_OK;
}

static json_t *cost_json(const struct ka_live_cost *cost)
{
	static const char *const ends[] = { "never", "keepalive", "data", "unknown" };

	if (cost->end == KA_LIVE_NEVER || cost->end == KA_LIVE_UNKNOWN)
		return json_pack("{s:s}", "end", ends[cost->end]);
	return json_pack("{s:s, s:f, s:[f, f], s:b}", "end", ends[cost->end], "nominal_s",
			 cost->nominal_s, "window_s", cost->window_s[0], cost->window_s[1],
			 "other_idle", (int)cost->other_idle);
}

static json_t *socket_json(const struct view *v, const struct ka_live_socket *s)
{
	struct ka_live_cost now = ka_live_cost(s, &v->live.values, v->facts.hz);
	struct ka_live_cost after = ka_live_cost(s, &v->after, v->facts.hz);
	char local[80], remote[80];

	return json_pack(
		"{s:s, s:s, s:s, s:I, s:i, s:o, s:o}", "local",
		address(s->family, s->local, s->local_port, local, sizeof(local)), "remote",
		address(s->family, s->remote, s->remote_port, remote, sizeof(remote)), "timer",
		timers[s->timer], "expires_ms", (json_int_t)s->expires_ms, "unanswered",
		(int)s->unanswered, "now", cost_json(&now), "with_file", cost_json(&after));
}

static json_t *values_json(const struct ka_knobs *values)
{
	json_t *object = json_object();

	for (int i = 0; i < KA_LIVE_KNOBS; i++)
		json_object_set_new(object, ka_knob_word((enum ka_knob)i),
				    json_integer(values->value[i]));
	return object;
}

static void put_json(const struct view *v)
{
	json_t *sockets = json_array(), *json;

	for (size_t i = 0; i < v->live.n; i++)
		json_array_append_new(sockets, socket_json(v, &v->live.sockets[i]));
	json = json_pack("{s:i, s:o, s:I, s:o, s:o, s:o}", "v", 1, "live", ka_json_text(v->target),
			 "inode", (json_int_t)v->live.inode, "values", values_json(&v->live.values),
			 "with_file", values_json(&v->after), "connections", sockets);
	ka_json_put(stdout, json, JSON_INDENT(1));
	json_decref(json);
}

/* ---- the command -------------------------------------------------------------------------- */

static int look(struct view *v, const struct ka_sysctl_set *set)
{
	struct nn_err err = { "" };
	int ret = ka_live_read(&v->live, v->target, &err);

	v->after = v->live.values;
	if (ret == 0)
		ret = ka_knobs_take(&v->after, set, &err);
	if (ret == 0)
		return ka_select_host(&v->facts);
	ka_complain("--live: %s", err.text);
	return ret == -EPERM || ret == -EACCES ? KA_EXIT_NOTHING : KA_EXIT_USAGE;
}

int ka_sysctl_live(const struct ka_sysctl_options *options, const struct ka_sysctl_set *set)
{
	struct view view = { .target = options->live };
	int status = look(&view, set);

	if (status == KA_EXIT_OK && options->format == KA_SYSCTL_JSON)
		put_json(&view);
	else if (status == KA_EXIT_OK)
		status = put_page(&view, options->format == KA_SYSCTL_MARKDOWN);
	ka_live_free(&view.live);
	return status;
}
