/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short names of a run's kernels, each different, fit for a folder: "host", "uml-6.12.117-hz250". */
#ifndef KA_KERNELS_H
#define KA_KERNELS_H

#include <stddef.h>

#define KA_MAX_KERNELS 26 /* 'A' to 'Z' */

struct ka_kernels {
	struct ka_kernel_name {
		char *key; /* in full: "6.12.117 (uml:FILE), HZ 250"; owned */
		char name[96];
	} all[KA_MAX_KERNELS];
	size_t n;
};

/* The number of this kernel, a new one if it was not seen before. Who asks in the same order gets the
 * same names. -ENOMEM, -E2BIG. */
int ka_kernels_number(struct ka_kernels *kernels, const char *where, const char *release, int hz);
/* "A" for the first one: the head of its column. */
const char *ka_kernel_letter(size_t kernel);
void ka_kernels_free(struct ka_kernels *kernels);

#endif
