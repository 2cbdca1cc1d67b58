/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guests that share a plan, seen from the host: the first one's boot and facts, the results of all,
 * their end. */
#include "guest/guest.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "guest/job.h"
#include "guest/machine.h"
#include "guest/parcel.h"
#include "guest/vm.h"
#include "model/util.h"
#include "result/result.h"
#include "run/host.h"
#include "run/keep.h"

/* Memory that a guest may need besides its own. */
#define BESIDES_MIB 256
#define PROGRESS_NS 250000000ll

/* A survey has no more instances. */
#define MAX_SURVEYED 4096

struct collection {
	struct ka_guest *guest;
	const struct ka_plan *plan;
	const char *out_dir; /* NULL: nothing is kept */
	const struct ka_schedule_events *events;
	bool *there; /* by index in the plan */
	size_t done;
	unsigned parts, next; /* .next: the first part that has not been begun */
	int64_t began_ns, told_ns;
	struct nn_err *err;
};

/* ---- a clock that stands -------------------------------------------------------------------- */

static bool may_run_meanwhile(const struct ka_guest *guest, const struct ka_vm *vm)
{
	return guest->options.program && guest->kernel.machine->can_stand && !vm->plain_clock;
}

/* Who computes takes no time of the guest's, and who waits for its clock by looking at it waits for
 * ever. From now on, computing takes as long as it takes the host. */
static void run_meanwhile(struct ka_guest *guest, struct ka_vm *vm)
{
	const struct ka_guest_program *program = guest->options.program;

	ka_vm_stop(vm);
	if (program->say && !guest->plain_clock)
		program->say(program->arg,
			     "a program is busy and the guest's clock stands: once more with a "
			     "clock that goes on while the guest computes, and moves what is "
			     "measured by some 0.1 s");
	guest->plain_clock = true;
}

/* ---- the first one ------------------------------------------------------------------------- */

/* Waits for the next message of the first guest: 0 or -errno. */
static int wait_for_message(struct ka_guest *guest, struct ka_vm *vm, struct ka_message *message,
			    struct nn_err *err)
{
	int ret;

	while ((ret = ka_vm_message(vm, message, err)) == 0) {
		ret = ka_vms_wait(guest);
		if (ret == -EINTR)
			nn_refuse(err, "interrupted; nothing of the guest is left");
		else if (ret < 0)
			nn_fail(err, -ret, "cannot wait for a guest");
		if (ret < 0)
			return ret;
	}
	return ret < 0 ? ret : 0;
}

/* A result of the survey; takes over @message's JSON. They come in any order. */
static int keep_surveyed(struct ka_guest *guest, const struct ka_message *message,
			 struct nn_err *err)
{
	int ret = 0;

	while (message->index < MAX_SURVEYED && json_array_size(guest->surveyed) <= message->index)
		if (json_array_append_new(guest->surveyed, json_null()) < 0)
			break;
	if (json_array_set(guest->surveyed, message->index, message->json) < 0)
		ret = nn_fail(err, EIO, "cannot keep what the guest says of a survey");
	json_decref(message->json);
	return ret;
}

/* Waits for the survey, if there is one, and the facts. */
static int wait_for_facts(struct ka_guest *guest, struct ka_vm *vm, struct nn_err *err)
{
	struct ka_message message;
	int ret = wait_for_message(guest, vm, &message, err);

	while (ret == 0 && message.kind == 'S' && guest->surveyed) {
		ret = keep_surveyed(guest, &message, err);
		if (ret == 0)
			ret = wait_for_message(guest, vm, &message, err);
	}
	if (ret < 0)
		return ret;
	if (message.kind != 'F' || ka_facts_decode(&guest->facts, message.json) < 0)
		ret = nn_fail(err, EIO, "what the guest says cannot be understood");
	json_decref(message.json);
	vm->has_facts = true;
	return ret;
}

/* Boots the first guest, which makes the survey. */
static int boot_first(struct ka_guest *guest, struct nn_err *err)
{
	int ret;

	json_decref(guest->surveyed);
	guest->surveyed = NULL;
	ret = ka_vm_boot(guest, &guest->vms[0], 0, -1, err);
	if (ret == 0 && guest->options.program)
		guest->surveyed = json_array();
	return ret < 0 ? ret : wait_for_facts(guest, &guest->vms[0], err);
}

int ka_guest_start(struct ka_guest **ret, const struct ka_guest_kernel *kernel,
		   const struct ka_guest_options *options, struct ka_facts *facts,
		   struct nn_err *err)
{
	struct ka_guest *guest = calloc(1, sizeof(*guest));
	int code;

	if (!guest)
		return nn_fail(err, ENOMEM, "cannot start a guest");
	guest->kernel = *kernel;
	guest->options = *options;
	guest->signals = code = ka_signals_open(&guest->mask_before, err);
	guest->masked = true;
	if (code >= 0)
		code = boot_first(guest, err);
	if (code == -ETIMEDOUT && may_run_meanwhile(guest, &guest->vms[0])) {
		run_meanwhile(guest, &guest->vms[0]);
		code = boot_first(guest, err);
	}
	if (code < 0) {
		ka_guest_stop(guest);
		return code;
	}
	*facts = guest->facts;
	*ret = guest;
	return 0;
}

