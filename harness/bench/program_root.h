/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file system that a program under test sees: each folder of the host's (or of an unpacked root
 * file system) with an overlay in memory, so that it can be written and nothing of it stays; a /dev, /run
 * and host name of its own. It is a mount namespace that lives as long as somebody holds its file.
 */
#ifndef KA_PROGRAM_ROOT_H
#define KA_PROGRAM_ROOT_H

#include <stdbool.h>
#include <sys/types.h>

#include "model/program.h"
#include "netns/err.h"

#define KA_PROGRAM_GROUPS 32

struct ka_program_root {
	int mnt; /* the mount namespace; owned; -1: none */
	/* This process has all ids, and the program can be any user. Else there is one user only, the one
	 * who called, and .uid and .gid are theirs. */
	bool all_ids;
	bool other_user; /* the program is not to run as root: as .uid */
	uid_t uid;
	gid_t gid, groups[KA_PROGRAM_GROUPS];
	int n_groups;
	char home[128];
};

#define KA_PROGRAM_ROOT_INIT                                                                       \
	{                                                                                          \
		.mnt = -1                                                                          \
	}

/*
 * Builds it for @program, with its files, in this process's sandbox; also gives that a name and System V
 * IPC of its own. The caller stays in its mount namespace. 0 or -errno: -EOPNOTSUPP where this kernel or
 * host cannot do it, -EINVAL where the program asks for something that is not there.
 */
int ka_program_root_build(struct ka_program_root *root, const struct ka_program *program,
			  struct nn_err *err);
/* Enters it: "/" is the program's then. 0 or -errno. */
int ka_program_root_enter(const struct ka_program_root *root);
/* Safe twice. */
void ka_program_root_close(struct ka_program_root *root);

#endif
