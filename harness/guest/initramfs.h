/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's root: a cpio archive with the program, and what it loads. */
#ifndef KA_INITRAMFS_H
#define KA_INITRAMFS_H

#include <stddef.h>
#include <sys/stat.h>

#include "guest/guest.h"
#include "guest/job.h"
#include "netns/err.h"

/* Writes the initramfs of a guest: its program, its job and, for an image, modules and @copies of the
 * host's files (copies.h; NULL: none). Returns a
 * memory file (close-on-exec, owned by the caller) or -errno. -ENOSYS: this host lacks a library. */
int ka_pack(const struct ka_guest_kernel *kernel, const struct ka_guest_job *job,
	    const char *const *copies, struct nn_err *err);

struct ka_initramfs; /* under way; opaque */

/* Adds @data as file @path. */
int ka_initramfs_add(struct ka_initramfs *initramfs, const char *path, const void *data,
		     size_t size, struct nn_err *err);
/* Adds an empty folder. */
int ka_initramfs_folder(struct ka_initramfs *initramfs, const char *path, struct nn_err *err);
/* Adds the host's file, folder (without what is in it) or link @from, which @st describes, as @path: with
 * its owner and mode. @target: where a link leads. Other things are left out. */
int ka_initramfs_copy(struct ka_initramfs *initramfs, const char *path, const char *from,
		      const struct stat *st, const char *target, struct nn_err *err);
/* Adds the host's file @from as @path, decompressed if it is compressed (.xz, .gz, .zst). */
int ka_initramfs_copy_plain(struct ka_initramfs *initramfs, const char *path, const char *from,
			    struct nn_err *err);

#endif
