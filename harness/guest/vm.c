/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One guest kernel: boot, what it says, its end. */
#include "guest/vm.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "guest/cpu_time.h"
#include "guest/initramfs.h"
#include "guest/machine.h"
#include "model/nearest.h"
#include "model/util.h"

#define NSEC_PER_SEC 1000000000ll

/* A boot takes half a second (UML) to some seconds (QEMU without KVM); a result comes every few
 * milliseconds, the first when the longest instance has been set up and waited for. */
#define BOOT_S    60.0
#define SILENCE_S 120.0

/* Of a program nobody knows how long it computes; so long when it starts, and so much longer for each
 * that starts at the same time. A guest whose clock goes on says so (init.c). */
#define PROGRAM_SILENCE_S 20.0
#define PROGRAM_SHARE_S   10.0

/* A clock that does not stand while the guest computes, and has not left real time behind when the guest
 * has computed for as long as it may be silent, will not: somebody computes, or looks at the clock, all
 * the time. */
#define PLAIN_CLOCK_FACTOR 2

#define CLOCK_STANDS "a program is busy and the guest's clock stands"

/* Less than a guest computes in a second that it wants to compute in, however busy the host. */
#define LEAST_CPU_S 0.02

/* Memory of a guest: what its kernel and this program take, an instance besides its programs, and as
 * much as any host has. */
#define BASE_MIB      128
#define INSTANCE_MIB  16
#define MEMORY_MIB    2048
/* Programs wake up more often than peers that wait for an end: so many instances are worth a boot. */
#define PROGRAMS_PART 8

/* From now on, so long until its next line. */
static void allow_silence(struct ka_vm *vm, double seconds)
{
	vm->patience_s = seconds;
	vm->deadline_ns = ka_now_ns() + (int64_t)(seconds * NSEC_PER_SEC);
}

/* ---- boot --------------------------------------------------------------------------------- */

/* What an instance takes of a guest's memory. */
static unsigned instance_mib(const struct ka_guest_program *program)
{
	return program->instance_mib + INSTANCE_MIB;
}

unsigned ka_vm_memory_mib(const struct ka_guest *guest)
{
	const struct ka_guest_program *program = guest->options.program;
	unsigned need;

	if (!program)
		return KA_GUEST_MIB;
	if (program->memory_mib)
		return program->memory_mib;
	need = BASE_MIB + ka_vm_part_size(guest) * instance_mib(program);
	need = need < MEMORY_MIB ? need : MEMORY_MIB;
	return need > KA_GUEST_MIB ? need : KA_GUEST_MIB;
}

unsigned ka_vm_jobs(const struct ka_guest *guest)
{
	const struct ka_guest_program *program = guest->options.program;
	unsigned jobs = guest->options.jobs ? guest->options.jobs : guest->kernel.machine->jobs;
	unsigned memory_mib = ka_vm_memory_mib(guest), fit;

	if (!program)
		return jobs;
	fit = memory_mib > BASE_MIB ? (memory_mib - BASE_MIB) / instance_mib(program) : 1;
	fit = fit ? fit : 1;
	return fit < jobs ? fit : jobs;
}

unsigned ka_vm_part_size(const struct ka_guest *guest)
{
	return guest->options.program ? PROGRAMS_PART : guest->kernel.machine->part_size;
}

static int pack_part(const struct ka_guest *guest, unsigned part, struct nn_err *err)
{
	const struct ka_guest_options *options = &guest->options;
	const struct ka_machine *machine = guest->kernel.machine;
	const struct ka_guest_job job = { .plan = *options->plan,
					  .trials = options->trials,
					  .jobs = ka_vm_jobs(guest),
					  .part = part,
					  .part_size = ka_vm_part_size(guest),
					  .keep = options->keep,
					  .keep_all = options->keep_all,
					  .program = options->program != NULL,
					  .hostfs = options->program && machine->has_hostfs,
					  .plain_clock = guest->plain_clock,
					  .surveyed = guest->surveyed };

	return ka_pack(&guest->kernel, &job, options->program ? options->program->copies : NULL,
		       err);
}

