/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * no_namespaces COMMAND [ARGUMENT...]: runs COMMAND under a seccomp filter that refuses new
 * namespaces and mounts the way containers do: EPERM, and ENOSYS for clone3 because a filter
 * cannot look into its argument.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "model/util.h"

#define NEW_NAMESPACES                                                                             \
	(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | \
	 CLONE_NEWCGROUP)

#define LOAD(field)  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)
/* The next statement counts only for call @nr. */
#define ON(nr)       BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1)

static const struct sock_filter filter[] = {
	LOAD(nr),
	ON(SYS_unshare),
	RETURN(SECCOMP_RET_ERRNO | EPERM),
	ON(SYS_setns),
	RETURN(SECCOMP_RET_ERRNO | EPERM),
	ON(SYS_mount),
	RETURN(SECCOMP_RET_ERRNO | EPERM),
	ON(SYS_clone3),
	RETURN(SECCOMP_RET_ERRNO | ENOSYS),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3),
	LOAD(args[0]), /* the low half on a little-endian machine */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, NEW_NAMESPACES, 0, 1),
	RETURN(SECCOMP_RET_ERRNO | EPERM),
	RETURN(SECCOMP_RET_ALLOW),
};

int main(int argc, char **argv)
{
	const struct sock_fprog program = {
		.len = KA_N(filter),
		.filter = (struct sock_filter *)filter,
	};

	if (argc < 2) {
		fprintf(stderr, "usage: no_namespaces COMMAND [ARGUMENT...]\n");
		return 2;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
		perror("no_namespaces: seccomp");
		return 77;
	}
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 127;
}
