// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A small event loop around backend/gpu: what loop.c, core and session are to the daemon, as thin as can be. It
 * sleeps in poll() for the device's descriptors, as the daemon does; nothing spins.
 */
#include "tools/bench/native.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend/core/firmware_file.h"
#include "backend/device/vfio_user.h"
#include "backend/gpu/vm.h"

#define RING_SIZE 65536u

static uint64_t clock_now(void *ctx)
{
	(void)ctx;
	return mmx_bench_now();
}

/* ---- what the GPU reports ---- */

static void on_ready(void *ctx)
{
	((struct mmx_native *)ctx)->ready = true;
}

static void on_accused(void *ctx, struct mmx_group *group, struct mmx_vm *vm)
{
	(void)ctx;
	(void)group;
	(void)vm;
}

static void on_reset(void *ctx, const char *why, bool proven)
{
	(void)proven;
	mmx_bench_fail(-EIO, "native: GPU reset: %s", why);
	((struct mmx_native *)ctx)->failed = true;
}

static void on_failed(void *ctx, const char *why)
{
	mmx_bench_fail(-EIO, "native: GPU failed: %s", why);
	((struct mmx_native *)ctx)->failed = true;
}

static void on_group_on(void *ctx, struct mmx_group *group)
{
	(void)group;
	((struct mmx_native *)ctx)->on = true;
}

static void on_group_off(void *ctx, struct mmx_group *group, enum mmx_group_off how)
{
	(void)group;
	(void)how;
	((struct mmx_native *)ctx)->off = true;
}

/* Whoever waits looks by itself. */
static void on_group(void *ctx, struct mmx_group *group)
{
	(void)ctx;
	(void)group;
}

static void on_job_fault(void *ctx, struct mmx_group *group, unsigned int queue, uint64_t job,
			 uint32_t exception, uint64_t info)
{
	(void)group;
	(void)queue;
	(void)info;
	mmx_bench_fail(-EIO, "native: job %llu: %s", (unsigned long long)job,
		       mmx_gpu_exception_name(exception));
	((struct mmx_native *)ctx)->failed = true;
}

static void on_group_fatal(void *ctx, struct mmx_group *group, unsigned int queue,
			   uint32_t exception, uint64_t info)
{
	on_job_fault(ctx, group, queue, 0, exception, info);
}

static void on_group_stuck(void *ctx, struct mmx_group *group, unsigned int queue)
{
	(void)group;
	mmx_bench_fail(-EIO, "native: queue %u does not move", queue);
	((struct mmx_native *)ctx)->failed = true;
}

static void on_vm_fault(void *ctx, struct mmx_vm *vm, const struct mmx_vm_fault *fault)
{
	(void)vm;
	mmx_bench_fail(-EIO, "native: fault at 0x%llx", (unsigned long long)fault->address);
	((struct mmx_native *)ctx)->failed = true;
}

static const struct mmx_gpu_ops gpu_ops = {
	.ready = on_ready,
	.accused = on_accused,
	.reset = on_reset,
	.failed = on_failed,
	.group_on = on_group_on,
	.group_off = on_group_off,
	.group_progress = on_group,
	.group_idle = on_group,
	.group_status = on_group,
	.group_prioritized = on_group,
	.job_fault = on_job_fault,
	.group_fatal = on_group_fatal,
	.group_stuck = on_group_stuck,
	.vm_fault = on_vm_fault,
};

/* ---- the loop ---- */

/* Sleeps until something comes or is due, and handles it. Return: 0 or a negative errno. */
static int turn(struct mmx_native *native, uint64_t deadline_ns)
{
	struct pollfd fds[MMX_IRQ_COUNT + 1];
	uint64_t now_ns = mmx_bench_now(), until_ns = mmx_timers_next(&native->timers);
	struct timespec left = { 0 };
	int irq;

	if (native->failed || mmx_device_lost(native->dev))
		return -EIO;
	if (now_ns >= deadline_ns)
		return -ETIMEDOUT;
	if (until_ns > deadline_ns)
		until_ns = deadline_ns;
	if (until_ns > now_ns) {
		left.tv_sec = (time_t)((until_ns - now_ns) / MMX_NS_PER_S);
		left.tv_nsec = (long)((until_ns - now_ns) % MMX_NS_PER_S);
	}
	for (irq = 0; irq < MMX_IRQ_COUNT; irq++)
		fds[irq].fd = mmx_device_irq_fd(native->dev, (enum mmx_irq)irq);
	fds[MMX_IRQ_COUNT].fd = mmx_vfio_user_fd(native->dev);
	for (irq = 0; irq <= MMX_IRQ_COUNT; irq++)
		fds[irq].events = POLLIN;
	if (ppoll(fds, MMX_IRQ_COUNT + 1, &left, NULL) < 0 && errno != EINTR)
		return -errno;
	for (irq = 0; irq < MMX_IRQ_COUNT; irq++)
		if (fds[irq].revents)
			mmx_gpu_irq(native->gpu, (enum mmx_irq)irq);
	if (fds[MMX_IRQ_COUNT].revents)
		mmx_vfio_user_poll(native->dev);
	mmx_timers_run(&native->timers);
	return 0;
}

static uint64_t deadline(const struct mmx_native *native)
{
	return mmx_bench_now() + (uint64_t)native->timeout_ms * MMX_NS_PER_MS;
}

static int run_until(struct mmx_native *native, const bool *flag)
{
	uint64_t end_ns = deadline(native);
	int r = 0;

	while (!*flag && !r)
		r = turn(native, end_ns);
	return r;
}

/* ---- life ---- */

