/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each thing that experiments need, tried in a sandbox the way the bench does it. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/capture.h"
#include "command/doctor_probes.h"
#include "model/util.h"
#include "netns/conntrack.h"
#include "netns/counters.h"
#include "netns/diag.h"
#include "netns/nft.h"
#include "netns/qdisc.h"
#include "netns/sysctl.h"

#define PORT        4711 /* has a listener */
#define CLOSED_PORT 4712
#define PATIENCE_MS 2000

/* ---- sockets ------------------------------------------------------------------------------ */

/* The address of the server in .pair. */
static socklen_t server_address(const struct ka_patient *patient, int family, uint16_t port,
				struct sockaddr_storage *ret)
{
	struct nn_addr addr = nn_topology_addr(&patient->pair, NN_SERVER, family);
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;

	memset(ret, 0, sizeof(*ret));
	if (family == AF_INET) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		memcpy(&v4->sin_addr, addr.bytes, sizeof(v4->sin_addr));
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	memcpy(&v6->sin6_addr, addr.bytes, sizeof(v6->sin6_addr));
	return sizeof(*v6);
}

/* A socket that belongs to @node of .pair. */
static int socket_in(const struct ka_patient *patient, enum nn_node node, int family, int flags,
		     struct nn_err *err)
{
	int ret = nn_ns_enter(patient->pair.ns[node], err);
	int fd;

	if (ret < 0)
		return ret;
	fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	return fd < 0 ? nn_fail(err, errno, "socket") : fd;
}

static int listen_on(const struct ka_patient *patient, int family, struct nn_err *err)
{
	struct sockaddr_storage addr;
	socklen_t len = server_address(patient, family, PORT, &addr);
	int fd = socket_in(patient, NN_SERVER, family, 0, err);

	if (fd < 0)
		return fd;
	if (bind(fd, (struct sockaddr *)&addr, len) == 0 && listen(fd, 1) == 0)
		return fd;
	len = (socklen_t)errno;
	close(fd);
	return nn_fail(err, (int)len, "cannot listen");
}

/* Begins to connect from the client; the answer is not waited for. */
static int send_syn(const struct ka_patient *patient, int family, uint16_t port, struct nn_err *err)
{
	struct sockaddr_storage addr;
	socklen_t len = server_address(patient, family, port, &addr);
	int fd = socket_in(patient, NN_CLIENT, family, SOCK_NONBLOCK, err);

	if (fd >= 0)
		(void)connect(fd, (struct sockaddr *)&addr, len);
	return fd;
}

static int connect_to(const struct ka_patient *patient, int family, struct nn_err *err)
{
	int fd = send_syn(patient, family, PORT, err), error = 0;
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(error);

	if (fd < 0)
		return fd;
	if (poll(&pfd, 1, PATIENCE_MS) <= 0)
		error = ETIMEDOUT;
	else
		(void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error == 0)
		return fd;
	close(fd);
	return nn_fail(err, error, "no connection over the veth");
}

/* ---- probes ------------------------------------------------------------------------------- */

int ka_probe_pair(struct ka_patient *patient, struct nn_err *err)
{
	return nn_topology_new(&patient->pair, NN_PAIR, err);
}

int ka_probe_routed(struct ka_patient *patient, struct nn_err *err)
{
	return nn_topology_new(&patient->routed, NN_ROUTED, err);
}

int ka_probe_sysctl(struct ka_patient *patient, struct nn_err *err)
{
	return nn_sysctl_put(patient->pair.ns[NN_CLIENT], "net/ipv4/tcp_keepalive_time", "7201",
			     err);
}

int ka_probe_ipv4(struct ka_patient *patient, struct nn_err *err)
{
	struct sockaddr_in addr = { 0 };
	socklen_t len = sizeof(addr);

	patient->listener = listen_on(patient, AF_INET, err);
	if (patient->listener < 0)
		return patient->listener;
	patient->client = connect_to(patient, AF_INET, err);
	if (patient->client < 0)
		return patient->client;
	if (getsockname(patient->client, (struct sockaddr *)&addr, &len) < 0)
		return nn_fail(err, errno, "getsockname");
	patient->client_port = ntohs(addr.sin_port);
	return 0;
}

int ka_probe_ipv6(struct ka_patient *patient, struct nn_err *err)
{
	int listener = listen_on(patient, AF_INET6, err), fd;

	if (listener < 0)
		return listener;
	fd = connect_to(patient, AF_INET6, err);
	close(listener);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

int ka_probe_counters(struct ka_patient *patient, struct nn_err *err)
{
	static const char *const names[] = { "TcpExt.TCPKeepAlive", "Tcp.OutRsts" };
	struct nn_counters *counters;
	uint64_t values[2];
	int ret = nn_counters_open(patient->pair.ns[NN_CLIENT], &counters, err);

	if (ret < 0)
		return ret;
	ret = nn_counters_read(counters, names, values, 2, err);
	nn_counters_close(counters);
	if (ret < 0)
		return ret;
	return values[0] == NN_COUNTER_MISSING || values[1] == NN_COUNTER_MISSING
		       ? nn_fail(err, ENODATA, "TCPKeepAlive is not counted")
		       : 0;
}

/* Waits until @rule has met a packet; its answer, if it gives one, wakes poll() at once. */
static int wait_for_hit(const struct ka_patient *patient, int fd, struct nn_err *err)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };

	for (int waited_ms = 0; waited_ms < PATIENCE_MS; waited_ms += 100) {
		uint64_t packets = 0;
		int ret = nn_nft_counters(patient->pair.ns[NN_SERVER], "doctor", &packets, 1, err);

		if (ret < 0 || packets > 0)
			return ret;
		poll(&pfd, 1, 100);
	}
	return nn_fail(err, ETIMEDOUT, "the rule met no packet");
}

