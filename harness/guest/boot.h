/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The processes of a guest on the host: a supervisor, and below it the kernel (User-mode Linux, QEMU).
 * The supervisor holds a lifeline, a pipe whose other end only this process has: when that is let go, also
 * by kill -9, the supervisor kills the kernel and whatever belongs to it. Where namespaces are allowed
 * the supervisor is process 1 of a sandbox, so that not even its own death leaves anything.
 */
#ifndef KA_BOOT_H
#define KA_BOOT_H

#include <stdbool.h>
#include <sys/types.h>

#include "netns/err.h"
#include "netns/sandbox.h"

/* Files of the kernel's process besides 0 (empty), 1 and 2 (the console). */
#define KA_BOOT_RESULTS   3 /* a pipe: the guest's serial line */
#define KA_BOOT_INITRAMFS 4
#define KA_BOOT_KERNEL    5 /* where there is one */
#define KA_BOOT_FILES     6

struct ka_boot {
	int program;          /* what is executed; ka_boot() closes it */
	int initramfs;        /* file */
	int kernel;           /* file, borrowed; 0: none */
	const char **argv;    /* ends with NULL */
	bool memory_in_file;  /* it keeps its memory in a file of $TMPDIR */
	bool without_entropy; /* the host gives it no random numbers */
	bool host_files;      /* it reads the host's files, and so must not be able to write them */
	bool on_one_cpu;      /* it stays on @cpu; -1: where the scheduler has put it */
	int cpu;
};

struct ka_booted {
	struct nn_sandbox supervisor;
	int lifeline;
	int results, console; /* non-blocking read ends */
};

#define KA_BOOTED_INIT                                                                             \
	{                                                                                          \
		.supervisor = NN_SANDBOX_INIT, .lifeline = -1, .results = -1, .console = -1        \
	}

/* 0 or -errno; of .host_files -EPERM, -ENOSPC, -ENOSYS, -EUSERS: this host has no way to keep its files
 * from being written, and nothing was started. */
int ka_boot(struct ka_booted *booted, const struct ka_boot *boot, struct nn_err *err);

/* Lets go of the lifeline, waits until all are gone. Safe on KA_BOOTED_INIT and twice. Returns the
 * exit status of the kernel's process (128 + signal), if it had ended by itself. */
int ka_booted_stop(struct ka_booted *booted);

#endif
