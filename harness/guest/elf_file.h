/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program or shared object, of whatever machine, as a file: what it says that it needs. */
#ifndef KA_ELF_FILE_H
#define KA_ELF_FILE_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

#include "netns/err.h"

struct ka_elf {
	const uint8_t *data; /* mapped; NULL: closed */
	size_t size;
	Elf64_Ehdr head;
	const char *strings; /* of what it needs; NULL: it needs nothing */
	size_t strings_size;
	size_t needs_at, needs_n; /* the table of what it needs: offset, entries */
};

/* 0; -EINVAL: it is no such file (64 bits, little-endian); -ENOENT, -EACCES. */
int ka_elf_open(struct ka_elf *elf, const char *file, struct nn_err *err);
/* Safe on zeroes, and twice. */
void ka_elf_close(struct ka_elf *elf);

/* The path of the loader that it asks for; NULL: it needs none. */
const char *ka_elf_loader(const struct ka_elf *elf);
/* The name of the next shared object that it needs, from entry *@i on, which is moved; NULL: that is all. */
const char *ka_elf_next(const struct ka_elf *elf, size_t *i);

#endif
