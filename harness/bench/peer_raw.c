/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a peer does beside its connection: sockets of other kinds, and a segment that no kernel sends. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/peer_self.h"

int ka_self_keepalive_of(struct ka_peer_self *self, enum ka_socket kind, int *value)
{
	const int family = self->config->local.family, on = 1;
	socklen_t len = sizeof(*value);
	int fd, err = 0;

	if (kind == KA_UNIX)
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	else if (kind == KA_UDP)
		fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	else
		fd = socket(family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP);
	if (fd < 0)
		return errno;
	if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, value, &len) < 0)
		err = errno;
	close(fd);
	return err;
}

/* ---- a forged segment ---------------------------------------------------------------------------- */

/* Of 16-bit words, as they lie in memory (RFC 1071). */
static uint32_t add_words(uint32_t sum, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	for (; len > 1; len -= 2, at += 2) {
		uint16_t word;

		memcpy(&word, at, sizeof(word));
		sum += word;
	}
	return sum;
}

/* With the pseudo-header, which for both families comes to the same: addresses, length, protocol. */
static uint16_t checksum(const struct ka_peer_config *config, const struct tcphdr *tcp)
{
	const size_t len = config->local.family == AF_INET ? 4 : 16;
	uint32_t sum = htons(sizeof(*tcp)) + htons(IPPROTO_TCP);

	sum = add_words(sum, config->local.bytes, len);
	sum = add_words(sum, config->remote.bytes, len);
	sum = add_words(sum, tcp, sizeof(*tcp));
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static socklen_t raw_address(const struct nn_addr *addr, struct sockaddr_storage *out)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in = { .sin_family = AF_INET };

	memset(out, 0, sizeof(*out));
	memcpy(&in.sin_addr, addr->bytes, sizeof(in.sin_addr));
	memcpy(&in6.sin6_addr, addr->bytes, sizeof(in6.sin6_addr));
	if (addr->family == AF_INET)
		memcpy(out, &in, sizeof(in));
	else
		memcpy(out, &in6, sizeof(in6));
	return addr->family == AF_INET ? sizeof(in) : sizeof(in6);
}

int ka_self_forge_reset(struct ka_peer_self *self, uint16_t from, uint16_t to, uint32_t seq)
{
	const struct ka_peer_config *config = self->config;
	struct tcphdr tcp = { .source = htons(from), .dest = htons(to), .seq = htonl(seq) };
	struct sockaddr_storage addr;
	socklen_t len = raw_address(&config->remote, &addr);
	int fd = socket(config->local.family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP), err = 0;

	if (fd < 0)
		return errno;
	tcp.doff = sizeof(tcp) / 4;
	tcp.rst = 1;
	tcp.check = checksum(config, &tcp);
	if (sendto(fd, &tcp, sizeof(tcp), 0, (struct sockaddr *)&addr, len) < 0)
		err = errno;
	close(fd);
	return err;
}
