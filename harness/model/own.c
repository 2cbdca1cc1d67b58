/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See own.h. */
#include "model/own.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool ka_own_folder(const char *installed, const char *in_tree, char *buf, size_t size)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *end;

	exe[n < 0 ? 0 : n] = '\0';
	end = strrchr(exe, '/');
	*buf = '\0';
	if (!end)
		return false;
	snprintf(buf, size, "%.*s/../share/kacheck/%s", (int)(end - exe), exe, installed);
	if (access(buf, X_OK) == 0)
		return true;
	snprintf(buf, size, "%.*s/../../../%s", (int)(end - exe), exe, in_tree);
	if (access(buf, X_OK) == 0)
		return true;
	*buf = '\0';
	return false;
}
