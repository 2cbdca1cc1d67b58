/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * without namespaces|mptcp|lending|recent COMMAND [ARGUMENT...]: runs COMMAND under a seccomp filter. namespaces:
 * refuses new ones and mounts the way containers do, EPERM, and ENOSYS for clone3 because a filter
 * cannot look into its argument. mptcp: a kernel without CONFIG_MPTCP. lending: one before 5.6, which has no
 * pidfd_getfd(). recent: Linux 5.4 under User-mode Linux, which has neither clone3() nor what came later.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
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

static const struct sock_filter no_namespaces[] = {
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

static const struct sock_filter no_mptcp[] = {
	LOAD(nr),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
	LOAD(args[2]),
	ON(IPPROTO_MPTCP),
	RETURN(SECCOMP_RET_ERRNO | EPROTONOSUPPORT),
	RETURN(SECCOMP_RET_ALLOW),
};

static const struct sock_filter no_lending[] = {
	LOAD(nr),
	ON(SYS_pidfd_getfd),
	RETURN(SECCOMP_RET_ERRNO | ENOSYS),
	RETURN(SECCOMP_RET_ALLOW),
};

static const struct sock_filter no_recent[] = {
	LOAD(nr),
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, SYS_clone3, 0, 1),
	RETURN(SECCOMP_RET_ERRNO | ENOSYS),
	RETURN(SECCOMP_RET_ALLOW),
};

static const struct {
	const char *what;
	struct sock_fprog program;
} filters[] = {
	{ "lending", { KA_N(no_lending), (struct sock_filter *)no_lending } },
	{ "namespaces", { KA_N(no_namespaces), (struct sock_filter *)no_namespaces } },
	{ "recent", { KA_N(no_recent), (struct sock_filter *)no_recent } },
	{ "mptcp", { KA_N(no_mptcp), (struct sock_filter *)no_mptcp } },
};

static const struct sock_fprog *find(const char *what)
{
	for (size_t i = 0; i < KA_N(filters); i++)
		if (strcmp(filters[i].what, what) == 0)
			return &filters[i].program;
	return NULL;
}

int main(int argc, char **argv)
{
	const struct sock_fprog *program = argc < 3 ? NULL : find(argv[1]);

	if (!program) {
		fprintf(stderr,
			"usage: without namespaces|mptcp|lending|recent COMMAND [ARGUMENT...]\n");
		return 2;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program)) {
		perror("without: seccomp");
		return 77;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}
