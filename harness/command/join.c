/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See join.h. */
#include "command/join.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "model/util.h"

static void tell(struct ka_join *join, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void tell(struct ka_join *join, const char *fmt, ...)
{
	char text[1200];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	join->incomplete = true;
	join->tell(join->arg, text);
}

/* ---- one file --------------------------------------------------------------------------------- */

/* Results come kernel after kernel, each kernel's in the order of the plan. */
static void count_kernel(struct ka_stream *s)
{
	char key[sizeof(s->kernel_key)];

	snprintf(key, sizeof(key), "%.80s %d %.300s", s->result.release, s->result.hz,
		 s->result.where);
	if (s->seen > 1 && strcmp(key, s->kernel_key) != 0)
		s->kernel++;
	memcpy(s->kernel_key, key, sizeof(key));
}

static int take_part(struct ka_stream *s, struct nn_err *err)
{
	struct ka_part part;
	int ret;

	if (!s->result.plan)
		return 0;
	ret = ka_part_decode(&part, &s->place, s->result.plan, err);
	if (ret)
		return ret;
	if (s->seen > 1 && (ka_part_differs(&s->part, &part) || s->part.shard != part.shard))
		return nn_refuse(err,
				 "it belongs to shard %u/%u with seed %llu, the lines before "
				 "do not; give each part as a file of its own",
				 part.shard, part.shards, (unsigned long long)part.seed);
	s->part = part;
	s->has_part = true;
	return 0;
}

static int decode(struct ka_stream *s, struct nn_err *err)
{
	json_t *json = json_loads(s->text, 0, NULL);
	struct nn_err why = { "it is not JSON" };
	int ret = json ? ka_result_decode(&s->result, json, &why) : -EINVAL;

	if (!ret) {
		s->seen++;
		ret = take_part(s, &why);
	}
	if (!ret) {
		s->text[strcspn(s->text, "\n")] = '\0';
		s->result.line = s->text;
		count_kernel(s);
		return 0;
	}
	ka_result_clear(&s->result);
	return nn_refuse(err, "%s:%u is no result of kacheck: %s", s->name, s->line, why.text);
}

static bool is_blank(const char *text)
{
	return !text[strspn(text, " \t\r\n")];
}

static void check_whole(struct ka_join *join, struct ka_stream *s)
{
	unsigned want = s->part.part * s->part.kernels;

	if (s->cut || (s->has_part && s->seen < want))
		tell(join, "%s is cut short after %u result%s%s", s->name, s->seen,
		     s->seen == 1 ? "" : "s", s->has_part ? ", there must be more" : "");
}

/* Reads on. 0 (.result.json NULL: the end) or -errno. */
static int advance(struct ka_join *join, struct ka_stream *s, struct nn_err *err)
{
	ssize_t len;
	int ret;

	s->result.json = NULL;
	do {
		len = ka_result_read_line(s->file, &s->text, &s->room, err);
		s->line += len > 0;
	} while (len > 0 && is_blank(s->text));
	if (len < 0)
		return nn_prefix(err, (int)len, "cannot read %s", s->name);
	if (!len) {
		check_whole(join, s);
		return 0;
	}
	ret = decode(s, err);
	if (ret && s->text[len - 1] != '\n') { /* whoever wrote it was stopped */
		s->cut = true;
		check_whole(join, s);
		return 0;
	}
	return ret;
}

int ka_join_open(struct ka_join *join, const char *path, struct nn_err *err)
{
	struct ka_stream *s;
	int ret;

	if (ka_grow(&join->streams, &join->room, join->n + 1, sizeof(*join->streams)) < 0)
		return nn_fail(err, ENOMEM, "cannot read %s", path);
	s = &join->streams[join->n];
	*s = (struct ka_stream){ .name = path };
	s->file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	if (!s->file)
		return nn_fail(err, errno, "cannot open %s", path);
	join->n++;
	ret = advance(join, s, err);
	if (ret || s->result.json)
		return ret;
	if (!s->cut)
		tell(join, "%s has no result in it", path);
	return -ENODATA;
}

/* ---- which belong together ---------------------------------------------------------------------- */

static bool has_shard(const struct ka_join *join, size_t before, size_t set, unsigned shard,
		      const struct ka_stream **found)
{
	for (size_t i = 0; i < before; i++)
		if (join->streams[i].set == set && join->streams[i].part.shard == shard) {
			*found = &join->streams[i];
			return true;
		}
	return false;
}

static bool is_shard(const struct ka_stream *s)
{
	return s->has_part && s->part.shards > 1;
}

/* A set of parts of the same plan without this shard, of the same kernel if there is one. SIZE_MAX:
 * none; then *@twin, unless NULL, is the same shard on the same kernel. */
static size_t find_set(const struct ka_join *join, size_t i, const struct ka_stream **twin)
{
	const struct ka_stream *s = &join->streams[i], *found;
	size_t best = SIZE_MAX;

	for (size_t j = 0; j < i; j++) {
		const struct ka_stream *other = &join->streams[j];
		bool same_kernel = strcmp(other->kernel_key, s->kernel_key) == 0;

		if (!is_shard(other) || ka_part_differs(&other->part, &s->part))
			continue;
		if (has_shard(join, i, other->set, s->part.shard, &found)) {
			if (strcmp(found->kernel_key, s->kernel_key) == 0)
				*twin = found;
		} else if (best == SIZE_MAX || same_kernel) {
			best = other->set;
		}
	}
	return best;
}

/* Shards of one plan have to be of one plan. */
static int check_plans(const struct ka_join *join, size_t i, struct nn_err *err)
{
	const struct ka_stream *s = &join->streams[i];

	for (size_t j = 0; j < i; j++) {
		const struct ka_stream *other = &join->streams[j];
		const char *what = is_shard(other) ? ka_part_differs(&other->part, &s->part) : NULL;

		if (what)
			return nn_refuse(err,
					 "%s and %s are parts of different plans: the %s differ%s; "
					 "their seeds are %llu and %llu",
					 other->name, s->name, what,
					 what[strlen(what) - 1] == 's' ? "" : "s",
					 (unsigned long long)other->part.seed,
					 (unsigned long long)s->part.seed);
	}
	return 0;
}

static int sort_one(struct ka_join *join, size_t i, struct nn_err *err)
{
	struct ka_stream *s = &join->streams[i];
	const struct ka_stream *twin = NULL;
	size_t set = SIZE_MAX;
	int ret = 0;

	if (is_shard(s)) {
		ret = check_plans(join, i, err);
		set = find_set(join, i, &twin);
	}
	if (set == SIZE_MAX && twin) {
		tell(join, "shard %u/%u is there twice: %s is left out, %s counts", s->part.shard,
		     s->part.shards, s->name, twin->name);
		ka_result_clear(&s->result);
		s->has_part = false;
	}
	s->set = set == SIZE_MAX ? join->n_sets++ : set;
	return ret;
}

/* The dealing gives each shard an instance as long as there are any. */
static void find_missing(struct ka_join *join, size_t set, const struct ka_stream *first)
{
	unsigned last = (unsigned)ka_lesser(first->part.shards, first->part.instances);
	const struct ka_stream *found;

	for (unsigned shard = 1; shard <= last; shard++)
		if (!has_shard(join, join->n, set, shard, &found))
			tell(join, "shard %u/%u of the plan with seed %llu is missing", shard,
			     first->part.shards, (unsigned long long)first->part.seed);
}

int ka_join_sort(struct ka_join *join, struct nn_err *err)
{
	int ret = 0;

	for (size_t i = 0; i < join->n && !ret; i++)
		ret = sort_one(join, i, err);
	for (size_t set = 0; set < join->n_sets && !ret; set++)
		for (size_t i = 0; i < join->n; i++) {
			if (join->streams[i].set != set)
				continue;
			if (is_shard(&join->streams[i]))
				find_missing(join, set, &join->streams[i]);
			break;
		}
	return ret;
}

/* ---- all of them ---------------------------------------------------------------------------------- */

/* Run after run, kernel after kernel, in the order of the plan. */
static bool comes_before(const struct ka_stream *a, const struct ka_stream *b)
{
	if (a->set != b->set)
		return a->set < b->set;
	if (a->kernel != b->kernel)
		return a->kernel < b->kernel;
	return a->place < b->place;
}

/* The line of what is handed on stays, while the next one is read. */
static void swap_lines(struct ka_stream *s)
{
	char *text = s->text;
	size_t room = s->room;

	s->text = s->given;
	s->room = s->given_room;
	s->given = text;
	s->given_room = room;
}

int ka_join_next(struct ka_join *join, struct ka_result *ret, struct nn_err *err)
{
	struct ka_stream *next = NULL;
	int error;

	for (size_t i = 0; i < join->n; i++) {
		struct ka_stream *s = &join->streams[i];

		if (s->result.json && (!next || comes_before(s, next)))
			next = s;
	}
	if (!next)
		return 0;
	*ret = next->result;
	swap_lines(next);
	error = advance(join, next, err);
	if (error)
		ka_result_clear(ret);
	return error ? error : 1;
}

unsigned ka_join_planned(const struct ka_join *join)
{
	unsigned n = 0;

	for (size_t i = 0; i < join->n; i++) {
		if (!join->streams[i].has_part && join->streams[i].result.json)
			return 0;
		if (join->streams[i].has_part)
			n += join->streams[i].part.part * join->streams[i].part.kernels;
	}
	return n;
}

void ka_join_free(struct ka_join *join)
{
	for (size_t i = 0; i < join->n; i++) {
		struct ka_stream *s = &join->streams[i];

		ka_result_clear(&s->result);
		free(s->text);
		free(s->given);
		if (s->file != stdin)
			fclose(s->file);
	}
	free(join->streams);
	*join = (struct ka_join){ .n = 0 };
}
