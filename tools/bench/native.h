/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The rival: the backend's own GPU code in this process, as a driver that shares with nobody would be. It speaks to
 * a model of its own over vfio-user as the daemon does; what it lacks is session, scheduler, rings and the other
 * process. One VM, one group of one queue, which stays in its slot.
 */
#ifndef TOOLS_BENCH_NATIVE_H
#define TOOLS_BENCH_NATIVE_H

#include "backend/gpu/group.h"
#include "tools/bench/house.h"
#include "tools/bench/stream.h"

struct mmx_native {
	int timeout_ms;
	struct mmx_timers timers;
	struct mmx_device *dev;
	struct mmx_fw_image *image;
	struct mmx_gpu *gpu;
	struct mmx_vm *vm;
	struct mmx_group *group;
	int memory_fd;
	size_t memory_size;
	void *memory;
	struct mmx_dma_map map; /* of it */
	struct mmx_bench_stream streams[MMX_BENCH_JOBS];
	bool ready, on, off, failed;
	uint64_t load_ns,
		boot_ns; /* image read and parsed; from the device's opening until the GPU was ready */
};

/* @memory_size: bytes for the user's own mappings, behind the page of the streams. Return: 0 or a negative errno (said). */
int mmx_native_open(const struct mmx_house *house, size_t memory_size, struct mmx_native *native);
/* Legal on a zeroed struct. */
void mmx_native_close(struct mmx_native *native);

int mmx_native_submit(struct mmx_native *native, const struct mmx_bench_stream *stream);
/* Waits for the job that is @behind jobs before the last one. */
int mmx_native_wait(struct mmx_native *native, unsigned int behind);
/* Maintenance of a range of the VM, from begin to end. */
int mmx_native_flush(struct mmx_native *native, uint64_t va, uint64_t size);

#endif
