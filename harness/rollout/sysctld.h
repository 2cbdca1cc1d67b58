/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads sysctl.d files as systemd-sysctl and procps do: what will be written, by which line, and
 * which lines do not count, and why. Pure but for the reading of files.
 *
 * Where the two tools disagree, systemd-sysctl is followed, because it is what writes at boot; the
 * table test (tests/shell/sysctld.sh) has a row for each disagreement.
 */
#ifndef KA_SYSCTLD_H
#define KA_SYSCTLD_H

#include <stdbool.h>
#include <stddef.h>

#include "netns/err.h"

#define KA_SYSCTL_MOST (1024u * 1024u) /* bytes of a file */
#define KA_SYSCTL_GLOB "*?["           /* what makes a key a pattern */

/* Why a line of a file is not what is written in the end. */
enum ka_sysctl_fate {
	KA_SYSCTL_USED,
	KA_SYSCTL_OVERRIDDEN, /* by .by: a later line, or any that names what a glob matches */
	KA_SYSCTL_FOREIGN,    /* a key that has nothing to do with keepalive */
	KA_SYSCTL_EXCLUDES,   /* "-key" alone, without "=": no glob and no earlier line sets it */
};

struct ka_sysctl_line {
	char *key;   /* below /proc/sys, with '/': "net/ipv4/tcp_keepalive_time"; may be a glob */
	char *value; /* trimmed; NULL in a line that excludes */
	const char *file; /* owned by the set */
	unsigned line;
	bool ignore_errors; /* leading '-' */
	enum ka_sysctl_fate fate;
	size_t by; /* index of the line that overrides it */
};

/* A line that the tools pass over, or of which the kernel does not read all. */
struct ka_sysctl_note {
	const char *file; /* owned by the set */
	unsigned line;    /* 0: of the whole file */
	char *text;       /* the line, trimmed */
	char *why;        /* what is wrong, and what would be right */
	bool stray;       /* it would be none of a sysctl file at all */
	bool remark;      /* the line is used, and nothing is wrong with it */
};

struct ka_sysctl_set {
	struct ka_sysctl_line *lines; /* in the order in which they are applied */
	size_t n, room;
	struct ka_sysctl_note *notes;
	size_t n_notes, notes_room;
	char **files; /* in the order in which they were read */
	size_t n_files;
};

/* Reads a file, of sysctl.d or in one of the forms of forms.h, or the *.conf files of a directory in the
 * order of their names. Appends to @set.
 * What a tool passes over is passed over, and noted. -EINVAL with "file:line: what; what would be right"
 * for what the two tools do not even read as the same lines, a file without text (a NUL byte), one of
 * more than 1 MiB, one that changes while it is read, a single one that assigns nothing at all; -ENOENT
 * for a directory without *.conf. On failure @set is as before. */
int ka_sysctl_read(struct ka_sysctl_set *set, const char *path, struct nn_err *err);
/* The host's own directories in their real order (/etc/sysctl.d, /run/sysctl.d, ...: a file of an
 * earlier directory hides its namesakes). /etc/sysctl.conf counts where no systemd-sysctl is, and is read
 * last then, as procps does; elsewhere its lines are noted, unless a link leads to it. */
int ka_sysctl_read_system(struct ka_sysctl_set *set, struct nn_err *err);
/* The same below the directory @root. */
int ka_sysctl_read_system_at(struct ka_sysctl_set *set, const char *root, struct nn_err *err);
/* Parses @size bytes of text as if they were @file: the fuzzed part. */
int ka_sysctl_parse(struct ka_sysctl_set *set, const char *file, const char *text, size_t size,
		    struct nn_err *err);
/* "time=60", "intvl=10", "probes=6", "retries2=8" or a full key. What would be a note in a file is
 * -EINVAL here. */
int ka_sysctl_parse_word(struct ka_sysctl_set *set, const char *word, struct nn_err *err);
/* One assignment of a file in another form; @file is one of the set's. What is wrong with it is noted. */
int ka_sysctl_assign(struct ka_sysctl_set *set, const char *file, unsigned line, const char *key,
		     const char *value, struct nn_err *err);
/* True when the key of @line is @key, or a pattern of it. */
bool ka_sysctl_names(const struct ka_sysctl_line *line, const char *key);
/* Decides every line's fate. A glob is used if it sets one of the known keys, overridden if other
 * lines set all of those that it matches. */
void ka_sysctl_resolve(struct ka_sysctl_set *set);
/* The line that sets @key in the end, which may have a glob for a key; NULL: none. Needs no
 * ka_sysctl_resolve() before. */
const struct ka_sysctl_line *ka_sysctl_value(const struct ka_sysctl_set *set, const char *key);
void ka_sysctl_free(struct ka_sysctl_set *set);

/* ---- for sysctld_files.c -------------------------------------------------------------------- */

/* Adds @file to the set's files; *@kept is the set's own copy. 0 or -ENOMEM. */
int ka_sysctl_add_file(struct ka_sysctl_set *set, const char *file, const char **kept,
		       struct nn_err *err);
/* -EINVAL for what is no text, or too much of it. */
int ka_sysctl_check_text(const char *file, const char *text, size_t size, struct nn_err *err);
/* Lines that stand in another file, the first of them as its line @line. */
int ka_sysctl_parse_part(struct ka_sysctl_set *set, const char *file, unsigned line,
			 const char *text, struct nn_err *err);
/* The whole of @path, to be freed; with a NUL byte behind it. */
int ka_sysctl_read_text(const char *path, char **text, size_t *size, struct nn_err *err);

/* How much a set holds: what ka_sysctl_back() returns to after a failure. */
struct ka_sysctl_mark {
	size_t n, n_notes, n_files;
};

struct ka_sysctl_mark ka_sysctl_mark(const struct ka_sysctl_set *set);
/* Drops what was added since @mark if @ret is an error; returns @ret. */
int ka_sysctl_back(struct ka_sysctl_set *set, struct ka_sysctl_mark mark, int ret);

/* Notes that @text of @line is not used, or not whole. 0 or -ENOMEM. */
int ka_sysctl_note(struct ka_sysctl_set *set, const char *file, unsigned line, const char *text,
		   struct nn_err *err, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* The same of a line that is used: something to know. */
int ka_sysctl_remark(struct ka_sysctl_set *set, const char *file, unsigned line, const char *text,
		     const char *why, struct nn_err *err);
/* Notes a @line of another set, as one that is not used. 0 or -ENOMEM. */
int ka_sysctl_pass_over(struct ka_sysctl_set *set, const struct ka_sysctl_line *line,
			struct nn_err *err, const char *why);
/* "file:line: what; right" of @note into @err. Returns -EINVAL. */
int ka_sysctl_refuse(const struct ka_sysctl_note *note, struct nn_err *err);

/* "file:line: what": the text says all, so no errno is appended. Returns -EINVAL. */
int ka_sysctl_bad(struct nn_err *err, const char *file, unsigned line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Without the blanks at both ends; cuts @text. */
char *ka_sysctl_trim(char *text);

#endif
