/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which instances a run wants, by their names. */
#ifndef KA_FILTER_H
#define KA_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "model/case.h"
#include "netns/err.h"

/* True when @glob names @name: as a pattern whose `*` also matches `/`, or, without a wildcard, as
 * its first part up to a `/`. */
bool ka_filter_matches(const char *glob, const char *name);

/* True when one of the @n @globs names @name. */
bool ka_filter_any(const char *const *globs, size_t n, const char *name);

/* Refuses the first of @globs that names none of @instances; the text offers what comes closest.
 * 0 or -EINVAL. */
int ka_filter_check(const char *const *globs, size_t n, const struct ka_instance *instances,
		    size_t n_instances, struct nn_err *err);

#endif
