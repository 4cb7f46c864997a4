// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Queues of a group: the ring that the backend writes and a command stream executes, and how far it
 * has come. Called by core through group.h, by group.c for its memory, and by slot.c around a stay
 * in a slot.
 *
 * Each job is one call sequence of MMX_QUEUE_JOB_SIZE bytes: flush by the submitter's flush id,
 * call of the guest's stream, then its number and the stream's error state are written to the job's
 * sync object. It ends in an ERROR_BARRIER, so that a fault in the stream poisons its own job
 * alone. The sequence uses the top four registers, which the uAPI says are lost.
 *
 * There is a sync object for each job that the ring holds, where panthor has one counter a queue
 * and finds the job of a fault by the extract offset: by the time that a host reads that, the
 * stream may be jobs further. The object says for sure which job has faulted, and that of a job is
 * not written again before it has been looked at.
 *
 * Who writes what (and so, where CPU and GPU are not coherent, what is uncached: the pages of a queue)
 *  - ring, input page: this file alone. The GPU can only read the ring; the input page is mapped
 *    for firmware alone, while the group is in a slot.
 *  - output page: firmware alone. Its extract offset decides what room there is: a sequence that is
 *    still to be executed is never overwritten, whatever a guest does.
 *  - sync objects: the GPU, and so the guest, whose streams can reach them. Only its own fences and
 *    room in its own ring hang on them.
 *
 * Invariant: done <= pushed <= done + jobs that the ring holds; pushed * MMX_QUEUE_JOB_SIZE is the
 * insert offset.
 */
#include "backend/gpu/group.h"

#include <string.h>

#include "backend/gpu/cs_insn.h"
#include "backend/gpu/gpu_priv.h"
#include "backend/gpu/group_priv.h"

#define JOB_WORDS (MMX_QUEUE_JOB_SIZE / CS_INSN_SIZE)

/* Registers that a call sequence uses, from the top (panthor: unpreserved_cs_reg_count). */
#define JOB_REGISTERS 4u

/* Scoreboard entry of the sequence's flush; user streams find it free again. */
#define FLUSH_ENTRY 0u

static struct mmx_device *device_of(const struct mmx_group *group)
{
	return group->gpu->dev;
}

static struct mmx_csf_ring_input *input_of(const struct mmx_queue *queue)
{
	return queue->pages.cpu;
}

static const struct mmx_csf_ring_output *output_of(const struct mmx_queue *queue)
{
	return (const void *)((const char *)queue->pages.cpu + MMX_PAGE_SIZE);
}

static uint64_t insert_of(const struct mmx_queue *queue)
{
	return queue->pushed * MMX_QUEUE_JOB_SIZE;
}

/* ---- memory ---- */

int mmx_queue_init(struct mmx_group *group, unsigned int queue,
		   const struct mmx_group_queue_params *params)
{
	struct mmx_queue *q = &group->queues[queue];
	struct mmx_dma_pool *pool = group->gpu->pool;
	int r;

	q->priority = params->priority;
	for (unsigned int i = 0; i < queue; i++)
		q->first_sync += group->queues[i].ring.size / MMX_QUEUE_JOB_SIZE;
	r = mmx_dma_alloc(pool, params->ring_size, &q->ring);
	if (r >= 0)
		r = mmx_dma_alloc_uncached(pool, 2 * MMX_PAGE_SIZE, &q->pages);
	if (r >= 0)
		r = mmx_vm_map_kernel(group->vm, &q->ring, MMX_PROT_READ | MMX_PROT_UNCACHED,
				      &q->ring_va);
	return r;
}

void mmx_queue_unmap(struct mmx_group *group, unsigned int queue)
{
	struct mmx_queue *q = &group->queues[queue];

	if (q->ring.cpu)
		mmx_vm_unmap_kernel(group->vm, q->ring_va, q->ring.size);
}

void mmx_queue_free(struct mmx_group *group, unsigned int queue)
{
	struct mmx_queue *q = &group->queues[queue];

	mmx_dma_free(group->gpu->pool, &q->ring);
	mmx_dma_free(group->gpu->pool, &q->pages);
}

/* ---- how far the stream has come ---- */

uint64_t mmx_queue_extract(const struct mmx_group *group, unsigned int queue)
{
	const struct mmx_queue *q = &group->queues[queue];
	uint64_t extract = mmx_fw_read64(&output_of(q)->extract);

	return extract < insert_of(q) ? extract : insert_of(q);
}

void mmx_queue_rewind(struct mmx_group *group, unsigned int queue)
{
	struct mmx_csf_ring_input *input = input_of(&group->queues[queue]);

	mmx_fw_write64(&input->extract, mmx_queue_extract(group, queue));
}

bool mmx_queue_drained(const struct mmx_group *group, unsigned int queue)
{
	return mmx_queue_extract(group, queue) == insert_of(&group->queues[queue]);
}

bool mmx_queue_blocked(const struct mmx_group *group, unsigned int queue)
{
	return group->queues[queue].blocked;
}

