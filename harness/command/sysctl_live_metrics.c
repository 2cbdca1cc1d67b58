/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Live connections as metrics: Prometheus' text format, for the textfile collector of node_exporter. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "command/sysctl_live.h"
#include "model/escape.h"
#include "model/util.h"

static void put_head(const char *name, const char *help)
{
	printf("# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void put_number(double value)
{
	if (isinf(value))
		puts("+Inf");
	else
		printf("%.15g\n", value);
}

static void put_label(const char *name, const char *value)
{
	printf("%s=\"", name);
	ka_put(stdout, value, KA_YAML); /* the same three characters are escaped in the same way */
	putchar('"');
}

/* All that tells groups apart. */
static void put_labels(const struct ka_seen_group *group)
{
	const struct ka_live_socket *s = group->list->socket;
	const struct ka_live_rule *rule = &group->list->rule[KA_SEEN_NOW];
	const int64_t *value = rule->knobs.value;

	putchar('{');
	put_label("program", ka_live_program(s));
	printf(",direction=\"%s\",port=\"%u\",state=\"%s\",keepalive=\"%s\"",
	       s->accepted ? "in" : "out", ka_live_port(s), ka_live_state_name(s->state),
	       !rule->keepalive ? "off"
	       : rule->known    ? "on"
				: "unknown");
	if (rule->known && rule->keepalive)
		printf(",idle=\"%" PRId64 "\",intvl=\"%" PRId64 "\",cnt=\"%" PRId64
		       "\",from=\"%s\"",
		       value[KA_KNOB_TIME], value[KA_KNOB_INTVL], value[KA_KNOB_PROBES],
		       rule->inherits ? "sysctl" : "options");
	if (rule->known)
		printf(",user_timeout_ms=\"%u\"", rule->ut_ms);
	fputs("} ", stdout);
}

static void put_groups(const struct ka_seen_all *seen)
{
	put_head("kacheck_tcp_connections", "TCP connections of this host.");
	for (size_t i = 0; i < seen->n_groups; i++) {
		fputs("kacheck_tcp_connections", stdout);
		put_labels(&seen->groups[i]);
		put_number((double)seen->groups[i].n);
	}
	put_head("kacheck_tcp_dead_peer_seconds",
		 "If all peers died now: seconds until the last of these connections ends.");
	for (size_t i = 0; i < seen->n_groups; i++) {
		if (seen->groups[i].worst == KA_SEEN_UNKNOWN)
			continue;
		fputs("kacheck_tcp_dead_peer_seconds", stdout);
		put_labels(&seen->groups[i]);
		put_number(seen->groups[i].window_s[KA_SEEN_NOW][1]);
	}
	put_head("kacheck_tcp_quiet_seconds",
		 "Seconds since the last segment that one of these connections received, at the "
		 "most.");
	for (size_t i = 0; i < seen->n_groups; i++) {
		fputs("kacheck_tcp_quiet_seconds", stdout);
		put_labels(&seen->groups[i]);
		put_number((double)seen->groups[i].quiet_ms / 1000);
	}
}

static void put_classes(const struct ka_seen_all *seen)
{
	size_t count[KA_SEEN_CLASSES] = { 0 };

	for (size_t i = 0; i < seen->established; i++)
		count[ka_seen_class(&seen->list[i].cost[KA_SEEN_NOW])]++;
	put_head("kacheck_tcp_dead_peer_connections",
		 "Established connections, by when a peer that dies now is noticed.");
	for (int i = 0; i < KA_SEEN_CLASSES; i++)
		printf("kacheck_tcp_dead_peer_connections{noticed=\"%s\"} %zu\n",
		       ka_seen_class_name((enum ka_seen_class)i), count[i]);
}

static void put_gateways(const struct ka_seen_all *seen)
{
	const struct ka_preset *gateway;
	struct ka_preset room;

	put_head("kacheck_tcp_forgotten_connections",
		 "Established connections that such a gateway forgets when they are idle.");
	for (size_t g = 0; (gateway = ka_preset_at(g, &room)); g++) {
		size_t n = 0;

		for (size_t i = 0; i < seen->established_groups && !gateway->timer; i++) {
			const struct ka_live_rule *rule = &seen->groups[i].list->rule[KA_SEEN_NOW];

			if ((rule->known || !rule->keepalive) &&
			    !ka_seen_survives(rule, gateway, seen->hz))
				n += seen->groups[i].n;
		}
		if (!gateway->timer)
			printf("kacheck_tcp_forgotten_connections{gateway=\"%s\"} %zu\n",
			       gateway->name, n);
	}
}

static void put_questions(const struct ka_view *v)
{
	static const char *const words[] = { "yes", "no", "unknown" };
	const struct ka_questions *questions = &v->questions;
	char text[200];

	if (!questions->n)
		return;
	put_head("kacheck_tcp_answers", "Established connections, by their answer to a question.");
	for (size_t i = 0; i < questions->n; i++)
		for (size_t a = 0; a < KA_N(words); a++) {
			fputs("kacheck_tcp_answers{", stdout);
			put_label("question",
				  ka_question_text(&questions->list[i], text, sizeof(text)));
			printf(",answer=\"%s\"} %zu\n", words[a], v->tallies[i].count[a]);
		}
}

static void put_look(const struct ka_fleet *fleet)
{
	put_head("kacheck_look_namespaces", "Network namespaces that were looked at.");
	printf("kacheck_look_namespaces %zu\n", fleet->n);
	put_head("kacheck_look_unseen", "What is there and could not be seen.");
	printf("kacheck_look_unseen{what=\"namespaces\"} %zu\n", fleet->unseen);
	printf("kacheck_look_unseen{what=\"processes\"} %zu\n", fleet->unseen_processes);
	printf("kacheck_look_unseen{what=\"options\"} %zu\n", fleet->hidden);
}

int ka_view_put_metrics(const struct ka_view *view)
{
	put_groups(&view->seen);
	put_classes(&view->seen);
	put_gateways(&view->seen);
	put_questions(view);
	put_look(&view->fleet);
	return 0;
}
