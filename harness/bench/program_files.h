/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lies in a program's root before it starts: its files, its users, its names. */
#ifndef KA_PROGRAM_FILES_H
#define KA_PROGRAM_FILES_H

#include "bench/program_root.h"

/*
 * "/" is the program's. Makes its own folder, its files and folders, and has @hostname resolve; looks up
 * its user. 0, or -EINVAL naming the file or the user.
 */
int ka_program_files_make(struct ka_program_root *root, const struct ka_program *program,
			  const char *hostname, struct nn_err *err);

/* "/" is the program's. Makes those anew that are .late, after the set-up of another instance was copied
 * over them. 0 or -EINVAL. */
int ka_program_files_make_late(const struct ka_program_root *root, const struct ka_program *program,
			       struct nn_err *err);

#endif
