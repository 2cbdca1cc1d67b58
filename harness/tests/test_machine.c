/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernels and programs for other machines: what a file is for, what it needs, what will not do. */
#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "guest/binary.h"
#include "guest/elf_file.h"
#include "guest/guest.h"
#include "guest/library.h"
#include "model/util.h"
#include "netns/tests/unit.h"

#define IMAGE_SIZE 0x200

/* A file in memory, and its name. */
static int memory_file(const void *bytes, size_t n, char *path, size_t size)
{
	int fd = memfd_create("file", 0);

	assert_int_equal(write(fd, bytes, n), n);
	snprintf(path, size, "/proc/self/fd/%d", fd);
	return fd;
}

/* The error that a kernel is refused with, "" if it is none; asserts that it is one line. */
static int parse(const void *bytes, size_t n, const char *program, struct ka_guest_kernel *kernel,
		 struct nn_err *err)
{
	char path[40], text[64];
	int fd = memory_file(bytes, n, path, sizeof(path)), ret;

	*err = (struct nn_err){ "" };
	snprintf(text, sizeof(text), "image:%s", path);
	ret = ka_guest_kernel_parse(kernel, text, program, err);
	close(fd);
	assert_null(strchr(err->text, '\n'));
	return ret;
}

/* ---- images ------------------------------------------------------------------------------- */

static void put(uint8_t *bytes, size_t at, const void *what, size_t n)
{
	memcpy(bytes + at, what, n);
}

/* The header of an arm64 Image, that for EFI with one section, and the banner. */
static void make_image(uint8_t *bytes, uint8_t flags, uint16_t section_end)
{
	memset(bytes, 0, IMAGE_SIZE);
	put(bytes, 0, "MZ", 2);
	bytes[0x18] = flags;
	put(bytes, 0x38, "ARM\x64", 4);
	bytes[0x3c] = 0x40;
	put(bytes, 0x40, "PE", 2);
	bytes[0x46] = 1;                /* sections */
	bytes[0x54] = 0x10;             /* of so much before them */
	bytes[0x58 + 0x10 + 20] = 0x80; /* its start */
	section_end -= 0x80;
	bytes[0x58 + 0x10 + 16] = section_end & 0xff; /* its size */
	bytes[0x58 + 0x10 + 17] = section_end >> 8;
	snprintf((char *)bytes + 0x180, 0x20, "Linux version %%s");
	snprintf((char *)bytes + 0x1a0, 0x60, "Linux version 6.12.1-cloud-arm64 (debian-kernel)");
}

/* Neither QEMU nor a program for that machine may be here: of a whole image, only these are missing. */
static void is_arm64(const void *bytes, size_t n)
{
	struct ka_guest_kernel kernel;
	struct nn_err err;
	int ret = parse(bytes, n, NULL, &kernel, &err);

	if (ret != 0 && ret != -ENOSYS)
		fail_msg("%d: %s", ret, err.text);
	assert_ptr_equal(kernel.arch, &ka_arch_arm64);
	assert_string_equal(kernel.release, "6.12.1-cloud-arm64");
}

static void is_refused(const void *bytes, size_t n, const char *says)
{
	struct ka_guest_kernel kernel;
	struct nn_err err;

	assert_int_equal(parse(bytes, n, NULL, &kernel, &err), -EINVAL);
	if (!strstr(err.text, says))
		fail_msg("%s", err.text);
}

TEST(plain_image)
{
	uint8_t bytes[IMAGE_SIZE];

	make_image(bytes, 0x0a, IMAGE_SIZE); /* pages of 4 KiB */
	is_arm64(bytes, IMAGE_SIZE);
	make_image(bytes, 0x0e, IMAGE_SIZE); /* 64 KiB */
	is_arm64(bytes, IMAGE_SIZE);
	make_image(bytes, 0x0a, IMAGE_SIZE + 1);
	is_refused(bytes, IMAGE_SIZE, "is cut short: it has 512 of 513 bytes");
	make_image(bytes, 0x0b, IMAGE_SIZE);
	is_refused(bytes, IMAGE_SIZE, "is a big-endian kernel");
	make_image(bytes, 0x0a, IMAGE_SIZE);
	memset(bytes + 0x1a0, 0, 20);
	is_refused(bytes, IMAGE_SIZE, "it has no version");
	bytes[0x3b]++;
	is_refused(bytes, IMAGE_SIZE,
		   "is no kernel image, neither for x86 (bzImage) nor for arm64");
}

