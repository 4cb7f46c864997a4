// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Calls that later interfaces than 1.0 have. Called by main.c.
 */
#include <sys/mman.h>

#include "tests/diff/diff.h"
#include "tests/uapi/drm_abi.h"

/* One of the sizes, or about what it was when it was new. */
static void query(uint32_t type, void *to, uint32_t size, uint32_t least)
{
	const uint8_t *bytes = to;
	struct file *file = any_file();
	struct pan_dev_query query = { type, size, (uintptr_t)to };
	uint32_t i;

	if (one_in(4))
		query.size = one_in(2) ? least : least - 1;
	say_call("query %s %u size=%u", file->name, type, query.size);
	if (say_result(uapi_ioctl(file->fd, PAN_IOCTL_DEV_QUERY, &query)))
		return;
	/* no time says what another one does */
	for (i = 0; i < size && type != PAN_QUERY_TIMESTAMP_INFO; i++)
		say(" %02x", bytes[i]);
}

static void act_query_priorities(void)
{
	struct pan_group_priorities_info info = { 0 };

	query(PAN_QUERY_GROUP_PRIORITIES_INFO, &info, sizeof(info), sizeof(info));
}

static void act_query_mmu(void)
{
	uint64_t info = 0;

	query(PAN_QUERY_MMU_INFO, &info, sizeof(info), sizeof(info));
}

/* With flags since 1.8: which fields are 0 is compared. */
static void act_query_timestamp(void)
{
	struct {
		uint64_t frequency, now, offset;
		uint32_t flags, duration_nsec;
		uint64_t cycles, seconds, nanoseconds;
	} info = { 0 };
	bool full = world.interface >= 108;

	if (full)
		info.flags = chance(256);
	say_line("flags=%x", info.flags);
	query(PAN_QUERY_TIMESTAMP_INFO, &info, full ? sizeof(info) : 24, 16);
	say(" now=%u cycles=%u seconds=%u", info.now > 0, info.cycles > 0, info.seconds > 0);
}

static void act_label(void)
{
	static char label[5000];
	static const uint32_t lengths[] = { 0, 1, 63, 64, 4094, 4095, 4096, 4999 };
	struct pan_bo_set_label set = { .pad = one_in(15), .label = (uintptr_t)label };
	struct object *bo = any(KIND_BO, NULL);
	uint32_t length = lengths[chance(COUNT(lengths))];

	memset(label, 'x', sizeof(label));
	label[length] = 0;
	if (one_in(6))
		set.label = one_in(2) ? 0 : 16;
	say_call("label length=%u pad=%u %s", length, set.pad,
		 set.label > 16 ? ""
		 : set.label	? "nowhere"
				: "none");
	set.handle = handle_or_bogus(bo);
	say_result(uapi_ioctl(bo ? bo->file->fd : any_file()->fd, PAN_IOCTL_BO_SET_LABEL, &set));
}

static void act_mmio_offset(void)
{
	static const uint64_t offsets[] = { PAN_USER_MMIO_OFFSET, PAN_USER_MMIO_OFFSET_32BIT, 0,
					    PAN_USER_MMIO_OFFSET + 4096 };
	struct file *file = any_file();
	struct pan_set_user_mmio_offset set = { offsets[chance(COUNT(offsets))] };
	void *map;

	say_call("mmio_offset %s %llx", file->name, (unsigned long long)set.offset);
	say_result(uapi_ioctl(file->fd, PAN_IOCTL_SET_USER_MMIO, &set));
	say_call("mmap %s there", file->name);
	map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file->fd, (off_t)set.offset);
	say_result(map == MAP_FAILED ? -errno : 0);
	if (map != MAP_FAILED)
		munmap(map, 4096);
	set.offset = PAN_USER_MMIO_OFFSET;
	CHECK_OK(uapi_ioctl(file->fd, PAN_IOCTL_SET_USER_MMIO, &set));
}

static void act_bo_sync(void)
{
	struct file *file = any_file();
	struct pan_bo_sync_op ops[3];
	struct pan_bo_sync sync;
	uint32_t count = chance(4), i;

	say_call("bo_sync %s", file->name);
	for (i = 0; i < count; i++) {
		struct object *bo = any(KIND_BO, file);

		ops[i] = (struct pan_bo_sync_op){ .type = one_in(10) ? 2 : chance(2) };
		ops[i].handle = handle_or_bogus(bo);
		ops[i].offset = chance(4) * 1024;
		ops[i].size = bo ? bo->size - (one_in(8) ? 0 : ops[i].offset) : 0;
		say(":%u:%llx+%llx", ops[i].type, (unsigned long long)ops[i].offset,
		    (unsigned long long)ops[i].size);
	}
	sync.ops = PAN_ARRAY(count, ops);
	bend(&sync.ops);
	say_result(uapi_ioctl(file->fd, PAN_IOCTL_BO_SYNC, &sync));
}

static void act_bo_info(void)
{
	struct object *bo = any(KIND_BO, NULL);
	struct pan_bo_query_info info = { .pad = chance(2) };

	say_call("bo_info");
	info.handle = handle_or_bogus(bo);
	if (!say_result(
		    uapi_ioctl(bo ? bo->file->fd : any_file()->fd, PAN_IOCTL_BO_QUERY_INFO, &info)))
		say(" extra=%x create=%x pad=%u", info.extra_flags, info.create_flags, info.pad);
}

const struct action late_actions[] = {
	{ act_query_timestamp, 2, 101 }, { act_query_priorities, 2, 102 },
	{ act_label, 4, 104 },		 { act_mmio_offset, 2, 105 },
	{ act_bo_sync, 4, 107 },	 { act_bo_info, 4, 107 },
	{ act_query_mmu, 2, 109 },	 { 0 },
};
