/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results, one of each kind, made the way a run makes them. */
#ifndef KA_SAMPLE_H
#define KA_SAMPLE_H

#include <jansson.h>

enum ka_sample {
	KA_SAMPLE_PASS,
	KA_SAMPLE_ALIVE,
	KA_SAMPLE_FAIL,
	KA_SAMPLE_SKIP,
	KA_SAMPLE_BROKEN,
	KA_SAMPLE_PROGRAM,       /* a real program that lets go */
	KA_SAMPLE_PROGRAM_HOLDS, /* ... that does not */
	KA_SAMPLE_PROGRAM_CLOSES,
	KA_SAMPLE_KNOWN,  /* fails as it is known to */
	KA_SAMPLE_PASSES, /* passes, and is known to fail */
	KA_SAMPLES
};

/* A new reference; NULL without memory. */
json_t *ka_sample(enum ka_sample which);

#endif
