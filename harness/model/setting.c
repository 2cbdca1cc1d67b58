/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See setting.h. */
#include "model/setting.h"

#include <stdio.h>

#include "model/util.h"

static const struct ka_setting named[] = {
	{ "linux-default", "a Linux socket with only SO_KEEPALIVE", 7200, 75, 9, 0 },
	{ "go", "Go's net package", 15, 15, 9, 0 },
	{ "grpc-go", "gRPC for Go", 15, 15, 9, 20000 },
	{ "redis-300", "Redis with tcp-keepalive 300", 300, 100, 3, 0 },
	{ "pgcat", "PgCat", 5, 5, 5, 0 },
	{ "rds-postgres", "PostgreSQL on Amazon RDS", 300, 30, 2, 0 },
	{ "gcp", "what Google Cloud advises below its 600 s idle limit", 60, 60, 5, 0 },
	{ "kubelb", "KubeLB", 180, 30, 3, 0 },
	{ "azure-stemcell", "the BOSH stemcell for Azure", 120, 30, 8, 0 },
	{ "freerdp", "FreeRDP", 5, 2, 3, 4000 },
	{ "cloudflare", "the example of Cloudflare's article on idle sockets", 1, 11, 111, 33500 },
};

const struct ka_setting *ka_named_settings(size_t *n)
{
	*n = KA_N(named);
	return named;
}

size_t ka_default_settings(struct ka_setting settings[KA_MAX_SETTINGS])
{
	/* Each differs in what it makes visible: a single probe; several; idle longer than intvl. */
	static const struct ka_setting short_ones[] = {
		{ .idle = 1, .intvl = 1, .cnt = 1 },
		{ .idle = 1, .intvl = 1, .cnt = 3 },
		{ .idle = 2, .intvl = 1, .cnt = 3 },
	};
	size_t n = 0;

	for (; n < KA_N(short_ones); n++)
		settings[n] = short_ones[n];
	for (size_t i = 0; i < KA_N(named) && n < KA_MAX_SETTINGS; i++)
		if (ka_nominal_s(&named[i]) < KA_DEFAULT_LIMIT_S)
			settings[n++] = named[i];
	return n;
}

double ka_nominal_s(const struct ka_setting *setting)
{
	return setting->idle + (double)setting->intvl * setting->cnt;
}

const char *ka_setting_text(const struct ka_setting *setting, char *buf, size_t size)
{
	if (setting->name)
		snprintf(buf, size, "%s", setting->name);
	else if (setting->user_timeout_ms)
		snprintf(buf, size, "%u-%u-%u-u%u", setting->idle, setting->intvl, setting->cnt,
			 setting->user_timeout_ms);
	else
		snprintf(buf, size, "%u-%u-%u", setting->idle, setting->intvl, setting->cnt);
	return buf;
}
