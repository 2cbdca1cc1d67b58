/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of results, read side by side: the shards of a plan come out as one run, in its order. Of each
 * file one line is in memory at a time.
 */
#ifndef KA_JOIN_H
#define KA_JOIN_H

#include <stdio.h>

#include "result/part.h"
#include "result/result.h"

#define KA_MAX_FILES 1024

/* A file of results, and the one in hand. */
struct ka_stream {
	const char *name;
	FILE *file; /* owned, but for standard input */
	char *text; /* owned; the line in hand, not yet anything else */
	size_t room;
	char *given; /* owned; the line of the result that was handed on last */
	size_t given_room;
	unsigned line, seen;
	bool has_part; /* .part and .place are there */
	struct ka_part part;
	unsigned place, kernel;  /* of the result; the how many-eth kernel of this file, from 0 */
	char kernel_key[400];    /* which one that is */
	struct ka_result result; /* .json NULL: the file has ended */
	bool cut;                /* before its time */
	size_t set;              /* which run it is a part of */
};

struct ka_join {
	struct ka_stream *streams; /* owned */
	size_t n, room;
	size_t n_sets;
	/* what is missing, cut short or there twice is told here, one line each */
	void (*tell)(void *arg, const char *text);
	void *arg;
	bool incomplete; /* something was told */
};

/* Opens the file at @path ("-": standard input) and reads its first result. 0 or -errno; -ENODATA: it
 * is empty, which was told. */
int ka_join_open(struct ka_join *join, const char *path, struct nn_err *err);
/* All files are open: which of them belong together, and which are missing? -EINVAL: parts of
 * different plans. */
int ka_join_sort(struct ka_join *join, struct nn_err *err);
/* The next result of all; *@ret is the caller's, its .line until the next call. 1, 0 at the end, or -errno. */
int ka_join_next(struct ka_join *join, struct ka_result *ret, struct nn_err *err);
/* How many results must come, as far as is known; 0: not known. */
unsigned ka_join_planned(const struct ka_join *join);
void ka_join_free(struct ka_join *join);

#endif