static int make_memory(struct mmx_native *native, size_t memory_size)
{
	native->memory_size = MMX_BLOCK_SIZE + memory_size;
	native->memory_fd = memfd_create("bench", MFD_CLOEXEC);
	if (native->memory_fd < 0 || ftruncate(native->memory_fd, (off_t)native->memory_size))
		return -errno;
	native->memory = mmap(NULL, native->memory_size, PROT_READ | PROT_WRITE, MAP_SHARED,
			      native->memory_fd, 0);
	if (native->memory == MAP_FAILED) {
		native->memory = NULL;
		return -errno;
	}
	return mmx_device_map(native->dev, native->memory_fd, 0, native->memory_size, true,
			      &native->map);
}

static int make_group(struct mmx_native *native)
{
	const struct mmx_gpu_info *info = mmx_gpu_info(native->gpu);
	unsigned int cores = (unsigned int)__builtin_popcountll(info->shader_present);
	struct mmx_group_params params = {
		.compute_mask = info->shader_present,
		.fragment_mask = info->shader_present,
		.tiler_mask = info->tiler_present,
		.max_compute = cores,
		.max_fragment = cores,
		.max_tiler = 1,
		.queue_count = 1,
		.queues = { { .ring_size = RING_SIZE } },
	};
	int r;

	r = mmx_vm_create(native->gpu, native, &native->vm);
	if (!r)
		r = mmx_bench_streams(native->memory, cores, native->streams);
	if (!r)
		r = mmx_vm_map(native->vm, MMX_BENCH_CODE_VA, mmx_dma_map_addr(&native->map, 0),
			       MMX_BENCH_CODE_SIZE, MMX_PROT_READ | MMX_PROT_EXEC);
	params.vm = native->vm;
	if (!r)
		r = mmx_group_create(native->gpu, &params, &native->group);
	if (!r)
		r = mmx_group_place(native->group, 0, 8);
	if (r)
		return r < 0 ? r : -EIO;
	return run_until(native, &native->on);
}

static int open_gpu(struct mmx_native *native, const struct mmx_house *house)
{
	char socket[MMX_HOUSE_SOCKET];
	uint64_t start_ns = mmx_bench_now();
	int r;

	mmx_house_gpu_socket(house, socket);
	r = mmx_firmware_file_load(house->bench->firmware, true, &native->image);
	if (r)
		return r;
	native->load_ns = mmx_bench_now() - start_ns;
	start_ns = mmx_bench_now();
	r = mmx_vfio_user_create(socket, native->timeout_ms, &native->dev);
	if (!r)
		r = mmx_gpu_create(native->dev, &native->timers, native->image, &gpu_ops, native,
				   &native->gpu);
	if (r)
		return r;
	mmx_gpu_start(native->gpu);
	r = run_until(native, &native->ready);
	native->boot_ns = mmx_bench_now() - start_ns;
	return r;
}

int mmx_native_open(const struct mmx_house *house, size_t memory_size, struct mmx_native *native)
{
	int r;

	*native = (struct mmx_native){ .timeout_ms = house->bench->timeout_ms, .memory_fd = -1 };
	mmx_timers_init(&native->timers, clock_now, NULL);
	r = open_gpu(native, house);
	if (!r)
		r = make_memory(native, memory_size);
	if (!r)
		r = make_group(native);
	if (r) {
		mmx_native_close(native);
		return mmx_bench_fail(r, "native");
	}
	return 0;
}

static void end_group(struct mmx_native *native)
{
	if (!native->group)
		return;
	mmx_group_evict(native->group, true);
	if (native->on && run_until(native, &native->off))
		return;
	mmx_group_destroy(native->group, NULL);
	native->group = NULL;
}

void mmx_native_close(struct mmx_native *native)
{
	if (!native->timers.now_ns)
		return;
	end_group(native);
	/* what could not be stopped goes with the process */
	if (!native->group) {
		mmx_vm_destroy(native->vm);
		mmx_gpu_destroy(native->gpu);
		if (native->dev)
			mmx_device_unmap(native->dev, &native->map);
		mmx_device_destroy(native->dev);
		mmx_fw_image_destroy(native->image);
		mmx_timers_finish(&native->timers);
	}
	if (native->memory)
		munmap(native->memory, native->memory_size);
	if (native->memory_fd >= 0)
		close(native->memory_fd);
	*native = (struct mmx_native){ .memory_fd = -1 };
}

/* ---- jobs ---- */

int mmx_native_wait(struct mmx_native *native, unsigned int behind)
{
	uint64_t job = mmx_queue_pushed(native->group, 0), end_ns = deadline(native);
	int r = 0;

	if (job <= behind)
		return 0;
	job -= behind;
	while (mmx_queue_done(native->group, 0) < job && !r)
		r = turn(native, end_ns);
	return r ? mmx_bench_fail(r, "native: job %llu", (unsigned long long)job) : 0;
}

int mmx_native_submit(struct mmx_native *native, const struct mmx_bench_stream *stream)
{
	uint64_t end_ns = deadline(native);
	int r = 0;

	while (mmx_queue_push(native->group, 0, stream->va, stream->size, 0) == QUEUE_E_FULL && !r)
		r = turn(native, end_ns);
	return r ? mmx_bench_fail(r, "native: submit") : 0;
}

struct flush {
	struct mmx_vm_op op;
	bool done;
};

static void flushed(struct mmx_vm_op *op)
{
	mmx_container_of(op, struct flush, op)->done = true;
}

int mmx_native_flush(struct mmx_native *native, uint64_t va, uint64_t size)
{
	/* static: it may outlive a wait that failed */
	static struct flush flush;
	int r;

	flush = (struct flush){ .op.done = flushed };
	mmx_vm_flush(native->vm, va, size, &flush.op);
	r = run_until(native, &flush.done);
	return r ? mmx_bench_fail(r, "native: flush") : 0;
}
