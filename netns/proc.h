/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to netns/: the files that processes hold, as a /proc shows them. */
#ifndef NN_PROC_H
#define NN_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "places.h"

struct nn_proc_file {
	int proc;            /* that /proc */
	const char *process; /* its folder there: the pid as that /proc counts */
	int fd;           /* the file's number; -1: the network namespace that the process is in */
	const char *link; /* "socket:[123]", "net:[4026531840]" */
};

/*
 * Calls @each for all files of all processes; it returns 0 to go on, or -errno. What ends meanwhile is
 * left out. *@unseen: the processes that do not let the caller see all of theirs. Returns 0 or -errno.
 */
int nn_proc_walk(const char *path, int (*each)(const struct nn_proc_file *file, void *arg),
		 void *arg, struct nn_unseen *unseen, struct nn_err *err);

/* "@process/@file" as text into @buf. False, and nothing in it: it cannot be read. */
bool nn_proc_text(int proc, const char *process, const char *file, char *buf, size_t size);

/* The process's name into @buf, which has room for 16 bytes. */
void nn_proc_comm(int proc, const char *process, char *buf);

/* 123 of "socket:[123]" if @kind is "socket"; 0: the file is of another kind. */
uint64_t nn_proc_inode(const char *link, const char *kind);

#endif
