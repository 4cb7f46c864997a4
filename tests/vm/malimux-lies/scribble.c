// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * scribble REGION SECONDS SEED [harsh]: writes into the memory that the guest's kernel shares with the backend, under both
 * of them. To the kernel that is a backend which lies, replays, and changes what it has written before.
 *
 * Without 'harsh' most of it is answers that are wrong in a field; with it, also indices that can't be, and ends of the
 * session. Run in a VM by guest.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "hv/proto/region.h"
#include "hv/proto/ring.h"

/* rings and session page are at the region's start */
#define MAPPED ((size_t)1 << 20)

static uint64_t state;

/* xorshift, Marsaglia 2003 */
static uint32_t any(uint32_t limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return limit ? (uint32_t)(state >> 16) % limit : (uint32_t)(state >> 16);
}

static void lie(uint8_t *region, const struct mmx_region_hdr *hdr, bool harsh)
{
	struct mmx_ring_ctrl *comp = (void *)(region + hdr->comp_offset);
	struct mmx_ring_ctrl *sub = (void *)(region + hdr->sub_offset);
	struct mmx_session_page *page = (void *)(region + hdr->session_offset);
	/* one that is about to be read, or was */
	uint8_t *slot = comp->slots[(comp->prod - 1 - any(4)) & (hdr->comp_slots - 1)];

	switch (any(harsh ? 12 : 5)) {
	case 0:
		slot[any(MMX_SLOT_SIZE)] ^= (uint8_t)(1u << any(8));
		break;
	case 1:
		slot[any(sizeof(struct mmx_msg_hdr))] = (uint8_t)any(256);
		break;
	case 2:
		memcpy(slot + 4 * any(16), &(uint32_t){ any(300) }, 4);
		break;
	case 3:
		page->timelines[any(64)].completed = any(0);
		break;
	case 4:
		memcpy(slot, comp->slots[any(hdr->comp_slots)], MMX_SLOT_SIZE);
		comp->prod++;
		break;
	case 5:
		comp->prod += any(5);
		break;
	case 6:
		comp->prod = any(0);
		break;
	case 7:
		sub->cons += any(3);
		break;
	case 8:
		sub->cons = any(0);
		break;
	case 9:
		page->closed = any(3);
		break;
	case 10:
		sub->data_event = any(0);
		comp->space_event = any(0);
		break;
	default:
		page->heartbeat = any(0);
		break;
	}
}

int main(int argc, char **argv)
{
	struct mmx_region_hdr hdr;
	bool harsh = argc > 4;
	uint8_t *region;
	time_t end;
	int fd;

	if (argc < 4)
		return 2;
	fd = open(argv[1], O_RDWR);
	region = mmap(NULL, MAPPED, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd < 0 || region == MAP_FAILED) {
		perror(argv[1]);
		return 1;
	}
	state = strtoull(argv[3], NULL, 0) | 1;
	for (end = time(NULL) + atoi(argv[2]); time(NULL) < end;) {
		memcpy(&hdr, region, sizeof(hdr));
		/* it is made anew for each session */
		if (!mmx_region_check(&hdr, UINT64_MAX) && hdr.data_offset < MAPPED)
			lie(region, &hdr, harsh);
		usleep(any(harsh ? 100000 : 20000));
	}
	return 0;
}
