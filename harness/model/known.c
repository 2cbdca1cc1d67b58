/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See known.h. */
#include "model/known.h"

#include <fnmatch.h>
#include <stddef.h>

#include "model/release.h"

bool ka_known_covers(const struct ka_known *known, const char *instance, const char *release,
		     int hz)
{
	if (!known->reference || !ka_release_reaches(release, known->from))
		return false;
	if (known->mended && ka_release_reaches(release, known->mended))
		return false;
	if (known->below_hz && hz >= known->below_hz)
		return false;
	return !known->instances || fnmatch(known->instances, instance, 0) == 0;
}

const char *ka_known_reference(const struct ka_known *known, const char *instance,
			       const char *release, int hz)
{
	return ka_known_covers(known, instance, release, hz) ? known->reference : NULL;
}

static bool is_declared(const struct ka_known *known, enum ka_finding_code code)
{
	for (int i = 0; i < KA_KNOWN_FINDINGS && known->findings[i]; i++)
		if (known->findings[i] == code)
			return true;
	return false;
}

bool ka_known_explains(const struct ka_known *known, const struct ka_findings *findings)
{
	for (unsigned i = 0; i < findings->n; i++)
		if (!is_declared(known, findings->list[i].code))
			return false;
	return findings->n && !findings->left_out;
}

const char *ka_known_check(const struct ka_known *known)
{
	if (!known->reference)
		return known->from || known->mended || known->instances || known->below_hz ||
				       known->findings[0]
			       ? "a known failure needs a reference"
			       : NULL;
	if (!known->findings[0])
		return "a known failure needs the findings that show it";
	for (int i = 0; i < KA_KNOWN_FINDINGS && known->findings[i]; i++)
		if (!ka_finding_is_kernel(known->findings[i]))
			return "what is known to fail is a finding of the kernel";
	return NULL;
}