/* ---- how many ----------------------------------------------------------------------------- */

static unsigned guests_in_memory(long room_kb)
{
	FILE *file = fopen("/proc/meminfo", "re");
	long available_kb = room_kb;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %ld", &available_kb) == 1)
			break;
	if (file)
		fclose(file);
	return (unsigned)(available_kb / room_kb);
}

/* At least one: without any, there are no results. */
static unsigned guests_at_once(const struct collection *g)
{
	unsigned n = g->guest->options.guests;

	if (!n) {
		unsigned fit = guests_in_memory(1024l * (ka_vm_memory_mib(g->guest) + BESIDES_MIB));

		n = ka_usable_cpus();
		n = fit < n ? fit : n;
	}
	n = n < g->parts ? n : g->parts;
	return n ? n : 1;
}

/* ---- results ------------------------------------------------------------------------------ */

static void report_progress(struct collection *g)
{
	struct ka_progress progress = { .done = (unsigned)g->done, .total = (unsigned)g->plan->n };
	int64_t now = ka_now_ns();

	if (!g->events->progress || !g->done || now - g->told_ns < PROGRESS_NS)
		return;
	g->told_ns = now;
	progress.left_s = (double)(now - g->began_ns) / 1e9 * (double)(g->plan->n - g->done) /
			  (double)g->done;
	g->events->progress(g->events->arg, &progress);
}

/* The guest itself does not know by which name it was started. */
static void set_where(const struct collection *g, json_t *json)
{
	json_object_set_new(json_object_get(json, "kernel"), "where",
			    json_string(g->guest->kernel.where));
}

static int deliver(struct collection *g, size_t index, json_t *json)
{
	g->there[index] = true;
	g->done++;
	set_where(g, json);
	return g->events->result(g->events->arg, index, json);
}

/* The folder is the host's, and made of the plan's own names. */
static const char *folder_of(const struct collection *g, size_t index, char *buf, size_t size)
{
	return ka_keep_folder(&g->plan->instances[index], g->out_dir, buf, size);
}

/* Once something went wrong, the rest is not tried. */
static void keep_file(struct collection *g, struct ka_vm *vm, size_t index, const json_t *parcel)
{
	char folder[PATH_MAX];

	if (!*vm->keep.text)
		ka_parcel_unpack(parcel, folder_of(g, index, folder, sizeof(folder)), &vm->keep);
}

static int deliver_kept(struct collection *g, struct ka_vm *vm, size_t index, json_t *json)
{
	char folder[PATH_MAX];

	if (g->out_dir && json_is_string(json_object_get(json, "kept"))) {
		folder_of(g, index, folder, sizeof(folder));
		set_where(g, json);
		json_object_set_new(json, "kept", json_string(folder));
		if (!*vm->keep.text)
			(void)ka_keep_result(folder, json, &vm->keep);
		if (*vm->keep.text)
			json_object_set_new(json, "keep_error", json_string(vm->keep.text));
	}
	vm->keep = (struct nn_err){ "" };
	return deliver(g, index, json);
}

/* All results of @part that are missing are broken. */
static int deliver_rest(struct collection *g, unsigned part, const char *why)
{
	int ret = 0;

	for (size_t i = 0; ret == 0; i++) {
		size_t index = ka_part_index(part, g->parts, i);
		json_t *json;

		if (index >= g->plan->n)
			break;
		if (g->there[index])
			continue;
		json = ka_result_without_run(&g->plan->instances[index], &g->guest->facts,
					     KA_BROKEN, why);
		ret = json ? deliver(g, index, json)
			   : nn_fail(g->err, ENOMEM, "cannot keep a result");
	}
	return ret;
}

/* What an ended guest has not delivered is broken, because of @why. */
static int end_guest(struct collection *g, struct ka_vm *vm, const char *why)
{
	ka_vm_stop(vm);
	return deliver_rest(g, vm->part, why);
}

static bool has_part_in(const struct collection *g, const struct ka_vm *vm, size_t index)
{
	return index < g->plan->n && ka_part_index(vm->part, g->parts, index / g->parts) == index;
}

static bool still_owes(const struct collection *g, const struct ka_vm *vm, size_t index)
{
	return has_part_in(g, vm, index) && !g->there[index];
}

/* It runs a part for the second time, and this came the first time. */
static bool repeats(const struct collection *g, const struct ka_vm *vm,
		    const struct ka_message *message)
{
	return vm->again && (message->kind == 'R' || message->kind == 'K') &&
	       has_part_in(g, vm, message->index) && g->there[message->index];
}

