/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of contents: every theme, in the order in which one would explain keepalive. */
#include "plan/case.h"

extern const struct ka_theme ka_theme_silent_drop, ka_theme_answered, ka_theme_no_keepalive,
	ka_theme_peer_killed, ka_theme_peer_restarted, ka_theme_host_crash, ka_theme_peer_frozen,
	ka_theme_short_outage, ka_theme_probe_format, ka_theme_inheritance, ka_theme_options,
	ka_theme_sysctl_defaults, ka_theme_gateway, ka_theme_gateway_presets, ka_theme_pool;

const struct ka_theme *const *ka_catalogue(size_t *n)
{
	static const struct ka_theme *const themes[] = {
		&ka_theme_silent_drop, &ka_theme_answered,       &ka_theme_no_keepalive,
		&ka_theme_peer_killed, &ka_theme_peer_restarted, &ka_theme_host_crash,
		&ka_theme_peer_frozen, &ka_theme_gateway,        &ka_theme_gateway_presets,
		&ka_theme_pool,        &ka_theme_short_outage,   &ka_theme_probe_format,
		&ka_theme_inheritance, &ka_theme_options,        &ka_theme_sysctl_defaults,
	};

	*n = sizeof(themes) / sizeof(themes[0]);
	return themes;
}
