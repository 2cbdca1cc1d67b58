/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A set of sysctl.d lines: what it holds, how a line is read, and which line is written in the end.
 */
#include "rollout/sysctld.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/util.h"
#include "rollout/knobs.h"

#define WORDS     "command line"
#define BLANKS    " \t\r"
#define KEEPALIVE "net/ipv4/tcp_keepalive_"
#define NONE      ((size_t)-1)

/* ---- what it holds ---------------------------------------------------------------------- */

struct ka_sysctl_mark ka_sysctl_mark(const struct ka_sysctl_set *set)
{
	return (struct ka_sysctl_mark){ .n = set->n, .n_files = set->n_files };
}

int ka_sysctl_back(struct ka_sysctl_set *set, struct ka_sysctl_mark mark, int ret)
{
	if (!ret)
		return 0;
	while (set->n > mark.n) {
		free(set->lines[--set->n].key);
		free(set->lines[set->n].value);
	}
	while (set->n_files > mark.n_files)
		free(set->files[--set->n_files]);
	return ret;
}

void ka_sysctl_free(struct ka_sysctl_set *set)
{
	ka_sysctl_back(set, (struct ka_sysctl_mark){ 0 }, -ECANCELED);
	free(set->lines);
	free(set->files);
	*set = (struct ka_sysctl_set){ 0 };
}

/* Adds @file to the set's files. *@kept is the set's own copy. */
static int add_file(struct ka_sysctl_set *set, const char *file, const char **kept,
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
	copy.value = strdup(line->value);
	if (!copy.key || !copy.value) {
		free(copy.key);
		free(copy.value);
		return nn_fail(err, ENOMEM, "%s:%u", line->file, line->line);
	}
	set->lines[set->n++] = copy;
	return 0;
}

/* ---- what a line is --------------------------------------------------------------------- */

