/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Where a guest of the tests or of the demo puts its streams and results: a client with one GPU address space, and
 * two memory objects of scattered pages in it, one for code (read-only for the GPU) and one for data.
 *
 *	mmx_work_open(&work, guest, "name");
 *	result = mmx_work_data(&work, 8, 8, &va);
 *	mmx_work_asm(&work, &a);
 *	... mmx_cs_...(&a, ...);
 *	mmx_work_stream(&work, &a, &stream);
 *	mmx_work_submit(&work, group, 0, &stream, &fence);
 *	mmx_work_wait(&work, &fence, &error);
 *	mmx_work_reset(&work);
 *	mmx_work_close(&work);
 *
 * The space is given out one after the other, and all of it again after mmx_work_reset(), which no job may outlive.
 * Functions return 0 or a negative errno; the first failure of space or assembler sticks until the reset.
 */
#ifndef TESTS_LIB_WORK_H
#define TESTS_LIB_WORK_H

#include <stddef.h>
#include <stdint.h>

#include "frontend/user/malimux.h"
#include "tests/lib/cs_asm.h"

#define MMX_WORK_CODE_VA   0x0000000010000000ull
#define MMX_WORK_CODE_SIZE (256u << 10)
#define MMX_WORK_DATA_VA   0x0000000020000000ull
#define MMX_WORK_DATA_SIZE (512u << 10)
/* Nothing is ever mapped here. */
#define MMX_WORK_HOLE_VA 0x0000000070000000ull

struct mmx_work {
	struct mmx_guest *guest;
	uint32_t client, vm;
	struct mmx_mem *code_mem, *data_mem;
	size_t code_used, data_used;
	int timeout_ms; /* of each wait */
	int error;
};

struct mmx_work_stream {
	uint64_t va;
	uint32_t size;
};

/*
 * How long a wait may take on a machine that is slow or busy: the value times MMX_TEST_TIMEOUT_FACTOR of the
 * environment, if that is a number of 1..100.
 */
int mmx_work_timeout_ms(int timeout_ms);

/* @work is filled in; on failure nothing is left behind. */
int mmx_work_open(struct mmx_work *work, struct mmx_guest *guest, const char *name);
/* Destroys the client, with all its groups, and gives the memory back. */
int mmx_work_close(struct mmx_work *work);
void mmx_work_reset(struct mmx_work *work);

/* Zeroed. Return: NULL if there is no room; the error sticks. */
void *mmx_work_data(struct mmx_work *work, size_t size, size_t align, uint64_t *ret_va);

/* One stream at a time: from here to mmx_work_stream() the assembler owns the rest of the code's space. */
void mmx_work_asm(struct mmx_work *work, struct mmx_cs_asm *a);
int mmx_work_stream(struct mmx_work *work, struct mmx_cs_asm *a,
		    struct mmx_work_stream *ret_stream);

/* A group of this client, of medium priority. */
int mmx_work_group(struct mmx_work *work, unsigned int queue_count, uint32_t *ret_group);
int mmx_work_submit(struct mmx_work *work, uint32_t group, unsigned int queue,
		    const struct mmx_work_stream *stream, struct mmx_fence *ret_fence);
/* The job's error, 0 or a negative errno, in *ret_error. */
int mmx_work_wait(struct mmx_work *work, const struct mmx_fence *fence, int *ret_error);
/* Waits for a fault record. Return: -ETIMEDOUT if none came. */
int mmx_work_fault(struct mmx_work *work, struct mmx_fault_record *ret_fault);

#endif
