/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A set of sysctl.d lines: what it holds, and how a line is read.
 */
#include "rollout/sysctld.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/escape.h"
#include "model/util.h"
#include "rollout/knobs.h"
#include "rollout/spelling.h"

#define BLANKS " \t\r"
#define BOM    "\xef\xbb\xbf" /* what some editors begin a file with */

/* ---- what it holds ---------------------------------------------------------------------- */

struct ka_sysctl_mark ka_sysctl_mark(const struct ka_sysctl_set *set)
{
	return (struct ka_sysctl_mark){ .n = set->n,
					.n_notes = set->n_notes,
					.n_files = set->n_files };
}

int ka_sysctl_back(struct ka_sysctl_set *set, struct ka_sysctl_mark mark, int ret)
{
	if (!ret)
		return 0;
	while (set->n > mark.n) {
		free(set->lines[--set->n].key);
		free(set->lines[set->n].value);
	}
	while (set->n_notes > mark.n_notes) {
		free(set->notes[--set->n_notes].text);
		free(set->notes[set->n_notes].why);
	}
	while (set->n_files > mark.n_files)
		free(set->files[--set->n_files]);
	return ret;
}

void ka_sysctl_free(struct ka_sysctl_set *set)
{
	ka_sysctl_back(set, (struct ka_sysctl_mark){ 0 }, -ECANCELED);
	free(set->lines);
	free(set->notes);
	free(set->files);
	*set = (struct ka_sysctl_set){ 0 };
}

int ka_sysctl_add_file(struct ka_sysctl_set *set, const char *file, const char **kept,
		       struct nn_err *err)
{
	char **files = reallocarray(set->files, set->n_files + 1, sizeof(*files));

	if (files)
		set->files = files;
	*kept = files ? files[set->n_files] = strdup(file) : NULL;
	if (!*kept)
		return nn_fail(err, ENOMEM, "%s", file);
	set->n_files++;
	return 0;
}

/* Appends a line; @line is copied but for .file. */
static int add_line(struct ka_sysctl_set *set, const struct ka_sysctl_line *line,
		    struct nn_err *err)
{
	struct ka_sysctl_line copy = *line;

	if (ka_grow(&set->lines, &set->room, set->n + 1, sizeof(copy)) < 0)
		return nn_fail(err, ENOMEM, "%s:%u", line->file, line->line);
	copy.key = strdup(line->key);
	copy.value = line->value ? strdup(line->value) : NULL;
	if (!copy.key || (line->value && !copy.value)) {
		free(copy.key);
		free(copy.value);
		return nn_fail(err, ENOMEM, "%s:%u", line->file, line->line);
	}
	set->lines[set->n++] = copy;
	return 0;
}

/* ---- notes ------------------------------------------------------------------------------ */

int ka_sysctl_note(struct ka_sysctl_set *set, const char *file, unsigned line, const char *text,
		   struct nn_err *err, const char *fmt, ...)
{
	struct ka_sysctl_note note = { .file = file, .line = line, .text = strdup(text) };
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&note.why, fmt, args) < 0)
		note.why = NULL;
	va_end(args);
	if (note.text && note.why &&
	    ka_grow(&set->notes, &set->notes_room, set->n_notes + 1, sizeof(note)) == 0) {
		set->notes[set->n_notes++] = note;
		return 0;
	}
	free(note.text);
	free(note.why);
	return nn_fail(err, ENOMEM, "%s:%u", file, line);
}

int ka_sysctl_remark(struct ka_sysctl_set *set, const char *file, unsigned line, const char *text,
		     const char *why, struct nn_err *err)
{
	int ret = ka_sysctl_note(set, file, line, text, err, "%s", why);

	if (ret == 0)
		set->notes[set->n_notes - 1].remark = true;
	return ret;
}

int ka_sysctl_pass_over(struct ka_sysctl_set *set, const struct ka_sysctl_line *line,
			struct nn_err *err, const char *why)
{
	const char *file = set->n_files ? set->files[set->n_files - 1] : NULL;
	char *text = NULL;
	int ret = 0;

	if (!file || strcmp(file, line->file))
		ret = ka_sysctl_add_file(set, line->file, &file, err);
	if (ret)
		return ret;
	if (asprintf(&text, "%s%s%s", line->key, line->value ? " = " : "",
		     line->value ? line->value : "") < 0)
		return nn_fail(err, ENOMEM, "%s:%u", line->file, line->line);
	ret = ka_sysctl_note(set, file, line->line, text, err, "%s", why);
	free(text);
	return ret;
}

int ka_sysctl_refuse(const struct ka_sysctl_note *note, struct nn_err *err)
{
	return ka_sysctl_bad(err, note->file, note->line, "\"%.*s\": %s", KA_CUT(note->text, 80),
			     note->why);
}

int ka_sysctl_bad(struct nn_err *err, const char *file, unsigned line, const char *fmt, ...)
{
	char where[sizeof(err->text)];
	va_list args;

	if (!err)
		return -EINVAL;
	if (line)
		snprintf(where, sizeof(where), "%s:%u", file, line);
	else
		snprintf(where, sizeof(where), "%s", file);
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	return nn_prefix(err, -EINVAL, "%s", where);
}

