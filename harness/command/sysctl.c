/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kacheck sysctl: reads, measures, tells. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command/command.h"
#include "command/sysctl.h"
#include "netns/sysctl.h"
#include "rollout/suggest.h"

/* ---- what is written ---------------------------------------------------------------------- */

/* A word has a '='; a file may have one in its name. */
static bool is_word(const char *text)
{
	struct stat st;

	return strchr(text, '=') && stat(text, &st) < 0;
}

static int read_one(struct ka_sysctl_set *set, const char *what, struct nn_err *err)
{
	return is_word(what) ? ka_sysctl_parse_word(set, what, err)
			     : ka_sysctl_read(set, what, err);
}

/* All of it, or nothing. Complains itself. */
static int read_all(struct ka_sysctl_set *set, const struct ka_sysctl_options *options)
{
	struct nn_err err = { "" };
	int ret = options->system ? ka_sysctl_read_system(set, &err) : 0;

	for (size_t i = 0; ret == 0 && i < options->n_what; i++)
		ret = read_one(set, options->what[i], &err);
	if (ret == 0) {
		ka_sysctl_resolve(set);
		return KA_EXIT_OK;
	}
	ka_complain("%s", err.text);
	return ret == -ENOMEM ? KA_EXIT_BROKEN : KA_EXIT_USAGE;
}

/* What this host has now; a knob that it does not have keeps its default. */
static int take_host(struct ka_knobs *knobs, struct nn_err *err)
{
	struct nn_ns *ns;
	char text[64];
	int ret = nn_ns_current(&ns, err);

	if (ret < 0)
		return ret;
	for (int i = 0; i < KA_KNOBS; i++)
		if (nn_sysctl_get(ns, ka_knob_infos[i].key, text, sizeof(text), NULL) > 0)
			ka_knob_number(&knobs->value[i], text);
	nn_ns_free(ns);
	return 0;
}

static int take_file(struct ka_knobs *knobs, const char *path, struct nn_err *err)
{
	struct ka_sysctl_set set = { .n = 0 };
	int ret = ka_sysctl_read(&set, path, err);

	if (ret == 0) {
		ka_sysctl_resolve(&set);
		ret = ka_knobs_take(knobs, &set, err);
	}
	ka_sysctl_free(&set);
	return ret;
}

static int take_values(struct ka_rollout *r, const struct ka_sysctl_options *options)
{
	struct nn_err err = { "" };
	int ret = 0;

	r->spec.before = ka_knobs_initial();
	r->before_name = "kernel defaults";
	if (options->from && strcmp(options->from, "host") == 0)
		ret = take_host(&r->spec.before, &err);
	else if (options->from)
		ret = take_file(&r->spec.before, options->from, &err);
	if (options->from)
		r->before_name = options->from;
	r->spec.after = r->spec.before;
	if (ret == 0)
		ret = ka_knobs_take(&r->spec.after, r->set, &err);
	if (ret == 0)
		return KA_EXIT_OK;
	ka_complain("%s", err.text);
	return KA_EXIT_USAGE;
}

static void put_title(char *title, size_t size, const struct ka_sysctl_options *options)
{
	size_t used = (size_t)snprintf(title, size, "%s", options->system ? "--system" : "");

	for (size_t i = 0; i < options->n_what && used < size; i++)
		used += (size_t)snprintf(title + used, size - used, "%s%s", used ? " " : "",
					 options->what[i]);
}

/* ---- the end ------------------------------------------------------------------------------ */

static int status_of(const struct ka_rollout *r)
{
	static const int statuses[] = { [KA_ROLLOUT_GOOD] = KA_EXIT_OK,
					[KA_ROLLOUT_BAD] = KA_EXIT_FAIL,
					[KA_ROLLOUT_BROKEN] = KA_EXIT_BROKEN,
					[KA_ROLLOUT_NOTHING] = KA_EXIT_NOTHING };

	return statuses[ka_rollout_end(r)];
}

/* Searches, and tries what was found. */
static int suggest(struct ka_suggestion *suggestion, const struct ka_rollout *r,
		   const struct ka_sysctl_options *options)
{
	struct ka_rollout *s = &suggestion->rollout;
	bool all = true;

	for (size_t i = 0; i < r->questions.n; i++)
		all = all && ka_rollout_reply(r, i).yes;
	suggestion->kind = KA_SUGGEST_NOTHING;
	if (all)
		return KA_EXIT_OK;
	*s = (struct ka_rollout){ .title = "what is suggested",
				  .before_name = r->before_name,
				  .connections = r->connections,
				  .questions = r->questions };
	s->spec.before = r->spec.before;
	suggestion->kind = KA_SUGGEST_NONE;
	if (!ka_suggest(&s->spec.after, &r->spec.after, &r->questions, r->facts.hz))
		return KA_EXIT_OK;
	suggestion->kind = KA_SUGGEST_CHANGE;
	ka_rollout_plan(s);
	return ka_sysctl_measure(s, options);
}

static int answer(struct ka_rollout *r, const struct ka_sysctl_options *options)
{
	struct ka_suggestion *suggestion = calloc(1, sizeof(*suggestion));
	int ret, status = suggestion ? KA_EXIT_OK : KA_EXIT_BROKEN;

	if (status == KA_EXIT_OK)
		status = ka_sysctl_measure(r, options);
	if (status == KA_EXIT_OK && options->suggest && !ka_rollout_silent(r))
		status = suggest(suggestion, r, options);
	if (status == KA_EXIT_OK) {
		status = status_of(r);
		ret = options->format == KA_SYSCTL_JSON
			      ? ka_sysctl_put_json(r, suggestion, status)
			      : ka_sysctl_put_page(r, suggestion,
						   options->format == KA_SYSCTL_MARKDOWN, stdout);
		status = ret < 0 ? KA_EXIT_BROKEN : status;
	}
	if (suggestion)
		ka_rollout_free(&suggestion->rollout);
	free(suggestion);
	return status;
}

static int compare(struct ka_rollout *r, const struct ka_sysctl_options *options)
{
	int status = take_values(r, options);

	if (status != KA_EXIT_OK)
		return status;
	ka_rollout_plan(r);
	return answer(r, options);
}

int ka_command_sysctl(int argc, char **argv)
{
	struct ka_sysctl_options options;
	struct ka_sysctl_set set = { .n = 0 };
	struct ka_rollout *r = calloc(1, sizeof(*r));
	char title[600];
	int status;

	if (!r)
		return KA_EXIT_BROKEN;
	ka_sysctl_options_parse(&options, argc, argv);
	put_title(title, sizeof(title), &options);
	r->set = &set;
	r->title = title;
	r->questions = options.questions;
	r->connections = options.connections;
	status = read_all(&set, &options);
	if (status == KA_EXIT_OK && options.live)
		status = ka_sysctl_live(&options, &set);
	else if (status == KA_EXIT_OK)
		status = compare(r, &options);
	ka_rollout_free(r);
	free(r);
	ka_sysctl_free(&set);
	return status;
}
