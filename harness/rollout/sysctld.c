/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A set of sysctl.d lines: what it holds, and whole texts that are added to it. */
#include "sysctld.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/util.h"
#include "sysctld_private.h"

#define WORDS "command line"

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

int ka_sysctl_add_file(struct ka_sysctl_set *set, const char *file, const char **kept,
		       struct nn_err *err)
{
	char **files = reallocarray(set->files, set->n_files + 1, sizeof(*files));
	char *copy;

	if (!files)
		return nn_fail(err, ENOMEM, "%s", file);
	set->files = files;
	copy = strdup(file);
	if (!copy)
		return nn_fail(err, ENOMEM, "%s", file);
	set->files[set->n_files++] = copy;
	*kept = copy;
	return 0;
}

static int make_room(struct ka_sysctl_set *set, struct nn_err *err)
{
	size_t room = set->room ? 2 * set->room : 16;
	struct ka_sysctl_line *lines;

	if (set->n < set->room)
		return 0;
	lines = reallocarray(set->lines, room, sizeof(*lines));
	if (!lines)
		return nn_fail(err, ENOMEM, "%zu lines", room);
	set->lines = lines;
	set->room = room;
	return 0;
}

int ka_sysctl_add_line(struct ka_sysctl_set *set, const struct ka_sysctl_line *line,
		       struct nn_err *err)
{
	struct ka_sysctl_line copy = *line;
	int ret = make_room(set, err);

	if (ret)
		return ret;
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
		ret = ka_sysctl_read_line(set, file, line, text, (size_t)(stop - text), err);
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
		ret = ka_sysctl_add_file(set, file, &kept, err);
	if (!ret)
		ret = parse_lines(set, kept, text, size, err);
	return ka_sysctl_back(set, mark, ret);
}

/* ---- words ------------------------------------------------------------------------------ */

static const struct {
	const char *word, *key;
} short_keys[] = {
	{ "time", "net/ipv4/tcp_keepalive_time" },
	{ "intvl", "net/ipv4/tcp_keepalive_intvl" },
	{ "probes", "net/ipv4/tcp_keepalive_probes" },
	{ "retries2", "net/ipv4/tcp_retries2" },
	{ "orphan_retries", "net/ipv4/tcp_orphan_retries" },
	{ "fin_timeout", "net/ipv4/tcp_fin_timeout" },
	{ "syn_retries", "net/ipv4/tcp_syn_retries" },
};

static const char *long_key(const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < KA_N(short_keys); i++)
		if (strlen(short_keys[i].word) == len && !memcmp(short_keys[i].word, word, len))
			return short_keys[i].key;
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
	return ka_sysctl_add_file(set, WORDS, file, err);
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
		ret = ka_sysctl_read_line(set, file, line, text, strlen(text), err);
	free(text);
	return ka_sysctl_back(set, mark, ret);
}
