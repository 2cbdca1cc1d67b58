/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Since which kernels something holds. */
#ifndef KA_RELEASE_H
#define KA_RELEASE_H

#include <stdbool.h>

/*
 * The releases that brought a behaviour, and the change. The first one is the mainline's ("6.17"), the
 * others are the stable branches that got it, too, each by its point release ("6.12.48"). On an older
 * kernel it may hold (a distribution has fixes of its own), but where it does not, the instance is
 * skipped.
 */
struct ka_since_release {
	const char *release; /* "6.17, 6.16.8, 6.12.48"; NULL: any */
	const char *change;  /* the commit */
};

/*
 * True when the kernel @release ("6.12.3-amd64") has what came with @since: a kernel of a branch that is
 * named counts by that branch's point release, any other by the mainline's release. What is no release
 * is taken for a new one, and NULL for any.
 */
bool ka_release_reaches(const char *release, const char *since);

#endif
