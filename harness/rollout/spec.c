/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is to be tried, on its way from one program to another; see trials.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rollout/trials.h"

static const char digits[] = "0123456789abcdef";

char *ka_spec_text(const struct ka_spec *spec)
{
	const unsigned char *bytes = (const unsigned char *)spec;
	char *text = malloc(2 * sizeof(*spec) + 1);

	for (size_t i = 0; text && i < sizeof(*spec); i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 0xf];
	}
	if (text)
		text[2 * sizeof(*spec)] = '\0';
	return text;
}

/* Counts and names of another make must not lead anywhere. */
static bool makes_sense(const struct ka_spec *spec)
{
	for (size_t i = 0; i < spec->n_writes && i < KA_KNOBS; i++)
		if (spec->writes[i].knob >= KA_KNOBS ||
		    !memchr(spec->writes[i].text, '\0', sizeof(spec->writes[i].text)))
			return false;
	return spec->n_writes <= KA_KNOBS && spec->n_gateways <= KA_MAX_SPEC_GATEWAYS;
}

int ka_spec_read(struct ka_spec *spec, const char *text, struct nn_err *err)
{
	unsigned char *bytes = (unsigned char *)spec;
	size_t len = strlen(text);

	if (len != 2 * sizeof(*spec) || strspn(text, digits) != len)
		return nn_fail(err, EINVAL, "what is to be tried cannot be read");
	for (size_t i = 0; i < sizeof(*spec); i++)
		bytes[i] = (unsigned char)((strchr(digits, text[2 * i]) - digits) << 4 |
					   (strchr(digits, text[2 * i + 1]) - digits));
	return makes_sense(spec) ? 0 : nn_fail(err, EINVAL, "what is to be tried makes no sense");
}
