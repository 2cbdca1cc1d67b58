/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kacheck sysctl --live: the connections of namespaces that exist, what a dead peer would cost them, and
 * what a rollout would and would not do to them. Looks only. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "command/select.h"
#include "command/sysctl_live.h"
#include "model/util.h"

enum ka_seen_when ka_view_when(const struct ka_view *view)
{
	return view->with_file ? KA_SEEN_AFTER : KA_SEEN_NOW;
}

/* ---- the look ----------------------------------------------------------------------------- */

/* A file of sysctl.d reaches the namespace that was named; of all of a host, only the host's own. */
static int take_file(struct ka_view *view, const struct ka_sysctl_set *set, struct nn_err *err)
{
	struct ka_knobs alone = ka_knobs_initial();
	int ret = ka_knobs_take(&alone, set, err);

	ka_questions_own(&view->questions, &alone); /* a gateway that gets the same file */
	for (size_t i = 0; i < view->fleet.n && !ret; i++)
		if (view->target || view->fleet.lives[i].own)
			ret = ka_knobs_take(&view->fleet.lives[i].after, set, err);
	return ret;
}

static int look(struct ka_view *view, const struct ka_sysctl_set *set)
{
	const struct ka_seen_filter filter = { .program = view->options->program,
					       .port = view->options->port };
	struct nn_err err = { "" };
	int status = ka_select_host(&view->facts), ret;

	if (status != KA_EXIT_OK)
		return status;
	ret = ka_fleet_read(&view->fleet, view->target, &err);
	if (ret == 0)
		ret = take_file(view, set, &err);
	if (ret == 0)
		ret = ka_seen_look(&view->seen, &view->fleet, &filter, view->facts.hz, &err);
	if (ret == 0)
		return KA_EXIT_OK;
	ka_complain("--live: %s", err.text);
	if (ret == -ENOMEM)
		return KA_EXIT_BROKEN;
	return ret == -EPERM || ret == -EACCES ? KA_EXIT_NOTHING : KA_EXIT_USAGE;
}

/* ---- what would help ---------------------------------------------------------------------- */

/* How many of @group are in want of help. */
static size_t count_unanswered(const struct ka_view *view, const struct ka_seen_group *group)
{
	const struct ka_questions *questions = &view->questions;
	size_t n = 0;

	for (size_t i = 0; i < group->n; i++) {
		bool all = true;

		for (size_t q = 0; q < questions->n && all; q++)
			all = ka_seen_reply(&group->list[i], ka_view_when(view),
					    &questions->list[q], view->facts.hz) != KA_SEEN_NO;
		n += !all;
	}
	return n;
}

static bool is_like(const struct ka_live_rule *a, const struct ka_live_rule *b)
{
	return a->keepalive == b->keepalive && a->ut_ms == b->ut_ms &&
	       memcmp(a->knobs.value, b->knobs.value, sizeof(a->knobs.value)) == 0 &&
	       a->knobs.ut_ms == b->knobs.ut_ms;
}

/* The search takes milliseconds: what was found for the like of it counts. */
static void find_help(const struct ka_view *view, struct ka_view_help *list,
		      struct ka_view_help *at)
{
	enum ka_seen_when when = ka_view_when(view);
	const struct ka_live_rule *rule = &at->group->list->rule[when];

	for (const struct ka_view_help *before = list; before < at; before++)
		if (is_like(&before->group->list->rule[when], rule)) {
			at->possible = before->possible;
			at->help = before->help;
			return;
		}
	at->possible = ka_seen_suggest(&at->help, rule, &view->questions, view->facts.hz);
}

int ka_view_help(const struct ka_view *view, struct ka_view_help **list, size_t *n)
{
	struct ka_view_help *help = calloc(view->seen.established_groups + 1, sizeof(*help));

	*n = 0;
	*list = help;
	if (!help)
		return -ENOMEM;
	for (size_t i = 0; i < view->seen.established_groups; i++) {
		const struct ka_seen_group *group = &view->seen.groups[i];
		size_t unanswered = count_unanswered(view, group);

		if (!unanswered)
			continue;
		help[*n] = (struct ka_view_help){ .group = group, .n = unanswered };
		find_help(view, help, &help[*n]);
		++*n;
	}
	return 0;
}

/* ---- the end ------------------------------------------------------------------------------ */

static void ask(struct ka_view *view)
{
	for (size_t i = 0; i < view->questions.n; i++)
		view->tallies[i] =
			ka_seen_ask(&view->seen, ka_view_when(view), &view->questions.list[i]);
}

/* A question that nobody was asked is not answered with yes. */
static int status_of(const struct ka_view *view)
{
	bool asked = view->questions.n || view->options->program || view->options->port;
	int status = KA_EXIT_OK;

	if (view->fleet.n_gaps || view->fleet.hidden)
		status = KA_EXIT_BROKEN;
	else if (asked && !view->seen.established)
		status = KA_EXIT_NOTHING;
	for (size_t i = 0; i < view->questions.n; i++) {
		if (view->tallies[i].reply == KA_SEEN_NO)
			return KA_EXIT_FAIL;
		if (view->tallies[i].reply == KA_SEEN_NOT_KNOWN)
			status = KA_EXIT_BROKEN;
	}
	return status;
}

static int put(const struct ka_view *view, int status)
{
	switch (view->options->format) {
	case KA_SYSCTL_JSON:
		return ka_view_put_json(view, status);
	case KA_SYSCTL_METRICS:
		return ka_view_put_metrics(view);
	case KA_SYSCTL_HTML:
	case KA_SYSCTL_TEXT:
	case KA_SYSCTL_MARKDOWN:
		break;
	}
	return ka_view_put_page(view, view->options->format == KA_SYSCTL_MARKDOWN);
}

int ka_sysctl_live(const struct ka_sysctl_options *options, const struct ka_sysctl_set *set)
{
	struct ka_view view = { .options = options,
				.with_file = set->n > 0,
				.questions = options->questions };
	int status;

	view.target = strcmp(options->live, "all") == 0 ? NULL : options->live;
	status = look(&view, set);
	if (status == KA_EXIT_OK) {
		ask(&view);
		status = status_of(&view);
		if (put(&view, status) < 0)
			status = KA_EXIT_BROKEN;
	}
	ka_seen_free(&view.seen);
	ka_fleet_free(&view.fleet);
	return status;
}
