/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See elf_file.h. A file may be cut short, or no such file at all: each offset is looked at. */
#include "guest/elf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static bool copy(const struct ka_elf *elf, uint64_t at, void *to, size_t size)
{
	if (at > elf->size || elf->size - at < size)
		return false;
	memcpy(to, elf->data + at, size);
	return true;
}

/* The text at @at, if it ends before @end and the file. */
static const char *text(const struct ka_elf *elf, uint64_t at, uint64_t end)
{
	if (end > elf->size || at >= end || !memchr(elf->data + at, '\0', (size_t)(end - at)))
		return NULL;
	return (const char *)elf->data + at;
}

static bool header(const struct ka_elf *elf, size_t i, Elf64_Phdr *segment)
{
	return i < elf->head.e_phnum &&
	       copy(elf, elf->head.e_phoff + i * sizeof(*segment), segment, sizeof(*segment));
}

/* The first segment of this @type. */
static bool find(const struct ka_elf *elf, uint32_t type, Elf64_Phdr *segment)
{
	for (size_t i = 0; header(elf, i, segment); i++)
		if (segment->p_type == type)
			return true;
	return false;
}

/* Where in the file is what is loaded at @address? 0: nowhere. */
static uint64_t offset_of(const struct ka_elf *elf, uint64_t address)
{
	Elf64_Phdr segment;

	for (size_t i = 0; header(elf, i, &segment); i++)
		if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
		    address - segment.p_vaddr < segment.p_filesz)
			return segment.p_offset + (address - segment.p_vaddr);
	return 0;
}

static bool entry(const struct ka_elf *elf, size_t i, Elf64_Dyn *dynamic)
{
	return i < elf->needs_n &&
	       copy(elf, elf->needs_at + i * sizeof(*dynamic), dynamic, sizeof(*dynamic)) &&
	       dynamic->d_tag != DT_NULL;
}

static void read_needs(struct ka_elf *elf)
{
	Elf64_Phdr segment;
	Elf64_Dyn dynamic;
	uint64_t strings = 0, size = 0;

	if (!find(elf, PT_DYNAMIC, &segment))
		return;
	elf->needs_at = segment.p_offset;
	elf->needs_n = segment.p_filesz / sizeof(dynamic);
	for (size_t i = 0; entry(elf, i, &dynamic); i++) {
		if (dynamic.d_tag == DT_STRTAB)
			strings = offset_of(elf, dynamic.d_un.d_ptr);
		if (dynamic.d_tag == DT_STRSZ)
			size = dynamic.d_un.d_val;
	}
	if (!strings || strings > elf->size || elf->size - strings < size)
		return;
	elf->strings = (const char *)elf->data + strings;
	elf->strings_size = size;
}

static int map(struct ka_elf *elf, const char *file, struct nn_err *err)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), ret = 0;
	struct stat st;
	void *data;

	if (fd < 0)
		return nn_fail(err, errno, "cannot open %s", file);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
		ret = nn_refuse(err, "%s is no program: not a file, or empty", file);
	data = ret ? NULL : mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		ret = nn_fail(err, errno, "cannot read %s", file);
	close(fd);
	if (ret == 0)
		*elf = (struct ka_elf){ .data = data, .size = (size_t)st.st_size };
	return ret;
}

int ka_elf_open(struct ka_elf *elf, const char *file, struct nn_err *err)
{
	int ret;

	*elf = (struct ka_elf){ .data = NULL };
	ret = map(elf, file, err);
	if (ret < 0)
		return ret;
	if (!copy(elf, 0, &elf->head, sizeof(elf->head)) ||
	    memcmp(elf->head.e_ident, ELFMAG, SELFMAG) != 0 ||
	    elf->head.e_ident[EI_CLASS] != ELFCLASS64 ||
	    elf->head.e_ident[EI_DATA] != ELFDATA2LSB ||
	    elf->head.e_phentsize != sizeof(Elf64_Phdr)) {
		ka_elf_close(elf);
		return nn_refuse(err, "%s is no program (ELF of 64 bits)", file);
	}
	read_needs(elf);
	return 0;
}

void ka_elf_close(struct ka_elf *elf)
{
	if (elf->data)
		munmap((void *)elf->data, elf->size);
	elf->data = NULL;
}

const char *ka_elf_loader(const struct ka_elf *elf)
{
	Elf64_Phdr segment;

	if (!find(elf, PT_INTERP, &segment) || segment.p_offset > elf->size)
		return NULL;
	return text(elf, segment.p_offset, segment.p_offset + segment.p_filesz);
}

const char *ka_elf_next(const struct ka_elf *elf, size_t *i)
{
	uint64_t strings = elf->strings ? (uint64_t)((const uint8_t *)elf->strings - elf->data) : 0;
	Elf64_Dyn dynamic;

	while (strings && entry(elf, *i, &dynamic)) {
		++*i;
		if (dynamic.d_tag == DT_NEEDED && dynamic.d_un.d_val < elf->strings_size)
			return text(elf, strings + dynamic.d_un.d_val, strings + elf->strings_size);
	}
	return NULL;
}
