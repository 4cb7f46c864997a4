// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The vfio-user commands: one handler for each, and the table that says what each must bring. Called by
 * vfu.c for every request of the client, whose bytes are untrusted: mmx_vfu_dispatch() checks order,
 * length and number of descriptors by the table; a handler copies the fixed part once and works on the
 * copy, and returns 0 or the errno to answer with.
 */
#include "tools/model/vfu_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <json-c/json.h>

#define VERSION_DEPTH_MAX 8 /* of the JSON in VERSION */

static const char capabilities[] =
	"{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":1048576}}";

/* What the client says about itself in VERSION's JSON; of that only the transfer size matters here. */
static int parse_capabilities(struct mmx_vfu *vfu, const char *text, uint32_t len)
{
	struct json_tokener *tokener = json_tokener_new_ex(VERSION_DEPTH_MAX);
	struct json_object *root, *caps, *size;
	int64_t max = MMX_VFU_MAX_XFER;
	int r = EINVAL;

	if (!tokener)
		return ENOMEM;
	root = json_tokener_parse_ex(tokener, text, (int)len);
	if (!root || !json_object_is_type(root, json_type_object))
		goto out;
	if (json_object_object_get_ex(root, "capabilities", &caps)) {
		if (!json_object_is_type(caps, json_type_object))
			goto out;
		if (json_object_object_get_ex(caps, "max_data_xfer_size", &size)) {
			max = json_object_get_int64(size);
			if (!json_object_is_type(size, json_type_int) || max < 1)
				goto out;
		}
	}
	vfu->conn.peer_max_xfer = max < MMX_VFU_MAX_XFER ? (uint32_t)max : MMX_VFU_MAX_XFER;
	r = 0;
out:
	json_object_put(root);
	json_tokener_free(tokener);
	return r;
}

static int do_version(struct mmx_vfu *vfu, struct mmx_vfu_request *req)
{
	struct mmx_vfu_version version;
	uint32_t len = req->len - (uint32_t)sizeof(version);
	const char *text = (const char *)req->payload + sizeof(version);
	int r;

	if (vfu->agreed)
		return EINVAL;
	memcpy(&version, req->payload, sizeof(version));
	if (version.major != MMX_VFU_VERSION_MAJOR)
		return EPROTONOSUPPORT;
	if (len) {
		if (text[len - 1] != '\0')
			return EINVAL;
		r = parse_capabilities(vfu, text, len);
		if (r)
			return r;
	}
	vfu->agreed = true;
	version.minor = MMX_VFU_VERSION_MINOR;
	memcpy(req->reply, &version, sizeof(version));
	req->reply_len = sizeof(version);
	/* clients have no room for a longer answer than they sent; all we say is the default anyway */
	if (len >= sizeof(capabilities)) {
		memcpy(req->reply + sizeof(version), capabilities, sizeof(capabilities));
		req->reply_len += (uint32_t)sizeof(capabilities);
	}
	return 0;
}

static int do_dma_map(struct mmx_vfu *vfu, struct mmx_vfu_request *req)
{
	struct mmx_vfu_dma_map map;
	int r;

	memcpy(&map, req->payload, sizeof(map));
	r = mmx_vfu_dma_map(&vfu->dma, &map, req->fd_count ? req->fds[0] : -1);
	mmx_vfu_trace(vfu, "dma_map 0x%" PRIx64 " 0x%" PRIx64 " %s%s%s = %d", map.addr, map.size,
		      (map.flags & MMX_VFU_DMA_READABLE) ? "r" : "-",
		      (map.flags & MMX_VFU_DMA_WRITEABLE) ? "w" : "-",
		      req->fd_count ? "" : " no fd", r);
	return r;
}

static int do_dma_unmap(struct mmx_vfu *vfu, struct mmx_vfu_request *req)
{
	struct mmx_vfu_dma_unmap unmap;
	int r;

	memcpy(&unmap, req->payload, sizeof(unmap));
	r = mmx_vfu_dma_unmap(&vfu->dma, &unmap);
	if (!r && (unmap.flags & MMX_VFU_DMA_UNMAP_ALL))
		mmx_model_dma_unmapped(vfu->model, 0, UINT64_MAX);
	else if (!r)
		mmx_model_dma_unmapped(vfu->model, unmap.addr, unmap.size);
	mmx_vfu_trace(vfu, "dma_unmap 0x%" PRIx64 " 0x%" PRIx64 "%s = %d", unmap.addr, unmap.size,
		      (unmap.flags & MMX_VFU_DMA_UNMAP_ALL) ? " all" : "", r);
	memcpy(req->reply, &unmap, sizeof(unmap));
	req->reply_len = sizeof(unmap);
	return r;
}

