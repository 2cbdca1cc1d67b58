/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See places.h. */
#include "places.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proc.h"

struct places {
	const char *proc;
	struct nn_place *list;
	size_t n, room;
};

static int add(struct places *places, const struct nn_place *place)
{
	if (places->n == places->room) {
		size_t room = places->room ? 2 * places->room : 64;
		struct nn_place *list = reallocarray(places->list, room, sizeof(*list));

		if (!list)
			return -ENOMEM;
		places->list = list;
		places->room = room;
	}
	places->list[places->n++] = *place;
	return 0;
}

static int on_file(const struct nn_proc_file *file, void *arg)
{
	struct places *places = arg;
	struct nn_place place = { .inode = nn_proc_inode(file->link, "net") };
	int len;

	if (!place.inode)
		return 0;
	if (file->fd < 0)
		len = snprintf(place.path, sizeof(place.path), "%s/%s/ns/net", places->proc,
			       file->process);
	else
		len = snprintf(place.path, sizeof(place.path), "%s/%s/fd/%d", places->proc,
			       file->process, file->fd);
	if (len < 0 || (size_t)len >= sizeof(place.path))
		return -ENAMETOOLONG;
	nn_proc_comm(file->proc, file->process, place.comm);
	return add(places, &place);
}

/* ---- mounts ------------------------------------------------------------------------------- */

/* In place: "\040" is a blank. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		unsigned code = 0;

		if (*from == '\\' && sscanf(from + 1, "%3o", &code) == 1) {
			*to = (char)code;
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* "97 31 0:4 net:[4026532281] /run/netns/blue rw - nsfs nsfs rw" */
static int on_mount(struct places *places, const char *line)
{
	struct nn_place place = { 0 };
	char root[64];

	if (sscanf(line, "%*d %*d %*s %63s %255s", root, place.path) != 2)
		return 0;
	place.inode = nn_proc_inode(root, "net");
	unescape(place.path);
	return place.inode ? add(places, &place) : 0;
}

static int read_mounts(struct places *places, struct nn_err *err)
{
	char path[256], *line = NULL;
	size_t room = 0;
	int ret = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%.200s/self/mountinfo", places->proc);
	file = fopen(path, "re");
	if (!file)
		return nn_fail(err, errno, "cannot open %s", path);
	while (!ret && getline(&line, &room, file) > 0)
		ret = on_mount(places, line);
	free(line);
	fclose(file);
	return ret ? nn_fail(err, -ret, "network namespaces") : 0;
}

/* ---- all ---------------------------------------------------------------------------------- */

/* A mount has the best name and stays; what a process is in is better than what it holds. */
static int rank(const struct nn_place *place)
{
	return !*place->comm ? 0 : strstr(place->path, "/fd/") ? 2 : 1;
}

static int by_inode(const void *left, const void *right)
{
	const struct nn_place *a = left, *b = right;
	size_t long_a = strlen(a->path), long_b = strlen(b->path);

	if (a->inode != b->inode)
		return a->inode < b->inode ? -1 : 1;
	if (rank(a) != rank(b))
		return rank(a) < rank(b) ? -1 : 1;
	if (long_a != long_b) /* by the number of the process */
		return long_a < long_b ? -1 : 1;
	return strcmp(a->path, b->path);
}

int nn_places_read(struct nn_place **list, size_t *n, struct nn_unseen *unseen, const char *proc,
		   struct nn_err *err)
{
	struct places places = { .proc = proc };
	int ret = nn_proc_walk(proc, on_file, &places, unseen, err);

	if (!ret)
		ret = read_mounts(&places, err);
	if (ret) {
		free(places.list);
		return ret;
	}
	if (places.n)
		qsort(places.list, places.n, sizeof(*places.list), by_inode);
	*list = places.list;
	*n = places.n;
	return 0;
}