int ka_vm_cpu(const struct ka_vm *vm)
{
	cpu_set_t set;

	if (sched_getaffinity(vm->booted.supervisor.pid, sizeof(set), &set) < 0 ||
	    CPU_COUNT(&set) != 1)
		return -1;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set))
			return cpu;
	return -1;
}

int ka_vm_boot(const struct ka_guest *guest, struct ka_vm *vm, unsigned part, int cpu,
	       struct nn_err *err)
{
	const struct ka_how how = { .cpu = cpu,
				    .memory_mib = ka_vm_memory_mib(guest),
				    .host_files = guest->options.program != NULL,
				    .plain_clock = guest->plain_clock };
	int initramfs = pack_part(guest, part, err);
	int ret;

	if (initramfs < 0)
		return initramfs;
	*vm = (struct ka_vm){ .booted = KA_BOOTED_INIT,
			      .part = part,
			      .cpu = cpu,
			      .memory_mib = how.memory_mib,
			      .plain_clock = guest->plain_clock };
	vm->collect.booted = &vm->booted;
	ret = guest->kernel.machine->boot(&guest->kernel, initramfs, &how, &vm->booted, err);
	close(initramfs);
	vm->running = ret == 0;
	vm->silence_s = guest->options.silence_s > 0 ? guest->options.silence_s : SILENCE_S;
	allow_silence(vm, guest->options.boot_s > 0 ? guest->options.boot_s : BOOT_S);
	return ret;
}

void ka_vm_stop(struct ka_vm *vm)
{
	if (vm->running)
		ka_booted_stop(&vm->booted);
	vm->running = false;
	ka_collect_free(&vm->collect);
}

/* ---- its messages ------------------------------------------------------------------------- */

int ka_vms_wait(struct ka_guest *guest)
{
	struct ka_collect *all[KA_COLLECT_MAX];
	int64_t deadline_ns = INT64_MAX;
	size_t n = 0;
	int ret;

	for (size_t i = 0; i < KA_MAX_PARTS; i++) {
		struct ka_vm *vm = &guest->vms[i];

		if (!vm->running)
			continue;
		all[n++] = &vm->collect;
		if (vm->deadline_ns < deadline_ns)
			deadline_ns = vm->deadline_ns;
	}
	ret = ka_collect_wait(all, n, guest->signals, deadline_ns);
	return ret == -ETIMEDOUT ? 0 : ret; /* ka_vm_message() says whose */
}

/* The signal that ended its process, " (...)", or "". */
static const char *cause_of_death(struct ka_vm *vm, char *buf, size_t size)
{
	int status = ka_booted_stop(&vm->booted);

	*buf = '\0';
	if (status == 128 + SIGKILL)
		snprintf(buf, size,
			 " (killed: perhaps the memory, of which it takes up to %u MiB, did not "
			 "suffice)",
			 vm->memory_mib);
	else if (status > 128)
		snprintf(buf, size, " (%s)", strsignal(status - 128));
	return buf;
}

/* Says why there is no next line: @ret of ka_collect_line(). */
static int why_no_line(struct ka_vm *vm, int ret, struct nn_err *err)
{
	char quoted[400], cause[120];
	const char *words = ka_collect_last_words(&vm->collect, quoted, sizeof(quoted));

	if (ret == -EAGAIN && vm->clock_ns) {
		nn_refuse(err, CLOCK_STANDS " (for %.0f s); last on its console: %s",
			  vm->patience_s, words);
		return -ETIMEDOUT;
	}
	if (ret == -EAGAIN) {
		nn_refuse(err, "the guest was silent for %.0f s; last on its console: %s",
			  vm->patience_s, words);
		return -ETIMEDOUT;
	}
	if (ret == 0) {
		nn_refuse(err, "the guest ended%s; last on its console: %s",
			  cause_of_death(vm, cause, sizeof(cause)), words);
		return -EIO;
	}
	nn_fail(err, -ret, "cannot read from the guest");
	return -EIO;
}

