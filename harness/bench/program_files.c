/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See program_files.h. */
#include "bench/program_files.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- users ---------------------------------------------------------------------------------- */

/* The file is read as it is: name services are shared objects of another root file system. */
static int find_user(const char *name, struct passwd *out, struct nn_err *err)
{
	static const char nowhere[] = "/";
	FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *pw = NULL;

	if (file)
		while ((pw = fgetpwent(file)) && strcmp(pw->pw_name, name) != 0)
			;
	if (pw)
		*out = *pw;
	if (file)
		fclose(file);
	if (pw)
		return 0;
	if (isdigit((unsigned char)*name)) {
		*out = (struct passwd){ .pw_uid = (uid_t)strtoul(name, NULL, 10),
					.pw_gid = (gid_t)strtoul(name, NULL, 10),
					.pw_dir = (char *)nowhere };
		return 0;
	}
	return nn_refuse(err, "there is no user %s here (is its package installed?)", name);
}

static void find_groups(struct ka_program_root *root, const char *user)
{
	FILE *file = fopen("/etc/group", "re");
	const struct group *group;

	root->groups[root->n_groups++] = root->gid;
	while (file && root->n_groups < KA_PROGRAM_GROUPS && (group = fgetgrent(file)))
		for (char **member = group->gr_mem; *member; member++)
			if (!strcmp(*member, user) && root->n_groups < KA_PROGRAM_GROUPS)
				root->groups[root->n_groups++] = group->gr_gid;
	if (file)
		fclose(file);
}

/* Where there is only one user, everybody is. */
static int learn_user(struct ka_program_root *root, const char *name, struct nn_err *err)
{
	struct passwd pw = { .pw_uid = 0 };
	int ret;

	if (!root->all_ids) {
		root->other_user = true;
		snprintf(root->home, sizeof(root->home), KA_PROGRAM_DIR);
		return 0;
	}
	snprintf(root->home, sizeof(root->home), "/root");
	if (!name)
		return 0;
	ret = find_user(name, &pw, err);
	if (ret)
		return ret;
	root->other_user = pw.pw_uid != 0;
	root->uid = pw.pw_uid;
	root->gid = pw.pw_gid;
	snprintf(root->home, sizeof(root->home), "%s", pw.pw_dir);
	find_groups(root, name);
	return 0;
}

/* ---- files ---------------------------------------------------------------------------------- */

static int own(const struct ka_program_root *root, const char *path, const char *user,
	       struct nn_err *err)
{
	struct passwd pw = { .pw_uid = 0 };
	int ret;

	if (!user || !root->all_ids)
		return 0;
	ret = find_user(user, &pw, err);
	if (ret)
		return ret;
	if (chown(path, pw.pw_uid, pw.pw_gid) < 0)
		return nn_refuse(err, "%s: owner %s: %s", path, user, strerror(errno));
	return 0;
}

/* All folders above @path. */
static void make_above(const char *path)
{
	char part[512];

	for (const char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(at - path), path);
		(void)mkdir(part, 0755);
	}
}

static int write_all(int fd, const struct ka_bytes *text)
{
	size_t done = 0;

	while (done < text->n) {
		ssize_t n = write(fd, text->data + done, text->n - done);

		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return 0;
}

static int make_file(const struct ka_program_file *file)
{
	int fd = open(file->path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600), ret;

	if (fd < 0)
		return -errno;
	ret = write_all(fd, &file->text);
	if (!ret && file->fill && ftruncate(fd, (off_t)(file->text.n + file->fill)) < 0)
		ret = -errno;
	if (!ret && fchmod(fd, file->mode ? file->mode : 0644) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static int make_folder(const struct ka_program_file *file)
{
	if (mkdir(file->path, 0755) < 0 && errno != EEXIST)
		return -errno;
	return chmod(file->path, file->mode ? file->mode : 0755) < 0 ? -errno : 0;
}

static int make(const struct ka_program_root *root, const struct ka_program_file *file,
		struct nn_err *err)
{
	int ret;

	if (*file->path != '/')
		return nn_refuse(err, "%s: a path of a file begins with /", file->path);
	make_above(file->path);
	ret = file->folder ? make_folder(file) : make_file(file);
	if (ret && !root->all_ids)
		return nn_refuse(err, "%s: %s (as root, or below %s, it can be)", file->path,
				 strerror(-ret), KA_PROGRAM_DIR);
	if (ret)
		return nn_refuse(err, "%s: %s", file->path, strerror(-ret));
	return own(root, file->path, file->user, err);
}

/* ---- names ---------------------------------------------------------------------------------- */

/* Anew, since a file of somebody else's cannot be changed. Without one, who asks for a name waits. */
static void put_text(const char *path, const char *text)
{
	int fd;

	(void)unlink(path);
	fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		(void)unlink(path);
	close(fd);
}

/* There is no server of names, and who asks is told so at once. */
static void make_names(const char *hostname)
{
	char hosts[256];

	snprintf(hosts, sizeof(hosts),
		 "127.0.0.1\tlocalhost %s\n::1\tlocalhost ip6-localhost ip6-loopback %s\n",
		 hostname, hostname);
	put_text("/etc/hosts", hosts);
	put_text("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
}

int ka_program_files_make(struct ka_program_root *root, const struct ka_program *program,
			  const char *hostname, struct nn_err *err)
{
	const struct ka_program_file own_folder = { .path = KA_PROGRAM_DIR,
						    .user = program->user,
						    .folder = true };
	int ret = learn_user(root, program->user, err);

	make_names(hostname);
	if (!ret)
		ret = make(root, &own_folder, err);
	for (size_t i = 0; !ret && i < program->n_files; i++)
		ret = make(root, &program->files[i], err);
	return ret;
}

int ka_program_files_make_late(const struct ka_program_root *root, const struct ka_program *program,
			       struct nn_err *err)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < program->n_files; i++)
		if (program->files[i].late)
			ret = make(root, &program->files[i], err);
	return ret;
}
