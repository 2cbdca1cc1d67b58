/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kacheck sysctl --live: what was seen, and how it is told. */
#ifndef KA_SYSCTL_LIVE_H
#define KA_SYSCTL_LIVE_H

#include "command/sysctl.h"
#include "rollout/seen.h"

struct ka_view {
	const struct ka_sysctl_options *options;
	const char *target; /* NULL: all namespaces */
	bool with_file;     /* something is rolled out: questions are about that */
	struct ka_questions questions;
	struct ka_fleet fleet;
	struct ka_seen_all seen;
	struct ka_facts facts;
	struct ka_seen_tally tallies[KA_MAX_QUESTIONS];
};

/* The values that questions are about. */
enum ka_seen_when ka_view_when(const struct ka_view *view);

/* What would help one kind of connection. */
struct ka_view_help {
	const struct ka_seen_group
		*group; /* one that has connections for which something is not yes */
	size_t n;       /* how many */
	bool possible;
	struct ka_seen_help help;
};
/* All of them. *@list is to be freed. 0 or -ENOMEM. */
int ka_view_help(const struct ka_view *view, struct ka_view_help **list, size_t *n);

/* The writers (sysctl_live_page.c, ..._json.c, ..._metrics.c). 0 or -ENOMEM. */
int ka_view_put_page(const struct ka_view *view, bool markdown);
int ka_view_put_json(const struct ka_view *view, int status);
int ka_view_put_metrics(const struct ka_view *view);

/* ---- what they have in common (sysctl_live_words.c) -------------------------------------------- */

/* "10.0.0.1:443", "[::1]:443" */
const char *ka_live_address(int family, const uint8_t *bytes, uint16_t port, char *buf,
			    size_t size);
const char *ka_live_timer_name(enum ka_live_timer timer);
const char *ka_live_state_name(enum ka_live_state state);
/* "nginx"; "?": it is not seen; "not accepted"; "nobody": the socket is no process's any more */
const char *ka_live_program(const struct ka_live_socket *socket);
/* "to 443": it was connected there; "on 443": it was accepted there */
const char *ka_live_service(const struct ka_live_socket *socket, char *buf, size_t size);
/* "15/15/9, user timeout 20 s", "no keepalive" */
const char *ka_live_rule_text(const struct ka_live_rule *rule, char *buf, size_t size);
/* "7875.0 .. 8024.0 s", "never" */
const char *ka_live_window_text(const double window[2], char *buf, size_t size);
const char *ka_live_cost_text(const struct ka_live_cost *cost, char *buf, size_t size);
/* Which gateways an idle connection does not live through: "all", "none", "those of 350 s or less: ..." */
const char *ka_live_gateways_text(const struct ka_live_rule *rule, int hz, char *buf, size_t size);
/* "SO_KEEPALIVE 1, TCP_KEEPIDLE 60, ...": what a program, or the sysctls, must say. */
const char *ka_live_help_text(const struct ka_view_help *help, char *buf, size_t size);

#endif
