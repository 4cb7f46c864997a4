// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A virtual machine whose memory the daemon was given: QEMU, with that memory as a memfd, and the guest in it. Ends with 0
 * if all is as it should be.
 *
 * Usage: ram_machine SOCKET HOW
 *
 * The daemon's configuration for it: 256 pages at 1 GiB are those of the file from page 16 on, and 16 at 4 GiB those from page
 * 512 on:
 *
 *	guest_ram = { file = "/proc/%p/fd/10"; memory = "2M";
 *		pieces = ( { guest = "1G"; size = "1M"; offset = "64K"; },
 *			   { guest = "4G"; size = "64K"; offset = "2M"; } ); };
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hv/kvm/ivshmem.h"
#include "tests/int/hostile_kit.h"

#define PATIENCE_MS 60000
#define RAM_FD	    10 /* as the configuration has it */
#define RAM_PAGES   1024u
#define FIRST_1	    16u /* pages of the file */
#define PAGES_1	    256u
#define FIRST_2	    512u
#define PAGES_2	    16u
#define RAM_VA	    0x40000000ull
#define STORES	    100u

static struct mmx_raw raw;
static uint8_t *ram;
static uint64_t seqno; /* of the last job */

static int fail(const char *what)
{
	fprintf(stderr, "ram_machine: %s: %s\n", what, strerror(errno));
	return 1;
}

