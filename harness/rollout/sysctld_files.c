/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files and directories of sysctl settings. A file is read whole and must be the same before and
 * after: half of an old and half of a new one is what nobody will roll out.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/util.h"
#include "rollout/forms.h"
#include "rollout/sysctld.h"

/* ---- one file --------------------------------------------------------------------------- */

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same_state(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       same_time(a->st_mtim, b->st_mtim) && same_time(a->st_ctim, b->st_ctim);
}

/* Reads to the end, or one byte more than a file may have. */
static int read_all(int fd, const char *path, char *text, size_t *size, struct nn_err *err)
{
	ssize_t got;

	for (*size = 0; *size <= KA_SYSCTL_MOST; *size += (size_t)got) {
		got = read(fd, text + *size, KA_SYSCTL_MOST + 1 - *size);
		if (got < 0 && errno == EINTR)
			got = 0;
		else if (got < 0)
			return nn_fail(err, errno, "cannot read %s", path);
		else if (got == 0)
			return 0;
	}
	return ka_sysctl_bad(err, path, 0,
			     "more than %u bytes; a sysctl.d file is text of at most that",
			     KA_SYSCTL_MOST);
}

/* The path is looked up again: the file may have been replaced by another one. */
static int check_unchanged(int fd, const char *path, const struct stat *before, size_t size,
			   struct nn_err *err)
{
	struct stat now, there;

	if (fstat(fd, &now) || stat(path, &there) || !same_state(before, &now) ||
	    !same_state(before, &there) || (size_t)before->st_size != size)
		return ka_sysctl_bad(err, path, 0,
				     "changed while it was read; try again when it is written");
	return 0;
}

static int read_text(int fd, const char *path, char *text, size_t *size, struct nn_err *err)
{
	struct stat before;
	int ret;

	if (fstat(fd, &before))
		return nn_fail(err, errno, "cannot read %s", path);
	if (S_ISREG(before.st_mode) && before.st_size > (off_t)KA_SYSCTL_MOST)
		return ka_sysctl_bad(err, path, 0,
				     "%lld bytes; a sysctl.d file is text of at most %u",
				     (long long)before.st_size, KA_SYSCTL_MOST);
	ret = read_all(fd, path, text, size, err);
	if (!ret && S_ISREG(before.st_mode))
		ret = check_unchanged(fd, path, &before, *size, err);
	return ret;
}

int ka_sysctl_read_text(const char *path, char **out, size_t *size, struct nn_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char *text;
	int ret;

	if (fd < 0)
		return nn_fail(err, errno, "cannot open %s", path);
	text = malloc(KA_SYSCTL_MOST + 2);
	if (!text) {
		close(fd);
		return nn_fail(err, ENOMEM, "%s", path);
	}
	ret = read_text(fd, path, text, size, err);
	close(fd);
	if (ret) {
		free(text);
		return ret;
	}
	text[*size] = '\0';
	*out = text;
	return 0;
}

/* As one of sysctl.d, or, @any, in whatever form. */
static int read_file(struct ka_sysctl_set *set, const char *path, bool any, struct nn_err *err)
{
	char *text = NULL;
	size_t size = 0;
	int ret = ka_sysctl_read_text(path, &text, &size, err);

	if (!ret)
		ret = any ? ka_form_parse(set, path, text, size, err)
			  : ka_sysctl_parse(set, path, text, size, err);
	free(text);
	return ret;
}

/* ---- directories ------------------------------------------------------------------------ */

/* The files of some directories, in the order of their names. */
struct list {
	char **paths;
	size_t n;
};

static const char *base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(base(*(char *const *)a), base(*(char *const *)b));
}

static void list_free(struct list *list)
{
	while (list->n > 0)
		free(list->paths[--list->n]);
	free(list->paths);
}

static bool listed(const struct list *list, const char *name)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (!strcmp(base(list->paths[i]), name))
			return true;
	return false;
}

static int list_add(struct list *list, const char *dir, const char *name, struct nn_err *err)
{
	char **paths = reallocarray(list->paths, list->n + 1, sizeof(*paths));

	if (!paths)
		return nn_fail(err, ENOMEM, "%s/%s", dir, name);
	list->paths = paths;
	if (asprintf(&paths[list->n], "%s/%s", dir, name) < 0)
		return nn_fail(err, ENOMEM, "%s/%s", dir, name);
	list->n++;
	return 0;
}

/* A name that begins with a dot is an editor's own file. */
static bool is_conf(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	if (entry->d_type != DT_REG && entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN)
		return false;
	return *entry->d_name != '.' && len > 5 && !strcmp(entry->d_name + len - 5, ".conf");
}

/* Adds @dir's files but those whose namesakes are there already. */
static int list_dir(struct list *list, const char *dir, struct nn_err *err)
{
	DIR *open_dir = opendir(dir);
	struct dirent *entry;
	int ret = 0;

	if (!open_dir)
		return nn_fail(err, errno, "cannot open %s", dir);
	while (!ret && (errno = 0, entry = readdir(open_dir)))
		if (is_conf(entry) && !listed(list, entry->d_name))
			ret = list_add(list, dir, entry->d_name, err);
	if (!ret && errno)
		ret = nn_fail(err, errno, "cannot read %s", dir);
	closedir(open_dir);
	return ret;
}

/* A link to nothing: both tools pass it over, and it hides its namesakes all the same. */
static bool leads_nowhere(const char *path)
{
	struct stat st;

	return stat(path, &st) && errno == ENOENT && !lstat(path, &st) && S_ISLNK(st.st_mode);
}

