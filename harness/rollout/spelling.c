/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See spelling.h. */
#include "rollout/spelling.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "model/nearest.h"
#include "rollout/knobs.h"

/* The letters and digits of the last part of @key: what is left of a name that is written otherwise.
 * A dot ends a part as well: net.ipv4/x comes as net/ipv4.x, since the first of the two decides.
 * The netfilter of old kernels called its sysctls ip_conntrack. */
static void letters_of(const char *key, char *buf, size_t size)
{
	const char *last = key;
	size_t n = 0;

	for (const char *c = key; *c; c++)
		if (strchr("/.", *c))
			last = c + 1;
	for (const char *c = last; *c && n + 1 < size; c++)
		if (isalnum((unsigned char)*c))
			buf[n++] = (char)tolower((unsigned char)*c);
	buf[n] = '\0';
	if (!strncmp(buf, "ipconntrack", 11))
		memcpy(buf, "nf", 2);
}

/* A word of the key in another order or spelling is a few letters away; two sysctls that both exist are
 * further from each other than that. */
static bool is_near(const char *letters, const char *known)
{
	bool keepalive = strstr(letters, "keepalive") || strstr(letters, "keepaliv");

	return ka_distance(letters, known) <= (keepalive ? strlen(known) / 5 : 0);
}

static int nearest_knob(const char *key)
{
	char letters[64], known[64];
	size_t least = SIZE_MAX, distance;
	int found = -1;

	letters_of(key, letters, sizeof(letters));
	for (int i = 0; i < KA_KNOBS; i++) {
		letters_of(ka_knob_infos[i].key, known, sizeof(known));
		distance = ka_distance(letters, known);
		if (distance >= least || !is_near(letters, known))
			continue;
		least = distance;
		found = i;
	}
	return found;
}

bool ka_spelling_meant(const char *key, char *buf, size_t size)
{
	static const char beginning[] = "net/ipv4/tcp_keepalive";
	int knob;

	if (strpbrk(key, KA_SYSCTL_GLOB) || ka_knob_find(key) >= 0)
		return false;
	/* sunrpc has names of its own that end like TCP's */
	if (strncmp(key, "net/", 4) && strncmp(key, "net.", 4) && strchr(key, '/'))
		return false;
	knob = nearest_knob(key);
	if (knob >= 0)
		ka_knob_name((enum ka_knob)knob, buf, size);
	else if (!strncmp(key, beginning, strlen(beginning)))
		snprintf(buf, size, "one of net.ipv4.tcp_keepalive_time, _intvl and _probes");
	else
		return false;
	return true;
}
