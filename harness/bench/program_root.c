/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See program_root.h. Folder by folder, because an overlay over "/" shows nothing of what is mounted
 * below it, and is forbidden to a user namespace. What cannot be the lower layer of an overlay is bound
 * read-only. The host's folder is never written: an overlay only reads its lower layer.
 */
#include "bench/program_root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/program_files.h"
#include "model/util.h"

#ifndef MOUNT_ATTR_RDONLY
#define MOUNT_ATTR_RDONLY 1
#endif

#define HOSTNAME "kacheck"

/* Where it is put together; covered there by what is mounted, so nothing of it may be needed. */
static const char *const stages[] = { "/tmp", "/mnt", "/var/tmp" };

#define ROOT "root"

struct build {
	const struct ka_program *program;
	struct ka_program_root *root;
	const char *stage; /* "/tmp" */
	int lower;         /* the folder that the program's "/" comes from; O_PATH */
	int covered;       /* the stage as it was before; O_PATH */
	bool host;         /* the lower folder is "/": other file systems are mounted below it */
	unsigned n;        /* overlays made */
	struct nn_err *err;
};

/* ---- one folder --------------------------------------------------------------------------- */

/* The path of @path of the lower folder, which nothing that was mounted since covers. */
static void lower_path(const struct build *b, const char *path, char *buf, size_t size)
{
	size_t len = strlen(b->stage);

	if (b->host && !strncmp(path, b->stage, len) && (path[len] == '/' || !path[len]))
		snprintf(buf, size, "/proc/self/fd/%d%s", b->covered, path + len);
	else
		snprintf(buf, size, "/proc/self/fd/%d%s", b->lower, path);
}

/* An overlay's own folder has the mode and the owner of the one below. */
static int make_layers(struct build *b, const char *lower, char *upper, char *work, size_t size)
{
	struct stat st;

	if (stat(lower, &st) < 0)
		return -errno;
	snprintf(upper, size, "%s/up%u", b->stage, b->n);
	snprintf(work, size, "%s/work%u", b->stage, b->n);
	b->n++;
	if (mkdir(upper, 0755) < 0 || mkdir(work, 0755) < 0)
		return -errno;
	if (b->root->all_ids && chown(upper, st.st_uid, st.st_gid) < 0)
		return -errno;
	return chmod(upper, st.st_mode & 07777) < 0 ? -errno : 0;
}

/* The file system at @path, and all that is mounted on it, but not to be written. */
static int bind_read_only(const char *from, const char *path)
{
	/* struct mount_attr, which not every libc has: set, clear, propagation, user namespace */
	const uint64_t attr[4] = { MOUNT_ATTR_RDONLY };

	if (mount(from, path, NULL, MS_BIND | MS_REC, NULL) < 0)
		return -errno;
	if (syscall(SYS_mount_setattr, -1, path, AT_RECURSIVE, attr, sizeof(attr)) == 0)
		return 0;
	umount2(path, MNT_DETACH);
	return -errno;
}

/* Shows @path of the lower folder at the same place of the new root, where a folder is already.
 * Returns 1 where it could only be bound, with all below it; 0 or -errno. */
static int show(struct build *b, const char *path)
{
	char lower[300], upper[64], work[64], target[300], options[512];
	int ret;

	lower_path(b, path, lower, sizeof(lower));
	snprintf(target, sizeof(target), "%s/" ROOT "%s", b->stage, path);
	ret = make_layers(b, lower, upper, work, sizeof(upper));
	if (ret)
		return ret;
	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s%s", lower, upper,
		 work, b->root->all_ids ? "" : ",userxattr");
	if (!mount("overlay", target, "overlay", 0, options))
		return 0;
	ret = bind_read_only(lower, target);
	return ret ? ret : 1;
}

/* ---- the root folder ------------------------------------------------------------------------ */

