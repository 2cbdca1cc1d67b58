/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See mptcp.h. */
#include "mptcp.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/mptcp.h>
#include <string.h>

#include "link_private.h"
#include "nl.h"

static void start(struct nn_msg *msg, uint16_t family, uint8_t command, uint8_t version)
{
	struct genlmsghdr *head;

	nn_msg_start(msg, family, 0);
	head = nn_msg_extra(msg, sizeof(*head));
	head->cmd = command;
	head->version = version;
}

static int parse_id(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
		*(uint16_t *)data = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

static int parse_family(const struct nlmsghdr *nlh, void *arg)
{
	mnl_attr_parse(nlh, sizeof(struct genlmsghdr), parse_id, arg);
	return 0;
}

/* Families of generic netlink have numbers that are found out by their name. */
static int find_family(struct nn_nl *nl, uint16_t *family, struct nn_err *err)
{
	struct nn_msg msg;
	int ret;

	*family = 0;
	start(&msg, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	nn_msg_put_str(&msg, CTRL_ATTR_FAMILY_NAME, MPTCP_PM_NAME);
	ret = nn_nl_talk(nl, &msg, parse_family, family, err);
	if (ret == -ENOENT || (!ret && !*family))
		return nn_fail(err, EOPNOTSUPP, "this kernel has no path manager of MPTCP");
	return ret;
}

/* Begins a request; the socket to send it on, or NULL with errno. */
static struct nn_nl *ask(struct nn_ns *ns, struct nn_msg *msg, uint8_t command, struct nn_err *err)
{
	struct nn_nl *nl = nn_ns_nl(ns, NN_BUS_GENERIC, err);
	uint16_t family = 0;
	int ret = nl ? find_family(nl, &family, err) : -errno;

	if (ret) {
		errno = -ret;
		return NULL;
	}
	start(msg, family, command, MPTCP_PM_VER);
	return nl;
}

static int talk(struct nn_nl *nl, struct nn_msg *msg, const char *what, struct nn_err *err)
{
	int ret = nn_nl_talk(nl, msg, NULL, NULL, err);

	return ret ? nn_prefix(err, ret, "path manager of MPTCP: %s", what) : 0;
}

int nn_mptcp_allow(struct nn_ns *ns, unsigned subflows, struct nn_err *err)
{
	struct nn_msg msg;
	struct nn_nl *nl = ask(ns, &msg, MPTCP_PM_CMD_SET_LIMITS, err);

	if (!nl)
		return -errno;
	nn_msg_put_u32(&msg, MPTCP_PM_ATTR_RCV_ADD_ADDRS, 0);
	nn_msg_put_u32(&msg, MPTCP_PM_ATTR_SUBFLOWS, subflows);
	return talk(nl, &msg, "limits", err);
}

int nn_mptcp_add_subflows(struct nn_ns *ns, const struct nn_addr *addr, struct nn_err *err)
{
	const uint16_t family = (uint16_t)addr->family;
	const int type = family == AF_INET ? MPTCP_PM_ADDR_ATTR_ADDR4 : MPTCP_PM_ADDR_ATTR_ADDR6;
	struct nn_msg msg;
	struct nn_nl *nl = ask(ns, &msg, MPTCP_PM_CMD_ADD_ADDR, err);
	struct nlattr *nest;

	if (!nl)
		return -errno;
	nest = nn_msg_nest(&msg, MPTCP_PM_ATTR_ADDR);
	nn_msg_put(&msg, MPTCP_PM_ADDR_ATTR_FAMILY, &family, sizeof(family));
	nn_msg_put(&msg, (uint16_t)type, addr->bytes, nn_addr_size(addr));
	nn_msg_put_u32(&msg, MPTCP_PM_ADDR_ATTR_FLAGS, MPTCP_PM_ADDR_FLAG_SUBFLOW);
	nn_msg_nest_end(&msg, nest);
	return talk(nl, &msg, "endpoint", err);
}
