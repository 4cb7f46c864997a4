// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What a vfio-user server says, to the client: the input is all of its bytes, sent ahead, then its end. The
 * client's message ids count from 1, so a transcript of a good server replays. What the client did is checked
 * for what holds whatever the server says: memory beyond the writable map is never written.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/device/vfio_user.h"

#define MAP_SIZE 0x2000u
/* below what a stream socket takes without a reader */
#define INPUT_MAX 100000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(struct mmx_device *dev, int file)
{
	struct mmx_dma_map writable = { 0 }, readable = { 0 };
	int irq;

	(void)!mmx_device_map(dev, file, 0, MAP_SIZE, true, &writable);
	(void)!mmx_device_map(dev, file, MAP_SIZE, MAP_SIZE, false, &readable);
	mmx_device_write32(dev, 0x24, 1);
	mmx_device_read32(dev, 0);
	mmx_vfio_user_poll(dev);
	mmx_device_read64(dev, 8);
	mmx_device_write64(dev, 0x100, 2);
	for (irq = 0; irq < MMX_IRQ_COUNT; irq++)
		mmx_device_irq_take(dev, irq);
	mmx_device_unmap(dev, &readable);
	mmx_device_read32(dev, 4);
	mmx_device_unmap(dev, &writable);
	mmx_vfio_user_poll(dev);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t beyond[MAP_SIZE], zeroes[MAP_SIZE] = { 0 };
	struct mmx_device *dev;
	int sv[2], file;

	if (size > INPUT_MAX)
		return 0;
	file = memfd_create("fuzz", MFD_CLOEXEC);
	if (file < 0 || ftruncate(file, 2 * MAP_SIZE) || socketpair(AF_UNIX, SOCK_STREAM, 0, sv))
		abort();
	if (size && send(sv[1], data, size, MSG_DONTWAIT) != (ssize_t)size)
		abort();
	shutdown(sv[1], SHUT_WR);
	if (mmx_vfio_user_create_fd(sv[0], 5, &dev) == 0) {
		use(dev, file);
		mmx_device_destroy(dev);
	}
	if (pread(file, beyond, MAP_SIZE, MAP_SIZE) != MAP_SIZE || memcmp(beyond, zeroes, MAP_SIZE))
		abort();
	close(sv[1]);
	close(file);
	return 0;
}
