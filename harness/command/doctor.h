/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `kacheck doctor` tries in a sandbox. */
#ifndef KA_DOCTOR_H
#define KA_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "model/case.h"
#include "netns/err.h"

struct ka_patient; /* what earlier probes have built for later ones */

struct ka_probe {
	const char *name, *what;
	/* Does it by doing; 0 or -errno with the cause. Runs in the sandbox. */
	int (*run)(struct ka_patient *patient, struct nn_err *err);
	bool (*used)(const struct ka_case *case_); /* NULL: every case needs it */
	const char *remedy;
};

/* In the order in which they build on each other. */
const struct ka_probe *ka_probes(size_t *n);

/* Runs all of them, as the first process of a sandbox; for each a line on @fd: its number, what it
 * returned, the cause. Returns an exit status. */
int ka_probes_run(int fd);

#endif
