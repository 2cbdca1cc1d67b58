/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of contents: every theme, in the order in which one would explain keepalive. */
#include "model/vocabulary.h"

/* One theme a line. */
/* clang-format off */
#define THEMES(do_) \
	do_(silent_drop) \
	do_(answered) \
	do_(no_keepalive) \
	do_(peer_killed) \
	do_(peer_restarted) \
	do_(host_crash) \
	do_(peer_frozen) \
	do_(short_outage) \
	do_(probe_format) \
	do_(icmp_errors) \
	do_(icmp_believed) \
	do_(icmp_reported) \
	do_(neighbour) \
	do_(local_drop) \
	do_(refused) \
	do_(routes) \
	do_(devices) \
	do_(socket_destroyed) \
	do_(owned) \
	do_(user_timeout) \
	do_(inflight) \
	do_(long_interval) \
	do_(traffic) \
	do_(stream) \
	do_(zero_window) \
	do_(shrunk_window) \
	do_(reused_socket) \
	do_(states) \
	do_(orphans) \
	do_(connecting) \
	do_(fastopen) \
	do_(error_surface) \
	do_(gateway) \
	do_(gateway_presets) \
	do_(pool) \
	do_(proxy) \
	do_(application) \
	do_(http) \
	do_(inheritance) \
	do_(mapped) \
	do_(options) \
	do_(sysctl_defaults) \
	do_(live_options) \
	do_(live_sysctl) \
	do_(rate_limit) \
	do_(mptcp) \
	do_(crowd)
/* clang-format on */

#define DECLARE(name) extern const struct ka_theme ka_theme_##name;
THEMES(DECLARE)

const struct ka_theme *const *ka_catalogue(size_t *n)
{
#define ADDRESS(name) &ka_theme_##name,
	static const struct ka_theme *const themes[] = { THEMES(ADDRESS) };

	*n = sizeof(themes) / sizeof(themes[0]);
	return themes;
}
