/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keepalive settings, and those that somebody out there uses. */
#ifndef KA_SETTING_H
#define KA_SETTING_H

#include <stddef.h>

#define KA_MAX_SETTINGS 32

/* Keepalive values; seconds as in TCP_KEEPIDLE and TCP_KEEPINTVL. */
struct ka_setting {
	const char *name;   /* "redis-300"; NULL for ad-hoc values, then named "1-1-3" */
	const char *source; /* who uses these values; NULL for ad-hoc values */
	unsigned idle, intvl, cnt;
	unsigned user_timeout_ms; /* TCP_USER_TIMEOUT; 0: not set */
};

/* idle + intvl * cnt. */
double ka_nominal_s(const struct ka_setting *setting);
/* "1-1-3", "1-1-9-u2500", "redis-300" into @buf. Returns @buf. */
const char *ka_setting_text(const struct ka_setting *setting, char *buf, size_t size);

/* Values that somebody uses, with names and sources. */
const struct ka_setting *ka_named_settings(size_t *n);

/* In real time a default run takes about as long as this. */
#define KA_DEFAULT_LIMIT_S 15

/* What a plan has if nobody chooses: 1/1/1, 1/1/3, 2/1/3, and the named ones that notice a silent
 * peer within that limit (of their instances, those that end within it). Returns their number. */
size_t ka_default_settings(struct ka_setting settings[KA_MAX_SETTINGS]);

#endif
