/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A namespace's own values: what it starts with, what it takes. */
#include <errno.h>

#include "model/vocabulary.h"

#define IS(name, value)                                                                            \
	{                                                                                          \
		.do_ = KA_SYSCTL_IS, .who = KA_PROBER, .key = KA_KEEPALIVE_SYSCTL(name),           \
		.text = value                                                                      \
	}
#define WRITE(name, value, err)                                                                    \
	{                                                                                          \
		.do_ = KA_SYSCTL, .who = KA_PROBER, .key = KA_KEEPALIVE_SYSCTL(name),              \
		.text = value, .fails = err                                                        \
	}

static const struct ka_case cases[] = {
	{
		KA_CASE("sysctl_defaults"),
		.why = "a new namespace starts with 7200/75/9, whatever the host has",
		.source = "tcp_sk_init(); commits 13b287e8d1ca, 9bd6861bd432, b840d15d3912 (4.5)",
		.lesson = "The three sysctls belong to the network namespace. A container does "
			  "not inherit what was set on the node: it starts with the kernel's "
			  "constants, and must be given its own values.",
		.topology = KA_PAIR,
		.from = KA_FROM_NOWHERE,
		.one_setting = true,
		KA_STEPS(KA_CONNECTED, IS("time", "7200"), IS("intvl", "75"), IS("probes", "9")),
		.expect = { .when = KA_NEVER },
	},
	{
		KA_CASE("sysctl_ranges"),
		.why = "the sysctls take 0 and more than a socket option does; garbage is refused",
		.source = "proc_dointvec_jiffies(), proc_dou8vec_minmax(); 4ecc1baf362c (5.13)",
		.lesson = "tcp_keepalive_time and _intvl have no bounds but those of an int in "
			  "jiffies, so values are legal that setsockopt() refuses (40000) or that "
			  "make no sense (0, negative). probes is one byte: 0..255. A refused "
			  "value leaves the old one.",
		.topology = KA_PAIR,
		.holds_from = { "5.13, 5.10.178", "4ecc1baf362c" },
		.from = KA_FROM_NOWHERE,
		.one_setting = true,
		KA_STEPS(KA_CONNECTED, WRITE("time", "40000", 0), IS("time", "40000"),
			 WRITE("time", "abc", EINVAL), IS("time", "40000"), WRITE("time", "0", 0),
			 IS("time", "0"), WRITE("intvl", "0", 0), IS("intvl", "0"),
			 WRITE("intvl", "99999999999", EINVAL), IS("intvl", "0"),
			 WRITE("probes", "255", 0), IS("probes", "255"),
			 WRITE("probes", "256", EINVAL), WRITE("probes", "-1", EINVAL),
			 IS("probes", "255"), WRITE("probes", "0", 0), IS("probes", "0")),
		.expect = { .when = KA_NEVER },
	},
	{
		KA_CASE("sysctl_edges"),
		.why = "the smallest and the largest values read back as they were written",
		.source = "proc_dointvec_jiffies(), proc_dou8vec_minmax()",
		.lesson = "Time and interval are kept in jiffies, in an int: 2147483 s is the most "
			  "that fits at every HZ, and as much is taken below 0. What is read is "
			  "divided by HZ again, and must be what was written.",
		.topology = KA_PAIR,
		.from = KA_FROM_NOWHERE,
		.one_setting = true,
		.known = { .reference = "the kernel divides a negative value as if it had no sign: "
					"proc_int_k2u_conv_kop(), in 6.19 a macro",
			   .from = "6.19",
			   .findings = { KA_FIND_READS } },
		KA_STEPS(KA_CONNECTED, WRITE("time", "2147483", 0), IS("time", "2147483"),
			 WRITE("intvl", "2147483", 0), IS("intvl", "2147483"),
			 WRITE("time", "-1", 0), IS("time", "-1"), WRITE("intvl", "-75", 0),
			 IS("intvl", "-75"), WRITE("time", "-2147483", 0), IS("time", "-2147483"),
			 WRITE("intvl", "2147484000", EINVAL), IS("intvl", "-75"),
			 WRITE("time", "7200", 0), IS("time", "7200")),
		.expect = { .when = KA_NEVER },
	},
};

KA_THEME(sysctl_defaults, "Sysctls belong to a namespace");