static int do_get_info(struct mmx_vfu *vfu, struct mmx_vfu_request *req)
{
	struct mmx_vfu_device_info info;

	(void)vfu;
	memcpy(&info, req->payload, sizeof(info));
	if (info.argsz < sizeof(info))
		return EINVAL;
	info = (struct mmx_vfu_device_info){
		.argsz = sizeof(info),
		.flags = MMX_VFU_DEVICE_RESETS | MMX_VFU_DEVICE_PCI,
		.num_regions = MMX_VFU_REGION_COUNT,
		.num_irqs = MMX_VFU_IRQ_COUNT,
	};
	memcpy(req->reply, &info, sizeof(info));
	req->reply_len = sizeof(info);
	return 0;
}

static int do_get_region_info(struct mmx_vfu *vfu, struct mmx_vfu_request *req)
{
	struct mmx_vfu_region_info info;
	int r;

	(void)vfu;
	memcpy(&info, req->payload, sizeof(info));
	r = mmx_vfu_pci_region_info(&info);
	memcpy(req->reply, &info, sizeof(info));
	req->reply_len = sizeof(info);
	return r;
}

static int do_get_irq_info(struct mmx_vfu *vfu, struct mmx_vfu_request *req)
{
	struct mmx_vfu_irq_info info;
	int r;

	(void)vfu;
	memcpy(&info, req->payload, sizeof(info));
	r = mmx_vfu_irq_info(&info);
	memcpy(req->reply, &info, sizeof(info));
	req->reply_len = sizeof(info);
	return r;
}

static int do_set_irqs(struct mmx_vfu *vfu, struct mmx_vfu_request *req)
{
	struct mmx_vfu_irq_set set;
	int r;

	memcpy(&set, req->payload, sizeof(set));
	r = mmx_vfu_irq_set(&vfu->irq, &set, req->payload + sizeof(set), req->len - sizeof(set),
			    req->fds, req->fd_count, mmx_vfu_now_ns(vfu));
	mmx_vfu_trace(vfu,
		      "set_irqs index %" PRIu32 " flags 0x%" PRIx32 " %" PRIu32 "+%" PRIu32 " = %d",
		      set.index, set.flags, set.start, set.count, r);
	return r;
}

/* Registers take aligned accesses of 4 and 8 bytes; longer ones are split. */
static int check_access(const struct mmx_vfu_region_access *access)
{
	uint64_t size = mmx_vfu_pci_region_size(access->region);

	if (!access->count || access->count > MMX_VFU_MAX_XFER || access->offset > size ||
	    access->count > size - access->offset)
		return EINVAL;
	if (access->region == MMX_VFU_REGION_BAR0 && ((access->offset | access->count) & 3))
		return EINVAL;
	return 0;
}

static void bar0_read(struct mmx_vfu *vfu, uint32_t offset, uint8_t *buf, uint32_t len)
{
	while (len) {
		uint32_t n = (offset & 7) || len < 8 ? 4 : 8;
		uint64_t value = n == 8 ? mmx_model_read64(vfu->model, offset)
					: mmx_model_read32(vfu->model, offset);

		mmx_vfu_trace(vfu, "r%u 0x%06" PRIx32 " 0x%" PRIx64, n * 8, offset, value);
		memcpy(buf, &value, n);
		offset += n;
		buf += n;
		len -= n;
	}
}

static void bar0_write(struct mmx_vfu *vfu, uint32_t offset, const uint8_t *buf, uint32_t len)
{
	while (len) {
		uint32_t n = (offset & 7) || len < 8 ? 4 : 8;
		uint64_t value = 0;

		memcpy(&value, buf, n);
		mmx_vfu_trace(vfu, "w%u 0x%06" PRIx32 " 0x%" PRIx64, n * 8, offset, value);
		if (n == 8)
			mmx_model_write64(vfu->model, offset, value);
		else
			mmx_model_write32(vfu->model, offset, (uint32_t)value);
		offset += n;
		buf += n;
		len -= n;
	}
}

static int do_region_read(struct mmx_vfu *vfu, struct mmx_vfu_request *req)
{
	struct mmx_vfu_region_access access;
	uint32_t offset;
	uint8_t *data;
	int r;

	memcpy(&access, req->payload, sizeof(access));
	r = check_access(&access);
	if (r)
		return r;
	offset = (uint32_t)access.offset;
	data = req->reply + sizeof(access);
	if (access.region == MMX_VFU_REGION_BAR0)
		bar0_read(vfu, offset, data, access.count);
	else if (access.region == MMX_VFU_REGION_BAR2)
		mmx_vfu_pci_bar2_read(&vfu->pci, offset, data, access.count);
	else
		mmx_vfu_pci_config_read(&vfu->pci, offset, data, access.count,
					mmx_vfu_irq_level(&vfu->irq));
	memcpy(req->reply, &access, sizeof(access));
	req->reply_len = (uint32_t)sizeof(access) + access.count;
	return 0;
}

