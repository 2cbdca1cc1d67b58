/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command that runs one instance again, and the seeds that make it the same one. */
#ifndef KA_AGAIN_H
#define KA_AGAIN_H

#include <stdint.h>
#include <stdio.h>

#include "model/case.h"

/* Options without which a run does not have an instance, or has it with other random phases. */
enum ka_again_need {
	KA_AGAIN_SETTING = 1u << 0, /* its setting is not, or not always, one of a default run */
	KA_AGAIN_LONG = 1u << 1,    /* its case is marked long_ */
	KA_AGAIN_SEED = 1u << 2,    /* a step of it has a random phase */
	KA_AGAIN_OWN = 1u << 3,     /* none: its case brings its setting along */
};
/* Their names, by the number of the bit, in a result line. */
extern const char *const ka_again_names[4];
#define KA_AGAIN_ALL (KA_AGAIN_SETTING | KA_AGAIN_LONG | KA_AGAIN_SEED)

unsigned ka_again_needs(const struct ka_instance *instance);

struct ka_again {
	const char *command;  /* NULL: "kacheck" */
	const char *kernel;   /* as --kernel takes it; NULL, "host": the running one */
	const char *instance; /* its name */
	const char *more;     /* options besides; NULL: none */
	unsigned needs;
	uint64_t seed; /* the instance's own */
};

/* Writes @text in single quotes, for a shell. */
void ka_put_quoted(FILE *out, const char *text);
/* Writes the command line, for a shell, without a newline. */
void ka_put_again_command(FILE *out, const struct ka_again *again);

/* An instance's own seed, from that of its run. It depends on nothing but these three, so that a
 * filter or a shard does not change it. */
uint64_t ka_seed_of_instance(uint64_t run, const char *name, unsigned repetition);
/* The seed of a run whose first repetition of @name has @seed. */
uint64_t ka_seed_of_run(uint64_t seed, const char *name);

#endif
