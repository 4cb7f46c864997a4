// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The device of a vfio-user server: registers are BAR 0, interrupts are MSI-X vectors as eventfds, memory is
 * mapped by handing over descriptors, or reached by the server's messages (vfio_user_dma.h), which is all there is for what is mapped here alone. Owns the connection, the eventfds and the table of maps.
 *
 * Hot path, once per completion: irq_take() is one read of an eventfd, a register read one send and one receive,
 * a register write one send (posted; the server handles messages in their order, so a read after it sees it).
 *
 * Lost is lost: the socket is shut down, so the server sees the end and drops its maps, and the device
 * addresses are never used again. An error reply to a register read gives all ones, and no more.
 */
#include "backend/device/vfio_user.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "backend/device/device_priv.h"
#include "backend/device/vfio_user_conn.h"
#include "backend/device/vfio_user_dma.h"
#include "backend/device/vfio_user_setup.h"

struct vfio_user {
	struct mmx_device dev; /* first: ops get this */
	struct mmx_vfu_conn conn;
	struct mmx_vfu_memory memory;
	struct mmx_vfu_limits limits;
	int irq_fds[MMX_IRQ_COUNT];
};

static int serve_dma(void *ctx, uint64_t addr, void *buf, size_t len, bool write)
{
	return mmx_vfu_memory_access(ctx, addr, buf, len, write);
}

static void region_write(struct vfio_user *v, uint32_t offset, const void *value, uint32_t count)
{
	struct {
		struct mmx_vfu_header hdr;
		struct mmx_vfu_region_access access;
		uint8_t data[sizeof(uint64_t)];
	} msg = { .access = { .offset = offset, .region = MMX_VFU_REGION_BAR0, .count = count } };

	memcpy(msg.data, value, count);
	mmx_vfu_conn_post(&v->conn, MMX_VFU_REGION_WRITE, &msg.hdr,
			  offsetof(__typeof__(msg), data) + count);
}

static uint32_t read32(struct mmx_device *dev, uint32_t offset)
{
	uint32_t value = UINT32_MAX;

	(void)mmx_vfu_conn_read_region(&((struct vfio_user *)dev)->conn, MMX_VFU_REGION_BAR0,
				       offset, &value, sizeof(value));
	return value;
}

static uint64_t read64(struct mmx_device *dev, uint32_t offset)
{
	uint64_t value = UINT64_MAX;

	(void)mmx_vfu_conn_read_region(&((struct vfio_user *)dev)->conn, MMX_VFU_REGION_BAR0,
				       offset, &value, sizeof(value));
	return value;
}

static void write32(struct mmx_device *dev, uint32_t offset, uint32_t value)
{
	region_write((struct vfio_user *)dev, offset, &value, sizeof(value));
}

static void write64(struct mmx_device *dev, uint32_t offset, uint64_t value)
{
	region_write((struct vfio_user *)dev, offset, &value, sizeof(value));
}

static int irq_fd(struct mmx_device *dev, enum mmx_irq irq)
{
	return ((struct vfio_user *)dev)->irq_fds[irq];
}

/* Not a plain read: the server has the eventfd too, and could have made it blocking. */
static bool irq_take(struct mmx_device *dev, enum mmx_irq irq)
{
	uint64_t count;
	struct iovec iov = { &count, sizeof(count) };

	return preadv2(irq_fd(dev, irq), &iov, 1, -1, RWF_NOWAIT) == sizeof(count);
}

static int send_map(struct vfio_user *v, int fd, uint64_t offset, const struct mmx_dma_map *map)
{
	struct {
		struct mmx_vfu_header hdr;
		struct mmx_vfu_dma_map map;
	} msg = {
		.map = {
			.argsz = sizeof(msg.map),
			.flags = MMX_VFU_DMA_MAP_READ | (map->writable ? MMX_VFU_DMA_MAP_WRITE : 0),
			.offset = offset,
			.addr = map->runs[0].addr,
			.size = map->size,
		},
	};
	struct mmx_vfu_request req = {
		.command = MMX_VFU_DMA_MAP, .msg = &msg.hdr, .size = sizeof(msg), .fd = fd
	};

	return mmx_vfu_conn_request(&v->conn, &req, NULL);
}

static int send_unmap(struct vfio_user *v, const struct mmx_dma_map *map)
{
	struct {
		struct mmx_vfu_header hdr;
		struct mmx_vfu_dma_unmap unmap;
	} msg = {
		.unmap = { .argsz = sizeof(msg.unmap),
			   .addr = map->runs[0].addr,
			   .size = map->size },
	};
	struct mmx_vfu_dma_unmap reply; /* the specification's echo; some servers leave it out */
	struct mmx_vfu_request req = {
		.command = MMX_VFU_DMA_UNMAP,
		.msg = &msg.hdr,
		.size = sizeof(msg),
		.fd = -1,
		.reply = &reply,
		.reply_max = sizeof(reply),
	};

	return mmx_vfu_conn_request(&v->conn, &req, NULL);
}

