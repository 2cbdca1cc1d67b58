/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See release.h. */
#include "model/release.h"

#include <stdio.h>
#include <string.h>

struct release {
	unsigned major, minor, point;
};

static bool parse(const char *text, struct release *out)
{
	*out = (struct release){ 0 };
	return sscanf(text, "%u.%u.%u", &out->major, &out->minor, &out->point) >= 2;
}

bool ka_release_reaches(const char *release, const char *since)
{
	struct release have, from, mainline;

	if (!since || !parse(release, &have) || !parse(since, &mainline))
		return true;
	for (const char *entry = since; entry; entry = strchr(entry + 1, ',')) {
		if (*entry == ',')
			entry++;
		if (parse(entry, &from) && from.major == have.major && from.minor == have.minor)
			return have.point >= from.point;
	}
	if (have.major != mainline.major)
		return have.major > mainline.major;
	return have.minor > mainline.minor;
}
