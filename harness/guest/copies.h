/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of the host in an initramfs, for a kernel that cannot read them where they are. */
#ifndef KA_COPIES_H
#define KA_COPIES_H

#include "guest/initramfs.h"
#include "netns/err.h"

/*
 * Puts @list, which ends with NULL, below KA_PROGRAM_HOST: files, folders with all that is in them, and
 * programs, of which names without "/" are looked for in PATH. What a program needs comes along: the
 * loader and the shared objects of its own, the interpreter of a script. So do a shell, the commands
 * that set-up lines are made of, and the files that name users and hosts. 0 or -errno.
 */
int ka_copies_add(struct ka_initramfs *initramfs, const char *const *list, struct nn_err *err);

#endif
