/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A proxy that can keep only so many connections. Its queue knows what its application read: a
 * keepalive probe ends in the kernel, and moves nobody to the front.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "bench/peer_self.h"
#include "model/util.h"

/* The connections as one row: 0 is the observed one, then the load. */
static int fd_of(const struct ka_peer_self *self, unsigned i)
{
	return i ? self->load.members[i - 1].fd : self->conn;
}

static int64_t active_of(const struct ka_peer_self *self, unsigned i)
{
	return i ? self->load.members[i - 1].active_ns : self->app.active_ns;
}

static void evict(struct ka_peer_self *self, unsigned i)
{
	const struct linger gently = { .l_onoff = 0 };
	bool reset = self->config->app.reset;
	int64_t silent_ns = ka_now_ns() - active_of(self, i);

	ka_app_tell(self, KA_DID_EVICT, (int)i + 1, silent_ns,
		    "is full: closes connection %u, which sent nothing for %.3f s", i + 1,
		    (double)silent_ns / 1e9);
	if (!i) {
		ka_self_close(self, reset);
		return;
	}
	if (!reset)
		setsockopt(fd_of(self, i), SOL_SOCKET, SO_LINGER, &gently, sizeof(gently));
	close(fd_of(self, i));
	self->load.members[i - 1].fd = -1;
}

void ka_proxy_newcomer(struct ka_peer_self *self, unsigned index)
{
	unsigned open = 1, oldest = index + 1; /* the newcomer itself is the most recent */

	for (unsigned i = 0; i <= index; i++) {
		if (fd_of(self, i) < 0)
			continue;
		open++;
		if (active_of(self, i) < active_of(self, oldest))
			oldest = i;
	}
	if (open > self->config->app.slots && oldest != index + 1)
		evict(self, oldest);
}
