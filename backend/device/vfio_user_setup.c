// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The steps between connect() and the first register access, in the order of the vfio-user specification:
 * version, device info, region info, interrupt info, interrupts; then PCI configuration space, as a bus driver
 * would do it. Called once by vfio_user.c when it creates a device and once when it destroys it. No state.
 *
 * Every answer is checked for what the rest relies on; what is not relied on is not looked at.
 */
#include "backend/device/vfio_user_setup.h"

#include <errno.h>
#include <string.h>

#include <json-c/json.h>

#include "backend/device/dma.h"

#define REGISTERS_SIZE	 0x200000u /* of a CSF GPU's register window */
#define VERSION_DATA_MAX 4096u
#define JSON_DEPTH	 4 /* as deep as the specification's */

#define CAPABILITIES                                                         \
	"{\"capabilities\":{\"max_msg_fds\":1,\"max_data_xfer_size\":65536," \
	"\"max_dma_maps\":65535,\"pgsizes\":4096}}"
_Static_assert(MMX_VFU_MAX_DATA == 65536, "stands in CAPABILITIES as well");

/* An optional number. Return: 0; -EPROTO if it is none or below @min. What is above 32 bits is cut to that. */
static int get_number(struct json_object *caps, const char *key, uint32_t min, uint32_t *value)
{
	struct json_object *obj;
	int64_t number;

	if (!json_object_object_get_ex(caps, key, &obj))
		return 0;
	if (!json_object_is_type(obj, json_type_int))
		return -EPROTO;
	number = json_object_get_int64(obj);
	if (number < (int64_t)min)
		return -EPROTO;
	*value = number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
	return 0;
}

static int parse_capabilities(struct json_object *caps, struct mmx_vfu_limits *limits)
{
	uint32_t fds = 1, page_sizes = MMX_PAGE_SIZE;

	if (get_number(caps, "max_data_xfer_size", sizeof(uint64_t), &limits->max_data) ||
	    get_number(caps, "max_dma_maps", 1, &limits->max_dma_maps) ||
	    get_number(caps, "max_msg_fds", 1, &fds) ||
	    get_number(caps, "pgsizes", 1, &page_sizes) || !(page_sizes & MMX_PAGE_SIZE))
		return -EPROTO;
	return 0;
}

int mmx_vfu_parse_limits(const char *json, size_t len, struct mmx_vfu_limits *ret_limits)
{
	struct mmx_vfu_limits limits = { .max_data = 1048576, .max_dma_maps = 65535 };
	struct json_tokener *tokener;
	struct json_object *root, *caps;
	int r = 0;

	if (!len)
		goto out;
	/* terminated, and nothing behind the end */
	if (strnlen(json, len) != len - 1)
		return -EPROTO;
	tokener = json_tokener_new_ex(JSON_DEPTH);
	if (!tokener)
		return -ENOMEM;
	root = json_tokener_parse_ex(tokener, json, (int)len);
	json_tokener_free(tokener);
	if (!json_object_is_type(root, json_type_object))
		r = -EPROTO;
	else if (json_object_object_get_ex(root, "capabilities", &caps))
		r = json_object_is_type(caps, json_type_object) ? parse_capabilities(caps, &limits)
								: -EPROTO;
	json_object_put(root);
	if (r < 0)
		return r;
out:
	*ret_limits = limits;
	return 0;
}

static int negotiate(struct mmx_vfu_conn *conn, struct mmx_vfu_limits *ret_limits)
{
	struct {
		struct mmx_vfu_header hdr;
		struct mmx_vfu_version version;
		char data[sizeof(CAPABILITIES)];
	} msg = { .version = { MMX_VFU_MAJOR, MMX_VFU_MINOR }, .data = CAPABILITIES };
	struct {
		struct mmx_vfu_version version;
		char data[VERSION_DATA_MAX];
	} reply;
	struct mmx_vfu_request req = {
		.command = MMX_VFU_VERSION,
		.msg = &msg.hdr,
		.size = offsetof(__typeof__(msg), data) + sizeof(msg.data),
		.fd = -1,
		.reply = &reply,
		.reply_min = sizeof(reply.version),
		.reply_max = sizeof(reply),
	};
	size_t len;
	int r;

	r = mmx_vfu_conn_request(conn, &req, &len);
	if (r < 0)
		return r;
	if (reply.version.major != MMX_VFU_MAJOR || reply.version.minor > MMX_VFU_MINOR)
		return -EPROTO;
	return mmx_vfu_parse_limits(reply.data, len - sizeof(reply.version), ret_limits);
}

