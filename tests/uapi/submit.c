// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Jobs that end well, and submissions that are refused. Run by uapi.c.
 */
#include "tests/uapi/cs.h"
#include "tests/uapi/uapi.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void store(void)
{
	uint64_t words[] = { CS_STORE_VALUE(UAPI_WORD_VA(64), 0xcafe) };
	struct uapi_rig rig;
	uint32_t group, done;

	uapi_rig_init(&rig);
	group = uapi_group(rig.fd, rig.vm, 1);
	done = uapi_syncobj(rig.fd);
	uapi_submit_one(&rig, group, 0, uapi_stream(&rig, words, COUNT(words)), done);
	CHECK_OK(uapi_result(rig.fd, done));
	CHECK_EQ(*uapi_word(&rig, 64), 0xcafe);
	CHECK_EQ(*uapi_word(&rig, 68), 0);
	CHECK_EQ(uapi_group_state(rig.fd, group).state, 0);
}

/* Registers, a loop, and what is read back from memory. */
static void loop(void)
{
	uint64_t words[] = {
		CS_MOVE48(0, UAPI_WORD_VA(0)),
		CS_MOVE32(8, 1000),
		CS_MOVE32(9, 7),
		/* r9 += 3, a thousand times */
		CS_ADD32(9, 9, 3),
		CS_ADD32(8, 8, -1),
		CS_BRANCH_GREATER(8, -3),
		CS_STORE(8, 3, 0, 0),
		CS_WAIT_ALL,
		CS_LOAD(10, 3, 0, 0),
		CS_WAIT_ALL,
		CS_STORE(10, 3, 0, 16),
		CS_MOVE32(3, 0),
		CS_WAIT_ALL,
		CS_FLUSH(3),
		CS_WAIT_ALL,
	};
	struct uapi_rig rig;
	uint32_t done;

	uapi_rig_init(&rig);
	done = uapi_syncobj(rig.fd);
	uapi_submit_one(&rig, uapi_group(rig.fd, rig.vm, 1), 0,
			uapi_stream(&rig, words, COUNT(words)), done);
	CHECK_OK(uapi_result(rig.fd, done));
	CHECK_EQ(*uapi_word(&rig, 0), 0);
	CHECK_EQ(*uapi_word(&rig, 4), 3007);
	CHECK_EQ(*uapi_word(&rig, 20), 3007);
}

static void sync_objects(void)
{
	uint64_t words[] = {
		CS_MOVE48(0, UAPI_WORD_VA(0)),
		CS_MOVE48(2, 5),
		CS_SYNC_SET64(0, 2),
		CS_SYNC_ADD64(0, 2),
		CS_SYNC_ADD64(0, 2),
		CS_WAIT_ALL,
		CS_MOVE32(3, 0),
		CS_FLUSH(3),
		CS_WAIT_ALL,
	};
	struct uapi_rig rig;
	uint32_t done;

	uapi_rig_init(&rig);
	done = uapi_syncobj(rig.fd);
	uapi_submit_one(&rig, uapi_group(rig.fd, rig.vm, 1), 0,
			uapi_stream(&rig, words, COUNT(words)), done);
	CHECK_OK(uapi_result(rig.fd, done));
	CHECK_EQ(*uapi_word(&rig, 0), 15);
}

/* Jobs of a queue keep their order, more of them than the ring holds at once. */
static void many_in_order(void)
{
	/* word 0 := word 0 * 1 + 1, only right if none overlaps */
	uint64_t words[] = {
		CS_MOVE48(0, UAPI_WORD_VA(0)),
		CS_MOVE32(3, 0),
		CS_LOAD(2, 1, 0, 0),
		CS_WAIT_ALL,
		CS_ADD32(2, 2, 1),
		CS_STORE(2, 1, 0, 0),
		CS_WAIT_ALL,
		CS_FLUSH(3),
		CS_WAIT_ALL,
	};
	struct pan_queue_create queue = { .ringbuf_size = 4096 };
	struct pan_group_create create;
	struct uapi_stream stream;
	struct uapi_rig rig;
	uint32_t done;
	int i;

	uapi_rig_init(&rig);
	create = uapi_group_request(rig.fd, rig.vm, 1);
	create.queues = PAN_ARRAY(1, &queue);
	CHECK_OK(uapi_ioctl(rig.fd, PAN_IOCTL_GROUP_CREATE, &create));
	done = uapi_syncobj(rig.fd);
	stream = uapi_stream(&rig, words, COUNT(words));
	for (i = 0; i < 100; i++)
		uapi_submit_one(&rig, create.group_handle, 0, stream, done);
	CHECK_OK(uapi_result(rig.fd, done));
	CHECK_EQ(*uapi_word(&rig, 0), 100);
}

