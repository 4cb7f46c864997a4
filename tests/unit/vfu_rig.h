/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* A vfio-user server over the fake model and a client of it in one thread, with a clock by hand. */
#ifndef TESTS_UNIT_VFU_RIG_H
#define TESTS_UNIT_VFU_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/model/vfu.h"
#include "tools/model/vfu_proto.h"

struct rig {
	struct mmx_vfu *vfu;
	int sock; /* the client's end */
	uint16_t next_id;
	unsigned int fds_before; /* descriptors open before the rig was made */
	uint8_t reply[1 << 17]; /* payload of the last reply */
	size_t reply_len;
};

extern uint64_t rig_now_ns; /* what the server takes for the time */

/* cmocka's setup and teardown; *state is a struct rig with an agreed client. */
int rig_setup(void **state);
int rig_setup_silent(void **state); /* connected, but no VERSION yet */
int rig_teardown(void **state);

void rig_connect(struct rig *rig);
void rig_agree(struct rig *rig);

/* Sends a request and handles it: 0 or the errno of the reply, -1 if the server hung up. */
int rig_call(struct rig *rig, uint16_t cmd, const void *payload, size_t len);
int rig_call_fds(struct rig *rig, uint16_t cmd, const void *payload, size_t len, const int *fds,
		 unsigned int fd_count);

/* Has the server hung up? (It then has no client any more, and has been reset.) */
bool rig_hung_up(struct rig *rig);

int rig_read(struct rig *rig, uint32_t region, uint64_t offset, uint32_t count);
int rig_write(struct rig *rig, uint32_t region, uint64_t offset, const void *data, uint32_t count);
uint32_t rig_get32(struct rig *rig, uint32_t offset); /* of BAR 0 */
void rig_set32(struct rig *rig, uint32_t offset, uint32_t value);
uint32_t rig_config(struct rig *rig, uint32_t offset, uint32_t count);
void rig_set_config(struct rig *rig, uint32_t offset, uint32_t value, uint32_t count);

/* A memfd of @size bytes with the byte @fill in it. */
int rig_memfd(size_t size, int fill);
int rig_map(struct rig *rig, uint64_t addr, uint64_t size, uint32_t flags, int fd, uint64_t offset);
int rig_unmap(struct rig *rig, uint64_t addr, uint64_t size, uint32_t flags);

#endif
