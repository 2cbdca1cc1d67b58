/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comes from a guest: lines of its serial line, and the last of its console. */
#ifndef KA_COLLECT_H
#define KA_COLLECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/boot.h"

#define KA_LAST_WORDS 16384

struct ka_collect {
	const struct ka_booted *booted;
	char *text; /* of the serial line; what begins at .at is not taken yet */
	size_t at, used, room;
	bool results_over, console_over;
	int error;                   /* -errno: the serial line cannot be read on */
	char console[KA_LAST_WORDS]; /* the last bytes of it */
	size_t console_used;
};

/* The guests of one wait. */
#define KA_COLLECT_MAX 8

/*
 * Waits until anything comes from any of the @n guests in @all, and reads it. 0; -ETIMEDOUT when
 * nothing came until @deadline_ns; -EINTR after a signal of the signalfd @signals; or -errno.
 */
int ka_collect_wait(struct ka_collect *const *all, size_t n, int signals, int64_t deadline_ns);

/* The next line of what was read, without its newline; valid until the next wait. 1; -EAGAIN: there
 * is none yet; 0 when the guest's line has ended; or -errno. */
int ka_collect_line(struct ka_collect *collect, char **line);

/* The last lines of the console in one, into @buf; reads what is still there. Of a panic, the lines
 * that lead to it instead. Returns @buf. */
const char *ka_collect_last_words(struct ka_collect *collect, char *buf, size_t size);

void ka_collect_free(struct ka_collect *collect);

#endif
