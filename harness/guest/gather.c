/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The results of a plan from the guests that share it. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "guest/machine.h"
#include "guest/parcel.h"
#include "guest/vm.h"
#include "model/util.h"
#include "result/result.h"
#include "run/keep.h"

/* What one guest may take, on a machine that has other things to do. */
#define ROOM_KB     (1024l * 1024)
#define PROGRESS_NS 250000000ll

struct gather {
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

/* ---- how many ----------------------------------------------------------------------------- */

static unsigned cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}

static unsigned fit_into_memory(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	long available_kb = ROOM_KB;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %ld", &available_kb) == 1)
			break;
	if (file)
		fclose(file);
	return (unsigned)(available_kb / ROOM_KB);
}

/* At least one, for which there is room or nothing can be done. */
static unsigned side_by_side(const struct gather *g)
{
	unsigned n = g->guest->options.guests;

	if (!n) {
		unsigned fit = fit_into_memory();

		n = cpus();
		n = fit < n ? fit : n;
	}
	n = n < g->parts ? n : g->parts;
	return n ? n : 1;
}

/* ---- results ------------------------------------------------------------------------------ */

static void tell_progress(struct gather *g)
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

/* Says where @json comes from, which the guest itself cannot know. */
static void put_where(const struct gather *g, json_t *json)
{
	json_object_set_new(json_object_get(json, "kernel"), "where",
			    json_string(g->guest->kernel.where));
}

static int deliver(struct gather *g, size_t index, json_t *json)
{
	g->there[index] = true;
	g->done++;
	put_where(g, json);
	return g->events->result(g->events->arg, index, json);
}

/* The folder is the host's, and made of the plan's own names. */
static const char *folder_of(const struct gather *g, size_t index, char *buf, size_t size)
{
	return ka_keep_folder(&g->plan->instances[index], g->out_dir, buf, size);
}

/* Once something went wrong, the rest is not tried. */
static void keep_file(struct gather *g, struct ka_vm *vm, size_t index, const json_t *parcel)
{
	char folder[PATH_MAX];

	if (!*vm->keep.text)
		ka_parcel_unpack(parcel, folder_of(g, index, folder, sizeof(folder)), &vm->keep);
}

static int deliver_kept(struct gather *g, struct ka_vm *vm, size_t index, json_t *json)
{
	char folder[PATH_MAX];

	if (g->out_dir && json_is_string(json_object_get(json, "kept"))) {
		folder_of(g, index, folder, sizeof(folder));
		put_where(g, json);
		json_object_set_new(json, "kept", json_string(folder));
		if (!*vm->keep.text)
			(void)ka_keep_result(folder, json, &vm->keep);
		if (*vm->keep.text)
			json_object_set_new(json, "keep_error", json_string(vm->keep.text));
	}
	vm->keep = (struct nn_err){ "" };
	return deliver(g, index, json);
}

/* All that the guest of @part still owes is broken. */
static int deliver_rest(struct gather *g, unsigned part, const char *why)
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

/* The guest is over, in whatever way. */
static int end(struct gather *g, struct ka_vm *vm, const char *why)
{
	ka_vm_stop(vm);
	return deliver_rest(g, vm->part, why);
}

static bool owes(const struct gather *g, const struct ka_vm *vm, size_t index)
{
	return index < g->plan->n && !g->there[index] &&
	       ka_part_index(vm->part, g->parts, index / g->parts) == index;
}

/* Takes over @said's JSON. */
static int take(struct gather *g, struct ka_vm *vm, struct ka_said *said)
{
	if (said->kind == 'R' && owes(g, vm, said->index) && json_is_object(said->json))
		return deliver_kept(g, vm, said->index, said->json);
	if (said->kind == 'K' && owes(g, vm, said->index) && g->out_dir) {
		keep_file(g, vm, said->index, said->json);
		json_decref(said->json);
		return 0;
	}
	json_decref(said->json);
	if (said->kind == 'F' && !vm->met) {
		vm->met = true;
		return 0;
	}
	return end(g, vm,
		   said->kind == 'E' ? "the guest ended without this result"
				     : "the guest sent a line that is no result");
}

/* Takes all that @vm has said by now. */
static int listen_to(struct gather *g, struct ka_vm *vm)
{
	struct nn_err why = { "" };
	struct ka_said said;
	int ret = 0, more;

	while (ret == 0 && vm->running && (more = ka_vm_said(vm, &said, &why)))
		ret = more < 0 ? end(g, vm, why.text) : take(g, vm, &said);
	return ret;
}

/* ---- the loop ----------------------------------------------------------------------------- */

/* A CPU on which no guest stays; -1: there is none. */
static int free_cpu(const struct gather *g)
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
static int begin_next(struct gather *g, struct ka_vm *vm)
{
	struct nn_err why = { "" };
	unsigned part = g->next++;

	if (ka_vm_boot(g->guest, vm, part, free_cpu(g), &why) == 0)
		return 0;
	return deliver_rest(g, part, why.text);
}

/* A guest that is over makes room for the next. */
static int mind(struct gather *g, unsigned slot)
{
	struct ka_vm *vm = &g->guest->vms[slot];
	int ret = vm->running ? listen_to(g, vm) : 0;

	while (ret == 0 && !vm->running && g->next < g->parts)
		ret = begin_next(g, vm);
	return ret;
}

static int gather(struct gather *g)
{
	unsigned slots = side_by_side(g);
	int ret = 0;

	g->guest->vms[0].cpu = ka_vm_cpu(&g->guest->vms[0]);
	for (;;) {
		for (unsigned i = 0; i < slots && ret == 0; i++)
			ret = mind(g, i);
		if (ret || g->done == g->plan->n)
			return ret;
		tell_progress(g);
		ret = ka_vms_wait(g->guest);
		if (ret < 0)
			return nn_fail(g->err, -ret, "stopped after %zu of %zu instances", g->done,
				       g->plan->n);
	}
}

int ka_guest_collect(struct ka_guest *guest, const struct ka_plan *plan, const char *out_dir,
		     const struct ka_schedule_events *events, struct nn_err *err)
{
	struct gather g = { .guest = guest,
			    .plan = plan,
			    .out_dir = out_dir,
			    .events = events,
			    .there = calloc(plan->n + 1, sizeof(bool)),
			    .parts = ka_parts(plan->n, guest->kernel.machine->part_size),
			    .next = 1, /* the first has been begun by ka_guest_start() */
			    .began_ns = ka_now_ns(),
			    .err = err };
	int ret;

	if (!g.there)
		return nn_fail(err, ENOMEM, "cannot collect %zu results", plan->n);
	ret = gather(&g);
	free(g.there);
	return ret;
}
