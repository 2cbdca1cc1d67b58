/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x86: a bzImage. The boot protocol's header: Documentation/arch/x86/boot.rst. */
#include <stdio.h>
#include <string.h>

#include "guest/image.h"

#define SECTS_AT   0x1f1 /* sectors of the set-up code, after a first one */
#define SIZE_AT    0x1f4 /* of what follows, in 16 bytes */
#define MAGIC_AT   0x202
#define VERSION_AT 0x20e /* offset of the version's text, less 0x200 */

/* As many bytes as the header says; a download may have ended early. */
static uint64_t whole_size(const uint8_t *head)
{
	uint64_t sectors = head[SECTS_AT] ? head[SECTS_AT] : 4, size = 0;

	for (int i = 3; i >= 0; i--)
		size = size << 8 | head[SIZE_AT + i];
	return (sectors + 1) * 512 + size * 16;
}

static int check(struct ka_guest_kernel *kernel, const struct ka_image_bytes *bytes,
		 struct nn_err *err)
{
	const uint8_t *head = bytes->data;
	size_t at, length = 0;

	if (bytes->size < VERSION_AT + 2 || memcmp(head + MAGIC_AT, "HdrS", 4) != 0)
		return KA_OTHER_IMAGE;
	at = 0x200u + head[VERSION_AT] + 256u * head[VERSION_AT + 1];
	if (at >= bytes->size)
		return nn_refuse(err, "%s is a broken kernel image: it has no version",
				 kernel->file);
	if (bytes->size < whole_size(head))
		return nn_refuse(err, "%s is cut short: it has %llu of %llu bytes; fetch it again",
				 kernel->file, (unsigned long long)bytes->size,
				 (unsigned long long)whole_size(head));
	while (at + length < bytes->size && head[at + length] && head[at + length] != ' ' &&
	       length < sizeof(kernel->release) - 1)
		length++;
	snprintf(kernel->release, sizeof(kernel->release), "%.*s", (int)length,
		 (const char *)head + at);
	return 0;
}

static const char *const machine[] = { "-cpu", "max,rdrand=off,rdseed=off", "-serial",
				       "chardev:results", NULL };

const struct ka_image_kind ka_image_x86 = {
	.arch = &ka_arch_amd64,
	.qemu = "qemu-system-x86_64",
	.package = "qemu-system-x86",
	.machine = machine,
	.console = "ttyS0",
	.results = "ttyS1",
	.append = "tsc=reliable ",
	.check = check,
};
