/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known to fail upstream: mistakes of kernels that are told as such until they are mended. */
#ifndef KA_KNOWN_H
#define KA_KNOWN_H

#include <stdbool.h>

#include "model/finding.h"

#define KA_KNOWN_FINDINGS 4

/*
 * A failure that is known: whose mistake it is, on which kernels, and how it shows. An instance that
 * fails so gets a verdict of its own; one that fails otherwise is a failure as any other, and so is one
 * that passes: the declaration is then out of date.
 */
struct ka_known {
	const char *reference; /* a commit, an address or a sentence; NULL: nothing is known */
	/* as in struct ka_since_release: the releases that brought it (NULL: all have it), and those
	 * that mended it, the mainline's first (NULL: none) */
	const char *from, *mended;
	int below_hz;          /* only kernels with a slower tick have it; 0: all */
	const char *instances; /* a pattern of names: "*v6*"; NULL: all of the case */
	/* those that the mistake makes, and no others; ends with KA_FIND_NOTHING */
	enum ka_finding_code findings[KA_KNOWN_FINDINGS];
};

/* True where the kernel @release with its @hz is known to fail in the instance with this name. */
bool ka_known_covers(const struct ka_known *known, const char *instance, const char *release,
		     int hz);
/* The reference of that; NULL where the kernel is not known to fail there. */
const char *ka_known_reference(const struct ka_known *known, const char *instance,
			       const char *release, int hz);
/* True when there are @findings, and all are such as the mistake makes. */
bool ka_known_explains(const struct ka_known *known, const struct ka_findings *findings);
/* What makes no sense in a declaration; NULL: nothing. */
const char *ka_known_check(const struct ka_known *known);

#endif