/* ---- the key ---------------------------------------------------------------------------- */

static bool is_glob(const char *key)
{
	return strpbrk(key, KA_SYSCTL_GLOB) != NULL;
}

/* The first separator decides: after '/' all is a path already; after '.' each '.' is a '/' and
 * each '/' a '.' (a device called eth0.5 is conf.eth0/5). */
static void swap_separators(char *key)
{
	char *at = strpbrk(key, "/.");

	if (!at || *at == '/')
		return;
	for (; at; at = strpbrk(at + 1, "/."))
		*at = *at == '.' ? '/' : '.';
}

/* As a path is walked: no '/' before or after, none twice, no "." between two. */
static void simplify(char *key)
{
	char *to = key;
	const char *from = key;
	size_t len;

	while (*(from += strspn(from, "/"))) {
		len = strcspn(from, "/");
		if (len == 1 && *from == '.') {
			from++;
			continue;
		}
		if (to != key)
			*to++ = '/';
		memmove(to, from, len);
		to += len;
		from += len;
	}
	*to = '\0';
}

static bool climbs(const char *key)
{
	const char *at = key;
	size_t len;

	for (; *at; at += at[len] ? len + 1 : len) {
		len = strcspn(at, "/");
		if (len == 2 && at[0] == '.' && at[1] == '.')
			return true;
	}
	return false;
}

/* Why nothing is set by @key, whatever the value; NULL: it may be a kernel's. */
static const char *flaw_of(const char *key)
{
	if (!strncmp(key, BOM, strlen(BOM)))
		return "begins with a byte order mark, which becomes part of the key; save the "
		       "file without it";
	if (!*key)
		return "no key; a line is \"key = value\"";
	if (strpbrk(key, BLANKS))
		return "a space in the key; a line is \"key = value\", a comment has a line of "
		       "its own";
	for (const char *c = key; *c; c++)
		if (iscntrl((unsigned char)*c))
			return "a control character in the key; a key is text";
	if (strpbrk(key, "\"'`<>(){}"))
		return "quotes or brackets in the key; a line is key = value, without them";
	if (*key == '-')
		return "two minuses, of which systemd-sysctl does not take the second away; write "
		       "one, or none";
	if (climbs(key))
		return "\"..\" in the key, which systemd-sysctl refuses; write where it leads";
	if (!strncmp(key, "proc/sys/", 9))
		return "the key begins with /proc/sys; write what is behind that";
	return NULL;
}

/* ---- the line --------------------------------------------------------------------------- */

char *ka_sysctl_trim(char *text)
{
	size_t len;

	text += strspn(text, BLANKS);
	len = strlen(text);
	while (len && strchr(BLANKS, text[len - 1]))
		text[--len] = '\0';
	return text;
}

/* The line may set one of the known numbers. */
static bool sets_number(const struct ka_sysctl_line *line)
{
	for (size_t i = 0; i < KA_KNOBS; i++)
		if (ka_sysctl_names(line, ka_knob_infos[i].key))
			return true;
	return false;
}

/* What is so of a value, and not seen when one reads it. */
static int note_value(struct ka_sysctl_set *set, const struct ka_sysctl_line *line,
		      const char *text, struct nn_err *err)
{
	int64_t number;

	if (!line->value)
		return 0;
	if (!*line->value)
		return ka_sysctl_note(set, line->file, line->line, text, err,
				      "no value; nothing is written, which a kernel that wants a "
				      "number refuses");
	if (!sets_number(line) || ka_knob_number(&number, line->value) < 0 ||
	    !*ka_knob_rest(line->value))
		return 0;
	return ka_sysctl_note(set, line->file, line->line, text, err,
			      "the kernel reads %" PRId64 " and stops at the white space behind "
			      "it; a comment has a line of its own",
			      number);
}

/* A note of a line that no tool can take for one. */
static int note_stray(struct ka_sysctl_set *set, const struct ka_sysctl_line *line,
		      const char *text, const char *why, struct nn_err *err)
{
	int ret = ka_sysctl_note(set, line->file, line->line, text, err, "%s", why);

	if (ret == 0)
		set->notes[set->n_notes - 1].stray = true;
	return ret;
}

/* A line whose key leads nowhere is passed over, as both tools go on behind it. */
static int add_assignment(struct ka_sysctl_set *set, struct ka_sysctl_line *line, const char *text,
			  struct nn_err *err)
{
	const char *flaw;
	char meant[160];
	int ret;

	swap_separators(line->key);
	simplify(line->key);
	if (is_glob(line->key) && strpbrk(line->key, "{}"))
		return ka_sysctl_bad(err, line->file, line->line,
				     "braces in the pattern %.*s, which not every tool expands; "
				     "write one line for each",
				     KA_CUT(line->key, 80));
	flaw = flaw_of(line->key);
	if (flaw)
		return note_stray(set, line, text, flaw, err);
	if (ka_spelling_meant(line->key, meant, sizeof(meant)))
		return ka_sysctl_note(set, line->file, line->line, text, err,
				      "no kernel has this key, so nothing is set; %s is meant?",
				      meant);
	ret = add_line(set, line, err);
	return ret ? ret : note_value(set, line, text, err);
}

