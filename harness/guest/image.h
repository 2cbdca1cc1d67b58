/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kinds of kernel images: what is known of one is its row, and how QEMU is told to be such a machine. */
#ifndef KA_IMAGE_H
#define KA_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "guest/arch.h"
#include "guest/guest.h"
#include "netns/err.h"

/* The whole file. */
struct ka_image_bytes {
	const uint8_t *data;
	size_t size;
};

/* What check() says of an image of another kind. */
#define KA_OTHER_IMAGE 1

struct ka_image_kind {
	const struct ka_arch *arch;
	const char *qemu, *package; /* the program, and who has it in Debian */
	const char *const *machine; /* QEMU's arguments for such a machine; end with NULL */
	const char *console;        /* the first serial line, as the kernel calls it */
	const char *results;        /* the other one */
	const char *append;         /* what else the kernel is told, each with a blank behind it */
	/* Fills in @kernel->release. 0, KA_OTHER_IMAGE or -errno. */
	int (*check)(struct ka_guest_kernel *kernel, const struct ka_image_bytes *bytes,
		     struct nn_err *err);
	/* A file of the kernel that QEMU can read, where it cannot read @kernel->file: owned by the
	 * caller; 0: it can; -errno. NULL: it always can. */
	int (*unpack)(const struct ka_guest_kernel *kernel, struct nn_err *err);
};

extern const struct ka_image_kind ka_image_x86, ka_image_arm64;

/* Number @i of them; NULL beyond the end. */
const struct ka_image_kind *ka_image_kind(size_t i);

/* Opens its QEMU, the first one of PATH: a file, or -ENOSYS with the name of its package. */
int ka_image_qemu(const struct ka_image_kind *kind, struct nn_err *err);

/* Maps the whole file, to be unmapped with munmap(). 0 or -errno. */
int ka_image_map(const char *file, struct ka_image_bytes *bytes, struct nn_err *err);

#endif
