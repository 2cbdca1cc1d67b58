/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the set-up commands of programs leave in KA_PROGRAM_DIR: made by the first instance that needs it,
 * kept in one file in memory, which ends with the run, and copied into all others. A set-up is the same
 * where its commands and all that they may read of the recipe are.
 */
#ifndef KA_PROGRAM_MADE_H
#define KA_PROGRAM_MADE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/program.h"

/* What stands for the set-up of @program; 0: it has none, or one for each instance. */
uint64_t ka_made_key(const struct ka_program *program);

/*
 * Waits for whoever is making the set-up of @key in the file @fd. True: it is there. False: the caller
 * is to make it, and holds all others up until ka_made_release(), or its end.
 */
bool ka_made_claim(int fd, uint64_t key);
void ka_made_release(int fd, uint64_t key);

/* Puts all that lies in the current folder into the file. 0 or -errno: nothing of it is there then. */
int ka_made_put(int fd, uint64_t key);
/* Puts it all into the current folder, with owners if @owners. 0 or -errno, -ENOENT where there is no
 * such set-up. */
int ka_made_take(int fd, uint64_t key, bool owners);

#endif
