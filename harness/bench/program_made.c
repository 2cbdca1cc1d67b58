/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See program_made.h. The file is a row of sets, each a head and its entries; the head is written last,
 * so that a set is there whole or not at all. Locks are those of fcntl(): they end with their process.
 * Instances run in guests that have no libarchive.
 */
#include "bench/program_made.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/bench.h"

/* The byte that is locked while somebody adds a set; those of keys are behind it. */
#define END_LOCK 0

struct head {
	uint64_t key;
	uint64_t size; /* of the entries */
};

/* Behind it: the path with its zero, the content (a link: what it points to with its zero). */
struct entry {
	uint64_t size; /* of the content */
	int64_t mtime_s;
	uint32_t mode, uid, gid;
	uint32_t path_size;
};

int ka_made_open(struct nn_err *err)
{
	int fd = memfd_create("kacheck-made", MFD_CLOEXEC), above;

	if (fd < 0)
		return nn_fail(err, errno, "a file in memory");
	above = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	close(fd);
	return above < 0 ? nn_fail(err, errno, "a file in memory") : above;
}

/* ---- which set-up ----------------------------------------------------------------------------- */

/* FNV-1a. */
static void mix(uint64_t *hash, const void *data, size_t n)
{
	const unsigned char *at = data;

	for (size_t i = 0; i < n; i++)
		*hash = (*hash ^ at[i]) * UINT64_C(0x100000001b3);
}

static void mix_text(uint64_t *hash, const char *text)
{
	mix(hash, text ? text : "", text ? strlen(text) + 1 : 1);
}

static void mix_file(uint64_t *hash, const struct ka_program_file *file)
{
	mix_text(hash, file->path);
	mix_text(hash, file->user);
	mix(hash, &file->mode, sizeof(file->mode));
	mix(hash, &file->folder, sizeof(file->folder));
	mix(hash, &file->fill, sizeof(file->fill));
	mix(hash, &file->text.n, sizeof(file->text.n));
	mix(hash, file->text.data, file->text.n);
}

uint64_t ka_made_key(const struct ka_program *program)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	if (!program->set_up[0] || program->set_up_each)
		return 0;
	for (size_t i = 0; program->set_up[i]; i++)
		mix_text(&hash, program->set_up[i]);
	mix_text(&hash, NULL);
	for (size_t i = 0; program->env[i]; i++)
		mix_text(&hash, program->env[i]);
	mix_text(&hash, NULL);
	for (size_t i = 0; i < program->n_files; i++)
		if (!program->files[i].late)
			mix_file(&hash, &program->files[i]);
	mix_text(&hash, program->user);
	mix_text(&hash, program->cwd);
	mix_text(&hash, program->rootfs);
	return hash ? hash : 1;
}

/* ---- who makes it ------------------------------------------------------------------------------- */

static int lock(int fd, short type, off_t at)
{
	struct flock flock = { .l_type = type, .l_start = at, .l_len = 1 };
	int ret;

	do
		ret = fcntl(fd, F_SETLKW, &flock);
	while (ret < 0 && errno == EINTR);
	return ret < 0 ? -errno : 0;
}

static off_t lock_of(uint64_t key)
{
	return END_LOCK + 1 + (off_t)(key >> 2);
}

/* Where the entries of @key are; 0: nowhere. @end_at may be NULL: where the next set begins. */
static off_t find(int fd, uint64_t key, struct head *head, off_t *end_at)
{
	off_t at = 0, found = 0;

	while (pread(fd, head, sizeof(*head), at) == (ssize_t)sizeof(*head) && head->key) {
		if (head->key == key) {
			found = at + (off_t)sizeof(*head);
			break;
		}
		at += (off_t)(sizeof(*head) + head->size);
	}
	if (end_at)
		*end_at = at;
	return found;
}

bool ka_made_claim(int fd, uint64_t key)
{
	struct head head;

	if (lock(fd, F_WRLCK, lock_of(key)) < 0 || !find(fd, key, &head, NULL))
		return false;
	ka_made_release(fd, key);
	return true;
}

void ka_made_release(int fd, uint64_t key)
{
	(void)lock(fd, F_UNLCK, lock_of(key));
}

/* ---- putting ------------------------------------------------------------------------------------ */

static int put(int fd, off_t *at, const void *data, size_t n)
{
	const char *from = data;

	while (n) {
		ssize_t done = pwrite(fd, from, n, *at);

		if (done < 0)
			return -errno;
		from += done;
		*at += done;
		n -= (size_t)done;
	}
	return 0;
}

/* Somebody may write to it still: it is as long as what could be read. */
static int put_content(int fd, off_t *at, const char *path, uint64_t *size)
{
	int from = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), ret = 0;
	char buf[1 << 16];
	ssize_t n = 0;

	if (from < 0)
		return -errno;
	*size = 0;
	while (!ret && (n = read(from, buf, sizeof(buf))) > 0) {
		ret = put(fd, at, buf, (size_t)n);
		*size += (uint64_t)n;
	}
	if (!ret && n < 0)
		ret = -errno;
	close(from);
	return ret;
}

