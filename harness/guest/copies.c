/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which files a program needs. The loader says which objects it would load: asked with --list, it loads
 * them and runs nothing of them. Symbolic links are copied as such, with what they lead to, so that
 * each name that works on the host works in the guest.
 */
#include "guest/copies.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/program.h"
#include "model/util.h"

/* As many as the kernel follows. */
#define MAX_LINKS 40

struct copies {
	struct ka_initramfs *initramfs;
	void *added; /* tsearch(): paths that are there */
	struct nn_err *err;
};

/* What every program is given, if the host has it: without these, few set-up lines run. */
static const char *const always[] = {
	"sh",
	"bash",
	"cat",
	"chmod",
	"chown",
	"cp",
	"echo",
	"env",
	"id",
	"install",
	"ln",
	"ls",
	"mkdir",
	"mv",
	"rm",
	"sed",
	"setpriv",
	"sleep",
	"test",
	"touch",
	"true",
	"/etc/passwd",
	"/etc/group",
	"/etc/hosts",
	"/etc/nsswitch.conf",
	"/etc/services",
	"/etc/protocols",
	"/etc/ld.so.cache",
	"/etc/localtime",
	"/etc/ssl/openssl.cnf",
};

static int add_path(struct copies *c, const char *path);

/* ---- entries ------------------------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* 1: it was not there yet, and is now; 0: it was; -ENOMEM. */
static int note(struct copies *c, const char *path)
{
	char **node = tsearch(path, &c->added, compare);

	if (!node)
		return -ENOMEM;
	if (*node != path)
		return 0;
	*node = strdup(path);
	return *node ? 1 : -ENOMEM;
}

/* Adds what @path itself is, of which @st is lstat()'s. */
static int add_entry(struct copies *c, const char *path, const struct stat *st)
{
	char inside[PATH_MAX + 16], target[PATH_MAX] = "";
	int ret = note(c, path);
	ssize_t n = 0;

	if (ret <= 0)
		return ret < 0 ? nn_fail(c->err, ENOMEM, "copies for a guest") : 0;
	if (S_ISLNK(st->st_mode))
		n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return nn_fail(c->err, errno, "cannot read the link %s", path);
	target[n] = '\0';
	snprintf(inside, sizeof(inside), KA_PROGRAM_HOST "%s", path);
	return ka_initramfs_copy(c->initramfs, inside, path, st, target, c->err);
}

/* ---- what a program needs ------------------------------------------------------------------- */

/* The loader that an ELF file asks for; "": none. */
static void read_loader(int fd, char *loader, size_t size)
{
	Elf64_Ehdr head;
	Elf64_Phdr part;

	*loader = '\0';
	if (pread(fd, &head, sizeof(head), 0) != sizeof(head))
		return;
	for (unsigned i = 0; i < head.e_phnum; i++) {
		off_t at = (off_t)(head.e_phoff + (size_t)i * head.e_phentsize);

		if (pread(fd, &part, sizeof(part), at) != sizeof(part) || part.p_type != PT_INTERP)
			continue;
		if (part.p_filesz < size && pread(fd, loader, part.p_filesz,
						  (off_t)part.p_offset) == (ssize_t)part.p_filesz)
			loader[part.p_filesz] = '\0';
	}
}

/* Asks @loader what @path would load. Returns its answer, NULL: there is none. */
static FILE *ask_loader(const char *loader, const char *path, pid_t *pid)
{
	int pipes[2];
	FILE *answer;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return NULL;
	*pid = fork();
	if (*pid == 0) {
		int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

		if (dup2(nothing, 0) == 0 && dup2(pipes[1], 1) == 1 && dup2(nothing, 2) == 2)
			execl(loader, loader, "--list", path, NULL);
		_exit(127);
	}
	close(pipes[1]);
	answer = *pid > 0 ? fdopen(pipes[0], "r") : NULL;
	if (!answer)
		close(pipes[0]);
	return answer;
}

/* Lines are "\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x...)" or "\t/lib64/ld-linux... (0x...)". */
static int add_objects(struct copies *c, const char *loader, const char *path)
{
	char *line = NULL, *at;
	size_t room = 0;
	int ret = add_path(c, loader);
	pid_t pid = -1;
	FILE *answer = ret == 0 ? ask_loader(loader, path, &pid) : NULL;

	while (ret == 0 && answer && getline(&line, &room, answer) > 0) {
		at = strchr(line, '/');
		if (!at)
			continue; /* the vdso, or one that is not found */
		at[strcspn(at, " \n")] = '\0';
		ret = add_path(c, at);
	}
	free(line);
	if (answer)
		fclose(answer);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return ret;
}

/* "#!/usr/bin/env python3": the first word, and what env(1) would look for. */
static int add_interpreter(struct copies *c, const char *line)
{
	char words[2][256] = { "", "" };
	int n = sscanf(line, "#! %255s %255s", words[0], words[1]), ret;

	if (n < 1)
		return 0;
	ret = add_path(c, words[0]);
	if (ret == 0 && n == 2 && strcmp(words[0], "/usr/bin/env") == 0)
		ret = add_path(c, words[1]);
	return ret;
}

