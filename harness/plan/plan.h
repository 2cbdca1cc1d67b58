/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan: which instances one run has, after filter and shard. */
#ifndef KA_PLAN_H
#define KA_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "judge/judge.h"
#include "model/case.h"
#include "netns/err.h"

#define KA_MAX_GLOBS 64

struct ka_plan_options {
	struct ka_setting settings[KA_MAX_SETTINGS];
	size_t n_settings; /* 0: ka_default_settings() */
	const char *filters[KA_MAX_GLOBS], *excludes[KA_MAX_GLOBS];
	size_t n_filters, n_excludes;
	unsigned shard, shards; /* 1-based; shards 0 or 1: everything */
	unsigned repeat;        /* 0 or 1: once */
	uint64_t seed;
	bool long_; /* also cases marked long_ */
};

struct ka_plan {
	struct ka_instance *instances;     /* owned */
	struct ka_prediction *predictions; /* one for each; owned */
	size_t n;
	size_t whole; /* instances before it was cut into shards */
	uint64_t id;  /* of their names and order: plans of one id can be joined */
};

/*
 * Expands @themes (case x setting x family x prober), keeps what matches a filter and no exclude
 * (fnmatch on the name, `*` also matches `/`; a filter without a wildcard also matches as a prefix
 * up to a `/`), then the shard: instances are dealt by expected seconds, longest first, to the
 * shard with the least. Deterministic. -EINVAL with a text when a filter matches nothing, names
 * what comes closest; -EINVAL when a case is declared nonsensically.
 */
int ka_plan_new(struct ka_plan *plan, const struct ka_theme *const *themes, size_t n_themes,
		const struct ka_plan_options *options, int hz, struct nn_err *err);
void ka_plan_free(struct ka_plan *plan);

/* Parses "1/1/3", "1-1-3", "1/1/9/u2500" (user timeout in ms), or a name of ka_named_settings().
 * -EINVAL with a text that says what would be right (ranges: 1..32767, 1..32767, 1..127). */
int ka_setting_parse(struct ka_setting *setting, const char *text, struct nn_err *err);

/* "2/5" -> 2, 5. */
int ka_shard_parse(unsigned *shard, unsigned *shards, const char *text, struct nn_err *err);

/* ---- filter.c, shard.c -------------------------------------------------------------------- */

/* True when @glob names @name: as a pattern whose `*` also matches `/`, or, without a wildcard, as
 * its first part up to a `/`. */
bool ka_filter_matches(const char *glob, const char *name);

/* True when one of the @n @globs names @name. */
bool ka_filter_any(const char *const *globs, size_t n, const char *name);

/* Refuses the first of @globs that names none of @instances; the text offers what comes closest.
 * 0 or -EINVAL. */
int ka_filter_check(const char *const *globs, size_t n, const struct ka_instance *instances,
		    size_t n_instances, struct nn_err *err);

/* Keeps in @plan what shard @shard of @shards (1-based) gets, in the order of the plan. The longest
 * are dealt first, each to the shard that has least to do. 0 or -ENOMEM. */
int ka_shard_keep(struct ka_plan *plan, unsigned shard, unsigned shards);

/* Indices 0..n-1, those with the longest expected time first; equal ones in the order of the plan.
 * Owned by the caller; NULL without memory. */
size_t *ka_longest_first(const struct ka_prediction *predictions, size_t n);

#endif
