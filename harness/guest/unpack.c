/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See unpack.h. */
#include "guest/unpack.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest/apart.h"
#include "guest/library.h"
#include "model/nearest.h"

struct packed {
	const char *name;
	const void *data;
	size_t size;
	int fd; /* where to */
};

static int refuse(const struct ka_libarchive *call, struct archive *archive,
		  const struct packed *packed, struct nn_err *err)
{
	const char *why = call->archive_error_string(archive);

	return nn_refuse(err, "%s cannot be unpacked: %s; fetch it again", packed->name,
			 why ? why : "libarchive gives no reason");
}

static int copy(const struct ka_libarchive *call, struct archive *archive,
		const struct packed *packed, struct nn_err *err)
{
	struct archive_entry *entry;
	char block[1 << 16];
	la_ssize_t got;

	if (call->archive_read_open_memory(archive, packed->data, packed->size) != ARCHIVE_OK ||
	    call->archive_read_next_header(archive, &entry) != ARCHIVE_OK)
		return refuse(call, archive, packed, err);
	while ((got = call->archive_read_data(archive, block, sizeof(block))) > 0)
		if (write(packed->fd, block, (size_t)got) != got)
			return nn_fail(err, errno, "cannot unpack %s", packed->name);
	return got < 0 ? refuse(call, archive, packed, err) : 0;
}

static int unpack(void *arg, struct nn_err *err)
{
	const struct packed *packed = arg;
	struct ka_libarchive call;
	struct archive *archive;
	int ret = ka_libarchive_load(&call, err);

	if (ret < 0)
		return ret;
	archive = call.archive_read_new();
	if (!archive)
		return nn_fail(err, ENOMEM, "cannot unpack %s", packed->name);
	call.archive_read_support_filter_all(archive);
	call.archive_read_support_format_raw(archive);
	ret = copy(&call, archive, packed, err);
	call.archive_read_free(archive);
	return ret;
}

int ka_unpack(const char *name, const void *data, size_t size, struct nn_err *err)
{
	struct packed packed = { name, data, size, memfd_create("kacheck-unpacked", MFD_CLOEXEC) };
	int ret;

	if (packed.fd < 0)
		return nn_fail(err, errno, "cannot unpack %s", name);
	ret = ka_apart(unpack, &packed, "unpacking", err);
	if (ret == 0)
		return packed.fd;
	close(packed.fd);
	return ret;
}