static bool is_glob(const char *key)
{
	return strpbrk(key, "*?[") != NULL;
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

static int check_key(const struct ka_sysctl_line *line, struct nn_err *err)
{
	const char *key = line->key;

	if (strpbrk(key, BLANKS))
		return ka_sysctl_bad(
			err, line->file, line->line,
			"a space in the key %.80s; a line is \"key = value\", a comment "
			"has a line of its own",
			key);
	if (!*key)
		return ka_sysctl_bad(err, line->file, line->line,
				     "no key; a line is \"key = value\"");
	if (*key == '-')
		return ka_sysctl_bad(err, line->file, line->line,
				     "two minuses, of which not every tool takes the second away; "
				     "write one, or none");
	if (climbs(key))
		return ka_sysctl_bad(err, line->file, line->line,
				     "\"..\" in the key %.80s; write where it leads", key);
	if (is_glob(key) && strpbrk(key, "{}"))
		return ka_sysctl_bad(
			err, line->file, line->line,
			"braces in the pattern %.80s, which not every tool expands; write "
			"one line for each",
			key);
	if (!strncmp(key, "proc/sys/", 9))
		return ka_sysctl_bad(err, line->file, line->line,
				     "the key begins with /proc/sys; write %.80s", key + 9);
	return 0;
}

/* No kernel has the key, so that both tools fail: a slip of the pen that would go unnoticed. */
static int check_spelling(const struct ka_sysctl_line *line, struct nn_err *err)
{
	if (line->ignore_errors || is_glob(line->key) || ka_knob_find(line->key) >= 0 ||
	    strncmp(line->key, KEEPALIVE, strlen(KEEPALIVE)))
		return 0;
	return ka_sysctl_bad(err, line->file, line->line,
			     "no kernel has the key %.80s; there are net.ipv4.tcp_keepalive_time, "
			     "_intvl and _probes",
			     line->key);
}

/* ---- the line --------------------------------------------------------------------------- */

static char *trim(char *text)
{
	size_t len;

	text += strspn(text, BLANKS);
	len = strlen(text);
	while (len && strchr(BLANKS, text[len - 1]))
		text[--len] = '\0';
	return text;
}

static int add_assignment(struct ka_sysctl_set *set, struct ka_sysctl_line *line,
			  struct nn_err *err)
{
	int ret;

	line->key = trim(line->key);
	swap_separators(line->key);
	simplify(line->key);
	ret = check_key(line, err);
	if (!ret)
		ret = check_spelling(line, err);
	return ret ? ret : add_line(set, line, err);
}

static int split(struct ka_sysctl_set *set, struct ka_sysctl_line *line, char *text,
		 struct nn_err *err)
{
	char *equals = strchr(text, '=');

	line->ignore_errors = *text == '-';
	line->key = text + line->ignore_errors;
	if (!equals && !line->ignore_errors)
		return ka_sysctl_bad(
			err, line->file, line->line,
			"\"%.80s\" assigns nothing; a line is \"key = value\", a comment "
			"begins with # or ;",
			text);
	if (equals) {
		*equals = '\0';
		line->value = trim(equals + 1);
		if (!*line->value)
			return ka_sysctl_bad(err, line->file, line->line,
					     "no value for %.80s; a line is \"key = value\"",
					     trim(line->key));
	} else {
		line->value = text + strlen(text);
	}
	return add_assignment(set, line, err);
}

/* Where the tools part: one of them begins a new line at a carriage return, and only one takes a
 * form feed for a space. */
static int check_controls(const char *file, unsigned line, const char *text, struct nn_err *err)
{
	bool comment = *text && strchr("#;", *text);

	for (; *text; text++)
		if (*text == '\r' || (!comment && *text != '\t' && iscntrl((unsigned char)*text)))
			return ka_sysctl_bad(
				err, file, line,
				"control character 0x%02x; lines are text and end in a "
				"line feed",
				(unsigned char)*text);
	return 0;
}

/* One line of a file, of @size bytes without its end. Nothing is added for an empty line and a comment. */
static int read_line(struct ka_sysctl_set *set, const char *file, unsigned line, const char *text,
		     size_t size, struct nn_err *err)
{
	struct ka_sysctl_line new = { .file = file, .line = line };
	char *copy = strndup(text, size), *start;
	int ret;

	if (!copy)
		return nn_fail(err, ENOMEM, "%s:%u", file, line);
	start = trim(copy);
	ret = check_controls(file, line, start, err);
	if (!ret && *start && !strchr("#;", *start))
		ret = split(set, &new, start, err);
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

static int check_text(const char *file, const char *text, size_t size, struct nn_err *err)
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
	if (size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		return ka_sysctl_bad(
			err, file, 1,
			"begins with a byte order mark, which becomes part of the first "
			"key; save the file without it");
	return 0;
}

static int parse_lines(struct ka_sysctl_set *set, const char *file, const char *text, size_t size,
		       struct nn_err *err)
{
	const char *end = text + size, *stop;
	unsigned line;
	int ret = 0;

	for (line = 1; !ret && text < end; line++) {
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
	int ret = check_text(file, text, size, err);

	if (!ret)
		ret = add_file(set, file, &kept, err);
	if (!ret)
		ret = parse_lines(set, kept, text, size, err);
	return ka_sysctl_back(set, mark, ret);
}

/* ---- words ------------------------------------------------------------------------------ */

/* "time" is net/ipv4/tcp_keepalive_time, "retries2" net/ipv4/tcp_retries2. */
static const char *long_key(const char *word, size_t len)
{
	for (int i = 0; i <= KA_KNOB_SYN_RETRIES; i++) {
		const char *name = ka_knob_word((enum ka_knob)i);

		if (strlen(name) == len && memcmp(name, word, len) == 0)
			return ka_knob_infos[i].key;
	}
	return NULL;
}

/* All words share one file, whose lines they are. */
static int words_file(struct ka_sysctl_set *set, const char **file, unsigned *line,
		      struct nn_err *err)
{
	size_t i;

	for (i = set->n; i-- > 0;) {
		if (strcmp(set->lines[i].file, WORDS))
			continue;
		*file = set->lines[i].file;
		*line = set->lines[i].line + 1;
		return 0;
	}
	*line = 1;
	return add_file(set, WORDS, file, err);
}

static int word_line(const char *word, char **out, struct nn_err *err)
{
	size_t len = strcspn(word, "=");
	const char *key = long_key(word, len);
	int ret;

	if (!word[len] || (!key && !strpbrk(word, "./")))
		return ka_sysctl_bad(
			err, WORDS, 0,
			"\"%.80s\" is no setting; write time=60, intvl=10, probes=6, retries2=8, "
			"orphan_retries=, fin_timeout=, syn_retries=, or a full key such as "
			"net.ipv4.tcp_keepalive_time=60",
			word);
	ret = key ? asprintf(out, "%s%s", key, word + len) : asprintf(out, "%s", word);
	return ret < 0 ? nn_fail(err, ENOMEM, "%s", word) : 0;
}

int ka_sysctl_parse_word(struct ka_sysctl_set *set, const char *word, struct nn_err *err)
{
	struct ka_sysctl_mark mark = ka_sysctl_mark(set);
	const char *file = WORDS;
	unsigned line = 0;
	char *text = NULL;
	int ret = word_line(word, &text, err);

	if (ret || !text)
		return ret;
	ret = words_file(set, &file, &line, err);
	if (!ret)
		ret = read_line(set, file, line, text, strlen(text), err);
	free(text);
	return ka_sysctl_back(set, mark, ret);
}

/* ---- which line is written in the end --------------------------------------------------- */

/* Of lines that name a key the last one counts; a line that names a key goes before every glob that
 * matches it, wherever it stands; of globs the last one counts. */

static bool excludes(const struct ka_sysctl_line *line)
{
	return !*line->value;
}

static bool matches(const struct ka_sysctl_line *line, const char *key)
{
	return is_glob(line->key) && !fnmatch(line->key, key, FNM_PATHNAME | FNM_PERIOD);
}

/* A glob that is there again with the same value keeps its earlier place. */
static bool repeats(const struct ka_sysctl_set *set, size_t at)
{
	const struct ka_sysctl_line *line = &set->lines[at];
	size_t i;

	for (i = at; i-- > 0;)
		if (!strcmp(set->lines[i].key, line->key))
			return !strcmp(set->lines[i].value, line->value);
	return false;
}

static size_t last_named(const struct ka_sysctl_set *set, const char *key)
{
	size_t i;

	for (i = set->n; i-- > 0;)
		if (!strcmp(set->lines[i].key, key))
			return i;
	return NONE;
}

/* "-glob" takes nothing but its own lines away, as "-key" does. */
static bool taken_back(const struct ka_sysctl_set *set, size_t at)
{
	size_t last = last_named(set, set->lines[at].key);

	return strcmp(set->lines[last].value, set->lines[at].value) != 0;
}

static size_t last_match(const struct ka_sysctl_set *set, const char *key)
{
	size_t i;

	for (i = set->n; i-- > 0;)
		if (!excludes(&set->lines[i]) && matches(&set->lines[i], key) &&
		    !taken_back(set, i) && !repeats(set, i))
			return i;
	return NONE;
}

/* The line that decides about @key; it may be one that excludes. */
static size_t decider(const struct ka_sysctl_set *set, const char *key)
{
	size_t named = last_named(set, key);

	return named != NONE ? named : last_match(set, key);
}

const struct ka_sysctl_line *ka_sysctl_value(const struct ka_sysctl_set *set, const char *key)
{
	size_t at = decider(set, key);

	return at == NONE || excludes(&set->lines[at]) ? NULL : &set->lines[at];
}

/* Of the known keys that a line names or matches: one that it sets makes it used, otherwise the
 * first one that another line sets makes it overridden. */
static void decide(struct ka_sysctl_set *set, size_t at, const size_t deciders[KA_KNOBS])
{
	struct ka_sysctl_line *line = &set->lines[at];
	const char *known;
	size_t k;

	line->fate = KA_SYSCTL_FOREIGN;
	for (k = 0; k < KA_KNOBS; k++) {
		known = ka_knob_infos[k].key;
		if (strcmp(line->key, known) && !matches(line, known))
			continue;
		if (line->fate == KA_SYSCTL_FOREIGN && excludes(line))
			line->fate = KA_SYSCTL_EXCLUDES;
		if (deciders[k] == at && !excludes(line)) {
			line->fate = KA_SYSCTL_USED;
			return;
		}
		if (deciders[k] == at || deciders[k] == NONE || line->fate == KA_SYSCTL_OVERRIDDEN)
			continue;
		if (excludes(line) && is_glob(line->key))
			continue; /* "-glob" only takes back the same glob */
		line->fate = KA_SYSCTL_OVERRIDDEN;
		line->by = deciders[k];
	}
}

void ka_sysctl_resolve(struct ka_sysctl_set *set)
{
	size_t deciders[KA_KNOBS], k, i;

	for (k = 0; k < KA_KNOBS; k++)
		deciders[k] = decider(set, ka_knob_infos[k].key);
	for (i = 0; i < set->n; i++)
		decide(set, i, deciders);
}
