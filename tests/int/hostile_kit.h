/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What hostile guests are made of: chance, ways to send, and what an honest guest would do first. */
#ifndef TESTS_INT_HOSTILE_KIT_H
#define TESTS_INT_HOSTILE_KIT_H

#include "tests/lib/cs_asm.h"
#include "tests/lib/raw.h"

#define NAME(index) mmx_name_make(index, 1)
#define PAGE	    4096u
#define VA	    0x10000000ull
/* A life is so many messages, unless the backend ends it: then comes the next one. */
#define LIFE 20000u

/* ---- chance ---- */

void seed_chance(uint64_t seed);
uint64_t rnd(void);
/* Less than @bound. */
uint32_t below(uint32_t bound);

/* ---- sending ---- */

/* The backend has ended the session. */
bool is_over(struct mmx_raw *raw);
/* Reads while it waits for room. Return: false: the session is over. */
bool send_msg(struct mmx_raw *raw, union mmx_msg_buf *msg);
/* Does not read, ever. Return: false: the session is over, or has not made room for some time. */
bool send_deaf(struct mmx_raw *raw, union mmx_msg_buf *msg);

/* ---- what an honest guest would do first ---- */

/* Group @index of client and VM 0, with timelines from @index * @queues on. Return: as mmx_raw_call(). */
int make_group(struct mmx_raw *raw, uint32_t index, uint32_t queues);
/* Client, VM and memory of 256 pages, mapped at VA. */
bool make_space(struct mmx_raw *raw);
/* A stream at this page of the memory. */
struct mmx_cs_asm begin_stream(struct mmx_raw *raw, uint32_t page);
/* SUBMIT of what was begun at that page; @a: NULL = an empty job. */
void put_job(struct mmx_raw *raw, union mmx_msg_buf *msg, uint32_t group, uint32_t queue,
	     uint64_t seqno, uint32_t page, struct mmx_cs_asm *a);

/* ---- kinds that live on the GPU: hostile_gpu.c; one life each ---- */

/* 24 groups, none of whose streams ends. */
void live_endless(struct mmx_raw *raw);
/* Streams that fault, each way in turn; the group is made again. */
void live_faults(struct mmx_raw *raw);
/* As many binds under way as there may be, of much, while a group runs in the VM. */
void live_binds(struct mmx_raw *raw);
/* As many asynchronous binds as there may be, that wait for what never ends; then all of it is taken down at once. */
void live_async(struct mmx_raw *raw);
/* As many jobs as there may be wait for one that never ends; then it does, or the guest goes. */
void live_avalanche(struct mmx_raw *raw);
/* Groups that come and go as fast as they can. */
void live_groups(struct mmx_raw *raw);
/* Tiler heaps as large as they may be, that come and go as fast as they can. */
void live_heaps(struct mmx_raw *raw);

#endif