#define WANT(cond)                          \
	do {                                \
		if (!(cond))                \
			return fail(#cond); \
	} while (0)

/* ---- the machine ---- */

/* @size: of its memory; 0: it has none. */
static int make_memory(uint64_t size, unsigned int seals)
{
	int fd = memfd_create("machine", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	/* whatever it may have been before */
	close(RAM_FD);
	if (fd < 0 || ftruncate(fd, (off_t)size))
		return fail("memfd");
	if (seals && fcntl(fd, F_ADD_SEALS, seals))
		return fail("F_ADD_SEALS");
	if (size) {
		if (dup2(fd, RAM_FD) < 0)
			return fail("dup2");
		ram = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (ram == MAP_FAILED)
			return fail("mmap");
	}
	close(fd);
	return 0;
}

/* Return: as mmx_kvm_plug(). */
static int plug(const char *path, struct mmx_peer *peer)
{
	int r;

	/* the one before it is still connected, as far as the daemon has heard */
	do
		r = mmx_kvm_plug(path, PATIENCE_MS, peer);
	while (r == -EBUSY);
	return r;
}

static int begin(const char *path)
{
	struct mmx_peer peer;
	const struct mmx_kvm_link *link;
	int r = plug(path, &peer);

	errno = -r;
	WANT(!r);
	link = mmx_kvm_link(&peer);
	errno = -mmx_kvm_wish(&peer, mmx_kvm_next(link->want, link->answered), PATIENCE_MS);
	WANT(!errno);
	WANT(!mmx_raw_take(&raw, &peer, PATIENCE_MS, true));
	WANT(!mmx_raw_hello(&raw));
	WANT(raw.hello.spaces == 2);
	return 0;
}

/* ---- the guest ---- */

static int get_space(uint32_t space, uint64_t *ret_page, uint64_t *ret_count)
{
	const struct mmx_raw_answer *answer;
	struct mmx_reply_space reply;
	union mmx_msg_buf msg;

	mmx_raw_begin(&raw, &msg, MMX_MSG_SPACE, sizeof(struct mmx_msg_space));
	((struct mmx_msg_space *)(void *)&msg)->space = space;
	if (mmx_raw_send(&raw, &msg, msg.hdr.size))
		return -EIO;
	answer = mmx_raw_answer(&raw, msg.hdr.tag);
	if (!answer || answer->error || answer->size != sizeof(reply))
		return answer && answer->error ? answer->error : -EIO;
	memcpy(&reply, answer->bytes, sizeof(reply));
	*ret_page = reply.guest_page;
	*ret_count = reply.page_count;
	return 0;
}

static int check_space(uint32_t space, uint64_t page, const void *nonce)
{
	union mmx_msg_buf msg;
	struct mmx_msg_space_check *m = (void *)&msg;

	mmx_raw_begin(&raw, &msg, MMX_MSG_SPACE_CHECK, sizeof(*m));
	m->space = space;
	m->page = page;
	memcpy(m->nonce, nonce, sizeof(m->nonce));
	return mmx_raw_call(&raw, &msg);
}

static int create(uint32_t index, const struct mmx_run *runs, uint32_t count)
{
	union mmx_msg_buf msg;
	struct mmx_msg_mem_create *m = (void *)&msg;
	uint32_t i;

	mmx_raw_begin(&raw, &msg, MMX_MSG_MEM_CREATE,
		      (uint32_t)(sizeof(*m) + count * sizeof(*runs)));
	m->mem = NAME(index);
	m->flags = MMX_MEM_SEAL;
	m->run_count = count;
	for (i = 0; i < count; i++)
		m->page_count += runs[i].page_count;
	memcpy(msg.bytes + sizeof(*m), runs, count * sizeof(*runs));
	return mmx_raw_call(&raw, &msg);
}

static int bind(uint32_t index, uint64_t va, uint64_t size, bool map)
{
	union mmx_msg_buf msg;
	struct mmx_msg_vm_bind *m = (void *)&msg;
	const struct mmx_bind_op op = {
		.op = map ? MMX_BIND_OP_MAP : MMX_BIND_OP_UNMAP,
		.mem = map ? NAME(index) : 0,
		.va = va,
		.size = size,
	};

	mmx_raw_begin(&raw, &msg, MMX_MSG_VM_BIND, sizeof(*m) + sizeof(op));
	m->vm = NAME(0);
	m->op_count = 1;
	memcpy(msg.bytes + sizeof(*m), &op, sizeof(op));
	return mmx_raw_call(&raw, &msg);
}

/* Return: its error, or a negative errno. */
static int run_stream(struct mmx_cs_asm *a)
{
	union mmx_msg_buf msg;

	put_job(&raw, &msg, 0, 0, ++seqno, 1, a);
	if (mmx_raw_send(&raw, &msg, msg.hdr.size))
		return -EIO;
	return mmx_raw_job(&raw, NAME(0), seqno);
}

static int store(uint64_t va, uint32_t value)
{
	struct mmx_cs_asm a = begin_stream(&raw, 1);

	mmx_cs_put_store(&a, va, value);
	return run_stream(&a);
}

static uint32_t word_at(uint32_t page, uint32_t offset)
{
	return *(const volatile uint32_t *)(const volatile void *)(ram + (size_t)page * PAGE +
								   offset);
}

/* What there is of spaces is as the configuration says, and as the machine has it. */
static int look_around(void)
{
	static const uint8_t nonce[MMX_NONCE_SIZE] = "a page that I know by this text";
	uint64_t page, count;

	WANT(!get_space(1, &page, &count) && page == 0x40000 && count == PAGES_1);
	WANT(!get_space(2, &page, &count) && page == 0x100000 && count == PAGES_2);
	WANT(get_space(0, &page, &count) == EINVAL && get_space(3, &page, &count) == EINVAL);
	memcpy(ram + (FIRST_1 + PAGES_1 - 1) * PAGE, nonce, sizeof(nonce));
	memcpy(ram + FIRST_2 * PAGE, nonce, sizeof(nonce));
	WANT(!check_space(1, PAGES_1 - 1, nonce));
	WANT(!check_space(2, 0, nonce));
	WANT(check_space(2, PAGES_2, nonce) == EFAULT);
	WANT(check_space(3, 0, nonce) == EINVAL);
	return 0;
}

/* Object 1: of both pieces, at RAM_VA. */
static int make_ram_object(void)
{
	static const struct mmx_run runs[] = { { 7, 2, 1, 0 }, { 3, 1, 2, 0 }, { 0, 1, 1, 0 } };

	WANT(make_space(&raw));
	WANT(!make_group(&raw, 0, 1));
	WANT(!create(1, runs, 3));
	WANT(!bind(1, RAM_VA, 4 * PAGE, true));
	return 0;
}

/* ---- ways ---- */

static int works(void)
{
	static const uint32_t pages[] = { FIRST_1 + 7, FIRST_1 + 8, FIRST_2 + 3, FIRST_1 };
	static const struct mmx_run wrong[] = { { PAGES_2, 1, 2, 0 }, { UINT64_MAX, 2, 1, 0 } };
	uint32_t i;

	if (look_around() || make_ram_object())
		return 1;
	for (i = 0; i < 4; i++) {
		WANT(!store(RAM_VA + i * PAGE + 64, 0x1000 + i));
		WANT(word_at(pages[i], 64) == 0x1000 + i);
	}
	WANT(create(2, &wrong[0], 1) == EFAULT && create(2, &wrong[1], 1) == EFAULT);
	WANT(!mmx_raw_object(&raw, MMX_MSG_MEM_DESTROY, NAME(1)));
	WANT(!bind(0, RAM_VA, 4 * PAGE, false));
	WANT(!mmx_raw_wait_released(&raw, NAME(1)));
	return 0;
}

static int wrong_layout(void)
{
	static const struct mmx_run one[] = { { 0, 1, 1, 0 }, { 0, 1, 2, 0 } };
	uint8_t nonce[MMX_NONCE_SIZE] = "as it is one page further";

	memcpy(ram + (FIRST_1 + 5) * PAGE, nonce, sizeof(nonce));
	WANT(check_space(1, 4, nonce) == EBADMSG);
	WANT(check_space(1, 5, nonce) == EFAULT);
	WANT(create(1, &one[0], 1) == EFAULT);
	WANT(!create(1, &one[1], 1));
	return 0;
}

/* A stream that stores to all of the object, many times. */
static void put_stores(struct mmx_cs_asm *a)
{
	uint32_t i;

	for (i = 0; i < STORES; i++)
		mmx_cs_put_store(a, RAM_VA + i % 4 * PAGE + 64, i);
}

/* Its memory is cut short while the GPU writes there: jobs may fail, and nothing else. */
static int truncates(void)
{
	static const uint8_t nonce[MMX_NONCE_SIZE];
	union mmx_msg_buf msg;
	struct mmx_cs_asm a;
	uint32_t i;

	if (make_ram_object())
		return 1;
	a = begin_stream(&raw, 1);
	put_stores(&a);
	for (i = 0; i < 8; i++) {
		put_job(&raw, &msg, 0, 0, ++seqno, 1, &a);
		WANT(!mmx_raw_send(&raw, &msg, msg.hdr.size));
	}
	WANT(mmx_raw_job(&raw, NAME(0), 1) >= 0);
	WANT(!ftruncate(RAM_FD, 0));
	WANT(mmx_raw_job(&raw, NAME(0), seqno) >= 0);
	/* what is not there can't be what it was, and nobody waits for it long */
	WANT(check_space(1, 0, nonce) == EBADMSG);
	WANT(!mmx_raw_object(&raw, MMX_MSG_GROUP_DESTROY, NAME(0)));
	WANT(!make_group(&raw, 0, 1));
	seqno = 0;
	a = begin_stream(&raw, 1);
	mmx_cs_move48(&a, 40, RAM_VA);
	mmx_cs_move48(&a, 42, 0);
	mmx_cs_sync_wait64(&a, MMX_CS_GREATER, 40, 42);
	WANT(run_stream(&a) >= 0);
	return 0;
}

/* Holes are punched while the GPU writes there. */
static int holes(void)
{
	const int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	struct mmx_cs_asm a;
	uint32_t i;

	if (make_ram_object())
		return 1;
	for (i = 0; i < 50; i++) {
		union mmx_msg_buf msg;

		a = begin_stream(&raw, 1);
		put_stores(&a);
		put_job(&raw, &msg, 0, 0, ++seqno, 1, &a);
		WANT(!mmx_raw_send(&raw, &msg, msg.hdr.size));
		WANT(!fallocate(RAM_FD, punch, 0, RAM_PAGES * PAGE));
		WANT(!mmx_raw_job(&raw, NAME(0), seqno));
	}
	return 0;
}

/* ---- */

static int refused(const char *path)
{
	struct mmx_peer peer;
	int r = plug(path, &peer);

	errno = -r;
	WANT(r == -EBADF);
	return 0;
}

static const struct {
	const char *name;
	int (*way)(void); /* NULL: it is refused */
	uint32_t pages;
	unsigned int seals;
} ways[] = {
	{ "works", works, RAM_PAGES, 0 },
	{ "works-sealed", works, RAM_PAGES, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL },
	{ "wrong-layout", wrong_layout, RAM_PAGES, 0 },
	{ "truncates", truncates, RAM_PAGES, 0 },
	{ "holes", holes, RAM_PAGES, 0 },
	{ "holes-sealed", holes, RAM_PAGES, F_SEAL_SHRINK },
	{ "short", NULL, FIRST_2 + PAGES_2 - 1, 0 },
	{ "none", NULL, 0, 0 },
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

int main(int argc, char **argv)
{
	size_t way = 0;
	int r;

	while (argc > 2 && way < WAYS && strcmp(argv[2], ways[way].name))
		way++;
	if (argc < 3 || way == WAYS) {
		fputs("Usage: ram_machine SOCKET HOW\n", stderr);
		return 2;
	}
	if (make_memory((uint64_t)ways[way].pages * PAGE, ways[way].seals))
		return 1;
	if (!ways[way].way)
		return refused(argv[1]);
	r = begin(argv[1]) || ways[way].way();
	mmx_raw_close(&raw);
	return r;
}
