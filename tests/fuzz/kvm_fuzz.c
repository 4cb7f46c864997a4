// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The ivshmem transport: its server with a QEMU and a guest that do anything, or its client with a server that does.
 *
 * The first byte chooses. For the server the input is a list of operations: of those who share socket, region and
 * eventfds, and the backend's own in the order in which the listener makes them. Nothing waits; what is prepared is as if
 * new, and the answer is the wish that was read. For the client it is the messages, their descriptors, and the head of
 * the region.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hv/kvm/ivshmem.h"
#include "tests/fuzz/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SIZE	 (1u << 16)
#define OVERHEAD (4096u + 4096u + 2 * 8192u)

enum op {
	OP_WANT, /* u8 */
	OP_WORD, /* u16 where, u32: any word of the region, all of it but data */
	OP_KICK,
	OP_TALK,
	OP_HANG_UP,
	OP_BLOCK, /* u8: which eventfd; it blocks, and is full or empty */
	OP_SEAL, /* u8 */
	OP_CALL,
	OP_BACKEND, /* u8: errno of the answer. As the listener does when a descriptor is readable */
	OP_COUNT,
};

/* ---- the server ---- */

struct machine {
	struct mmx_peer backend;
	int socks[2]; /* ours is [1] */
	bool session;
};

static void check_new(const struct mmx_peer *backend)
{
	const uint8_t *bytes = backend->region;
	struct mmx_region_hdr hdr;
	size_t i;

	memcpy(&hdr, bytes, sizeof(hdr));
	check(!mmx_region_check(&hdr, SIZE) && hdr.size == SIZE);
	for (i = 4096; i < OVERHEAD; i++)
		check(!bytes[i]);
}

static void backend_looks(struct machine *m, int error)
{
	const struct mmx_transport *kvm = &mmx_kvm_transport;
	struct mmx_kvm_link *link = mmx_kvm_link(&m->backend);
	uint32_t want = link->want;
	int r;

	if (m->session) {
		mmx_peer_clear(m->backend.kick_fd);
		if (!kvm->moves_on(&m->backend))
			return;
		m->session = false;
	} else {
		r = kvm->heard(&m->backend);
		check(r <= 0);
		if (r)
			return;
	}
	r = kvm->prepare(&m->backend);
	check(r <= 0);
	if (r)
		return;
	check(want);
	check_new(&m->backend);
	kvm->answer(&m->backend, error);
	check(link->answered == want && link->error == (uint32_t)error);
	check(!kvm->moves_on(&m->backend));
	m->session = !error;
}

static void make_block(int fd, bool full)
{
	const uint64_t most = UINT64_MAX - 1;

	mmx_peer_clear(fd);
	/* once it blocks it would be us who wait */
	if (full && (fcntl(fd, F_SETFL, O_NONBLOCK) || write(fd, &most, sizeof(most)) < 0))
		return;
	check(!fcntl(fd, F_SETFL, 0));
}

static void do_op(struct machine *m, struct input *in)
{
	uint32_t *words = m->backend.region;
	uint32_t arg;

	switch ((enum op)(take(in, 1) % OP_COUNT)) {
	case OP_WANT:
		mmx_kvm_link(&m->backend)->want = take(in, 1);
		break;
	case OP_WORD:
		arg = take(in, 2) % (OVERHEAD / 4);
		words[arg] = take(in, 4);
		break;
	case OP_KICK:
		if (fcntl(m->backend.kick_fd, F_GETFL) & O_NONBLOCK)
			mmx_peer_notify(m->backend.kick_fd);
		break;
	case OP_TALK:
		(void)send(m->socks[1], "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		break;
	case OP_HANG_UP:
		shutdown(m->socks[1], SHUT_RDWR);
		break;
	case OP_BLOCK:
		arg = take(in, 1);
		make_block(arg & 1 ? m->backend.kick_fd : m->backend.call_fd, arg & 2);
		break;
	case OP_SEAL:
		(void)fcntl(m->backend.region_fd, F_ADD_SEALS,
			    take(in, 1) & (F_SEAL_SEAL | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE));
		break;
	case OP_CALL:
		mmx_peer_call(&m->backend);
		break;
	case OP_BACKEND:
		backend_looks(m, (int)take(in, 1) % 3);
		break;
	case OP_COUNT:
		break;
	}
}

static void fuzz_server(struct input *in)
{
	static const struct mmx_region_params params = {
		.sub_slots = 64,
		.comp_slots = 64,
		.max_timelines = 16,
		.data_size = SIZE - OVERHEAD,
	};
	struct machine m = { .session = false };

	/* emulators of user space have no AIO */
	if (mmx_kvm_transport.make(&m.backend, &params))
		return;
	check(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, m.socks));
	check(!mmx_kvm_transport.welcome(&m.backend, m.socks[0]));
	while (in->left)
		do_op(&m, in);
	mmx_peer_finish(&m.backend);
	close(m.socks[1]);
}

/* ---- the client ---- */

/* u8 size code, u8 seals, u16 of words for the head of the region */
static int make_lie(struct input *in)
{
	static const off_t sizes[] = { SIZE, SIZE, 4096, 2048, 0, 12288, 1 };
	int fd = memfd_create("lie", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	uint32_t words, where, value;

	check(fd >= 0);
	check(!ftruncate(fd, sizes[take(in, 1) % (sizeof(sizes) / sizeof(sizes[0]))]));
	for (words = take(in, 1) % 64; words && in->left; words--) {
		where = take(in, 2) % 1024;
		value = take(in, 4);
		check(pwrite(fd, &value, sizeof(value), (off_t)where * 4) == sizeof(value));
	}
	(void)fcntl(fd, F_ADD_SEALS, take(in, 1) & 1 ? F_SEAL_SHRINK | F_SEAL_GROW : F_SEAL_GROW);
	return fd;
}

static void fuzz_client(struct input *in)
{
	static const int64_t honest[] = { 0, MMX_KVM_GUEST_ID, -1, MMX_KVM_BACKEND_ID,
					  MMX_KVM_GUEST_ID };
	int socks[2], fds[MMX_PEER_MAX_FDS], lie = make_lie(in), event = eventfd(0, EFD_NONBLOCK);
	struct mmx_peer machine = MMX_PEER_INIT;
	unsigned int i, j, count, said = take(in, 1) % 8;
	int64_t number;

	check(event >= 0);
	check(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, socks));
	for (i = 0; i < said; i++) {
		uint32_t how = take(in, 1);

		number = i < 5 ? honest[i] : 0;
		if (how & 1)
			number = (int32_t)take(in, 4);
		count = how & 2 ? how >> 2 & 7 : i >= 2;
		for (j = 0; j < count; j++)
			fds[j] = i == 2 ? lie : event;
		(void)mmx_peer_send(socks[0], &number, how & 0x80 ? how >> 2 & 7 : sizeof(number),
				    fds, count);
	}
	close(socks[0]);
	if (!mmx_kvm_plug_socket(socks[1], 0, &machine)) {
		check(mmx_kvm_wish(&machine, take(in, 1), 0) <= 0);
		mmx_peer_finish(&machine);
	}
	close(lie);
	close(event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .data = data, .left = size < 4096 ? size : 4096 };

	if (take(&in, 1) & 1)
		fuzz_client(&in);
	else
		fuzz_server(&in);
	return 0;
}
