/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See util.h. */
#include "util.h"

#include <unistd.h>

void nn_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}
