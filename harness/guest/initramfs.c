/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the initramfs with libarchive. The program and its shared objects are those that run now:
 * what dl_iterate_phdr() names is what the loader found, wherever it was. They go to /lib, where
 * LD_LIBRARY_PATH points in the guest; the loader itself goes where the program asks for it.
 */
#include "guest/initramfs.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 65536

struct ka_initramfs {
	struct archive *archive;
	int fd;
};

/* Where a walk over the shared objects puts them. */
struct objects {
	struct ka_initramfs *initramfs;
	struct nn_err *err;
	char interpreter[PATH_MAX];
};

static int archive_failed(struct archive *archive, const char *doing, const char *path,
			  struct nn_err *err)
{
	int code = archive_errno(archive);
	const char *text = archive_error_string(archive);

	return nn_fail(err, code > 0 ? code : EIO, "%s %s: %s", doing, path,
		       text ? text : "libarchive gives no reason");
}

/* ---- entries ------------------------------------------------------------------------------ */

static int put_header(struct ka_initramfs *initramfs, const char *path, mode_t mode, size_t size,
		      struct nn_err *err)
{
	struct archive_entry *entry = archive_entry_new();
	int ret = 0;

	if (!entry)
		return nn_fail(err, ENOMEM, "initramfs");
	archive_entry_set_pathname(entry, path + (*path == '/'));
	archive_entry_set_mode(entry, mode);
	archive_entry_set_size(entry, (la_int64_t)size);
	archive_entry_set_mtime(entry, 0, 0);
	if (archive_write_header(initramfs->archive, entry) != ARCHIVE_OK)
		ret = archive_failed(initramfs->archive, "initramfs:", path, err);
	archive_entry_free(entry);
	return ret;
}

static int put_folder(struct ka_initramfs *initramfs, const char *path, struct nn_err *err)
{
	return put_header(initramfs, path, S_IFDIR | 0755, 0, err);
}

/* The folders above @path; that one is there twice does no harm. */
static int put_folders_above(struct ka_initramfs *initramfs, const char *path, struct nn_err *err)
{
	char folder[PATH_MAX];
	int ret = 0;

	for (const char *at = path + 1; ret == 0 && (at = strchr(at, '/')); at++) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(at - path), path);
		ret = put_folder(initramfs, folder, err);
	}
	return ret;
}

int ka_initramfs_add(struct ka_initramfs *initramfs, const char *path, const void *data,
		     size_t size, struct nn_err *err)
{
	int ret = put_header(initramfs, path, S_IFREG | 0755, size, err);

	if (ret == 0 && archive_write_data(initramfs->archive, data, size) != (la_ssize_t)size)
		ret = archive_failed(initramfs->archive, "initramfs:", path, err);
	return ret;
}

int ka_initramfs_copy(struct ka_initramfs *initramfs, const char *path, const char *from,
		      struct nn_err *err)
{
	int fd = open(from, O_RDONLY | O_CLOEXEC), ret = 0;
	void *data = MAP_FAILED;
	struct stat st = { .st_size = 0 };

	if (fd < 0)
		return nn_fail(err, errno, "cannot read %s", from);
	if (fstat(fd, &st) == 0)
		data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		ret = nn_fail(err, errno, "cannot read %s", from);
	else
		ret = ka_initramfs_add(initramfs, path, data, (size_t)st.st_size, err);
	if (data != MAP_FAILED)
		munmap(data, (size_t)st.st_size);
	close(fd);
	return ret;
}

/* ---- decompression ------------------------------------------------------------------------ */

/* Reads all of @from into memory. */
static int read_plain(struct archive *archive, const char *from, char **data, size_t *size,
		      struct nn_err *err)
{
	struct archive_entry *entry;
	la_ssize_t got;
	char *grown;

	if (archive_read_open_filename(archive, from, BLOCK) != ARCHIVE_OK ||
	    archive_read_next_header(archive, &entry) != ARCHIVE_OK)
		return archive_failed(archive, "cannot read", from, err);
	for (*size = 0;; *size += (size_t)got) {
		grown = realloc(*data, *size + BLOCK);
		if (!grown)
			return nn_fail(err, ENOMEM, "cannot read %s", from);
		*data = grown;
		got = archive_read_data(archive, *data + *size, BLOCK);
		if (got == 0)
			return 0;
		if (got < 0)
			return archive_failed(archive, "cannot decompress", from, err);
	}
}

