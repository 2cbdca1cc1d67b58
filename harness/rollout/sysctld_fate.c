/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which line is written in the end. Of lines that name a key the last one counts; a line that names a
 * key goes before every glob that matches it, wherever it stands; of globs the last one counts.
 */
#include <fnmatch.h>
#include <string.h>

#include "rollout/knobs.h"
#include "rollout/sysctld.h"

#define NONE ((size_t)-1)

static bool excludes(const struct ka_sysctl_line *line)
{
	return !line->value;
}

static bool same_value(const struct ka_sysctl_line *a, const struct ka_sysctl_line *b)
{
	return a->value && b->value ? !strcmp(a->value, b->value) : a->value == b->value;
}

static bool matches(const struct ka_sysctl_line *line, const char *key)
{
	return strpbrk(line->key, KA_SYSCTL_GLOB) &&
	       !fnmatch(line->key, key, FNM_PATHNAME | FNM_PERIOD);
}

bool ka_sysctl_names(const struct ka_sysctl_line *line, const char *key)
{
	return !strcmp(line->key, key) || matches(line, key);
}

/* A glob that is there again with the same value keeps its earlier place. */
static bool repeats(const struct ka_sysctl_set *set, size_t at)
{
	const struct ka_sysctl_line *line = &set->lines[at];
	size_t i;

	for (i = at; i-- > 0;)
		if (!strcmp(set->lines[i].key, line->key))
			return same_value(&set->lines[i], line);
	return false;
}

static size_t last_named(const struct ka_sysctl_set *set, const char *key)
{
	size_t i;

	for (i = set->n; i-- > 0;)
		if (!strcmp(set->lines[i].key, key))
			return i;
	return NONE;
}

/* "-glob" takes nothing but its own lines away, as "-key" does. */
static bool taken_back(const struct ka_sysctl_set *set, size_t at)
{
	size_t last = last_named(set, set->lines[at].key);

	return !same_value(&set->lines[last], &set->lines[at]);
}

static size_t last_match(const struct ka_sysctl_set *set, const char *key)
{
	size_t i;

	for (i = set->n; i-- > 0;)
		if (!excludes(&set->lines[i]) && matches(&set->lines[i], key) &&
		    !taken_back(set, i) && !repeats(set, i))
			return i;
	return NONE;
}

/* The line that decides about @key; it may be one that excludes. */
static size_t decider(const struct ka_sysctl_set *set, const char *key)
{
	size_t named = last_named(set, key);

	return named != NONE ? named : last_match(set, key);
}

const struct ka_sysctl_line *ka_sysctl_value(const struct ka_sysctl_set *set, const char *key)
{
	size_t at = decider(set, key);

	return at == NONE || excludes(&set->lines[at]) ? NULL : &set->lines[at];
}

/* Of the known keys that a line names or matches: one that it sets makes it used, otherwise the
 * first one that another line sets makes it overridden. */
static void decide(struct ka_sysctl_set *set, size_t at, const size_t deciders[KA_KNOBS])
{
	struct ka_sysctl_line *line = &set->lines[at];
	const char *known;
	size_t k;

	line->fate = KA_SYSCTL_FOREIGN;
	for (k = 0; k < KA_KNOBS; k++) {
		known = ka_knob_infos[k].key;
		if (!ka_sysctl_names(line, known))
			continue;
		if (line->fate == KA_SYSCTL_FOREIGN && excludes(line))
			line->fate = KA_SYSCTL_EXCLUDES;
		if (deciders[k] == at && !excludes(line)) {
			line->fate = KA_SYSCTL_USED;
			return;
		}
		if (deciders[k] == at || deciders[k] == NONE || line->fate == KA_SYSCTL_OVERRIDDEN)
			continue;
		if (excludes(line) && strpbrk(line->key, KA_SYSCTL_GLOB))
			continue; /* "-glob" only takes back the same glob */
		line->fate = KA_SYSCTL_OVERRIDDEN;
		line->by = deciders[k];
	}
}

void ka_sysctl_resolve(struct ka_sysctl_set *set)
{
	size_t deciders[KA_KNOBS], k, i;

	for (k = 0; k < KA_KNOBS; k++)
		deciders[k] = decider(set, ka_knob_infos[k].key);
	for (i = 0; i < set->n; i++)
		decide(set, i, deciders);
}