/* Queue 1 stores what queue 0 has stored; only the syncobj makes it come later. */
static void two_queues(void)
{
	uint64_t first[] = {
		/* takes its time */
		CS_MOVE32(8, 100000),
		CS_ADD32(8, 8, -1),
		CS_BRANCH_GREATER(8, -2),
		CS_STORE_VALUE(UAPI_WORD_VA(0), 77),
	};
	uint64_t second[] = {
		CS_MOVE48(0, UAPI_WORD_VA(0)),
		CS_MOVE48(4, UAPI_WORD_VA(64)),
		CS_MOVE32(3, 0),
		CS_LOAD(2, 1, 0, 0),
		CS_WAIT_ALL,
		CS_STORE(2, 1, 4, 0),
		CS_WAIT_ALL,
		CS_FLUSH(3),
		CS_WAIT_ALL,
	};
	struct pan_sync_op signal, syncs[2];
	struct pan_queue_submit jobs[2];
	struct uapi_rig rig;
	uint32_t line;

	uapi_rig_init(&rig);
	line = uapi_syncobj(rig.fd);
	signal = UAPI_SIGNAL_POINT(line, 1);
	syncs[0] = UAPI_WAIT_POINT(line, 1);
	syncs[1] = UAPI_SIGNAL_POINT(line, 2);
	jobs[0] = uapi_job(0, uapi_stream(&rig, first, COUNT(first)), &signal, 1);
	jobs[1] = uapi_job(1, uapi_stream(&rig, second, COUNT(second)), syncs, 2);
	CHECK_OK(uapi_submit(rig.fd, uapi_group(rig.fd, rig.vm, 2), jobs, 2));
	CHECK_OK(uapi_wait_point(rig.fd, line, 2, UAPI_PATIENCE_NS));
	CHECK_EQ(*uapi_word(&rig, 64), 77);
}

/* One group's stream waits in memory for another group's. */
static void two_groups(void)
{
	uint64_t waits[] = {
		CS_MOVE48(0, UAPI_WORD_VA(0)),
		CS_MOVE48(2, 0),
		CS_SYNC_WAIT64_GREATER(0, 2),
		CS_STORE_VALUE(UAPI_WORD_VA(64), 5),
	};
	uint64_t adds[] = { CS_MOVE48(0, UAPI_WORD_VA(0)), CS_MOVE48(2, 1), CS_SYNC_ADD64(0, 2),
			    CS_WAIT_ALL };
	struct uapi_rig rig;
	uint32_t done, other;

	uapi_rig_init(&rig);
	done = uapi_syncobj(rig.fd);
	other = uapi_syncobj(rig.fd);
	uapi_submit_one(&rig, uapi_group(rig.fd, rig.vm, 1), 0,
			uapi_stream(&rig, waits, COUNT(waits)), done);
	CHECK_ERROR(uapi_wait(rig.fd, done, 100000000), -ETIME);
	CHECK_EQ(*uapi_word(&rig, 64), 0);
	uapi_submit_one(&rig, uapi_group(rig.fd, rig.vm, 1), 0,
			uapi_stream(&rig, adds, COUNT(adds)), other);
	CHECK_OK(uapi_result(rig.fd, other));
	CHECK_OK(uapi_result(rig.fd, done));
	CHECK_EQ(*uapi_word(&rig, 64), 5);
}

/* A submission of no stream signals behind the jobs before it. */
static void empty(void)
{
	uint64_t words[] = {
		CS_MOVE32(8, 100000),
		CS_ADD32(8, 8, -1),
		CS_BRANCH_GREATER(8, -2),
		CS_STORE_VALUE(UAPI_WORD_VA(0), 1),
	};
	struct uapi_rig rig;
	uint32_t group, first, second;

	uapi_rig_init(&rig);
	group = uapi_group(rig.fd, rig.vm, 1);
	first = uapi_syncobj(rig.fd);
	second = uapi_syncobj(rig.fd);
	uapi_submit_one(&rig, group, 0, uapi_stream(&rig, words, COUNT(words)), first);
	uapi_submit_one(&rig, group, 0, (struct uapi_stream){ 0 }, second);
	CHECK_OK(uapi_result(rig.fd, second));
	CHECK_EQ(*uapi_word(&rig, 0), 1);
	CHECK_OK(uapi_submit(rig.fd, group, NULL, 0));
}

