/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of the words that a step is declared with: one row for each enum ka_do. Who wants to
 * know what a word needs, promises or means asks here; the bench adds how it is done
 * (struct ka_doing), and nobody else has a list of words.
 */
#ifndef KA_VERBS_H
#define KA_VERBS_H

#include "model/case.h"
#include "model/proof.h"

/* What a kernel or a host must offer, as bits. `kacheck doctor` tries each. */
enum ka_need_number {
#define KA_NEED(need, ...) need##_NUMBER,
#include "model/verbs.def"
	KA_NEEDS /* how many there are */
};
enum ka_need {
#define KA_NEED(need, ...) need = 1u << need##_NUMBER,
#include "model/verbs.def"
};

struct ka_need_text {
	const char *name, *what;
	const char *remedy;  /* how to get it: "it takes ..." */
	const char *modules; /* that a kernel may have it in, "nft_ct nft_nat"; NULL: none */
};
/* What the bit number @i of enum ka_need stands for. */
const struct ka_need_text *ka_need_text(unsigned i);

enum ka_verb_flags {
	KA_VERB_FAULT = 1u << 0,     /* breaks something, or brings it back broken */
	KA_VERB_LOOKS = 1u << 1,     /* only looks: changes nothing */
	KA_VERB_CUTS_PEER = 1u << 2, /* behind it nothing of the peer arrives any more */
	KA_VERB_SLOW = 1u << 3,      /* takes as long as the kernel, or others, need */
	KA_VERB_HEARD = 1u << 4,     /* when it is done, the prober has heard of the peer */
	KA_VERB_MAY_END = 1u << 5,   /* the connection may end by it */
	KA_VERB_FIN = 1u << 6,       /* who does it sends a FIN */
	KA_VERB_OF_END = 1u << 7,    /* an end does it, or it is done to one: the step says whose */
	KA_VERB_TALKS = 1u << 8,    /* waits for the other end: in vain when the connection ended */
	KA_VERB_SWALLOWS = 1u << 9, /* what .who sends from now on is lost in its own device */
	KA_VERB_OBEYED = 1u << 10,  /* .who's process must do it: a program would not */
	KA_VERB_PROCESS = 1u << 11, /* a signal to .who's process */
};

#define KA_VERB_BIT(do_) (1ull << (do_))

struct ka_verb {
	const char *name; /* "link_down": in results and in errors about a case */
	const char *text; /* in the timeline, after who does it */
	/* for `kacheck explain`, which fills in what stands in braces; the others take its place
	 * when the step says .unacked, .fails or .deferred, or when the gateway does it (NULL: no difference) */
	const char *sentence, *unacked, *failing, *at_gateway, *deferred;
	unsigned needs, promises, flags;
	unsigned long long
		undoes; /* verbs, as KA_VERB_BIT: one of them must have been done before */
	/* NULL, or says why @step makes no sense in @instance's case; returns NULL if it does. */
	const char *(*check)(const struct ka_instance *instance, const struct ka_step *step);
};

const struct ka_verb *ka_verb(enum ka_do do_);

/* True when @step is one of those that @flag says. */
bool ka_step_is(const struct ka_step *step, enum ka_verb_flags flag);
/* What @step needs and promises, as bits: its verb's, and what its own fields add. */
unsigned ka_step_needs(const struct ka_step *step);
unsigned ka_step_promises(const struct ka_step *step);
/* What all of @instance needs. */
unsigned ka_instance_needs(const struct ka_instance *instance);

/* That of its row which fits @step. */
const char *ka_step_sentence(const struct ka_step *step);

/* Why the step number @i (from 0) makes no sense, or NULL. */
const char *ka_step_check(const struct ka_instance *instance, size_t i);

#endif
