/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an instance needs is mapped before it needs it, and nothing else of it changes. */
#include <sys/mman.h>
#include <sys/wait.h>

#include "bench/touch.h"
#include "netns/tests/unit.h"

#define BYTES (150 << 10)

static uintptr_t page_size(void)
{
	return (uintptr_t)sysconf(_SC_PAGESIZE);
}

/* The sanitizer has a heap of its own, an old kernel not that call, and an emulator may take it and do
 * nothing. */
static bool can_touch(void)
{
	unsigned char there = 0;
	void *page =
		mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

#ifdef __SANITIZE_ADDRESS__
	return false;
#endif
	return page != MAP_FAILED && !madvise(page, page_size(), MADV_POPULATE_WRITE) &&
	       !mincore(page, page_size(), &there) && there & 1;
}

/* Pages that are there, of memory that nobody has written to yet. */
static int pages_there(void)
{
	unsigned char there[BYTES / 4096 + 2];
	char *memory = malloc(BYTES);
	uintptr_t from = (uintptr_t)memory & -page_size();
	int n = 0;

	if (!memory || mincore((void *)from, BYTES, there) < 0)
		return -1;
	for (size_t i = 0; i < BYTES / page_size(); i++)
		n += there[i] & 1;
	free(memory);
	return n;
}

/* The same in a process that was forked; it ends in a way that it could not if its code had changed. */
static int pages_of_child(const struct ka_touch *touch)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (touch)
			ka_touch_process(touch);
		_exit(pages_there());
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

TEST(what_is_touched_is_there)
{
	const int all = (int)(BYTES / page_size());
	struct ka_touch touch;

	ka_touch_before_forks();
	ka_touch_find(&touch);
	assert_true(touch.program.from < touch.program.to);
	assert_in_range(touch.n, 1, 4); /* at least the C library */
	assert_in_range(pages_of_child(NULL), 0, all / 2);
	assert_in_range(pages_of_child(&touch), 0, all);
	if (can_touch())
		assert_int_equal(pages_of_child(&touch), all);
}

TEST(a_stack_is_touched)
{
	ka_touch_stack();
}