/* @here: memory of this process, in place of @fd and @offset; NULL: it is a file's */
static int map_memory(struct mmx_device *dev, int fd, uint64_t offset, void *here, uint64_t size,
		      bool writable, struct mmx_dma_map *ret_map)
{
	struct vfio_user *v = (struct vfio_user *)dev;
	struct mmx_dma_map new;
	bool by_message = true;
	int r;

	if (dev->lost)
		return -EIO;
	if (v->memory.table.count >= v->limits.max_dma_maps)
		return -ENOSPC;
	r = mmx_dma_map_init(&new, size, writable);
	if (r < 0)
		return r;
	if (here)
		r = mmx_vfu_memory_add_here(&v->memory, here, size, &new.runs[0].addr);
	else
		r = mmx_vfu_memory_add(&v->memory, fd, offset, size, writable, &new.runs[0].addr,
				       &by_message);
	if (r < 0)
		goto err_finish;
	r = send_map(v, by_message ? -1 : fd, by_message ? 0 : offset, &new);
	if (r < 0)
		goto err_remove;
	*ret_map = new;
	return 0;

err_remove:
	mmx_vfu_memory_remove(&v->memory, new.runs[0].addr, size);
err_finish:
	mmx_dma_map_finish(&new);
	return r;
}

static int map(struct mmx_device *dev, int fd, uint64_t offset, uint64_t size, bool writable,
	       struct mmx_dma_map *ret_map)
{
	return map_memory(dev, fd, offset, NULL, size, writable, ret_map);
}

/* The server gets no descriptor, and asks by message. */
static int map_here(struct mmx_device *dev, void *cpu, uint64_t size, struct mmx_dma_map *ret_map)
{
	return map_memory(dev, -1, 0, cpu, size, true, ret_map);
}

/* A server that won't let go can't be shown any memory again: it is cut off. */
static void unmap(struct mmx_device *dev, struct mmx_dma_map *map)
{
	struct vfio_user *v = (struct vfio_user *)dev;

	if (!map->runs)
		return;
	if (send_unmap(v, map) < 0 && !dev->lost) {
		dev->lost = -EPROTO;
		shutdown(v->conn.fd, SHUT_RDWR);
	}
	mmx_vfu_memory_remove(&v->memory, map->runs[0].addr, map->size);
	mmx_dma_map_finish(map);
}

static void release(struct vfio_user *v)
{
	mmx_vfu_conn_finish(&v->conn);
	mmx_vfu_memory_finish(&v->memory);
	mmx_device_close_irqs(v->irq_fds);
	free(v);
}

static void destroy(struct mmx_device *dev)
{
	struct vfio_user *v = (struct vfio_user *)dev;

	mmx_vfu_teardown(&v->conn);
	release(v);
}

static const struct mmx_device_ops vfio_user_ops = {
	.name = "vfio-user",
	.read32 = read32,
	.read64 = read64,
	.write32 = write32,
	.write64 = write64,
	.irq_fd = irq_fd,
	.irq_take = irq_take,
	.map = map,
	.map_here = map_here,
	.unmap = unmap,
	.destroy = destroy,
};

int mmx_vfio_user_create_fd(int fd, int timeout_ms, struct mmx_device **ret_dev)
{
	struct vfio_user *v = calloc(1, sizeof(*v));
	int r = -ENOMEM;

	if (!v)
		goto err_close;
	v->dev = (struct mmx_device){ .ops = &vfio_user_ops,
				      .coherent = true,
				      .timestamp_hz = MMX_MODEL_TIMESTAMP_HZ };
	r = mmx_device_open_irqs(v->irq_fds);
	if (r < 0)
		goto err_free;
	/* the descriptor is the connection's from here on */
	r = mmx_vfu_conn_init(&v->conn, fd, timeout_ms, serve_dma, &v->memory, &v->dev.lost);
	if (r < 0)
		goto err_release;
	r = mmx_vfu_memory_init(&v->memory);
	if (r < 0)
		goto err_release;
	r = mmx_vfu_setup(&v->conn, v->irq_fds, &v->limits);
	if (r < 0) {
		r = v->dev.lost ? v->dev.lost : r;
		goto err_release;
	}
	*ret_dev = &v->dev;
	return 0;

err_release:
	release(v);
	return r;

err_free:
	free(v);
err_close:
	close(fd);
	return r;
}

int mmx_vfio_user_create(const char *path, int timeout_ms, struct mmx_device **ret_dev)
{
	struct timeval tv = { timeout_ms / 1000, timeout_ms % 1000 * 1000 };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, r;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* bounds connect(), which waits while the server's backlog is full */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) ||
	    connect(fd, (const struct sockaddr *)&addr, sizeof(addr))) {
		r = errno == EAGAIN ? -ETIMEDOUT : -errno;
		close(fd);
		return r;
	}
	return mmx_vfio_user_create_fd(fd, timeout_ms, ret_dev);
}

int mmx_vfio_user_fd(struct mmx_device *dev)
{
	return ((struct vfio_user *)dev)->conn.fd;
}

void mmx_vfio_user_poll(struct mmx_device *dev)
{
	mmx_vfu_conn_poll(&((struct vfio_user *)dev)->conn);
}
