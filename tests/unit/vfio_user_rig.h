/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A scripted vfio-user server in a thread, for tests of the client. Numbers and layouts of the protocol are written
 * out here once more, so that a wrong constant of the client can't agree with itself.
 *
 * The server answers everything as a GPU would; a test's hook may do something else with a message. The server
 * never asserts (cmocka would jump off its thread): it counts in @wrong what it did not expect.
 */
#ifndef TESTS_UNIT_VFIO_USER_RIG_H
#define TESTS_UNIT_VFIO_USER_RIG_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/device/vfio_user.h"

enum {
	NEGOTIATE = 1,
	DMA_MAP,
	DMA_UNMAP,
	GET_INFO,
	REGION_INFO,
	IRQ_INFO = 7,
	SET_IRQS,
	REGION_READ,
	REGION_WRITE,
	DMA_READ,
	DMA_WRITE,
	RESET,
};

struct header {
	uint16_t id, command;
	uint32_t size, flags, error;
};

struct message {
	struct header hdr;
	uint8_t data[70000];
	size_t len; /* of data */
	int fd; /* -1 = none came */
};

struct server {
	int fd;
	pthread_t thread;
	bool (*hook)(struct server *s, struct message *m); /* true = dealt with */
	const struct quirk *quirk;
	int wrong;
	char order[64]; /* a letter a message, of the handshake */
	size_t order_len;
	uint8_t bar[0x200000], config[256];
	int irq_fds[3];
	uint64_t map_addr, map_size, map_offset;
	uint32_t map_flags;
	int map_fd, maps;
	unsigned int writes;
	int scratch;
};

struct quirk {
	int command;
	enum {
		PAYLOAD, /* the reply is @data */
		REFUSE, /* with @len as the errno */
		OTHER_ID,
		OTHER_COMMAND,
		OTHER_TYPE,
		TINY, /* a size below that of a header */
		HUGE_SIZE,
		SILENT,
		HANG_UP,
	} kind;
	const void *data;
	size_t len;
	int want;
};
#define WORDS(...) (const uint32_t[]){ __VA_ARGS__ }, sizeof((const uint32_t[]){ __VA_ARGS__ })
#define TEXT(text) "\0\0\0\0" text, sizeof("\0\0\0\0" text)

struct fixture {
	struct server *s;
	struct mmx_device *dev;
};

/* For hooks, on the server's thread. */
bool rig_receive(struct server *s, struct message *m); /* false = the client is gone */
void rig_transmit(struct server *s, const void *data, size_t len);
void rig_transmit_message(struct server *s, struct header hdr, const void *data, size_t len);
void rig_reply(struct server *s, const struct message *m, const void *data, size_t len);
void rig_answer(struct server *s, struct message *m); /* as a GPU would */
void rig_expect(struct server *s, bool as_expected);

/* For tests. */
struct server *rig_server_start(int fd);
/* After the client has gone. Return: what went wrong in it. */
int rig_server_stop(struct server *s);
void *rig_serve(void *arg); /* the thread */
/* Return: of mmx_vfio_user_create_fd(). */
int rig_connect(struct fixture *f, const struct quirk *quirk, int timeout_ms);
/* Changes the script: the client must be idle; a read makes sure that the server is too. */
void rig_script(struct fixture *f, bool (*hook)(struct server *s, struct message *m),
		const struct quirk *quirk);
int rig_memory(size_t size);
/* The same, and it can't shrink. */
int rig_sealed_memory(size_t size);

int rig_setup(void **state);
int rig_teardown(void **state);

#endif
