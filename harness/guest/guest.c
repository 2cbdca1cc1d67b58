/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guests of one plan, seen from the host: the first one's boot and facts; the end of all. */
#include "guest/guest.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "guest/job.h"
#include "guest/vm.h"
#include "model/nearest.h"

static int open_signals(struct ka_guest *guest, struct nn_err *err)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &mask, &guest->mask_before);
	guest->masked = true;
	guest->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return guest->signals < 0 ? nn_fail(err, errno, "signalfd") : 0;
}

/* Waits for the facts. */
static int meet(struct ka_guest *guest, struct ka_vm *vm, struct nn_err *err)
{
	struct ka_said said;
	int ret = 0;

	while ((ret = ka_vm_said(vm, &said, err)) == 0) {
		ret = ka_vms_wait(guest);
		if (ret == -EINTR)
			nn_refuse(err, "interrupted; nothing of the guest is left");
		else if (ret < 0)
			nn_fail(err, -ret, "cannot wait for a guest");
		if (ret < 0)
			return ret;
	}
	if (ret < 0)
		return ret;
	ret = 0;
	if (said.kind != 'F' || ka_facts_decode(&guest->facts, said.json) < 0)
		ret = nn_fail(err, EIO, "what the guest says cannot be understood");
	json_decref(said.json);
	vm->met = true;
	return ret;
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
	code = open_signals(guest, err);
	if (code == 0)
		code = ka_vm_boot(guest, &guest->vms[0], 0, -1, err);
	if (code == 0)
		code = meet(guest, &guest->vms[0], err);
	if (code < 0) {
		ka_guest_stop(guest);
		return code;
	}
	*facts = guest->facts;
	*ret = guest;
	return 0;
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
	free(guest);
	return NULL;
}