static int note_link(struct ka_sysctl_set *set, const char *path, struct nn_err *err)
{
	const char *kept = NULL;
	int ret = ka_sysctl_add_file(set, path, &kept, err);

	return ret ? ret
		   : ka_sysctl_note(set, kept, 0, base(path), err,
				    "a link to a file that is not there; nothing is read");
}

static int read_list(struct ka_sysctl_set *set, struct list *list, struct nn_err *err)
{
	size_t i;
	int ret = 0;

	if (list->n)
		qsort(list->paths, list->n, sizeof(*list->paths), by_name);
	for (i = 0; !ret && i < list->n; i++)
		if (leads_nowhere(list->paths[i]))
			ret = note_link(set, list->paths[i], err);
		else
			ret = read_file(set, list->paths[i], false, err);
	return ret;
}

static int read_dir(struct ka_sysctl_set *set, const char *dir, struct nn_err *err)
{
	struct ka_sysctl_mark mark = ka_sysctl_mark(set);
	struct list list = { 0 };
	int ret = list_dir(&list, dir, err);

	if (!ret && !list.n)
		ret = nn_fail(err, ENOENT, "%s has no file that is called *.conf", dir);
	if (!ret)
		ret = read_list(set, &list, err);
	list_free(&list);
	return ka_sysctl_back(set, mark, ret);
}

/* What has no line "key = value" at all is another kind of file. */
static int check_assigns(const struct ka_sysctl_set *set, struct ka_sysctl_mark mark,
			 struct nn_err *err)
{
	if (set->n > mark.n || set->n_notes == mark.n_notes)
		return 0;
	for (size_t i = mark.n_notes; i < set->n_notes; i++)
		if (!set->notes[i].stray)
			return 0;
	return ka_sysctl_refuse(&set->notes[mark.n_notes], err);
}

int ka_sysctl_read(struct ka_sysctl_set *set, const char *path, struct nn_err *err)
{
	struct ka_sysctl_mark mark = ka_sysctl_mark(set);
	struct stat st;
	int ret;

	if (stat(path, &st))
		return nn_fail(err, errno, "cannot open %s", path);
	if (S_ISDIR(st.st_mode))
		return read_dir(set, path, err);
	ret = read_file(set, path, true, err);
	if (!ret)
		ret = check_assigns(set, mark, err);
	return ka_sysctl_back(set, mark, ret);
}

/* ---- the host's own --------------------------------------------------------------------- */

static const char *const system_dirs[] = {
	"/etc/sysctl.d",     "/run/sysctl.d", "/usr/local/lib/sysctl.d",
	"/usr/lib/sysctl.d", "/lib/sysctl.d",
};

static int list_system(struct list *list, const char *root, struct nn_err *err)
{
	char dir[PATH_MAX];
	size_t i;
	int ret;

	for (i = 0; i < KA_N(system_dirs); i++) {
		snprintf(dir, sizeof(dir), "%s%s", root, system_dirs[i]);
		ret = list_dir(list, dir, err);
		if (ret && ret != -ENOENT)
			return ret;
	}
	return 0;
}

/* True when systemd-sysctl is there: then that is what writes at boot. */
static bool has_systemd(const char *root)
{
	static const char *const paths[] = { "/usr/lib/systemd/systemd-sysctl",
					     "/lib/systemd/systemd-sysctl" };
	char path[PATH_MAX];

	for (size_t i = 0; i < KA_N(paths); i++) {
		snprintf(path, sizeof(path), "%s%s", root, paths[i]);
		if (!access(path, F_OK))
			return true;
	}
	return false;
}

/* Some file of the set is @st, by whatever link. */
static bool is_read(const struct ka_sysctl_set *set, const struct stat *st)
{
	struct stat other;

	for (size_t i = 0; i < set->n_files; i++)
		if (!stat(set->files[i], &other) && other.st_dev == st->st_dev &&
		    other.st_ino == st->st_ino)
			return true;
	return false;
}

/* /etc/sysctl.conf: procps reads it last, systemd-sysctl not at all unless a link leads to it. What it
 * says is looked at all the same: somebody believes in it. */
static int read_last(struct ka_sysctl_set *set, const char *root, struct nn_err *err)
{
	struct ka_sysctl_set unread = { 0 };
	char last[PATH_MAX];
	struct stat st;
	int ret;

	snprintf(last, sizeof(last), "%s/etc/sysctl.conf", root);
	if (stat(last, &st) || (has_systemd(root) && is_read(set, &st)))
		return 0;
	if (!has_systemd(root))
		return read_file(set, last, false, err);
	ret = read_file(&unread, last, false, err);
	ka_sysctl_resolve(&unread);
	for (size_t i = 0; !ret && i < unread.n; i++)
		if (unread.lines[i].fate != KA_SYSCTL_FOREIGN)
			ret = ka_sysctl_pass_over(
				set, &unread.lines[i], err,
				"systemd-sysctl does not read this file: no link in "
				"sysctl.d leads to it (`sysctl --system' reads it)");
	ka_sysctl_free(&unread);
	return ret;
}

int ka_sysctl_read_system_at(struct ka_sysctl_set *set, const char *root, struct nn_err *err)
{
	struct ka_sysctl_mark mark = ka_sysctl_mark(set);
	struct list list = { 0 };
	int ret = list_system(&list, root, err);

	if (!ret)
		ret = read_list(set, &list, err);
	list_free(&list);
	if (!ret)
		ret = read_last(set, root, err);
	return ka_sysctl_back(set, mark, ret);
}

int ka_sysctl_read_system(struct ka_sysctl_set *set, struct nn_err *err)
{
	return ka_sysctl_read_system_at(set, "", err);
}
