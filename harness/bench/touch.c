/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See touch.h. */
#include "bench/touch.h"

#include <link.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "model/util.h"

#ifndef MADV_POPULATE_READ /* a libc before 2022 */
#define MADV_POPULATE_READ  22
#define MADV_POPULATE_WRITE 23
#endif

/* What an instance takes of each. */
#define HEAP_BYTES   (200 << 10)
#define STACK_BYTES  (48 << 10)
#define THREAD_BYTES (24 << 10)

static uintptr_t page_size(void)
{
	return (uintptr_t)sysconf(_SC_PAGESIZE);
}

/* Its pages. */
static struct ka_span pages_of(uintptr_t from, uintptr_t size)
{
	uintptr_t page = page_size();

	return (struct ka_span){ from & -page, (from + size + page - 1) & -page };
}

static bool populate(struct ka_span span, int how)
{
	return madvise((void *)span.from, span.to - span.from, how) == 0;
}

/* ---- code and constants --------------------------------------------------------------------- */

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strstr(name, *names))
			return true;
	return !*name; /* the program itself */
}

/* A byte is written as it is; what runs goes on to run. */
static void share(struct ka_span span, int protection)
{
	volatile char *byte = (volatile char *)span.from;

	if (mprotect((void *)span.from, span.to - span.from, protection | PROT_WRITE) < 0)
		return;
	*byte = *byte;
	(void)mprotect((void *)span.from, span.to - span.from, protection);
	(void)populate(span, MADV_POPULATE_READ);
}

static int share_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	static const char *const used[] = { "libnftnl.so", "libmnl.so", "libpcap.so", "libjansson",
					    "ld-linux-x",  "libm.so",   "libc.so",    NULL };

	(void)size;
	(void)arg;
	if (!is_one_of(info->dlpi_name, used))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *head = &info->dlpi_phdr[i];

		if (head->p_type == PT_LOAD && !(head->p_flags & PF_W))
			share(pages_of(info->dlpi_addr + head->p_vaddr, head->p_memsz),
			      PROT_READ | (head->p_flags & PF_X ? PROT_EXEC : 0));
	}
	return 0;
}

void ka_touch_before_forks(void)
{
#ifdef M_TRIM_THRESHOLD
	(void)malloc_trim(0);
#endif
	(void)dl_iterate_phdr(share_object, NULL);
}

/* ---- what is written to --------------------------------------------------------------------- */

static int find_data(struct dl_phdr_info *info, size_t size, void *arg)
{
	static const char *const used[] = { "libc.so", "ld-linux-x", NULL };
	struct ka_touch *touch = arg;
	struct ka_span data = { 0, 0 };
	uintptr_t constant = 0; /* until there, since it was relocated */

	(void)size;
	if (!is_one_of(info->dlpi_name, used))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *head = &info->dlpi_phdr[i];
		struct ka_span span = pages_of(info->dlpi_addr + head->p_vaddr, head->p_memsz);

		if (head->p_type == PT_GNU_RELRO)
			constant = span.to;
		if (head->p_type == PT_LOAD && head->p_flags & PF_W)
			data = span;
	}
	data.from = data.from < constant ? constant : data.from;
	if (!*info->dlpi_name)
		touch->program = data;
	else if (data.from < data.to && touch->n < KA_N(touch->libraries))
		touch->libraries[touch->n++] = data;
	return 0;
}

void ka_touch_find(struct ka_touch *touch)
{
	touch->n = 0;
	(void)dl_iterate_phdr(find_data, touch);
}

/* The heap of most systems begins where the @program's data ends. */
static void touch_heap(struct ka_span program)
{
	struct ka_span span;
	char *heap;

#ifdef M_TRIM_THRESHOLD
	/* what is freed is needed again */
	(void)mallopt(M_TRIM_THRESHOLD, INT32_MAX);
	(void)mallopt(M_MMAP_THRESHOLD, 4 * HEAP_BYTES);
#endif
	heap = malloc(HEAP_BYTES);
	if (!heap)
		return;
	span = pages_of((uintptr_t)heap, HEAP_BYTES + page_size());
	if (program.from > span.from ||
	    !populate((struct ka_span){ program.from, span.to }, MADV_POPULATE_WRITE)) {
		(void)populate(program, MADV_POPULATE_WRITE);
		(void)populate(span, MADV_POPULATE_WRITE);
	}
	free(heap);
}

static void touch_stack(size_t bytes)
{
	uintptr_t here = (uintptr_t)&bytes & -page_size();

	(void)populate((struct ka_span){ here - bytes, here }, MADV_POPULATE_WRITE);
}

void ka_touch_process(const struct ka_touch *touch)
{
	for (size_t i = 0; i < touch->n; i++)
		(void)populate(touch->libraries[i], MADV_POPULATE_WRITE);
	touch_heap(touch->program);
	touch_stack(STACK_BYTES);
}

void ka_touch_stack(void)
{
	touch_stack(THREAD_BYTES);
}
