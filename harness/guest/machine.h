/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two kinds of guests: each knows its kernels, and how one is booted. */
#ifndef KA_MACHINE_H
#define KA_MACHINE_H

#include <sys/stat.h>

#include "guest/boot.h"
#include "guest/guest.h"
#include "guest/initramfs.h"

#define KA_GUEST_MEMORY  "768M"
/* Every guest's wall clock begins here, so that two runs are the same. */
#define KA_GUEST_DATE    "2000-01-01"
#define KA_GUEST_DATE_NS "946684800000000000"

/* Opens a file that ought to be a kernel. 0 or -errno. */
int ka_open_kernel(const char *file, int *fd, struct stat *st, struct nn_err *err);

/* Whether a process may have so many bytes of @addresses. 0 or -ENOSYS, with the remedy. */
int ka_check_memory(unsigned long long addresses, struct nn_err *err);

/* Fills in what the file says, or says why it will not do. */
int ka_uml_check(struct ka_guest_kernel *kernel, struct nn_err *err);
int ka_image_check(struct ka_guest_kernel *kernel, struct nn_err *err);

/* @cpu: where it stays; -1: where the scheduler puts it. */
int ka_uml_boot(const struct ka_guest_kernel *kernel, int initramfs, int cpu,
		struct ka_booted *booted, struct nn_err *err);
int ka_image_boot(const struct ka_guest_kernel *kernel, int initramfs, struct ka_booted *booted,
		  struct nn_err *err);

/* Adds to @initramfs the modules that a plan needs, and their list (modules.c). */
int ka_modules_add(const struct ka_guest_kernel *kernel, struct ka_initramfs *initramfs,
		   struct nn_err *err);

#endif
