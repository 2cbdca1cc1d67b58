/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One guest kernel under way, and the set of them that shares a plan. */
#ifndef KA_VM_H
#define KA_VM_H

#include <jansson.h>
#include <signal.h>

#include "guest/collect.h"
#include "guest/guest.h"
#include "guest/job.h"

struct ka_vm {
	struct ka_booted booted;
	struct ka_collect collect;
	unsigned part; /* of the plan */
	int cpu;       /* where it stays; -1: nobody knows */
	unsigned memory_mib;
	bool running;
	bool again;          /* it runs its part for the second time */
	bool has_facts;      /* it has sent its facts */
	struct nn_err keep;  /* why a file of the next result could not be kept */
	double silence_s;    /* real time that it may let pass between two lines; of a program,
			      * CPU time: who gets little of a busy host may take longer */
	double patience_s;   /* ... and before the next one, */
	int64_t deadline_ns; /* which ends here */
	bool plain_clock;    /* its clock does not stand while it computes */
	int64_t clock_ns;    /* real time of its first sign of life; 0: none yet. Then, */
	double clock_cpu_s;  /* CPU time, */
	long clock_s;        /* and what its clock said */
	double line_cpu_s;   /* CPU time at its last line, */
	double looked_cpu_s; /* and when it was last looked whether it computes */
};

struct ka_guest {
	struct ka_guest_kernel kernel;
	struct ka_guest_options options;
	struct ka_facts facts;
	json_t *surveyed; /* NULL: no survey */
	bool plain_clock; /* of those that are booted from now on */
	struct ka_vm vms[KA_MAX_PARTS];
	int signals; /* signalfd */
	sigset_t mask_before;
	bool masked;
};

/* A line of a guest (job.h): a kind, a number, JSON (a new reference; NULL: none). */
struct ka_message {
	char kind;
	size_t index;
	json_t *json;
};

/* A guest's memory, how many instances run at once in it, and how many are worth a boot. */
unsigned ka_vm_memory_mib(const struct ka_guest *guest);
unsigned ka_vm_jobs(const struct ka_guest *guest);
unsigned ka_vm_part_size(const struct ka_guest *guest);

/* Boots a guest for part @part of the plan. 0 or -errno; nothing of it runs then. */
int ka_vm_boot(const struct ka_guest *guest, struct ka_vm *vm, unsigned part, int cpu,
	       struct nn_err *err);
/* The CPU on which a running guest stays, -1: not on one. */
int ka_vm_cpu(const struct ka_vm *vm);
/* Kills it with all that belongs to it. Safe on zeroes, and twice. */
void ka_vm_stop(struct ka_vm *vm);

/* Waits until anything comes from a guest, or one has been silent for too long; -EINTR, -errno. */
int ka_vms_wait(struct ka_guest *guest);
/* The next message of @vm: 1; 0: nothing more by now. -EIO: it has ended, -ETIMEDOUT: it was
 * silent for too long; @err has its last words. Signs of life are not handed on. */
int ka_vm_message(struct ka_vm *vm, struct ka_message *message, struct nn_err *err);

#endif