int ka_sysctl_assign(struct ka_sysctl_set *set, const char *file, unsigned number, const char *key,
		     const char *value, struct nn_err *err)
{
	struct ka_sysctl_line line = { .file = file, .line = number };
	char *copy = NULL, *text = NULL, *own = strdup(value);
	int ret = -ENOMEM;

	if (own && asprintf(&text, "%s = %s", key, value) >= 0 && (copy = strdup(key))) {
		line.key = ka_sysctl_trim(copy);
		line.value = ka_sysctl_trim(own);
		ret = add_assignment(set, &line, text, err);
	} else {
		nn_fail(err, ENOMEM, "%s:%u", file, number);
	}
	free(copy);
	free(text);
	free(own);
	return ret;
}

/* @text is cut up; @whole is the same as it was. */
static int split(struct ka_sysctl_set *set, struct ka_sysctl_line *line, char *text,
		 const char *whole, struct nn_err *err)
{
	char *equals = strchr(text, '=');

	line->ignore_errors = *text == '-';
	line->key = text + line->ignore_errors;
	if (!equals && !line->ignore_errors)
		return note_stray(set, line, whole,
				  "assigns nothing; a line is \"key = value\", a comment begins "
				  "with # or ;",
				  err);
	if (equals) {
		*equals = '\0';
		line->value = ka_sysctl_trim(equals + 1);
	}
	line->key = ka_sysctl_trim(line->key);
	return add_assignment(set, line, whole, err);
}

/* One of the tools begins a new line there, and the other does not. */
static int check_returns(const char *file, unsigned line, const char *text, struct nn_err *err)
{
	if (!strchr(text, '\r'))
		return 0;
	return ka_sysctl_bad(err, file, line,
			     "control character 0x0d; lines are text and end in a line feed");
}

/* One line of a file, of @size bytes without its end. Nothing is added for an empty line and a comment. */
static int read_line(struct ka_sysctl_set *set, const char *file, unsigned line, const char *text,
		     size_t size, struct nn_err *err)
{
	struct ka_sysctl_line new = { .file = file, .line = line };
	char *copy = strndup(text, size), *whole = NULL, *start;
	int ret;

	if (!copy)
		return nn_fail(err, ENOMEM, "%s:%u", file, line);
	start = ka_sysctl_trim(copy);
	ret = check_returns(file, line, start, err);
	if (!ret && *start && !strchr("#;", *start)) {
		whole = strdup(start);
		ret = whole ? split(set, &new, start, whole, err)
			    : nn_fail(err, ENOMEM, "%s:%u", file, line);
	}
	free(whole);
	free(copy);
	return ret;
}

/* ---- texts ------------------------------------------------------------------------------ */

static unsigned line_of(const char *text, const char *at)
{
	unsigned line = 1;

	for (; text < at; text++)
		line += *text == '\n';
	return line;
}

int ka_sysctl_check_text(const char *file, const char *text, size_t size, struct nn_err *err)
{
	const char *nul = size ? memchr(text, '\0', size) : NULL;

	if (size > KA_SYSCTL_MOST)
		return ka_sysctl_bad(err, file, 0,
				     "%zu bytes; a sysctl.d file is text of at most %u", size,
				     KA_SYSCTL_MOST);
	if (nul)
		return ka_sysctl_bad(err, file, line_of(text, nul),
				     "a NUL byte, so this is no text; a sysctl.d file has lines "
				     "\"key = value\"");
	return 0;
}

/* The first one is line number @line. */
static int parse_lines(struct ka_sysctl_set *set, const char *file, unsigned line, const char *text,
		       size_t size, struct nn_err *err)
{
	const char *end = text + size, *stop;
	int ret = 0;

	for (; !ret && text < end; line++) {
		stop = memchr(text, '\n', (size_t)(end - text));
		if (!stop)
			stop = end;
		ret = read_line(set, file, line, text, (size_t)(stop - text), err);
		text = stop < end ? stop + 1 : end;
	}
	return ret;
}

int ka_sysctl_parse(struct ka_sysctl_set *set, const char *file, const char *text, size_t size,
		    struct nn_err *err)
{
	struct ka_sysctl_mark mark = ka_sysctl_mark(set);
	const char *kept = file;
	int ret = ka_sysctl_check_text(file, text, size, err);

	if (!ret)
		ret = ka_sysctl_add_file(set, file, &kept, err);
	if (!ret)
		ret = parse_lines(set, kept, 1, text, size, err);
	return ka_sysctl_back(set, mark, ret);
}

int ka_sysctl_parse_part(struct ka_sysctl_set *set, const char *file, unsigned line,
			 const char *text, struct nn_err *err)
{
	return parse_lines(set, file, line, text, strlen(text), err);
}