/* Acts on one message; takes over its JSON. */
static int handle_message(struct collection *g, struct ka_vm *vm, struct ka_message *message)
{
	if (message->kind == 'R' && still_owes(g, vm, message->index) &&
	    json_is_object(message->json))
		return deliver_kept(g, vm, message->index, message->json);
	if (message->kind == 'K' && still_owes(g, vm, message->index) && g->out_dir) {
		keep_file(g, vm, message->index, message->json);
		json_decref(message->json);
		return 0;
	}
	json_decref(message->json);
	if (repeats(g, vm, message))
		return 0;
	if (message->kind == 'F' && !vm->has_facts) {
		vm->has_facts = true;
		return 0;
	}
	return end_guest(g, vm,
			 message->kind == 'E' ? "the guest ended without this result"
					      : "the guest sent a line that is no result");
}

/* It will say no more, because of @why. */
static int lose_guest(struct collection *g, struct ka_vm *vm, int code, struct nn_err *why)
{
	unsigned part = vm->part;
	int cpu = vm->cpu;

	if (code != -ETIMEDOUT || !may_run_meanwhile(g->guest, vm))
		return end_guest(g, vm, why->text);
	run_meanwhile(g->guest, vm);
	if (ka_vm_boot(g->guest, vm, part, cpu, why) < 0)
		return end_guest(g, vm, why->text);
	vm->again = true;
	return 0;
}

/* Acts on all that @vm has sent by now. */
static int handle_messages(struct collection *g, struct ka_vm *vm)
{
	struct nn_err why = { "" };
	struct ka_message message;
	int ret = 0, more;

	while (ret == 0 && vm->running && (more = ka_vm_message(vm, &message, &why)))
		ret = more < 0 ? lose_guest(g, vm, more, &why) : handle_message(g, vm, &message);
	return ret;
}

/* ---- the loop ----------------------------------------------------------------------------- */

/* A CPU on which no guest stays; -1: there is none. */
static int free_cpu(const struct collection *g)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return -1;
	for (unsigned i = 0; i < KA_MAX_PARTS; i++) {
		const struct ka_vm *vm = &g->guest->vms[i];

		if (vm->running && vm->cpu >= 0)
			CPU_CLR(vm->cpu, &set);
	}
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set))
			return cpu;
	return -1;
}

/* Gives the next part to a guest of its own. */
static int boot_next_part(struct collection *g, struct ka_vm *vm)
{
	struct nn_err why = { "" };
	unsigned part = g->next++;

	if (ka_vm_boot(g->guest, vm, part, free_cpu(g), &why) == 0)
		return 0;
	return deliver_rest(g, part, why.text);
}

/* Reads the guest of @slot; one that is over makes room for the next part. */
static int serve_slot(struct collection *g, unsigned slot)
{
	struct ka_vm *vm = &g->guest->vms[slot];
	int ret = vm->running ? handle_messages(g, vm) : 0;

	while (ret == 0 && !vm->running && g->next < g->parts)
		ret = boot_next_part(g, vm);
	return ret;
}

static int collect_all(struct collection *g)
{
	unsigned slots = guests_at_once(g);
	int ret = 0;

	g->guest->vms[0].cpu = ka_vm_cpu(&g->guest->vms[0]);
	for (;;) {
		for (unsigned i = 0; i < slots && ret == 0; i++)
			ret = serve_slot(g, i);
		if (ret || g->done == g->plan->n)
			return ret;
		report_progress(g);
		ret = ka_vms_wait(g->guest);
		if (ret < 0)
			return nn_fail(g->err, -ret, "stopped after %zu of %zu instances", g->done,
				       g->plan->n);
	}
}

const json_t *ka_guest_surveyed(const struct ka_guest *guest)
{
	return guest->surveyed;
}

int ka_guest_collect(struct ka_guest *guest, const struct ka_plan *plan, const char *out_dir,
		     const struct ka_schedule_events *events, struct nn_err *err)
{
	struct collection g = { .guest = guest,
				.plan = plan,
				.out_dir = out_dir,
				.events = events,
				.there = calloc(plan->n + 1, sizeof(bool)),
				.parts = ka_parts(plan->n, ka_vm_part_size(guest)),
				.next = 1, /* the first has been begun by ka_guest_start() */
				.began_ns = ka_now_ns(),
				.err = err };
	int ret;

	if (!g.there)
		return nn_fail(err, ENOMEM, "cannot collect %zu results", plan->n);
	ret = collect_all(&g);
	free(g.there);
	return ret;
}

struct ka_guest *ka_guest_stop(struct ka_guest *guest)
{
	if (!guest)
		return NULL;
	for (size_t i = 0; i < KA_MAX_PARTS; i++)
		ka_vm_stop(&guest->vms[i]);
	if (guest->signals > 0)
		close(guest->signals);
	if (guest->masked)
		sigprocmask(SIG_SETMASK, &guest->mask_before, NULL);
	json_decref(guest->surveyed);
	free(guest);
	return NULL;
}
