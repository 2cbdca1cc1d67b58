/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See proc.h. */
#include "proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "util.h"

struct walk {
	int proc;
	int (*each)(const struct nn_proc_file *file, void *arg);
	void *arg;
	struct nn_unseen unseen;
};

bool nn_proc_text(int proc, const char *process, const char *file, char *buf, size_t size)
{
	int fd __attribute__((cleanup(nn_close_fd))) = -1;
	char path[300];
	ssize_t got;

	snprintf(path, sizeof(path), "%s/%s", process, file);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, buf, size - 1);
	buf[got > 0 ? got : 0] = '\0';
	return got >= 0;
}

void nn_proc_comm(int proc, const char *process, char *buf)
{
	nn_proc_text(proc, process, "comm", buf, 16);
	buf[strcspn(buf, "\n")] = '\0';
}

uint64_t nn_proc_inode(const char *link, const char *kind)
{
	size_t len = strlen(kind);

	if (strncmp(link, kind, len) != 0 || strncmp(link + len, ":[", 2) != 0)
		return 0;
	return strtoull(link + len + 2, NULL, 10);
}

/* Hands out the file @name of @dir. *@hidden: it may not be seen; that is asked again for each file, not
 * only for their list. */
static int walk_link(const struct walk *walk, int dir, const char *name, struct nn_proc_file *file,
		     bool *hidden)
{
	char text[64]; /* a path that is longer is none of those that matter */
	ssize_t len = readlinkat(dir, name, text, sizeof(text) - 1);

	if (len < 0) {
		*hidden = errno == EACCES || errno == EPERM;
		return 0;
	}
	text[len] = '\0';
	file->link = text;
	return walk->each(file, walk->arg);
}

static void count_unseen(struct walk *walk, const char *process)
{
	char comm[16];

	if (walk->unseen.n++)
		return;
	nn_proc_comm(walk->proc, process, comm);
	snprintf(walk->unseen.first, sizeof(walk->unseen.first), "%.20s (%s)", process, comm);
}

static int walk_files(struct walk *walk, struct nn_proc_file *file, DIR *files)
{
	const struct dirent *entry;
	bool hidden = false;
	int ret = 0;

	while (!ret && !hidden && (entry = readdir(files))) {
		if (!isdigit((unsigned char)*entry->d_name))
			continue;
		file->fd = (int)strtol(entry->d_name, NULL, 10);
		ret = walk_link(walk, dirfd(files), entry->d_name, file, &hidden);
	}
	if (hidden)
		count_unseen(walk, file->process);
	return ret;
}

/* A process may end at any time: what is gone is no error. */
static int no_files(struct walk *walk, const char *process, struct nn_err *err)
{
	if (errno == ENOENT || errno == ESRCH)
		return 0;
	if (errno != EACCES && errno != EPERM)
		return nn_fail(err, errno, "files of a process");
	count_unseen(walk, process);
	return 0;
}

static int walk_process(struct walk *walk, const char *process, struct nn_err *err)
{
	struct nn_proc_file file = { .proc = walk->proc, .process = process, .fd = -1 };
	bool hidden = false;
	char path[300];
	DIR *files;
	int fd, ret;

	snprintf(path, sizeof(path), "%s/ns/net", process);
	ret = walk_link(walk, walk->proc, path, &file, &hidden);
	snprintf(path, sizeof(path), "%s/fd", process);
	fd = ret ? -1 : openat(walk->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!ret && fd < 0)
		return no_files(walk, process, err);
	files = ret ? NULL : fdopendir(fd);
	if (!ret && !files) {
		ret = -errno;
		close(fd);
	}
	if (files) {
		ret = walk_files(walk, &file, files);
		closedir(files);
	}
	return ret ? nn_fail(err, -ret, "files of process %s", process) : 0;
}

int nn_proc_walk(const char *path, int (*each)(const struct nn_proc_file *file, void *arg),
		 void *arg, struct nn_unseen *unseen, struct nn_err *err)
{
	struct walk walk = { .each = each, .arg = arg };
	DIR *dir = opendir(path);
	const struct dirent *entry;
	char self[32];
	int ret = 0;

	if (!dir)
		return nn_fail(err, errno, "cannot list %s", path);
	walk.proc = dirfd(dir);
	if (readlinkat(walk.proc, "self", self, sizeof(self)) < 0)
		ret = nn_fail(err, errno, "%s shows no processes (is it a /proc?)", path);
	while (!ret && (entry = readdir(dir)))
		if (isdigit((unsigned char)*entry->d_name))
			ret = walk_process(&walk, entry->d_name, err);
	closedir(dir);
	*unseen = walk.unseen;
	return ret;
}
