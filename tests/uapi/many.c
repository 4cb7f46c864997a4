// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * More groups than the hardware has slots. Run by uapi.c.
 */
#include <unistd.h>

#include "tests/uapi/cs.h"
#include "tests/uapi/uapi.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define GROUPS	     64u

struct crowd {
	struct uapi_rig rig;
	uint32_t group[GROUPS], done[GROUPS];
};

static void crowd_init(struct crowd *crowd)
{
	struct pan_queue_create queue = { .priority = 1, .ringbuf_size = 4096 };
	struct pan_group_create create;
	struct pan_csif_info info = { 0 };
	uint32_t i;

	uapi_rig_init(&crowd->rig);
	CHECK_OK(uapi_query(crowd->rig.fd, PAN_QUERY_CSIF_INFO, &info, sizeof(info)));
	CHECK(info.csg_slot_count < GROUPS);
	for (i = 0; i < GROUPS; i++) {
		create = uapi_group_request(crowd->rig.fd, crowd->rig.vm, 1);
		create.queues = PAN_ARRAY(1, &queue);
		CHECK_OK(uapi_ioctl(crowd->rig.fd, PAN_IOCTL_GROUP_CREATE, &create));
		crowd->group[i] = create.group_handle;
		crowd->done[i] = uapi_syncobj(crowd->rig.fd);
	}
}

/* From the end, where the chain below begins: so it is seen first which job is to blame for the ones before it. */
static void crowd_ends_well(struct crowd *crowd)
{
	uint32_t i, state;

	for (i = GROUPS; i-- > 0;) {
		CHECK_OK(uapi_result(crowd->rig.fd, crowd->done[i]));
		state = uapi_group_state(crowd->rig.fd, crowd->group[i]).state;
		if (state == PAN_GROUP_TIMEDOUT)
			uapi_again("a group timed out whose only job has ended");
		CHECK_EQ(state, 0);
	}
}

/*
 * Each job takes longer than a time slice, so groups are suspended in the middle and have to find their registers
 * again.
 */
static void busy(void)
{
	struct crowd crowd;
	uint32_t i;

	crowd_init(&crowd);
	for (i = 0; i < GROUPS; i++) {
		uint64_t words[] = {
			CS_MOVE48(4, UAPI_WORD_VA(0)),
			CS_MOVE48(6, 1),
			CS_MOVE32(10, i),
			/* at least 24 ms: two and a half ticks of the scheduler */
			CS_MOVE32(8, 3000000),
			CS_ADD32(8, 8, -1),
			CS_BRANCH_GREATER(8, -2),
			CS_ADD32(10, 10, 1000),
			CS_MOVE48(0, UAPI_WORD_VA(64 + 4 * i)),
			CS_STORE(10, 1, 0, 0),
			CS_WAIT_ALL,
			CS_SYNC_ADD64(4, 6),
			CS_MOVE32(3, 0),
			CS_WAIT_ALL,
			CS_FLUSH(3),
			CS_WAIT_ALL,
		};

		uapi_submit_one(&crowd.rig, crowd.group[i], 0,
				uapi_stream(&crowd.rig, words, COUNT(words)), crowd.done[i]);
	}
	crowd_ends_well(&crowd);
	CHECK_EQ(*uapi_word(&crowd.rig, 0), GROUPS);
	for (i = 0; i < GROUPS; i++)
		CHECK_EQ(*uapi_word(&crowd.rig, 64 + 4 * i), 1000 + i);
}

/*
 * Each waits in memory for the next one, and the last, which is submitted last, for nobody: those that wait must make
 * room.
 */
static void submit_chain(struct crowd *crowd)
{
	uint32_t i;

	for (i = 0; i < GROUPS; i++) {
		uint64_t words[] = {
			CS_MOVE48(0, UAPI_WORD_VA(16 * (i + 1))),
			CS_MOVE48(2, 0),
			i + 1 < GROUPS ? CS_SYNC_WAIT64_GREATER(0, 2) : CS_NOP,
			CS_MOVE48(0, UAPI_WORD_VA(16 * i)),
			CS_MOVE48(2, 1),
			CS_SYNC_ADD64(0, 2),
			CS_MOVE32(3, 0),
			CS_WAIT_ALL,
			CS_FLUSH(3),
			CS_WAIT_ALL,
		};

		uapi_submit_one(&crowd->rig, crowd->group[i], 0,
				uapi_stream(&crowd->rig, words, COUNT(words)), crowd->done[i]);
	}
}

