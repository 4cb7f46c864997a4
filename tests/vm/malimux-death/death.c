// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What a program sees when the backend dies under it: jobs, binds, and those that wait for them end with ENODEV; memory
 * that is mapped stays. Prints 'ready' when it is at work, and a line for what is not as it must be. Run in VMs by the guest of this
 * folder, and of malimux-takeover: death [NODE].
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/uapi/cs.h"
#include "tests/uapi/drm_abi.h"
#include "tests/uapi/uapi.h"
#include "tests/vm/program.h"

#define VA   0x100000ull
#define SIZE (16ull * UAPI_PAGE)

static int export_bo(const struct uapi_bo *bo)
{
	struct drm_prime_handle prime = { .handle = bo->handle,
					  .flags = O_CLOEXEC | O_RDWR,
					  .fd = -1 };

	CHECK_OK(uapi_ioctl(bo->fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime));
	return prime.fd;
}

int main(int argc, char **argv)
{
	static const uint64_t endless[] = { CS_NOP, CS_BRANCH_ALWAYS(-2) };
	struct uapi_bo bo, shared;
	struct uapi_rig rig;
	struct pan_vm_bind_op map = { .flags = PAN_OP_MAP, .va = VA, .size = SIZE };
	struct pan_sync_op wait, signal;
	uint32_t group, done, bound, vm;
	volatile uint32_t *again;
	int r, dmabuf;

	if (argc > 1)
		program_node = argv[1];
	uapi_rig_init(&rig);
	group = uapi_group(rig.fd, rig.vm, 1);
	done = uapi_syncobj(rig.fd);
	bound = uapi_syncobj(rig.fd);
	vm = uapi_vm(rig.fd);
	bo = uapi_bo(rig.fd, SIZE, 0);
	shared = uapi_bo(rig.fd, SIZE, 0);
	bo.map[1] = 11;
	shared.map[1] = 22;
	dmabuf = export_bo(&shared);

	/* a job that does not end, and binds that wait for it */
	uapi_submit_one(&rig, group, 0, uapi_stream(&rig, endless, 2), done);
	map.bo_handle = bo.handle;
	wait = UAPI_WAIT(done);
	signal = UAPI_SIGNAL(bound);
	CHECK_OK(uapi_bind_async(rig.fd, vm, map, &wait, 1));
	CHECK_OK(uapi_bind_async(rig.fd, vm, map, &signal, 1));
	CHECK_ERROR(uapi_wait(rig.fd, done, 100000000), -ETIME);
	printf("ready\n");
	fflush(stdout);

	/* whoever asks meanwhile is not left waiting */
	do {
		r = uapi_map(rig.fd, rig.vm, bo.handle, 0, VA, SIZE, PAN_MAP_NOEXEC);
	} while (r == 0);
	CHECK_ERROR(r, -ENODEV);
	CHECK_ERROR(uapi_result(rig.fd, done), -ENODEV);
	CHECK_ERROR(uapi_result(rig.fd, bound), -ENODEV);

	/* pages stay those of the buffers, also where nobody has looked yet */
	CHECK_EQ(bo.map[1], 11);
	CHECK_EQ(bo.map[SIZE / 4 - 1], 0);
	again = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, dmabuf, 0);
	CHECK(again != MAP_FAILED);
	CHECK_EQ(again[1], 22);
	printf("all has ended\n");
	return 0;
}
