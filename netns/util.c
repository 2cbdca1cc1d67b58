/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See util.h. */
#include "util.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

void nn_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_listed(unsigned first, unsigned last)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		unsigned long fd = strtoul(entry->d_name, NULL, 10);

		if (entry->d_name[0] != '.' && fd >= first && fd <= last &&
		    fd != (unsigned)dirfd(dir))
			close((int)fd);
	}
	if (dir)
		closedir(dir);
}

void nn_close_range(unsigned first, unsigned last)
{
	if (syscall(SYS_close_range, first, last, 0) < 0)
		close_listed(first, last);
}