static void chain_ends_well(struct crowd *crowd)
{
	uint32_t i;

	crowd_ends_well(crowd);
	for (i = 0; i < GROUPS; i++)
		CHECK_EQ(*uapi_word(&crowd->rig, 16 * i), 1);
}

/* Two groups that are busy until the end of the chain; what they wait for is that its first object is written. */
static void chain_beside_busy(void)
{
	struct crowd crowd;
	uint64_t words[] = {
		CS_MOVE48(0, UAPI_WORD_VA(0)),
		CS_LOAD(2, 1, 0, 0),
		CS_WAIT_ALL,
		CS_BRANCH_ZERO(2, -3),
	};
	uint32_t done[3], i; /* of both, and of the end of the chain */

	crowd_init(&crowd);
	for (i = 0; i < 2; i++) {
		done[i] = uapi_syncobj(crowd.rig.fd);
		uapi_submit_one(&crowd.rig, uapi_group(crowd.rig.fd, crowd.rig.vm, 1), 0,
				uapi_stream(&crowd.rig, words, COUNT(words)), done[i]);
	}
	submit_chain(&crowd);
	done[2] = crowd.done[0];
	CHECK_OK(uapi_wait_any(crowd.rig.fd, done, 3, UAPI_PATIENCE_NS));
	/* if a busy one was the first, it was taken away, and what became of the chain says nothing */
	for (i = 0; i < 2; i++) {
		if (uapi_wait(crowd.rig.fd, done[i], 0) == 0)
			uapi_result(crowd.rig.fd, done[i]);
	}
	chain_ends_well(&crowd);
	for (i = 0; i < 2; i++)
		CHECK_OK(uapi_result(crowd.rig.fd, done[i]));
}

/* Nothing else is there to make the driver look for groups that could run. */
static void chain_alone(void)
{
	struct crowd crowd;

	crowd_init(&crowd);
	submit_chain(&crowd);
	chain_ends_well(&crowd);
}

/* One file for each group, and a VM: more of them than there are address spaces in hardware. */
static void many_files(void)
{
	static struct uapi_rig rigs[GROUPS / 2];
	uint32_t done[GROUPS / 2], i;

	for (i = 0; i < GROUPS / 2; i++) {
		uint64_t words[] = { CS_STORE_VALUE(UAPI_WORD_VA(0), 100 + i) };

		uapi_rig_init(&rigs[i]);
		done[i] = uapi_syncobj(rigs[i].fd);
		uapi_submit_one(&rigs[i], uapi_group(rigs[i].fd, rigs[i].vm, 1), 0,
				uapi_stream(&rigs[i], words, COUNT(words)), done[i]);
	}
	for (i = 0; i < GROUPS / 2; i++) {
		CHECK_OK(uapi_result(rigs[i].fd, done[i]));
		CHECK_EQ(*uapi_word(&rigs[i], 0), 100 + i);
	}
}

/* Files cost nobody anything until they have address spaces: a process runs out of descriptors first. */
static void many_opens(void)
{
	static int fds[512];
	struct pan_bo_create create = { .size = UAPI_PAGE };
	uint32_t i;

	for (i = 0; i < COUNT(fds); i++)
		fds[i] = uapi_open();
	for (i = 0; i < COUNT(fds); i += 100) {
		CHECK_OK(uapi_ioctl(fds[i], PAN_IOCTL_BO_CREATE, &create));
		CHECK_EQ(uapi_vm_state(fds[i], uapi_vm(fds[i])), PAN_VM_USABLE);
	}
	for (i = 0; i < COUNT(fds); i++)
		close(fds[i]);
}

const struct uapi_test uapi_many_tests[] = {
	{ "many-busy", busy },
	{ "many-chain", chain_beside_busy },
	{ "many-files", many_files },
	{ "many-opens", many_opens },
	{ 0 },
};

const struct uapi_test uapi_lost_tests[] = {
	{ "many-chain-alone", chain_alone },
	{ 0 },
};
