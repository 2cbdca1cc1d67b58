/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See arch.h. */
#include "guest/arch.h"

#include <elf.h>
#include <stddef.h>

const struct ka_arch ka_arch_amd64 = { EM_X86_64, "amd64", "x86_64-linux-gnu" };
const struct ka_arch ka_arch_arm64 = { EM_AARCH64, "arm64", "aarch64-linux-gnu" };

const struct ka_arch *ka_arch_own(void)
{
#if defined(__x86_64__)
	return &ka_arch_amd64;
#elif defined(__aarch64__)
	return &ka_arch_arm64;
#else
#error "kacheck runs on amd64 and arm64"
#endif
}

const struct ka_arch *ka_arch_of(unsigned machine)
{
	if (machine == ka_arch_amd64.machine)
		return &ka_arch_amd64;
	return machine == ka_arch_arm64.machine ? &ka_arch_arm64 : NULL;
}