static int put_link(int fd, off_t *at, const char *path, uint64_t *size)
{
	char target[4096];
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	*size = (uint64_t)n + 1;
	return put(fd, at, target, *size);
}

/* Sockets and devices belong to a process that is gone. A second name of a file becomes a file. */
static int put_entry(int fd, off_t *at, const FTSENT *file)
{
	const struct stat *st = file->fts_statp;
	struct entry entry = { .mtime_s = st->st_mtime,
			       .mode = st->st_mode,
			       .uid = st->st_uid,
			       .gid = st->st_gid,
			       .path_size = (uint32_t)strlen(file->fts_path) + 1 };
	off_t begin = *at;
	int ret;

	if (!S_ISREG(st->st_mode) && !S_ISLNK(st->st_mode) && !S_ISDIR(st->st_mode))
		return 0;
	*at += (off_t)sizeof(entry);
	ret = put(fd, at, file->fts_path, entry.path_size);
	if (!ret && S_ISREG(st->st_mode))
		ret = put_content(fd, at, file->fts_accpath, &entry.size);
	else if (!ret && S_ISLNK(st->st_mode))
		ret = put_link(fd, at, file->fts_accpath, &entry.size);
	return ret ? ret : put(fd, &begin, &entry, sizeof(entry));
}

static int put_all(int fd, off_t *at)
{
	char here[] = ".", *const paths[] = { here, NULL };
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	const FTSENT *file;
	int ret = 0;

	if (!fts)
		return -errno;
	while (!ret && (file = fts_read(fts)))
		switch (file->fts_info) {
		case FTS_DP:
			break;
		case FTS_DNR:
		case FTS_ERR:
		case FTS_NS:
			ret = file->fts_errno == ENOENT ? 0 : -file->fts_errno;
			break;
		default:
			ret = put_entry(fd, at, file);
		}
	fts_close(fts);
	return ret;
}

/* What a set that failed has left is cut off: a head must be zero until it is written. */
int ka_made_put(int fd, uint64_t key)
{
	struct head head;
	off_t begin, at;
	int ret = lock(fd, F_WRLCK, END_LOCK);

	if (ret)
		return ret;
	(void)find(fd, key, &head, &begin);
	at = begin + (off_t)sizeof(head);
	ret = ftruncate(fd, begin) < 0 ? -errno : put_all(fd, &at);
	if (!ret) {
		head = (struct head){ .key = key,
				      .size = (uint64_t)at - (uint64_t)begin - sizeof(head) };
		ret = put(fd, &begin, &head, sizeof(head));
	} else if (ftruncate(fd, begin) < 0) {
		ret = -errno;
	}
	(void)lock(fd, F_UNLCK, END_LOCK);
	return ret;
}

/* ---- taking ------------------------------------------------------------------------------------- */

static int take_file(const struct entry *entry, const char *path, const char *content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600), ret;
	off_t at = 0;

	if (fd < 0)
		return -errno;
	ret = put(fd, &at, content, entry->size);
	close(fd);
	return ret;
}

static int take_content(const struct entry *entry, const char *path, const char *content)
{
	if (S_ISREG(entry->mode))
		return take_file(entry, path, content);
	if (S_ISDIR(entry->mode))
		return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
	(void)unlink(path);
	return symlink(content, path) < 0 ? -errno : 0;
}

/* The owner first: to give a file away takes its set-user-id bit. */
static int take_entry(const struct entry *entry, const char *path, const char *content, bool owners)
{
	const struct timespec times[2] = { { .tv_sec = entry->mtime_s },
					   { .tv_sec = entry->mtime_s } };
	int ret = take_content(entry, path, content);

	if (!ret && owners && lchown(path, entry->uid, entry->gid) < 0)
		ret = -errno;
	if (!ret && !S_ISLNK(entry->mode) && chmod(path, entry->mode & 07777) < 0)
		ret = -errno;
	if (!ret)
		(void)utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
	return ret;
}

static int take_all(const char *at, const char *end, bool owners)
{
	int ret = 0;

	while (!ret && at < end) {
		struct entry entry;
		const char *path = at + sizeof(entry);

		memcpy(&entry, at, sizeof(entry));
		ret = take_entry(&entry, path, path + entry.path_size, owners);
		at = path + entry.path_size + entry.size;
	}
	return ret;
}

int ka_made_take(int fd, uint64_t key, bool owners)
{
	struct head head;
	off_t at = find(fd, key, &head, NULL);
	size_t size = (size_t)at + head.size;
	char *all;
	int ret;

	if (!at)
		return -ENOENT;
	all = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (all == MAP_FAILED)
		return -errno;
	ret = take_all(all + at, all + size, owners);
	munmap(all, size);
	return ret;
}