/* @bytes by gzip: one block that is stored as it is. */
static size_t pack(uint8_t *to, const uint8_t *bytes, uint16_t n)
{
	static const uint8_t head[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1 };
	uint32_t crc = ~0u;
	size_t at = sizeof(head);

	memcpy(to, head, sizeof(head));
	memcpy(to + at, &n, 2);
	memcpy(to + at + 2, &(uint16_t){ (uint16_t)~n }, 2);
	memcpy(to + at + 4, bytes, n);
	for (size_t i = 0; i < n; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	crc = ~crc;
	memcpy(to + at + 4 + n, &crc, 4);
	memcpy(to + at + 8 + n, &(uint32_t){ n }, 4);
	return at + 12 + n;
}

TEST(packed_image)
{
	uint8_t bytes[IMAGE_SIZE], packed[0x40 + IMAGE_SIZE + 64] = "";
	size_t n;

	make_image(bytes, 0x0a, IMAGE_SIZE);
	n = pack(packed, bytes, IMAGE_SIZE);
	is_arm64(packed, n);
	is_refused(packed, n / 2, "cannot be unpacked: ");
	make_image(bytes, 0x0a, IMAGE_SIZE + 1);
	is_refused(packed, pack(packed, bytes, IMAGE_SIZE), "is cut short");
	memset(bytes, 'x', sizeof(bytes));
	is_refused(packed, pack(packed, bytes, IMAGE_SIZE), "what is in it is no arm64 kernel");
}

/* One that unpacks itself where there is EFI. */
TEST(image_for_efi)
{
	uint8_t bytes[IMAGE_SIZE], packed[0x40 + IMAGE_SIZE + 64] = "MZ";
	uint32_t n, at = 0x40;

	make_image(bytes, 0x0a, IMAGE_SIZE);
	n = (uint32_t)pack(packed + at, bytes, IMAGE_SIZE);
	put(packed, 4, "zimg", 4);
	memcpy(packed + 8, &at, 4);
	memcpy(packed + 12, &n, 4);
	put(packed, 0x18, "gzip", 4);
	is_arm64(packed, at + n);
	is_refused(packed, at + n - 1, "is cut short");
}

/* ---- programs ----------------------------------------------------------------------------- */

/* What the files say that they need is what the loader has loaded. */
TEST(needs_are_what_is_loaded)
{
	struct ka_objects loaded, said;
	struct nn_err err = { "" };
	const char *name;
	size_t found = 0;

	assert_int_equal(ka_objects_list(&loaded, &err), 0);
	if (ka_objects_of(&said, "/proc/self/exe", ka_arch_own(), &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(said.n, loaded.n);
	assert_true(said.n > 1);
	for (size_t i = 0; i < said.n; i++) {
		name = strrchr(said.paths[i], '/');
		for (size_t j = 0; j < loaded.n; j++)
			found += strcmp(name, strrchr(loaded.paths[j], '/')) == 0;
	}
	assert_int_equal(found, said.n);
	assert_string_equal(said.loader, loaded.loader);
	assert_int_equal(access(said.loader_file, R_OK), 0);
	ka_objects_free(&loaded);
	ka_objects_free(&said);
}

/* A program for a machine whose libraries nobody has. */
TEST(what_it_needs_may_be_missing)
{
	static const struct ka_arch moon = { EM_68K, "moon", "moon-linux-gnu" };
	struct ka_objects objects;
	struct nn_err err = { "" };

	assert_int_equal(ka_objects_of(&objects, "/proc/self/exe", &moon, &err), -ENOSYS);
	assert_non_null(
		strstr(err.text, " for moon, which is neither beside it nor in /usr/lib/moon-"));
	ka_objects_free(&objects);
}

/* Every cut of a file that says that it needs things. */
TEST(cut_files_need_nothing_that_is_not_there)
{
	uint8_t bytes[4096];
	struct ka_elf elf;
	int fd = open("/proc/self/exe", O_RDONLY);
	char path[40];
	size_t at;

	assert_int_equal(read(fd, bytes, sizeof(bytes)), sizeof(bytes));
	close(fd);
	for (size_t n = 1; n < sizeof(bytes); n += 7) {
		fd = memory_file(bytes, n, path, sizeof(path));
		if (ka_elf_open(&elf, path, NULL) == 0) {
			(void)ka_elf_loader(&elf);
			for (at = 0; ka_elf_next(&elf, &at);)
				;
		}
		ka_elf_close(&elf);
		close(fd);
	}
}

/* The head of a program for @machine. */
static int program_for(uint16_t machine, char *path, size_t size)
{
	Elf64_Ehdr head = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB },
			    .e_machine = machine,
			    .e_phentsize = sizeof(Elf64_Phdr) };

	return memory_file(&head, sizeof(head), path, size);
}

static void will_not_do(const char *program, int code, const char *says)
{
	uint8_t bytes[IMAGE_SIZE];
	struct ka_guest_kernel kernel;
	struct nn_err err;
	int ret;

	make_image(bytes, 0x0a, IMAGE_SIZE);
	ret = parse(bytes, IMAGE_SIZE, program, &kernel, &err);
	if (ret == -ENOSYS && strstr(err.text, "qemu-system-aarch64 is not installed"))
		return;
	assert_int_equal(ret, code);
	if (!strstr(err.text, says))
		fail_msg("%s", err.text);
}

TEST(programs_that_will_not_do)
{
	char path[40];
	int fd;

	fd = program_for(EM_X86_64, path, sizeof(path));
	will_not_do(path, -EINVAL, " is for amd64, and the kernel ");
	close(fd);
	fd = program_for(EM_RISCV, path, sizeof(path));
	will_not_do(path, -EINVAL, " is for another machine, and the kernel ");
	close(fd);
	fd = program_for(EM_AARCH64, path, sizeof(path));
	will_not_do(path, 0, "");
	close(fd);
	will_not_do("/etc/passwd", -EINVAL, "/etc/passwd is no program (ELF of 64 bits)");
	will_not_do("/nowhere", -ENOENT, "--guest-binary: cannot open /nowhere");
	will_not_do("", -EINVAL, "is no name of a file");
	will_not_do("/", -EINVAL, "/ is no program: not a file");
}