/* A question whose answer has its own layout: @size bytes of header and info. */
static int get_info(struct mmx_vfu_conn *conn, enum mmx_vfu_command command,
		    struct mmx_vfu_header *msg, size_t size, void *ret_info)
{
	struct mmx_vfu_request req = {
		.command = command,
		.msg = msg,
		.size = size,
		.fd = -1,
		.reply = ret_info,
		.reply_min = size - sizeof(*msg),
		.reply_max = size - sizeof(*msg),
	};

	return mmx_vfu_conn_request(conn, &req, NULL);
}

static int check_device(struct mmx_vfu_conn *conn, bool *ret_resets)
{
	struct {
		struct mmx_vfu_header hdr;
		struct mmx_vfu_device_info info;
	} msg = { .info = { .argsz = sizeof(msg.info) } };
	struct mmx_vfu_device_info info;
	int r;

	r = get_info(conn, MMX_VFU_DEVICE_GET_INFO, &msg.hdr, sizeof(msg), &info);
	if (r < 0)
		return r;
	if (!(info.flags & MMX_VFU_DEVICE_PCI) || info.region_count <= MMX_VFU_REGION_CONFIG ||
	    info.irq_count <= MMX_VFU_IRQ_MSIX)
		return -EPROTO;
	*ret_resets = info.flags & MMX_VFU_DEVICE_RESETS;
	return 0;
}

/* A region that can be read and written and has at least @size bytes. */
static int check_region(struct mmx_vfu_conn *conn, uint32_t index, uint64_t size)
{
	const uint32_t wanted = MMX_VFU_REGION_CAN_READ | MMX_VFU_REGION_CAN_WRITE;
	struct {
		struct mmx_vfu_header hdr;
		struct mmx_vfu_region_info info;
	} msg = { .info = { .argsz = sizeof(msg.info), .index = index } };
	struct mmx_vfu_region_info info;
	int r;

	r = get_info(conn, MMX_VFU_DEVICE_GET_REGION_INFO, &msg.hdr, sizeof(msg), &info);
	if (r < 0)
		return r;
	if (info.index != index || info.size < size || (info.flags & wanted) != wanted)
		return -EPROTO;
	return 0;
}

static int check_irqs(struct mmx_vfu_conn *conn)
{
	struct {
		struct mmx_vfu_header hdr;
		struct mmx_vfu_irq_info info;
	} msg = { .info = { .argsz = sizeof(msg.info), .index = MMX_VFU_IRQ_MSIX } };
	struct mmx_vfu_irq_info info;
	int r;

	r = get_info(conn, MMX_VFU_DEVICE_GET_IRQ_INFO, &msg.hdr, sizeof(msg), &info);
	if (r < 0)
		return r;
	if (info.index != MMX_VFU_IRQ_MSIX || !(info.flags & MMX_VFU_IRQ_EVENTFD) ||
	    info.count < MMX_IRQ_COUNT)
		return -EPROTO;
	return 0;
}

/* One vector a message: a server need not take more than one descriptor at a time. */
static int set_irq(struct mmx_vfu_conn *conn, uint32_t vector, int fd)
{
	struct {
		struct mmx_vfu_header hdr;
		struct mmx_vfu_irq_set set;
	} msg = {
		.set = {
			.argsz = sizeof(msg.set),
			.flags = MMX_VFU_IRQ_SET_EVENTFD | MMX_VFU_IRQ_SET_TRIGGER,
			.index = MMX_VFU_IRQ_MSIX,
			.start = vector,
			.count = 1,
		},
	};
	struct mmx_vfu_request req = {
		.command = MMX_VFU_DEVICE_SET_IRQS, .msg = &msg.hdr, .size = sizeof(msg), .fd = fd
	};

	return mmx_vfu_conn_request(conn, &req, NULL);
}

static int reset(struct mmx_vfu_conn *conn)
{
	struct mmx_vfu_header msg;
	struct mmx_vfu_request req = {
		.command = MMX_VFU_DEVICE_RESET, .msg = &msg, .size = sizeof(msg), .fd = -1
	};

	return mmx_vfu_conn_request(conn, &req, NULL);
}

