/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A nursery is a process that starts sandboxes for its parent, and stays as small as the parent was
 * when it opened it. What forks is copied: each page and each open file of a runner that has collected
 * results would be, with every sandbox and with every process in it.
 */
#ifndef NN_NURSERY_H
#define NN_NURSERY_H

#include <stddef.h>

#include "err.h"
#include "sandbox.h"

/* What a sandbox may be told. */
#define NN_NURSERY_TOLD 4096

struct nn_nursery {
	pid_t pid;
	int fd; /* -1: not open */
};

#define NN_NURSERY_INIT                                                                            \
	{                                                                                          \
		.pid = -1, .fd = -1                                                                \
	}

/* What runs in the sandbox: @told is a copy, @fd the only file that is open besides the standard ones and
 * the nursery's. Its value is the process's exit status. */
typedef int nn_nursery_entry(const void *told, int fd);

/* What @entry or what it is told points to must be there now. It dies with its parent. @also is a file
 * that each sandbox has open, too, by the same number; -1: none. Returns 0 or -errno. */
int nn_nursery_open(struct nn_nursery *nursery, nn_nursery_entry *entry, int also,
		    struct nn_err *err);

/* Starts a sandbox as nn_sandbox_start() does: it is a child of the caller. @told is of @size, at most
 * NN_NURSERY_TOLD. @fd stays the caller's too. Returns 0 or -errno. */
int nn_nursery_start(struct nn_nursery *nursery, struct nn_sandbox *box, const void *told,
		     size_t size, int fd, struct nn_err *err);

/* The sandboxes live on. Safe twice. */
void nn_nursery_close(struct nn_nursery *nursery);

#endif