int ka_initramfs_copy_plain(struct ka_initramfs *initramfs, const char *path, const char *from,
			    struct nn_err *err)
{
	struct archive *archive = archive_read_new();
	char *data = NULL;
	size_t size = 0;
	int ret;

	if (!archive)
		return nn_fail(err, ENOMEM, "cannot read %s", from);
	archive_read_support_filter_all(archive);
	archive_read_support_format_raw(archive);
	ret = read_plain(archive, from, &data, &size, err);
	if (ret == 0)
		ret = ka_initramfs_add(initramfs, path, data, size, err);
	free(data);
	archive_read_free(archive);
	return ret;
}

/* ---- the program and what it has loaded --------------------------------------------------- */

static int put_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct objects *objects = arg;
	const char *name = info->dlpi_name, *last;
	char path[PATH_MAX];

	(void)size;
	for (int i = 0; i < info->dlpi_phnum && !*name; i++)
		if (info->dlpi_phdr[i].p_type == PT_INTERP) /* the program itself */
			snprintf(objects->interpreter, sizeof(objects->interpreter), "%s",
				 (const char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr));
	if (*name != '/' || strcmp(name, objects->interpreter) == 0)
		return 0; /* the program; the vdso; the loader, which has its own place */
	last = strrchr(name, '/');
	snprintf(path, sizeof(path), "/lib%s", last);
	return ka_initramfs_copy(objects->initramfs, path, name, objects->err);
}

static int put_program(struct ka_initramfs *initramfs, struct nn_err *err)
{
	struct objects objects = { .initramfs = initramfs, .err = err };
	const char *loader = objects.interpreter;
	int ret;

	ret = ka_initramfs_copy(initramfs, "/init", "/proc/self/exe", err);
	if (ret == 0)
		ret = dl_iterate_phdr(put_object, &objects);
	if (ret < 0 || !*loader)
		return ret;
	ret = put_folders_above(initramfs, loader, err);
	return ret < 0 ? ret : ka_initramfs_copy(initramfs, loader, loader, err);
}

/* ---- the archive -------------------------------------------------------------------------- */

static int begin(struct ka_initramfs *initramfs, struct nn_err *err)
{
	static const char *const folders[] = { "/lib", "/proc", "/sys", "/dev", "/run", "/tmp" };
	int ret = 0;

	initramfs->fd = memfd_create("kacheck-initramfs", MFD_CLOEXEC);
	initramfs->archive = archive_write_new();
	if (initramfs->fd < 0 || !initramfs->archive)
		return nn_fail(err, ENOMEM, "initramfs");
	archive_write_set_format_cpio_newc(initramfs->archive);
	archive_write_set_bytes_per_block(initramfs->archive, BLOCK);
	if (archive_write_open_fd(initramfs->archive, initramfs->fd) != ARCHIVE_OK)
		return archive_failed(initramfs->archive, "initramfs", "", err);
	for (size_t i = 0; ret == 0 && i < sizeof(folders) / sizeof(folders[0]); i++)
		ret = put_folder(initramfs, folders[i], err);
	return ret;
}

int ka_initramfs_new(struct ka_initramfs **ret, struct nn_err *err)
{
	struct ka_initramfs *initramfs = calloc(1, sizeof(*initramfs));
	int code;

	if (!initramfs)
		return nn_fail(err, ENOMEM, "initramfs");
	initramfs->fd = -1;
	code = begin(initramfs, err);
	if (code == 0)
		code = put_program(initramfs, err);
	if (code < 0)
		ka_initramfs_free(initramfs);
	else
		*ret = initramfs;
	return code;
}

int ka_initramfs_finish(struct ka_initramfs *initramfs, struct nn_err *err)
{
	int fd = initramfs->fd;

	if (archive_write_close(initramfs->archive) != ARCHIVE_OK)
		return archive_failed(initramfs->archive, "initramfs", "", err);
	initramfs->fd = -1;
	return fd;
}

struct ka_initramfs *ka_initramfs_free(struct ka_initramfs *initramfs)
{
	if (!initramfs)
		return NULL;
	archive_write_free(initramfs->archive);
	if (initramfs->fd >= 0)
		close(initramfs->fd);
	free(initramfs);
	return NULL;
}
