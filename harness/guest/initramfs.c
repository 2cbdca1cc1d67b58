/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the initramfs with libarchive. The program and its shared objects are those that run now, or those
 * of another machine (binary.h). They go to /lib, where LD_LIBRARY_PATH points in the guest; the loader
 * itself goes where the program asks for it.
 */
#include "guest/initramfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/apart.h"
#include "guest/binary.h"
#include "guest/copies.h"
#include "guest/library.h"
#include "guest/machine.h"
#include "model/util.h"

#define BLOCK 65536

struct ka_initramfs {
	struct ka_libarchive call;
	struct archive *archive;
};

static int archive_failed(const struct ka_initramfs *initramfs, struct archive *archive,
			  const char *doing, const char *path, struct nn_err *err)
{
	int code = initramfs->call.archive_errno(archive);
	const char *text = initramfs->call.archive_error_string(archive);

	return nn_fail(err, code > 0 ? code : EIO, "%s %s: %s", doing, path,
		       text ? text : "libarchive gives no reason");
}

/* ---- entries ------------------------------------------------------------------------------ */

/* What an entry says of itself besides its path. */
struct entry {
	mode_t mode;
	uid_t uid;
	gid_t gid;
	size_t size;
	const char *target; /* of a link */
};

static int write_header(struct ka_initramfs *initramfs, const char *path, const struct entry *says,
			struct nn_err *err)
{
	const struct ka_libarchive *call = &initramfs->call;
	struct archive_entry *entry = call->archive_entry_new();
	int ret = 0;

	if (!entry)
		return nn_fail(err, ENOMEM, "initramfs");
	call->archive_entry_set_pathname(entry, path + (*path == '/'));
	call->archive_entry_set_mode(entry, says->mode);
	call->archive_entry_set_uid(entry, says->uid);
	call->archive_entry_set_gid(entry, says->gid);
	call->archive_entry_set_size(entry, (la_int64_t)says->size);
	call->archive_entry_set_mtime(entry, 0, 0);
	if (S_ISLNK(says->mode))
		call->archive_entry_set_symlink(entry, says->target);
	if (call->archive_write_header(initramfs->archive, entry) != ARCHIVE_OK)
		ret = archive_failed(initramfs, initramfs->archive, "initramfs:", path, err);
	call->archive_entry_free(entry);
	return ret;
}

int ka_initramfs_folder(struct ka_initramfs *initramfs, const char *path, struct nn_err *err)
{
	const struct entry folder = { .mode = S_IFDIR | 0755 };

	return write_header(initramfs, path, &folder, err);
}

/* The folders above @path; that one is there twice does no harm. */
static int write_folders_above(struct ka_initramfs *initramfs, const char *path, struct nn_err *err)
{
	char folder[PATH_MAX];
	int ret = 0;

	for (const char *at = path + 1; ret == 0 && (at = strchr(at, '/')); at++) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(at - path), path);
		ret = ka_initramfs_folder(initramfs, folder, err);
	}
	return ret;
}

static int write_file(struct ka_initramfs *initramfs, const char *path, const struct entry *says,
		      const void *data, struct nn_err *err)
{
	int ret = write_header(initramfs, path, says, err);

	if (ret == 0 && initramfs->call.archive_write_data(initramfs->archive, data, says->size) !=
				(la_ssize_t)says->size)
		ret = archive_failed(initramfs, initramfs->archive, "initramfs:", path, err);
	return ret;
}

int ka_initramfs_add(struct ka_initramfs *initramfs, const char *path, const void *data,
		     size_t size, struct nn_err *err)
{
	const struct entry file = { .mode = S_IFREG | 0755, .size = size };

	return write_file(initramfs, path, &file, data, err);
}

/* Adds the host's file @from as @path, as @says; of its size, what it is when it is read. */
static int copy_file_as(struct ka_initramfs *initramfs, const char *path, const char *from,
			struct entry *says, struct nn_err *err)
{
	int fd = open(from, O_RDONLY | O_CLOEXEC), ret = 0;
	struct stat st = { .st_size = 0 };
	void *data = NULL;

