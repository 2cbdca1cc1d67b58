/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In a guest: a system around process 1. */
#ifndef KA_SYSTEM_H
#define KA_SYSTEM_H

#include "guest/job.h"
#include "netns/err.h"

/* Mounts what any program expects, and seeds the kernel's random numbers with a constant. 0 or -errno. */
int ka_system_begin(struct nn_err *err);
/* Loads the modules of KA_MODULES_PATH. 0 or -errno. */
int ka_system_modules(struct nn_err *err);
/* What a program of the host needs besides: its files at KA_PROGRAM_HOST, room, a root that it can leave
 * for its own. 0 or -errno; -ENOSYS: this kernel cannot. */
int ka_system_for_program(const struct ka_guest_job *job, struct nn_err *err);

#endif
