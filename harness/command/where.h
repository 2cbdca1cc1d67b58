/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a plan runs: --kernel host, or a guest kernel whose clock jumps. */
#ifndef KA_WHERE_H
#define KA_WHERE_H

#include "guest/guest.h"
#include "run/schedule.h"

struct ka_where {
	bool is_guest;
	struct ka_guest_kernel kernel;
	struct ka_plan_options plan;     /* what the guest is told; strings borrowed */
	struct ka_guest_options options; /* of the guest, but for .plan */
	struct ka_guest *guest;          /* booted, has not run yet */
	struct nn_err why;               /* it did not boot: every instance is broken */
};

/* Understands @text, looks at its files; @program runs there (NULL: guest.h); @plan gets the
 * defaults of such a kernel. Complains itself; returns KA_EXIT_OK, KA_EXIT_USAGE or KA_EXIT_NOTHING. */
int ka_where_parse(struct ka_where *where, const char *text, const char *program,
		   struct ka_plan_options *plan, unsigned jobs);

/* The facts of that kernel: a guest is booted for them. Complains itself; a guest that hangs or
 * dies is no error yet. */
int ka_where_facts(struct ka_where *where, struct ka_facts *facts);

/* As ka_schedule_run(). */
int ka_where_run(struct ka_where *where, const struct ka_plan *plan, const struct ka_facts *facts,
		 const struct ka_schedule_options *options, const struct ka_schedule_events *events,
		 struct nn_err *err);

/* A guest kernel of the cache, User-mode Linux before images, as --kernel takes it. False: there is
 * none (kernels.c). */
bool ka_kernels_find(char *text, size_t size);

void ka_where_close(struct ka_where *where);

#endif
