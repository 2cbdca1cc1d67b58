/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps that need no more than a sentence with one name in it. */
#include "command/explain.h"

const char *ka_explain_sentence(enum ka_do what)
{
	switch (what) {
	case KA_FILL:
		return "%s sends until the receive window of the other end is closed; all of it is "
		       "acknowledged, and nothing waits to be sent.";
	case KA_STALL:
		return "%s stops reading; what arrives stays in its receive queue.";
	case KA_RESUME:
		return "%s reads again.";
	case KA_SHUTDOWN:
		return "%s calls shutdown(SHUT_WR): its FIN goes out, it still reads.";
	case KA_CLOSE:
		return "%s closes its socket.";
	case KA_KILL:
		return "the process of %s is killed with SIGKILL; its kernel closes the socket.";
	case KA_FREEZE:
		return "the process of %s is stopped with SIGSTOP; its kernel goes on.";
	case KA_THAW:
		return "the process of %s goes on (SIGCONT).";
	case KA_CRASH:
		return "the machine of %s is gone: the wire is unplugged, the process killed, the "
		       "namespace destroyed. Nothing of its last words can arrive.";
	case KA_REBOOT:
		return "a machine with the same address as %s is there again; it knows nothing of "
		       "the connection.";
	case KA_FORGET:
		return "the kernel of %s loses the socket without a word (TCP_REPAIR).";
	case KA_DESTROY:
		return "the socket of %s is destroyed by the administrator (SOCK_DESTROY, as by "
		       "`ss -K').";
	case KA_LINK_DOWN:
		return "the network device of %s is set down.";
	case KA_LINK_UP:
		return "the network device of %s is set up again.";
	case KA_LINK_DELETE:
		return "the network device of %s is deleted, and with it the wire.";
	case KA_ADDRESS_GONE:
		return "the address that the socket of %s is bound to is taken from its device.";
	case KA_NEIGHBOUR_GONE:
		return "%s forgets the MAC address of the next machine on the way, which no longer "
		       "answers ARP requests and neighbour solicitations.";
	case KA_REFUSE:
		return "the device of %s takes no packet any more: its queue (pfifo with limit 0) "
		       "drops each, and says so to the sender.";
	case KA_ACCEPT:
		return "the device of %s takes packets again.";
	case KA_HEAL:
		return "the path is healed: every rule made so far is removed.";
	default:
		return "time passes.";
	}
}