	if (fd < 0)
		return nn_fail(err, errno, "cannot read %s", from);
	if (fstat(fd, &st) < 0)
		ret = nn_fail(err, errno, "cannot read %s", from);
	if (ret == 0 && st.st_size > 0)
		data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		ret = nn_fail(err, errno, "cannot read %s", from);
	says->size = (size_t)st.st_size;
	if (ret == 0)
		ret = write_file(initramfs, path, says, data, err);
	if (data && data != MAP_FAILED)
		munmap(data, (size_t)st.st_size);
	close(fd);
	return ret;
}

/* For everybody to execute: this program, and what it has loaded. */
static int copy_file(struct ka_initramfs *initramfs, const char *path, const char *from,
		     struct nn_err *err)
{
	struct entry file = { .mode = S_IFREG | 0755 };

	return copy_file_as(initramfs, path, from, &file, err);
}

int ka_initramfs_copy(struct ka_initramfs *initramfs, const char *path, const char *from,
		      const struct stat *st, const char *target, struct nn_err *err)
{
	struct entry says = {
		.mode = st->st_mode, .uid = st->st_uid, .gid = st->st_gid, .target = target
	};

	if (S_ISREG(st->st_mode))
		return copy_file_as(initramfs, path, from, &says, err);
	if (S_ISDIR(st->st_mode) || S_ISLNK(st->st_mode))
		return write_header(initramfs, path, &says, err);
	return 0;
}

/* ---- decompression ------------------------------------------------------------------------ */

/* Reads all of @from into memory. */
static int read_plain(const struct ka_initramfs *initramfs, struct archive *archive,
		      const char *from, char **data, size_t *size, struct nn_err *err)
{
	struct archive_entry *entry;
	la_ssize_t got;
	char *grown;

	if (initramfs->call.archive_read_open_filename(archive, from, BLOCK) != ARCHIVE_OK ||
	    initramfs->call.archive_read_next_header(archive, &entry) != ARCHIVE_OK)
		return archive_failed(initramfs, archive, "cannot read", from, err);
	for (*size = 0;; *size += (size_t)got) {
		grown = realloc(*data, *size + BLOCK);
		if (!grown)
			return nn_fail(err, ENOMEM, "cannot read %s", from);
		*data = grown;
		got = initramfs->call.archive_read_data(archive, *data + *size, BLOCK);
		if (got == 0)
			return 0;
		if (got < 0)
			return archive_failed(initramfs, archive, "cannot decompress", from, err);
	}
}

int ka_initramfs_copy_plain(struct ka_initramfs *initramfs, const char *path, const char *from,
			    struct nn_err *err)
{
	struct archive *archive = initramfs->call.archive_read_new();
	char *data = NULL;
	size_t size = 0;
	int ret;

	if (!archive)
		return nn_fail(err, ENOMEM, "cannot read %s", from);
	initramfs->call.archive_read_support_filter_all(archive);
	initramfs->call.archive_read_support_format_raw(archive);
	ret = read_plain(initramfs, archive, from, &data, &size, err);
	if (ret == 0)
		ret = ka_initramfs_add(initramfs, path, data, size, err);
	free(data);
	initramfs->call.archive_read_free(archive);
	return ret;
}

/* ---- the program and what it has loaded --------------------------------------------------- */

static int write_program(struct ka_initramfs *initramfs, const struct ka_objects *objects,
			 struct nn_err *err)
{
	char path[PATH_MAX];
	int ret;

	ret = copy_file(initramfs, "/init", objects->program, err);
	for (size_t i = 0; ret == 0 && i < objects->n; i++) {
		snprintf(path, sizeof(path), "/lib%s", strrchr(objects->paths[i], '/'));
		ret = copy_file(initramfs, path, objects->paths[i], err);
	}
	if (ret < 0 || !*objects->loader)
		return ret;
	ret = write_folders_above(initramfs, objects->loader, err);
	return ret < 0 ? ret : copy_file(initramfs, objects->loader, objects->loader_file, err);
}

/* ---- the archive -------------------------------------------------------------------------- */

