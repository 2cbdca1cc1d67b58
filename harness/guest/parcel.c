/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files on their way out of a guest. A serial line carries text: two digits a byte. */
#include "guest/parcel.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/keep.h"

static const char digits[] = "0123456789abcdef";

/* ---- in the guest ------------------------------------------------------------------------- */

/* To be freed; NULL without memory. */
static char *to_hex(const unsigned char *bytes, size_t n)
{
	char *hex = malloc(2 * n + 1);

	if (!hex)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		hex[2 * i] = digits[bytes[i] >> 4];
		hex[2 * i + 1] = digits[bytes[i] & 15];
	}
	hex[2 * n] = '\0';
	return hex;
}

static char *file_as_hex(int fd)
{
	struct stat st;
	void *bytes;
	char *hex;

	if (fstat(fd, &st) < 0)
		return NULL;
	if (st.st_size == 0)
		return strdup("");
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return NULL;
	hex = to_hex(bytes, (size_t)st.st_size);
	munmap(bytes, (size_t)st.st_size);
	return hex;
}

json_t *ka_parcel_pack(const char *folder, const char *name)
{
	char path[PATH_MAX], *hex;
	json_t *json = NULL;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	hex = file_as_hex(fd);
	close(fd);
	unlink(path);
	if (hex)
		json = json_pack("{s:s, s:s}", "name", name, "hex", hex);
	free(hex);
	return json;
}

/* ---- on the host -------------------------------------------------------------------------- */

/* Returns 0..15, or -1. */
static int digit(char c)
{
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* To be freed; NULL: it is no hex, or there is no memory. */
static unsigned char *from_hex(const char *hex, size_t n)
{
	unsigned char *bytes = malloc(n + 1);

	for (size_t i = 0; bytes && i < n; i++) {
		int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);

		if (high < 0 || low < 0) {
			free(bytes);
			return NULL;
		}
		bytes[i] = (unsigned char)(high << 4 | low);
	}
	return bytes;
}

int ka_parcel_unpack(const json_t *parcel, const char *folder, struct nn_err *err)
{
	const char *name = json_string_value(json_object_get(parcel, "name"));
	const char *hex = json_string_value(json_object_get(parcel, "hex"));
	unsigned char *bytes = NULL;
	size_t n = hex ? strlen(hex) : 1;
	int ret;

	if (name && n % 2 == 0)
		bytes = from_hex(hex, n / 2);
	if (!bytes)
		return nn_fail(err, EBADMSG, "the guest sent a file that cannot be read");
	ret = ka_keep_bytes(folder, name, bytes, n / 2, err);
	free(bytes);
	return ret;
}