/* The GPU sees bindings as they are: a piece in the middle of one is another BO's. */
static void remapped(void)
{
	static const uint64_t va = UAPI_VA + 0x1000000;
	uint64_t words[] = {
		CS_STORE_VALUE(va, 1),
		CS_STORE_VALUE(va + UAPI_PAGE, 2),
		CS_STORE_VALUE(va + 2 * UAPI_PAGE, 3),
	};
	struct uapi_stream stream;
	struct uapi_bo one, two;
	struct uapi_rig rig;
	uint32_t group, done;

	uapi_rig_init(&rig);
	group = uapi_group(rig.fd, rig.vm, 1);
	done = uapi_syncobj(rig.fd);
	one = uapi_bo(rig.fd, 3 * UAPI_PAGE, rig.vm);
	two = uapi_bo(rig.fd, UAPI_PAGE, rig.vm);
	stream = uapi_stream(&rig, words, COUNT(words));
	CHECK_OK(uapi_map(rig.fd, rig.vm, one.handle, 0, va, one.size, PAN_MAP_NOEXEC));
	uapi_submit_one(&rig, group, 0, stream, done);
	CHECK_OK(uapi_result(rig.fd, done));
	CHECK_EQ(one.map[1024], 2);
	one.map[0] = one.map[1024] = one.map[2048] = 0;
	CHECK_OK(
		uapi_map(rig.fd, rig.vm, two.handle, 0, va + UAPI_PAGE, UAPI_PAGE, PAN_MAP_NOEXEC));
	uapi_submit_one(&rig, group, 0, stream, done);
	CHECK_OK(uapi_result(rig.fd, done));
	CHECK_EQ(one.map[0], 1);
	CHECK_EQ(one.map[1024], 0);
	CHECK_EQ(two.map[0], 2);
	CHECK_EQ(one.map[2048], 3);
}

static void bad(void)
{
	static const uint64_t words[] = { CS_NOP };
	struct pan_queue_submit good, rows[9];
	struct pan_group_submit submit;
	struct uapi_stream stream;
	struct uapi_rig rig;
	uint32_t group;
	size_t i;
	int r;

	uapi_rig_init(&rig);
	group = uapi_group(rig.fd, rig.vm, 1);
	stream = uapi_stream(&rig, words, COUNT(words));
	good = uapi_job(0, stream, NULL, 0);
	for (i = 0; i < COUNT(rows); i++)
		rows[i] = good;
	rows[0].queue_index = 1;
	rows[1].queue_index = ~0u;
	rows[2].stream_size = 12;
	rows[3].stream_size = 0;
	rows[4].stream_addr = 0;
	rows[5].stream_addr += 8;
	rows[6].pad = 1;
	rows[7].latest_flush = 1u << 24;
	rows[8].syncs = (struct pan_array){ 8, 1, (uintptr_t)words };
	for (i = 0; i < COUNT(rows); i++) {
		r = uapi_submit(rig.fd, group, &rows[i], 1);
		if (r != -EINVAL)
			FAIL("row %zu: %s, not EINVAL", i, uapi_error_name(r));
	}
	CHECK_ERROR(uapi_submit(rig.fd, 0xdead, &good, 1), -EINVAL);
	submit = (struct pan_group_submit){ group, 1, PAN_ARRAY(1, &good) };
	CHECK_ERROR(uapi_ioctl(rig.fd, PAN_IOCTL_GROUP_SUBMIT, &submit), -EINVAL);
	CHECK_ERROR(uapi_submit(rig.fd, group, (struct pan_queue_submit *)16, 1), -EFAULT);
	CHECK_EQ(uapi_group_state(rig.fd, group).state, 0);
	CHECK_OK(uapi_submit(rig.fd, group, &good, 1));
}

/* One bad job of a batch, and none of it runs. */
static void atomic(void)
{
	uint64_t words[] = { CS_STORE_VALUE(UAPI_WORD_VA(0), 1) };
	struct pan_queue_submit jobs[2];
	struct uapi_rig rig;
	uint32_t group, done;

	uapi_rig_init(&rig);
	group = uapi_group(rig.fd, rig.vm, 1);
	done = uapi_syncobj(rig.fd);
	jobs[0] = jobs[1] = uapi_job(0, uapi_stream(&rig, words, COUNT(words)), NULL, 0);
	jobs[1].queue_index = 7;
	CHECK_ERROR(uapi_submit(rig.fd, group, jobs, 2), -EINVAL);
	/* what comes later has come to its end, so the batch would have, too */
	uapi_submit_one(&rig, group, 0, (struct uapi_stream){ 0 }, done);
	CHECK_OK(uapi_result(rig.fd, done));
	CHECK_EQ(*uapi_word(&rig, 0), 0);
}

const struct uapi_test uapi_submit_tests[] = {
	{ "submit-store", store },
	{ "submit-loop", loop },
	{ "submit-sync-objects", sync_objects },
	{ "submit-many-in-order", many_in_order },
	{ "submit-two-queues", two_queues },
	{ "submit-two-groups", two_groups },
	{ "submit-empty", empty },
	{ "submit-remapped", remapped },
	{ "submit-bad", bad },
	{ "submit-atomic", atomic },
	{ 0 },
};