static int do_region_write(struct mmx_vfu *vfu, struct mmx_vfu_request *req)
{
	struct mmx_vfu_region_access access;
	const uint8_t *data = req->payload + sizeof(access);
	uint32_t offset;
	int r;

	memcpy(&access, req->payload, sizeof(access));
	r = check_access(&access);
	if (!r && req->len - sizeof(access) != access.count)
		r = EINVAL;
	if (r)
		return r;
	offset = (uint32_t)access.offset;
	if (access.region == MMX_VFU_REGION_BAR0) {
		bar0_write(vfu, offset, data, access.count);
	} else if (access.region == MMX_VFU_REGION_BAR2) {
		mmx_vfu_pci_bar2_write(&vfu->pci, offset, data, access.count);
	} else if (mmx_vfu_pci_config_write(&vfu->pci, offset, data, access.count)) {
		mmx_vfu_trace(vfu, "flr");
		mmx_vfu_device_reset(vfu);
	} else {
		mmx_vfu_irq_inhibit(&vfu->irq, mmx_vfu_pci_intx_off(&vfu->pci));
	}
	memcpy(req->reply, &access, sizeof(access));
	req->reply_len = sizeof(access);
	return 0;
}

static int do_device_reset(struct mmx_vfu *vfu, struct mmx_vfu_request *req)
{
	(void)req;
	mmx_vfu_device_reset(vfu);
	return 0;
}

struct command {
	const char *name; /* NULL = unknown, or not for us */
	int (*handle)(struct mmx_vfu *vfu, struct mmx_vfu_request *req);
	uint16_t fixed; /* bytes of payload at least */
	uint16_t fds; /* descriptors at most */
};

static const struct command commands[] = {
	[MMX_VFU_VERSION] = { "version", do_version, sizeof(struct mmx_vfu_version), 0 },
	[MMX_VFU_DMA_MAP] = { "dma_map", do_dma_map, sizeof(struct mmx_vfu_dma_map), 1 },
	[MMX_VFU_DMA_UNMAP] = { "dma_unmap", do_dma_unmap, sizeof(struct mmx_vfu_dma_unmap), 0 },
	[MMX_VFU_DEVICE_GET_INFO] = { "get_info", do_get_info, sizeof(struct mmx_vfu_device_info),
				      0 },
	[MMX_VFU_DEVICE_GET_REGION_INFO] = { "get_region_info", do_get_region_info,
					     sizeof(struct mmx_vfu_region_info), 0 },
	[MMX_VFU_DEVICE_GET_IRQ_INFO] = { "get_irq_info", do_get_irq_info,
					  sizeof(struct mmx_vfu_irq_info), 0 },
	[MMX_VFU_DEVICE_SET_IRQS] = { "set_irqs", do_set_irqs, sizeof(struct mmx_vfu_irq_set),
				      MMX_VFU_MAX_FDS },
	[MMX_VFU_REGION_READ] = { "region_read", do_region_read,
				  sizeof(struct mmx_vfu_region_access), 0 },
	[MMX_VFU_REGION_WRITE] = { "region_write", do_region_write,
				   sizeof(struct mmx_vfu_region_access), 0 },
	[MMX_VFU_DEVICE_RESET] = { "reset", do_device_reset, 0, 0 },
};

/**
 * mmx_vfu_dispatch() - does what a request asks for
 *
 * Return: 0, or the errno to answer with.
 */
int mmx_vfu_dispatch(struct mmx_vfu *vfu, struct mmx_vfu_request *req)
{
	const struct command *command = NULL;

	if (req->hdr.cmd < sizeof(commands) / sizeof(commands[0]) && commands[req->hdr.cmd].name)
		command = &commands[req->hdr.cmd];
	mmx_vfu_trace(vfu, "msg %s id %u cmd %u size %" PRIu32 " flags 0x%" PRIx32 " fds %u",
		      command ? command->name : "?", req->hdr.id, req->hdr.cmd, req->hdr.size,
		      req->hdr.flags, req->fd_count);
	if ((req->hdr.flags & MMX_VFU_F_TYPE) != MMX_VFU_F_REQUEST)
		return EINVAL;
	if (!command)
		return EOPNOTSUPP;
	if (req->len < command->fixed || req->fd_count > command->fds)
		return EINVAL;
	if (!vfu->agreed && req->hdr.cmd != MMX_VFU_VERSION)
		return EPROTO;
	return command->handle(vfu, req);
}
