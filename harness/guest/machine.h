/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kinds of guest kernels: all that is known of one is its row. A new one is a file with a row
 * ka_machine_NAME, and NAME in this list.
 */
#ifndef KA_MACHINE_H
#define KA_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "guest/boot.h"
#include "guest/guest.h"
#include "guest/initramfs.h"

#define KA_MACHINES(M) M(uml) M(image) M(tree)

/* Where kernels are kept, and where each has its configuration. */
struct ka_kernel_place {
	const char *pattern; /* for glob(), below the cache or the root; NULL: nowhere */
	const char *config_from, *config_to; /* of the kernel's name, what is replaced by what */
};

/* How one guest is started. */
struct ka_how {
	int cpu; /* where it stays, if it stays anywhere; -1: where the scheduler puts it */
	unsigned memory_mib; /* of the guest */
	bool host_files;     /* it reads the host's files, if it can */
	bool plain_clock;    /* its clock does not stand while it computes, if it ever does */
};

struct ka_machine {
	const char *prefix; /* of --kernel: "uml:" */
	const char *form;   /* "uml:FILE" */
	const char *about;
	bool has_modules;   /* its kernels load them: ",modules=DIR" */
	bool has_hostfs;    /* its kernels read the host's files themselves */
	bool can_stand;     /* its clock stands while it computes */
	unsigned jobs;      /* instances at once, if nobody says otherwise */
	unsigned part_size; /* so many instances are worth a boot of their own */
	struct ka_kernel_place cache, root;
	/* Fills in what the file says, or says why it will not do. */
	int (*check)(struct ka_guest_kernel *kernel, struct nn_err *err);
	int (*boot)(const struct ka_guest_kernel *kernel, int initramfs, const struct ka_how *how,
		    struct ka_booted *booted, struct nn_err *err);
};

#define KA_DECLARE_MACHINE(name) extern const struct ka_machine ka_machine_##name;
KA_MACHINES(KA_DECLARE_MACHINE)

/* Number @i of the list; NULL beyond its end. */
const struct ka_machine *ka_machine(size_t i);

#define KA_GUEST_MIB     768
/* Every guest's wall clock begins here, so that two runs are the same. */
#define KA_GUEST_DATE    "2000-01-01"
#define KA_GUEST_DATE_NS "946684800000000000"

/* Whether User-mode Linux runs on this machine. 0, or -ENOSYS, with what does. */
int ka_uml_here(struct nn_err *err);

/* Opens a file that ought to be a kernel. 0 or -errno. */
int ka_open_kernel(const char *file, int *fd, struct stat *st, struct nn_err *err);

/* Whether a process may have so many bytes of @addresses. 0 or -ENOSYS, with the remedy. */
int ka_check_memory(unsigned long long addresses, struct nn_err *err);

/* Adds to @initramfs the modules that a plan needs, those that @more names besides, divided by blanks,
 * and their list (modules.c). */
int ka_modules_add(const struct ka_guest_kernel *kernel, struct ka_initramfs *initramfs,
		   const char *more, struct nn_err *err);

#endif