/* Of a program's guest only: it is asked for what each of its processes has taken. */
static void note_cpu_time(struct ka_vm *vm)
{
	if (vm->clock_ns)
		vm->line_cpu_s = vm->looked_cpu_s = ka_cpu_time_s(vm->booted.supervisor.pid);
}

/* A host that is busy gives a guest little time to compute in: what it has not yet had of its patience
 * it may still take. One that has not computed at all since it was last looked at has hung. */
static bool computes(struct ka_vm *vm)
{
	double cpu_s, used_s;

	if (!vm->clock_ns)
		return false;
	cpu_s = ka_cpu_time_s(vm->booted.supervisor.pid);
	used_s = cpu_s - vm->line_cpu_s;
	if (cpu_s - vm->looked_cpu_s < LEAST_CPU_S || used_s >= vm->patience_s)
		return false;
	vm->looked_cpu_s = cpu_s;
	vm->deadline_ns = ka_now_ns() + (int64_t)((vm->patience_s - used_s) * NSEC_PER_SEC);
	return true;
}

static int next_message(struct ka_vm *vm, struct ka_message *message, struct nn_err *err)
{
	char *line, *end;
	int ret = ka_collect_line(&vm->collect, &line);

	if (ret == -EAGAIN && (ka_now_ns() < vm->deadline_ns || computes(vm)))
		return 0;
	if (ret != 1)
		return why_no_line(vm, ret, err);
	allow_silence(vm, vm->clock_ns ? vm->patience_s : vm->silence_s);
	note_cpu_time(vm);
	*message = (struct ka_message){ .kind = *line };
	message->index = strtoul(line + (*line != '\0'), &end, 10);
	if (*end)
		message->json = json_loads(end, JSON_DECODE_ANY, NULL);
	if (message->kind == 'X' && json_is_string(message->json)) {
		nn_refuse(err, "in the guest: %s", json_string_value(message->json));
		json_decref(message->json);
		return -EIO;
	}
	return 1;
}

/* How long it may be silent from now on, whose clock has just gone on. */
static double patience_of(const struct ka_vm *vm, size_t running)
{
	double patience_s = PROGRAM_SILENCE_S + PROGRAM_SHARE_S * (double)running;

	if (vm->silence_s < patience_s)
		patience_s = vm->silence_s;
	return vm->plain_clock ? patience_s + KA_SIGN_OF_LIFE_S : patience_s;
}

/* A sign of life. 0, or -ETIMEDOUT: such a life is none. */
static int note_clock(struct ka_vm *vm, const struct ka_message *message, struct nn_err *err)
{
	long says_s = (long)json_integer_value(message->json);
	double real_s, virtual_s;

	if (!vm->clock_ns) {
		vm->clock_ns = ka_now_ns();
		vm->clock_s = says_s;
		note_cpu_time(vm);
		vm->clock_cpu_s = vm->line_cpu_s;
	}
	allow_silence(vm, patience_of(vm, message->index));
	real_s = (double)(ka_now_ns() - vm->clock_ns) / NSEC_PER_SEC;
	virtual_s = (double)(says_s - vm->clock_s);
	if (!vm->plain_clock || vm->line_cpu_s - vm->clock_cpu_s < vm->silence_s ||
	    virtual_s > PLAIN_CLOCK_FACTOR * real_s)
		return 0;
	nn_refuse(err, CLOCK_STANDS ": its last %.0f s took %.0f s", virtual_s, real_s);
	return -ETIMEDOUT;
}

int ka_vm_message(struct ka_vm *vm, struct ka_message *message, struct nn_err *err)
{
	int ret, alive;

	while ((ret = next_message(vm, message, err)) == 1 && message->kind == 'T') {
		alive = note_clock(vm, message, err);
		json_decref(message->json);
		if (alive < 0)
			return alive;
	}
	return ret;
}
