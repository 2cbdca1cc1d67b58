/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Machines that programs and kernels are for. */
#ifndef KA_ARCH_H
#define KA_ARCH_H

struct ka_arch {
	unsigned machine;    /* in ELF: e_machine */
	const char *name;    /* as Debian has it: "arm64" */
	const char *triplet; /* the name of the folder of its libraries */
};

extern const struct ka_arch ka_arch_amd64, ka_arch_arm64;

/* That of this program. */
const struct ka_arch *ka_arch_own(void);

/* Of @machine; NULL: no kernel of it can be booted. */
const struct ka_arch *ka_arch_of(unsigned machine);

#endif
