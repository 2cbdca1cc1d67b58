/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See proof.h. */
#include "model/proof.h"

const char *ka_proof_name(enum ka_proof proof)
{
	switch (proof) {
	case KA_PROOF_CAPTURE:
		return "the capture";
	case KA_PROOF_COUNTERS:
		return "the counters";
	case KA_PROOF_FAULT:
		return "that the fault took effect";
	case KA_PROOF_CHECK:
		return "what the step read";
	case KA_PROOF_SOCKET:
		return "sock_diag";
	case KA_PROOF_INFO:
		return "TCP_INFO";
	case KA_PROOF_LOAD:
		return "what became of the load";
	case KA_PROOF_CALLS:
		return "the calls after the end";
	case KA_PROOF_EVENTS:
		return "epoll";
	case KA_PROOF_BLOCKED:
		return "what the blocked call returned";
	case KA_PROOF_HOST:
		return "the host's lost packets";
	case KA_PROOF_OPTIONS:
		return "the options of the program's socket";
	case KA_PROOF_HOLDERS:
		return "who holds the program's socket";
	}
	return "evidence";
}