/* Adds the rule at the server, sends it a SYN, and wants to see it counted. */
static int try_rule(struct ka_patient *patient, struct nn_nft_rule rule, struct nn_err *err)
{
	struct nn_ns *ns = patient->pair.ns[NN_SERVER];
	int fd, ret;

	rule.dport = CLOSED_PORT;
	ret = nn_nft_add(ns, "doctor", &rule, 1, err);
	if (ret < 0)
		return ret;
	fd = send_syn(patient, AF_INET, CLOSED_PORT, err);
	ret = fd < 0 ? fd : wait_for_hit(patient, fd, err);
	if (fd >= 0)
		close(fd);
	nn_nft_del(ns, "doctor", NULL);
	return ret;
}

int ka_probe_drop(struct ka_patient *patient, struct nn_err *err)
{
	return try_rule(patient, (struct nn_nft_rule){ .hook = NN_PREROUTING, .action = NN_DROP },
			err);
}

int ka_probe_limit(struct ka_patient *patient, struct nn_err *err)
{
	return try_rule(patient,
			(struct nn_nft_rule){ .hook = NN_INPUT, .action = NN_DROP, .first = 1 },
			err);
}

int ka_probe_reject_rst(struct ka_patient *patient, struct nn_err *err)
{
	return try_rule(patient, (struct nn_nft_rule){ .hook = NN_INPUT, .action = NN_REJECT_RST },
			err);
}

int ka_probe_reject_icmp(struct ka_patient *patient, struct nn_err *err)
{
	return try_rule(patient,
			(struct nn_nft_rule){ .hook = NN_INPUT,
					      .action = NN_REJECT_ICMP,
					      .icmp_code4 = ICMP_HOST_UNREACH,
					      .icmp_code6 = ICMP6_DST_UNREACH_ADDR },
			err);
}

/* The pieces of a gateway that forgets; none of them needs to route for this. */
int ka_probe_conntrack(struct ka_patient *patient, struct nn_err *err)
{
	const struct nn_nft_rule rules[] = {
		{ .hook = NN_POSTROUTING,
		  .priority = 100,
		  .dport = CLOSED_PORT,
		  .action = NN_MASQUERADE },
		{ .hook = NN_INPUT,
		  .sport = CLOSED_PORT,
		  .ct_state = NN_CT_INVALID,
		  .action = NN_DROP },
	};
	struct nn_ns *ns = patient->pair.ns[NN_SERVER];
	uint32_t count;
	int ret = nn_nft_add(ns, "doctor", rules, KA_N(rules), err);

	if (ret < 0)
		return ret;
	ret = nn_sysctl_put(ns, "net/netfilter/nf_conntrack_tcp_timeout_established", "7", err);
	if (!ret)
		ret = nn_ct_count(ns, &count, err);
	nn_nft_del(ns, "doctor", NULL);
	return ret;
}

int ka_probe_capture(struct ka_patient *patient, struct nn_err *err)
{
	struct ka_capture_file file = { .n = 0 };
	struct ka_capture *capture = NULL;
	struct pollfd pfd = { .events = POLLIN };
	int fd = -1, ret;

	ret = ka_capture_open(&capture, patient->pair.ns[NN_SERVER],
			      nn_topology_dev(NN_SERVER, NN_CLIENT), &file, err);
	if (ret == 0)
		ret = fd = send_syn(patient, AF_INET, CLOSED_PORT, err);
	if (ret >= 0) {
		pfd.fd = ka_capture_fd(capture);
		poll(&pfd, 1, PATIENCE_MS);
		ret = ka_capture_read(capture, err);
		if (ret == 0)
			ret = nn_fail(err, ETIMEDOUT, "no packet was seen");
	}
	if (fd >= 0)
		close(fd);
	ka_capture_close(capture);
	ka_capture_file_free(&file);
	return ret < 0 ? ret : 0;
}

int ka_probe_diag(struct ka_patient *patient, struct nn_err *err)
{
	struct nn_diag diag;

	return nn_diag_get(patient->pair.ns[NN_CLIENT], AF_INET, patient->client_port, PORT, &diag,
			   err);
}

int ka_probe_repair(struct ka_patient *patient, struct nn_err *err)
{
	const int on = TCP_REPAIR_ON, off = TCP_REPAIR_OFF_NO_WP;

	if (setsockopt(patient->client, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)) < 0 ||
	    setsockopt(patient->client, IPPROTO_TCP, TCP_REPAIR, &off, sizeof(off)) < 0)
		return nn_fail(err, errno, "setsockopt(TCP_REPAIR)");
	return 0;
}

int ka_probe_queue(struct ka_patient *patient, struct nn_err *err)
{
	int ret = nn_qdisc_refuse(patient->pair.ns[NN_CLIENT], "eth0", err);

	return ret ? ret : nn_qdisc_accept(patient->pair.ns[NN_CLIENT], "eth0", err);
}

int ka_probe_destroy(struct ka_patient *patient, struct nn_err *err)
{
	return nn_diag_destroy(patient->pair.ns[NN_CLIENT], AF_INET, patient->client_port, PORT,
			       err);
}

int ka_probe_mptcp(struct ka_patient *patient, struct nn_err *err)
{
	int fd;

	(void)patient;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP);
	if (fd < 0)
		return nn_fail(err, errno, "socket(IPPROTO_MPTCP)");
	close(fd);
	return 0;
}
