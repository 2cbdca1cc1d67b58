/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a peer tells the engine. Below all else in a peer: who tells asks nobody back. */
#ifndef KA_PEER_TELL_H
#define KA_PEER_TELL_H

#include "bench/peer_command.h"

struct ka_peer_self;

void ka_self_event(struct ka_peer_self *self, struct ka_event event);
void ka_self_call(struct ka_peer_self *self, enum ka_call_name name, int64_t ret, int err,
		  bool after_end);
void ka_self_say(struct ka_peer_self *self, enum ka_message_kind kind, int error, int value,
		 const char *text);
/* Evidence that could not be taken, and the errno. */
void ka_self_gap(struct ka_peer_self *self, enum ka_proof proof, int error);

/* Something has happened: what woke this process was not in vain. */
void ka_self_progress(struct ka_peer_self *self);
/* The socket says the same for ever. Says what, and ends this process: where computing takes no
 * time, the clock would stand still. */
_Noreturn void ka_self_sticky(struct ka_peer_self *self, const char *what);

#endif