const struct mmx_queue_wait *mmx_queue_wait(const struct mmx_group *group, unsigned int queue)
{
	return &group->queues[queue].wait;
}

uint64_t mmx_queue_pushed(const struct mmx_group *group, unsigned int queue)
{
	return group->queues[queue].pushed;
}

/* Index of the job's sync object among the group's. */
static size_t sync_index(const struct mmx_queue *queue, uint64_t job)
{
	return queue->first_sync + job % (queue->ring.size / MMX_QUEUE_JOB_SIZE);
}

bool mmx_queue_faulted(struct mmx_group *group, unsigned int queue)
{
	struct mmx_queue *q = &group->queues[queue];
	const struct mmx_sync_object *syncs = group->syncs.cpu;

	while (q->done < q->pushed) {
		const struct mmx_sync_object *sync = &syncs[sync_index(q, q->done + 1)];

		mmx_device_sync_for_cpu(device_of(group), sync, sizeof(*sync));
		if (mmx_fw_read64(&sync->seqno) != q->done + 1)
			return false;
		if (mmx_fw_read32(&sync->status))
			return true;
		q->done++;
	}
	return false;
}

void mmx_queue_fault_told(struct mmx_group *group, unsigned int queue)
{
	struct mmx_queue *q = &group->queues[queue];

	q->done++;
	q->fault_open = false;
}

/**
 * mmx_queue_done() - looks at the queue's sync objects
 * @group: group
 * @queue: index of the queue
 *
 * Return: number of the last job that has completed; 0 = none. Never less than before, never more
 * than was pushed. A job with a fault counts when ops->job_fault has been called for it.
 */
uint64_t mmx_queue_done(struct mmx_group *group, unsigned int queue)
{
	mmx_queue_faulted(group, queue);
	return group->queues[queue].done;
}

/* ---- jobs ---- */

static void write_sequence(const struct mmx_group *group, unsigned int queue, uint64_t stream_addr,
			   uint32_t stream_size, uint32_t latest_flush, uint64_t *words)
{
	const struct mmx_gpu_info *info = &group->gpu->info;
	unsigned int addr = info->cs_registers - JOB_REGISTERS; /* a pair */
	unsigned int val = addr + 2; /* a register, or a pair */
	uint64_t job = group->queues[queue].pushed + 1;
	uint64_t sync_va = group->syncs_va +
			   sync_index(&group->queues[queue], job) * sizeof(struct mmx_sync_object);
	uint32_t all = info->scoreboards < 16 ? (1u << info->scoreboards) - 1 : 0xffff;
	const uint64_t sequence[JOB_WORDS] = {
		mmx_cs_move32(val, latest_flush),
		mmx_cs_flush_all(val, FLUSH_ENTRY),
		mmx_cs_move48(addr, stream_addr),
		mmx_cs_move32(val, stream_size),
		mmx_cs_wait(1u << FLUSH_ENTRY),
		mmx_cs_call(addr, val),
		mmx_cs_move48(addr, sync_va),
		mmx_cs_move48(val, job),
		mmx_cs_wait(all),
		mmx_cs_sync_set64_system(addr, val),
		mmx_cs_error_barrier(),
		/* NOPs: a sequence fills whole cache lines, for the prefetcher's sake (panthor) */
	};

	memcpy(words, sequence, sizeof(sequence));
}

/**
 * mmx_queue_push() - writes one job's call sequence into the ring
 * @group: group; anywhere
 * @queue: index of the queue
 * @stream_addr: GPU address of the stream to call
 * @stream_size: its bytes, not 0
 * @latest_flush: LATEST_FLUSH when the submitter prepared the stream; 0 = flush in any case
 *
 * The doorbell, if the group is in its slot, also ends the firmware's idea that it were idle.
 *
 * Return: 0; QUEUE_E_FULL: the stream has not fetched, or the owner not seen done, enough of what
 * is in the ring.
 */
int mmx_queue_push(struct mmx_group *group, unsigned int queue, uint64_t stream_addr,
		   uint32_t stream_size, uint32_t latest_flush)
{
	struct mmx_queue *q = &group->queues[queue];
	struct mmx_csf_ring_input *input = input_of(q);
	uint64_t insert = insert_of(q);
	/* what is fetched in part stays: the stream may be in its call */
	uint64_t kept = mmx_queue_extract(group, queue) & ~(uint64_t)(MMX_QUEUE_JOB_SIZE - 1);
	uint64_t *words;

	if (insert - kept >= q->ring.size || insert - q->done * MMX_QUEUE_JOB_SIZE >= q->ring.size)
		return QUEUE_E_FULL;
	words = (uint64_t *)q->ring.cpu + (insert & (q->ring.size - 1)) / CS_INSN_SIZE;
	write_sequence(group, queue, stream_addr, stream_size, latest_flush, words);
	mmx_device_sync_for_device(device_of(group), words, MMX_QUEUE_JOB_SIZE);
	q->pushed++;
	mmx_fw_write64(&input->insert, insert_of(q));
	if (group->place == MMX_GROUP_ON)
		mmx_fw_doorbell(group->gpu, group->slot + 1);
	return 0;
}
