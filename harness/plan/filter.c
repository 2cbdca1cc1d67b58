/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which instances a run wants, by their names. */
#include "model/escape.h"
#include "plan/plan.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "model/nearest.h"

bool ka_filter_matches(const char *glob, const char *name)
{
	size_t len = strlen(glob);

	if (fnmatch(glob, name, 0) == 0)
		return true;
	return !strpbrk(glob, "*?[") && strncmp(glob, name, len) == 0 && name[len] == '/';
}

bool ka_filter_any(const char *const *globs, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (ka_filter_matches(globs[i], name))
			return true;
	return false;
}

static size_t slashes(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '/';
	return n;
}

/* The first parts of @name, as many as a filter with @depth slashes has. */
static const char *first_parts(const char *name, size_t depth, char *buf, size_t size)
{
	size_t len = 0;

	while (name[len] && (name[len] != '/' || depth-- > 0))
		len++;
	snprintf(buf, size, "%.*s", (int)len, name);
	return buf;
}

static int refuse_unknown(const char *glob, const struct ka_instance *instances, size_t n,
			  struct nn_err *err)
{
	struct ka_nearest nearest = { .n = 0 };
	size_t depth = slashes(glob);
	char part[160], hint[700];

	for (size_t i = 0; i < n; i++)
		ka_nearest_offer(&nearest, glob,
				 first_parts(instances[i].name, depth, part, sizeof(part)));
	ka_nearest_text(&nearest, hint, sizeof(hint));
	return nn_refuse(err, "no instance matches '%.*s'%.280s", KA_CUT(glob, 100),
			 hint[0] ? hint : "; 'kacheck list' shows all of them");
}

int ka_filter_check(const char *const *globs, size_t n, const struct ka_instance *instances,
		    size_t n_instances, struct nn_err *err)
{
	for (size_t i = 0; i < n; i++) {
		bool found = false;

		for (size_t j = 0; j < n_instances && !found; j++)
			found = ka_filter_matches(globs[i], instances[j].name);
		if (!found)
			return refuse_unknown(globs[i], instances, n_instances, err);
	}
	return 0;
}
