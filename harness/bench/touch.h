/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In a User-mode Linux the first use of a page after a fork stops the process three times, and a call that
 * maps many stops it twice: half of an instance's stops were first uses. So, what an instance needs anyway
 * is mapped at once. Where the kernel cannot (before 5.14), all goes as before.
 */
#ifndef KA_TOUCH_H
#define KA_TOUCH_H

#include <stddef.h>
#include <stdint.h>

/* Data that every process writes to, of the program and of the C library. */
struct ka_touch {
	struct ka_span {
		uintptr_t from, to;
	} program, libraries[4];
	size_t n;
};

void ka_touch_find(struct ka_touch *touch);

/* For a process that will fork: its children have no memory that is free, and have the mapped pages of code and constants, too. A kernel
 * copies the page table only of what was written to, if in one page. */
void ka_touch_before_forks(void);
/* Of a process that was just forked: data, heap and stack. */
void ka_touch_process(const struct ka_touch *touch);
/* Of a thread that has just begun: its stack. */
void ka_touch_stack(void);

#endif