/* @count: 1 or 2. */
static int config_read(struct mmx_vfu_conn *conn, uint32_t offset, uint32_t count,
		       uint16_t *ret_value)
{
	uint8_t data[2] = { 0 };
	int r;

	r = mmx_vfu_conn_read_region(conn, MMX_VFU_REGION_CONFIG, offset, data, count);
	if (r < 0)
		return r;
	/* configuration space is little-endian on every host */
	*ret_value = (uint16_t)(data[0] | data[1] << 8);
	return 0;
}

static int config_write16(struct mmx_vfu_conn *conn, uint32_t offset, uint16_t value)
{
	struct {
		struct mmx_vfu_header hdr;
		struct mmx_vfu_region_access access;
		uint8_t data[2];
	} msg = {
		.access = { .offset = offset, .region = MMX_VFU_REGION_CONFIG, .count = 2 },
		.data = { (uint8_t)value, (uint8_t)(value >> 8) },
	};
	struct mmx_vfu_region_access reply;
	struct mmx_vfu_request req = {
		.command = MMX_VFU_REGION_WRITE,
		.msg = &msg.hdr,
		.size = offsetof(__typeof__(msg), data) + sizeof(msg.data),
		.fd = -1,
		.reply = &reply,
		.reply_max = sizeof(reply),
	};

	return mmx_vfu_conn_request(conn, &req, NULL);
}

/* The capability's offset; 0 = there is none. */
static int find_msix(struct mmx_vfu_conn *conn, uint32_t *ret_offset)
{
	uint16_t status, pos, id;
	int r, i;

	*ret_offset = 0;
	r = config_read(conn, MMX_PCI_STATUS, 2, &status);
	if (r < 0 || !(status & MMX_PCI_STATUS_CAPS))
		return r;
	r = config_read(conn, MMX_PCI_CAPS, 1, &pos);
	/* more than this many don't fit: the list is a circle */
	for (i = 0; i < 48 && r == 0 && (pos &= 0xfc) >= 0x40; i++) {
		r = config_read(conn, pos, 1, &id);
		if (r == 0 && id == MMX_PCI_CAP_ID_MSIX) {
			*ret_offset = pos;
			return 0;
		}
		if (r == 0)
			r = config_read(conn, pos + 1u, 1, &pos);
	}
	return r;
}

/* SET_IRQS is what a vfio-user server listens to; the capability says the same, for one that looks there. */
static int enable_msix(struct mmx_vfu_conn *conn)
{
	uint32_t cap;
	uint16_t control;
	int r;

	r = find_msix(conn, &cap);
	if (r < 0 || !cap)
		return r;
	r = config_read(conn, cap + MMX_PCI_CAP_MSIX_CONTROL, 2, &control);
	if (r < 0)
		return r;
	control = (uint16_t)((control | MMX_PCI_MSIX_CONTROL_ENABLE) & ~MMX_PCI_MSIX_CONTROL_MASK);
	return config_write16(conn, cap + MMX_PCI_CAP_MSIX_CONTROL, control);
}

int mmx_vfu_setup(struct mmx_vfu_conn *conn, const int irq_fds[MMX_IRQ_COUNT],
		  struct mmx_vfu_limits *ret_limits)
{
	struct mmx_vfu_limits limits;
	bool resets = false;
	uint32_t vector;
	int r;

	r = negotiate(conn, &limits);
	if (r < 0)
		return r;
	r = check_device(conn, &resets);
	if (r == 0)
		r = check_region(conn, MMX_VFU_REGION_BAR0, REGISTERS_SIZE);
	if (r == 0)
		r = check_region(conn, MMX_VFU_REGION_CONFIG, MMX_PCI_CONFIG_SIZE);
	if (r == 0)
		r = check_irqs(conn);
	/* whatever its last client left running stops here */
	if (r == 0 && resets)
		r = reset(conn);
	for (vector = 0; r == 0 && vector < MMX_IRQ_COUNT; vector++)
		r = set_irq(conn, vector, irq_fds[vector]);
	if (r == 0)
		r = enable_msix(conn);
	if (r == 0)
		r = config_write16(conn, MMX_PCI_COMMAND,
				   MMX_PCI_COMMAND_MEMORY | MMX_PCI_COMMAND_MASTER |
					   MMX_PCI_COMMAND_INTX_OFF);
	if (r < 0)
		return r;
	*ret_limits = limits;
	return 0;
}

void mmx_vfu_teardown(struct mmx_vfu_conn *conn)
{
	/* if it refuses, the end of the connection has to do */
	(void)config_write16(conn, MMX_PCI_COMMAND, MMX_PCI_COMMAND_INTX_OFF);
}