static int add_needs(struct copies *c, const char *path)
{
	char begin[512] = "", loader[256];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret = 0;
	ssize_t n;

	if (fd < 0)
		return nn_fail(c->err, errno, "cannot read %s", path);
	n = pread(fd, begin, sizeof(begin) - 1, 0);
	if (n > EI_CLASS && memcmp(begin, ELFMAG, SELFMAG) == 0 && begin[EI_CLASS] == ELFCLASS64) {
		read_loader(fd, loader, sizeof(loader));
		if (*loader)
			ret = add_objects(c, loader, path);
	} else if (n > 2 && begin[0] == '#' && begin[1] == '!') {
		ret = add_interpreter(c, begin);
	}
	close(fd);
	return ret;
}

/* ---- one name ----------------------------------------------------------------------------- */

/* A folder with all that is in it. */
static int add_tree(struct copies *c, const char *path)
{
	char *roots[] = { (char *)path, NULL };
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *entry;
	int ret = 0;

	if (!walk)
		return nn_fail(c->err, errno, "cannot look into %s", path);
	while (ret == 0 && (entry = fts_read(walk))) {
		const struct stat *st = entry->fts_statp;

		if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR ||
		    entry->fts_info == FTS_NS)
			ret = nn_fail(c->err, entry->fts_errno, "cannot read %s", entry->fts_path);
		else if (entry->fts_info != FTS_DP)
			ret = add_entry(c, entry->fts_path, st);
		if (ret == 0 && entry->fts_info == FTS_F && (st->st_mode & 0111))
			ret = add_needs(c, entry->fts_path);
	}
	fts_close(walk);
	return ret;
}

/* The path with the link at its first @length bytes followed; the rest stays. */
static int follow(const char *path, size_t length, char *buf, size_t size)
{
	char target[PATH_MAX], link[PATH_MAX];
	size_t above = 0;
	ssize_t n;

	snprintf(link, sizeof(link), "%.*s", (int)length, path);
	n = readlink(link, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (*target != '/') /* it begins in the folder of the link */
		above = (size_t)(strrchr(link, '/') - link) + 1;
	return (size_t)snprintf(buf, size, "%.*s%s%s", (int)above, path, target, path + length) <
			       size
		       ? 0
		       : -ENAMETOOLONG;
}

/* Adds the folders and links that lead to @path, and makes of it one without links. */
static int add_way(struct copies *c, char *path, size_t size)
{
	char part[PATH_MAX], next[PATH_MAX];
	struct stat st;
	unsigned links = 0;
	size_t at = 0;
	int ret;

	while (path[at]) {
		at += 1 + strcspn(path + at + 1, "/");
		snprintf(part, sizeof(part), "%.*s", (int)at, path);
		if (lstat(part, &st) < 0)
			return nn_fail(c->err, errno, "cannot copy %s for the guest", path);
		if (!S_ISREG(st.st_mode)) {
			ret = add_entry(c, part, &st);
			if (ret < 0)
				return ret;
		}
		if (!S_ISLNK(st.st_mode))
			continue;
		ret = ++links > MAX_LINKS ? -ELOOP : follow(path, at, next, sizeof(next));
		if (ret < 0)
			return nn_fail(c->err, -ret, "cannot copy %s for the guest", path);
		snprintf(path, size, "%s", next);
		at = 0;
	}
	return 0;
}

/* A name without "/" is looked for where a guest's PATH looks. False: it is not there. */
static bool find(const char *name, char *path, size_t size)
{
	static const char *const folders[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
					       "/usr/bin",        "/sbin",          "/bin" };

	snprintf(path, size, "%s", name);
	if (strchr(name, '/'))
		return access(path, F_OK) == 0;
	for (size_t i = 0; i < KA_N(folders); i++) {
		snprintf(path, size, "%s/%s", folders[i], name);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

static int add_path(struct copies *c, const char *name)
{
	char path[PATH_MAX];
	struct stat st;
	int ret;

	if (!find(name, path, sizeof(path)) || *path != '/')
		return nn_fail(c->err, ENOENT, "cannot copy %s for the guest", name);
	ret = add_way(c, path, sizeof(path));
	if (ret < 0 || lstat(path, &st) < 0)
		return ret;
	if (S_ISDIR(st.st_mode))
		return add_tree(c, path);
	if (!S_ISREG(st.st_mode) || tfind(path, &c->added, compare))
		return 0;
	ret = add_entry(c, path, &st);
	return ret == 0 ? add_needs(c, path) : ret;
}

/* Of a host whose /bin is a link to /usr/bin, programs are asked for by either name. */
static int add_root_links(struct copies *c)
{
	static const char *const links[] = {
		"/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32"
	};
	struct stat st;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < KA_N(links); i++)
		if (lstat(links[i], &st) == 0 && S_ISLNK(st.st_mode))
			ret = add_entry(c, links[i], &st);
	return ret;
}

int ka_copies_add(struct ka_initramfs *initramfs, const char *const *list, struct nn_err *err)
{
	struct copies c = { .initramfs = initramfs, .err = err };
	char path[PATH_MAX];
	int ret = ka_initramfs_folder(initramfs, KA_PROGRAM_HOST, err);

	if (ret == 0)
		ret = add_root_links(&c);
	for (size_t i = 0; ret == 0 && i < KA_N(always); i++)
		if (find(always[i], path, sizeof(path)))
			ret = add_path(&c, path);
	for (; ret == 0 && list && *list; list++)
		ret = add_path(&c, *list);
	tdestroy(c.added, free);
	return ret;
}