static int begin_archive(struct ka_initramfs *initramfs, int fd, struct nn_err *err)
{
	static const char *const folders[] = { "/lib", "/proc", "/sys", "/dev", "/run", "/tmp" };
	const struct ka_libarchive *call = &initramfs->call;
	int ret = 0;

	initramfs->archive = call->archive_write_new();
	if (!initramfs->archive)
		return nn_fail(err, ENOMEM, "initramfs");
	call->archive_write_set_format_cpio_newc(initramfs->archive);
	call->archive_write_set_bytes_per_block(initramfs->archive, BLOCK);
	if (call->archive_write_open_fd(initramfs->archive, fd) != ARCHIVE_OK)
		return archive_failed(initramfs, initramfs->archive, "initramfs", "", err);
	for (size_t i = 0; ret == 0 && i < KA_N(folders); i++)
		ret = ka_initramfs_folder(initramfs, folders[i], err);
	return ret;
}

/* The program as /init, its shared objects, and empty folders to mount on. What this one has loaded is
 * listed before libarchive is, with all that it brings along. */
static int begin_with_program(struct ka_initramfs *initramfs, const struct ka_guest_kernel *kernel,
			      int fd, struct nn_err *err)
{
	struct ka_objects objects;
	int ret = *kernel->program ? ka_objects_of(&objects, kernel->program, kernel->arch, err)
				   : ka_objects_list(&objects, err);

	if (ret == 0)
		ret = ka_libarchive_load(&initramfs->call, err);
	if (ret == 0)
		ret = begin_archive(initramfs, fd, err);
	if (ret == 0)
		ret = write_program(initramfs, &objects, err);
	ka_objects_free(&objects);
	return ret;
}

static int add_job(struct ka_initramfs *initramfs, const struct ka_guest_job *job,
		   struct nn_err *err)
{
	char *text = ka_guest_job_text(job);
	int ret;

	if (!text)
		return nn_fail(err, ENOMEM, "cannot write the job of a guest");
	ret = ka_initramfs_add(initramfs, KA_GUEST_JOB_PATH, text, strlen(text), err);
	free(text);
	return ret;
}

/* An archive that is not closed is cut off. */
static int write_initramfs(const struct ka_guest_kernel *kernel, const struct ka_guest_job *job,
			   const char *const *copies, int fd, struct nn_err *err)
{
	struct ka_initramfs initramfs = { .archive = NULL };
	int ret = begin_with_program(&initramfs, kernel, fd, err);

	if (ret == 0)
		ret = add_job(&initramfs, job, err);
	if (ret == 0 && kernel->machine->has_modules)
		ret = ka_modules_add(kernel, &initramfs, job->program ? "overlay" : "", err);
	if (ret == 0 && job->program && !job->hostfs)
		ret = ka_copies_add(&initramfs, copies, err);
	if (ret == 0 && initramfs.call.archive_write_close(initramfs.archive) != ARCHIVE_OK)
		ret = archive_failed(&initramfs, initramfs.archive, "initramfs", "", err);
	if (initramfs.archive)
		initramfs.call.archive_write_free(initramfs.archive);
	return ret;
}

/* ---- the process -------------------------------------------------------------------------- */

/* What write_initramfs() is called with. */
struct parts {
	const struct ka_guest_kernel *kernel;
	const struct ka_guest_job *job;
	const char *const *copies;
	int fd;
};

static int write_parts(void *arg, struct nn_err *err)
{
	const struct parts *parts = arg;

	return write_initramfs(parts->kernel, parts->job, parts->copies, parts->fd, err);
}

int ka_pack(const struct ka_guest_kernel *kernel, const struct ka_guest_job *job,
	    const char *const *copies, struct nn_err *err)
{
	struct parts parts = { kernel, job, copies,
			       memfd_create("kacheck-initramfs", MFD_CLOEXEC) };
	int ret;

	if (parts.fd < 0)
		return nn_fail(err, errno, "initramfs");
	ret = ka_apart(write_parts, &parts, "writing the initramfs", err);
	if (ret == 0)
		return parts.fd;
	close(parts.fd);
	return ret;
}