/* These the program gets anew. */
static bool is_special(const char *name)
{
	static const char *const names[] = { ".", "..", "proc", "sys", "dev", "run", "lost+found" };

	for (size_t i = 0; i < KA_N(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	/* of a path in the options of an overlay these would be separators */
	return strpbrk(name, ",:\\");
}

static int copy_link(struct build *b, const char *name, const char *target)
{
	char text[256];
	ssize_t n = readlinkat(b->lower, name, text, sizeof(text) - 1);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	return symlink(text, target) < 0 ? -errno : 0;
}

/* Whatever else may lie in a root folder, no program needs. */
static int plant(struct build *b, const char *name)
{
	char path[270], target[300];
	struct stat st;
	int ret;

	if (is_special(name))
		return 0;
	snprintf(path, sizeof(path), "/%s", name);
	snprintf(target, sizeof(target), "%s/" ROOT "%s", b->stage, path);
	if (fstatat(b->lower, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (S_ISLNK(st.st_mode))
		return copy_link(b, name, target);
	if (!S_ISDIR(st.st_mode))
		return 0;
	if (mkdir(target, 0755) < 0)
		return -errno;
	ret = show(b, path);
	/* a folder that this user may not look into, the program may not either */
	if (ret == -EACCES || ret == -EPERM)
		return 0;
	return ret < 0 ? nn_fail(b->err, -ret, "%s in memory", path) : 0;
}

static int plant_all(struct build *b)
{
	char path[64];
	const struct dirent *entry;
	DIR *dir;
	int ret = 0;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", b->lower);
	dir = opendir(path);
	if (!dir)
		return nn_fail(b->err, errno, "the program's root folder");
	while (!ret && (entry = readdir(dir)))
		ret = plant(b, entry->d_name);
	closedir(dir);
	return ret;
}

/* ---- what is mounted below ------------------------------------------------------------------- */

/* Mounts of programs that manage other people's file systems; nobody's program lies there. */
static bool is_of_others(const char *path)
{
	static const char *const prefixes[] = { "/proc",
						"/sys",
						"/dev",
						"/run",
						"/snap",
						"/var/lib/docker",
						"/var/lib/containers",
						"/var/lib/kubelet",
						"/var/lib/lxcfs" };

	for (size_t i = 0; i < KA_N(prefixes); i++) {
		size_t len = strlen(prefixes[i]);

		if (!strncmp(path, prefixes[i], len) && (path[len] == '/' || !path[len]))
			return true;
	}
	return strpbrk(path, ",:\\");
}

/* The first of them at or below a bound folder is shown already. What cannot be shown is missing. */
static void show_mount(struct build *b, const char *path)
{
	char lower[300], target[300];
	struct stat there, below;

	lower_path(b, path, lower, sizeof(lower));
	snprintf(target, sizeof(target), "%s/" ROOT "%s", b->stage, path);
	if (stat(lower, &below) < 0 || stat(target, &there) < 0)
		return;
	if (there.st_dev == below.st_dev && there.st_ino == below.st_ino)
		return;
	if (S_ISDIR(below.st_mode) && S_ISDIR(there.st_mode))
		(void)show(b, path);
	else if (S_ISREG(below.st_mode) && S_ISREG(there.st_mode))
		(void)bind_read_only(lower, target);
}

/* @mounts was read before anything was mounted here. */
static void show_mounts(struct build *b, char *mounts)
{
	char path[256], *line;

	while ((line = strsep(&mounts, "\n")))
		if (sscanf(line, "%*s %*s %*s %*s %255s", path) == 1 && path[1] &&
		    strchr(path + 1, '/') && !is_of_others(path))
			show_mount(b, path);
}

static char *read_mounts(void)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *text = NULL;
	size_t size = 0;

	if (!file)
		return NULL;
	if (getdelim(&text, &size, '\0', file) < 0) {
		free(text);
		text = NULL;
	}
	fclose(file);
	return text;
}

/* ---- what the program gets anew --------------------------------------------------------------- */

static void target_of(const struct build *b, const char *path, char *buf, size_t size)
{
	snprintf(buf, size, "%s/" ROOT "%s", b->stage, path);
}

static void folder(const struct build *b, const char *path, mode_t mode)
{
	char target[128];

	target_of(b, path, target, sizeof(target));
	if (!mkdir(target, mode))
		(void)chmod(target, mode);
}

static int make_links(const struct build *b)
{
	static const char *const links[][2] = { { "/proc/self/fd", "/dev/fd" },
						{ "/proc/self/fd/0", "/dev/stdin" },
						{ "/proc/self/fd/1", "/dev/stdout" },
						{ "/proc/self/fd/2", "/dev/stderr" },
						{ "pts/ptmx", "/dev/ptmx" } };

	for (size_t i = 0; i < KA_N(links); i++) {
		char target[128];

		target_of(b, links[i][1], target, sizeof(target));
		if (symlink(links[i][0], target) < 0)
			return nn_fail(b->err, errno, "%s", links[i][1]);
	}
	return 0;
}

static int device(struct build *b, const char *path)
{
	char target[128];
	int fd;

	target_of(b, path, target, sizeof(target));
	fd = open(target, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
	if (fd < 0)
		return nn_fail(b->err, errno, "%s", path);
	close(fd);
	return mount(path, target, NULL, MS_BIND, NULL) < 0 ? nn_fail(b->err, errno, "%s", path)
							    : 0;
}

static int make_dev(struct build *b)
{
	static const char *const devices[] = { "/dev/null", "/dev/zero", "/dev/full", "/dev/random",
					       "/dev/urandom" };
	char pts[128];
	int ret = 0;

	folder(b, "/dev", 0755);
	folder(b, "/dev/pts", 0755);
	folder(b, "/dev/shm", 01777);
	for (size_t i = 0; !ret && i < KA_N(devices); i++)
		ret = device(b, devices[i]);
	if (!ret)
		ret = make_links(b);
	if (ret)
		return ret;
	(void)device(b, "/dev/tty"); /* whoever runs this may have none */
	target_of(b, "/dev/pts", pts, sizeof(pts));
	(void)mount("devpts", pts, "devpts", 0, "newinstance,ptmxmode=0666,mode=620");
	return 0;
}

/* A program that is root must not change the host's kernel: its sysctls, what stands in /sys. */
static int make_kernel_files(struct build *b)
{
	char proc[128], sys[128];
	int ret;

	folder(b, "/proc", 0555);
	folder(b, "/sys", 0555);
	target_of(b, "/proc", proc, sizeof(proc));
	target_of(b, "/sys", sys, sizeof(sys));
	if (mount("/proc", proc, NULL, MS_BIND | MS_REC, NULL) < 0)
		return nn_fail(b->err, errno, "/proc");
	target_of(b, "/proc/sys", proc, sizeof(proc));
	ret = bind_read_only("/proc/sys", proc);
	if (ret)
		return nn_fail(b->err, -ret, "/proc/sys, read-only");
	target_of(b, "/proc/sysrq-trigger", proc, sizeof(proc));
	(void)bind_read_only("/proc/sysrq-trigger", proc);
	(void)bind_read_only("/sys", sys);
	return 0;
}

/* ---- putting it together ---------------------------------------------------------------------- */

static int open_stage(struct build *b)
{
	for (size_t i = 0; i < KA_N(stages); i++) {
		b->stage = stages[i];
		b->covered = open(b->stage, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (b->covered >= 0)
			return 0;
	}
	return nn_fail(b->err, ENOENT, "none of /tmp, /mnt and /var/tmp is there");
}

/* A file system in memory for what is written, and one, which the program sees, for its root. */
static int mount_stage(struct build *b)
{
	char root[64];

	snprintf(root, sizeof(root), "%s/" ROOT, b->stage);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return nn_fail(b->err, errno, "mounts of its own");
	if (mount("kacheck", b->stage, "tmpfs", 0, "mode=0755") < 0)
		return nn_fail(b->err, errno, "a file system in memory");
	if (mkdir(root, 0755) < 0 || mount("kacheck", root, "tmpfs", 0, "mode=0755") < 0)
		return nn_fail(b->err, errno, "a root file system in memory");
	return 0;
}

/* The new root is "/", and nothing of the old one can be reached. */
static int pivot(const struct build *b)
{
	char root[64];

	snprintf(root, sizeof(root), "%s/" ROOT, b->stage);
	if (chdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
	    umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return nn_fail(b->err, errno, "pivot_root");
	return 0;
}

static int build_root(struct build *b)
{
	char *mounts = b->host ? read_mounts() : NULL;
	int ret = mount_stage(b);

	if (!ret)
		ret = plant_all(b);
	if (!ret && mounts)
		show_mounts(b, mounts);
	free(mounts);
	if (!ret)
		ret = make_dev(b);
	if (!ret)
		ret = make_kernel_files(b);
	if (ret)
		return ret;
	folder(b, "/run", 0755);
	folder(b, "/run/lock", 01777);
	folder(b, "/tmp", 01777);
	ret = pivot(b);
	return ret ? ret : ka_program_files_make(b->root, b->program, HOSTNAME, b->err);
}

/* A lower folder that is missing is a word of the caller's; anything else, this host's. */
static int open_lower(struct build *b)
{
	const char *host = getenv(KA_PROGRAM_HOST_VARIABLE), *rootfs = b->program->rootfs;
	char path[4096];

	b->host = !host && !rootfs;
	snprintf(path, sizeof(path), "%s%s", host ? host : "", rootfs ? rootfs : "/");
	b->lower = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (b->lower < 0)
		return nn_refuse(b->err, "root file system %s: %s", path, strerror(errno));
	return 0;
}

/* What a kernel without overlays says, and a user namespace that may not mount one. */
static int cannot(struct build *b, int ret)
{
	if (ret == -EINVAL) /* a refusal has its words */
		return ret;
	return nn_prefix(b->err, -EOPNOTSUPP,
			 "a root of its own for the program (CONFIG_OVERLAY_FS, Linux 5.12)");
}

/* This process's memory of where it was. */
struct home {
	int mnt, cwd;
};

static int leave(struct build *b, struct home *home)
{
	home->mnt = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	home->cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (home->mnt < 0)
		return nn_fail(b->err, errno, "/proc/self/ns/mnt");
	if (unshare(CLONE_NEWNS) < 0)
		return nn_fail(b->err, errno, "a mount namespace");
	/* what a kernel does not have, it cannot mix up */
	(void)unshare(CLONE_NEWIPC);
	if (!unshare(CLONE_NEWUTS) && sethostname(HOSTNAME, strlen(HOSTNAME)) < 0)
		return nn_fail(b->err, errno, "a host name of its own");
	return 0;
}

static int return_home(struct build *b, const struct home *home)
{
	if (setns(home->mnt, CLONE_NEWNS) < 0)
		return nn_fail(b->err, errno, "back to the mount namespace before");
	if (home->cwd >= 0 && fchdir(home->cwd) < 0)
		return nn_fail(b->err, errno, "back to the folder before");
	return 0;
}

/* In a user namespace with one id that is the caller's. */
static void learn_ids(struct ka_program_root *root)
{
	FILE *file = fopen("/proc/self/uid_map", "re");
	unsigned inside = 0, outside = 0, count = 0;

	root->all_ids = true;
	if (file && fscanf(file, "%u %u %u", &inside, &outside, &count) == 3 && count == 1) {
		root->all_ids = false;
		/* whoever must not be root is somebody */
		root->uid = root->gid = outside ? outside : 1000;
	}
	if (file)
		fclose(file);
}

/* In the new mount namespace: a folder that was opened before would not be of it. */
static int build(struct build *b)
{
	int ret = open_lower(b);

	if (!ret)
		ret = open_stage(b);
	if (!ret)
		b->root->mnt = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (!ret && b->root->mnt < 0)
		ret = nn_fail(b->err, errno, "/proc/self/ns/mnt");
	return ret ? ret : build_root(b);
}

int ka_program_root_build(struct ka_program_root *root, const struct ka_program *program,
			  struct nn_err *err)
{
	struct build b = {
		.program = program, .root = root, .lower = -1, .covered = -1, .err = err
	};
	struct home home = { -1, -1 };
	int ret, back;

	learn_ids(root);
	ret = leave(&b, &home);
	if (!ret) {
		ret = build(&b);
		back = return_home(&b, &home);
		ret = ret ? ret : back;
	}
	ka_close_fd(&home.mnt);
	ka_close_fd(&home.cwd);
	ka_close_fd(&b.lower);
	ka_close_fd(&b.covered);
	return ret ? cannot(&b, ret) : 0;
}

int ka_program_root_enter(const struct ka_program_root *root)
{
	return setns(root->mnt, CLONE_NEWNS) < 0 ? -errno : 0;
}

void ka_program_root_close(struct ka_program_root *root)
{
	ka_close_fd(&root->mnt);
}
