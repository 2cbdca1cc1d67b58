/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arm64: an Image as Debian ships it, one that gzip has packed (Ubuntu), or one that unpacks itself
 * where there is EFI (zboot, Fedora): Documentation/arch/arm64/booting.rst, linux/pe.h. QEMU's machine has
 * no EFI, and older ones cannot unpack.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest/image.h"
#include "guest/unpack.h"

#define FLAGS_AT 0x18
#define MAGIC_AT 0x38
#define PE_AT    0x3c /* offset of the header that EFI reads */
#define HEAD     0x40

/* Of the header for EFI: how many sections, how much stands before them, and of each where it is. */
#define PE_SECTIONS_AT 6
#define PE_OPTIONAL_AT 20
#define PE_HEAD        24
#define SECTION        40
#define SECTION_SIZE   16
#define SECTION_START  20

/* zboot: "MZ", 0, 0, "zimg", where what is packed begins, and its size. */
#define ZBOOT_AT 4
#define ZBOOT    "zimg"

static uint32_t number(const struct ka_image_bytes *bytes, size_t at, unsigned size)
{
	uint32_t value = 0;

	while (size && at + size <= bytes->size)
		value = value << 8 | bytes->data[at + --size];
	return value;
}

static bool has(const struct ka_image_bytes *bytes, size_t at, const char *text)
{
	size_t length = strlen(text);

	return at + length <= bytes->size && memcmp(bytes->data + at, text, length) == 0;
}

static bool is_plain(const struct ka_image_bytes *bytes)
{
	return has(bytes, MAGIC_AT, "ARM\x64");
}

/* What is packed, in @part. False: nothing is. */
static bool is_packed(const struct ka_image_bytes *bytes, struct ka_image_bytes *part)
{
	size_t at = number(bytes, ZBOOT_AT + 4, 4), size = number(bytes, ZBOOT_AT + 8, 4);

	*part = *bytes;
	if (has(bytes, 0, "\x1f\x8b"))
		return true;
	if (!has(bytes, 0, "MZ") || !has(bytes, ZBOOT_AT, ZBOOT))
		return false;
	*part = (struct ka_image_bytes){ bytes->data + at, size };
	return true;
}

/* The end of the last section; a file may have more, a signature. 0: it has no such header. */
static uint64_t whole_size(const struct ka_image_bytes *bytes)
{
	size_t pe = number(bytes, PE_AT, 4), at;
	uint64_t whole = 0, end;

	if (!has(bytes, pe, "PE"))
		return 0;
	at = pe + PE_HEAD + number(bytes, pe + PE_OPTIONAL_AT, 2);
	for (uint32_t n = number(bytes, pe + PE_SECTIONS_AT, 2); n; n--, at += SECTION) {
		end = (uint64_t)number(bytes, at + SECTION_START, 4) +
		      number(bytes, at + SECTION_SIZE, 4);
		whole = end > whole ? end : whole;
	}
	return whole;
}

/* "Linux version 6.12.117+deb12-cloud-arm64 (...": what the kernel says when it boots. */
static void read_release(const struct ka_image_bytes *bytes, char *release, size_t size)
{
	static const char banner[] = "Linux version ";
	const size_t length = sizeof(banner) - 1;
	const uint8_t *at = bytes->data, *end = at + bytes->size;

	while ((at = memmem(at, (size_t)(end - at), banner, length))) {
		size_t n = 0;

		at += length;
		while (at + n < end && at[n] > ' ' && at[n] < 127 && n < size - 1)
			n++;
		if (n && *at >= '0' && *at <= '9') {
			snprintf(release, size, "%.*s", (int)n, (const char *)at);
			return;
		}
	}
}

static int check_plain(struct ka_guest_kernel *kernel, const struct ka_image_bytes *bytes,
		       struct nn_err *err)
{
	uint64_t whole = whole_size(bytes);

	if (!is_plain(bytes))
		return nn_refuse(err, "%s is packed, and what is in it is no arm64 kernel (Image)",
				 kernel->file);
	if (bytes->size < whole)
		return nn_refuse(err, "%s is cut short: it has %llu of %llu bytes; fetch it again",
				 kernel->file, (unsigned long long)bytes->size,
				 (unsigned long long)whole);
	if (number(bytes, FLAGS_AT, 1) & 1)
		return nn_refuse(err, "%s is a big-endian kernel; kacheck is little-endian",
				 kernel->file);
	read_release(bytes, kernel->release, sizeof(kernel->release));
	if (!*kernel->release)
		return nn_refuse(err, "%s is a broken kernel image: it has no version",
				 kernel->file);
	return 0;
}

/* Unpacks @part into a file in memory, which the caller owns. */
static int unpack_part(const struct ka_guest_kernel *kernel, const struct ka_image_bytes *bytes,
		       const struct ka_image_bytes *part, struct nn_err *err)
{
	if (part->data > bytes->data + bytes->size ||
	    part->size > (size_t)(bytes->data + bytes->size - part->data))
		return nn_refuse(err, "%s is cut short; fetch it again", kernel->file);
	return ka_unpack(kernel->file, part->data, part->size, err);
}

static int check_packed(struct ka_guest_kernel *kernel, const struct ka_image_bytes *bytes,
			const struct ka_image_bytes *part, struct nn_err *err)
{
	struct ka_image_bytes plain;
	int fd = unpack_part(kernel, bytes, part, err), ret;
	char path[40];

	if (fd < 0)
		return fd;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ret = ka_image_map(path, &plain, err);
	close(fd);
	if (ret < 0)
		return ret;
	ret = check_plain(kernel, &plain, err);
	munmap((void *)plain.data, plain.size);
	return ret;
}

static int check(struct ka_guest_kernel *kernel, const struct ka_image_bytes *bytes,
		 struct nn_err *err)
{
	struct ka_image_bytes part;

	if (bytes->size < HEAD)
		return KA_OTHER_IMAGE;
	if (is_plain(bytes))
		return check_plain(kernel, bytes, err);
	return is_packed(bytes, &part) ? check_packed(kernel, bytes, &part, err) : KA_OTHER_IMAGE;
}

static int unpack(const struct ka_guest_kernel *kernel, struct nn_err *err)
{
	struct ka_image_bytes bytes, part;
	int ret = ka_image_map(kernel->file, &bytes, err);

	if (ret < 0)
		return ret;
	if (!is_plain(&bytes) && is_packed(&bytes, &part))
		ret = unpack_part(kernel, &bytes, &part, err);
	munmap((void *)bytes.data, bytes.size);
	return ret;
}

/* Pointer authentication takes TCG three times as long as all the rest. Kernels before 5.12 do not boot
 * where addresses have 52 bits (lpa2). A second serial line is only on the bus. */
static const char *const machine[] = { "-machine", "virt",
				       "-cpu",     "max,lpa2=off,pauth=off,sve=off",
				       "-device",  "pci-serial,chardev=results",
				       NULL };

const struct ka_image_kind ka_image_arm64 = {
	.arch = &ka_arch_arm64,
	.qemu = "qemu-system-aarch64",
	.package = "qemu-system-arm",
	.machine = machine,
	.console = "ttyAMA0",
	.results = "ttyS0",
	.append = "",
	.check = check,
	.unpack = unpack,
};
