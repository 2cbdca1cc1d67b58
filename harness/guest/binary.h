/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program that runs in a guest: this one, or one for the guest's machine. */
#ifndef KA_BINARY_H
#define KA_BINARY_H

#include <limits.h>
#include <stddef.h>

#include "guest/arch.h"
#include "guest/guest.h"
#include "netns/err.h"

/* A program and its shared objects, all as files of the host. */
#define KA_MAX_OBJECTS 64

struct ka_objects {
	char program[PATH_MAX];
	char *paths[KA_MAX_OBJECTS];
	size_t n;
	char loader[PATH_MAX]; /* the path that the program asks for; "": it is linked statically */
	char loader_file[PATH_MAX]; /* the file; not one of paths */
};

/* Of this program, what is loaded now: ask before anything is that the guest will not need. 0 or -errno. */
int ka_objects_list(struct ka_objects *objects, struct nn_err *err);
/* Of @program for @arch, what it will load, from its own place or that of Debian's libraries for @arch.
 * -ENOSYS: one of them is not here. */
int ka_objects_of(struct ka_objects *objects, const char *program, const struct ka_arch *arch,
		  struct nn_err *err);
void ka_objects_free(struct ka_objects *objects);

/* Puts into @kernel->program what runs there: @program, which must be for that machine; of NULL this
 * program, or the one for another machine that came along. 0; -EINVAL, -ENOENT: @program will not do;
 * -ENOSYS: none is here. */
int ka_binary_choose(struct ka_guest_kernel *kernel, const char *program, struct nn_err *err);

#endif
