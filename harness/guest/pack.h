/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest is given on its way. */
#ifndef KA_PACK_H
#define KA_PACK_H

#include "guest/guest.h"
#include "guest/job.h"

/* Writes the initramfs of a guest: the program, its job and, for an image, modules. Returns a
 * memory file (close-on-exec, owned by the caller) or -errno. -ENOSYS: this host lacks a library. */
int ka_pack(const struct ka_guest_kernel *kernel, const struct ka_guest_job *job,
	    struct nn_err *err);

#endif
