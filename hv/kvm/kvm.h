/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What a guest in a virtual machine sees of its transport: an ivshmem-doorbell device of QEMU, from 7.2 on.
 *
 * The backend is the server of that device, and its only other peer; each guest has a device and a server of its own,
 * since peers of one server see all of its memory.
 *
 *	PCI 1af4:1110, revision 1 or later; MSI-X, one vector is used (QEMU's vectors=1, its default, is enough)
 *	BAR0	registers, 32 bits wide: 8 IVPosition (read): MMX_KVM_GUEST_ID
 *				12 Doorbell (write): MMX_KVM_DOORBELL is the kick. All else is left alone
 *	BAR1	MSI-X table. Vector 0 is the call
 *	BAR2	the region, as hv/proto/region.h describes it: plain memory, to be mapped cached; struct mmx_region_hdr at
 *		0, struct mmx_kvm_link at MMX_KVM_LINK_OFFSET of the same page. Its size is the header's size, a power of two
 *
 * Any ivshmem device has these ids. It is ours if IVPosition is MMX_KVM_GUEST_ID, BAR2 has a page at least, magic and
 * version of header and link are right, and mmx_region_check() of a copy of the header, with BAR2's size, says 0.
 *
 * Sessions. The device is there as long as the machine; sessions come and go in its memory, one at a time, each with a
 * number that the guest chooses:
 *
 *  1. The guest writes to link.want a number that is neither 0 nor found in want or answered, and kicks.
 *     (Whatever stood in either is of somebody before: a driver that was unloaded, or a kernel that died.)
 *  2. The backend ends the session that there is, with all that it had; when the GPU knows nothing of the region any
 *     more it zeroes session page and rings, writes the header anew, then error and, with release, answered = want, and
 *     calls.
 *  3. The guest waits for answered == want (loaded with acquire). If error is 0 then it takes up its ends of the rings
 *     (mmx_front_session_init()), from a fresh copy of the header, checked again, and sends HELLO as on any other
 *     transport. If not, it has no session: EPERM: its partition is shut for a while; EAGAIN: the backend is busy with
 *     itself (or ends: see down); another errno: the backend has failed. It may ask again, with a number that is new.
 *  4. want = 0 and a kick: the guest wants no session. It is answered in the same way, with answered == 0.
 *
 * From 1 to 3 the guest touches neither rings nor session page, and data that the old session had registered may still
 * be written by the GPU. A session that the backend has ended (closed in its page is not 0) stays answered: what it had
 * may be in use until the next answer, to any want. Who wishes without end is made to wait
 * (backend/core/listener.c).
 *
 * The first kick can be lost, while QEMU has not wired its doorbell yet; calls are lost while MSI-X is off. So who waits
 * for an answer looks, and kicks again, every MMX_KVM_AGAIN_MS; to be asked twice is nothing to the backend. It gives up
 * after MMX_KVM_ANSWER_MS.
 *
 * down is not 0: the backend has ended. Nobody will answer on this device any more; QEMU can't connect anew. One that
 * was killed leaves no word: its heartbeat stops. As a rule another one takes its place, which closes the session that there
 * was (closed in its page is ESHUTDOWN) and calls; so who has lost its session asks for another, again and again, as
 * long as down is 0.
 *
 * The backend believes nothing of what stands here but want, of which any value is legal. The guest believes nothing but
 * what it has checked. Little-endian.
 *
 * Builds in the kernel too; shared with it.
 */
#ifndef HV_KVM_KVM_H
#define HV_KVM_KVM_H

#include "hv/proto/types.h"

#define MMX_KVM_PCI_VENDOR   0x1af4u /* Red Hat: QEMU, docs/specs/ivshmem-spec.rst */
#define MMX_KVM_PCI_DEVICE   0x1110u
#define MMX_KVM_PCI_REVISION 1u /* at least: with revision 0 BAR2 may come late */

/* Registers in BAR0. */
#define MMX_KVM_REG_IVPOSITION 8u
#define MMX_KVM_REG_DOORBELL   12u

/* Peers, as the server numbers them. Neither is 0, which a device without interrupts would read as. */
#define MMX_KVM_GUEST_ID   1u
#define MMX_KVM_BACKEND_ID 2u

/* The one vector of each side. */
#define MMX_KVM_VECTOR	 0u
#define MMX_KVM_DOORBELL (MMX_KVM_BACKEND_ID << 16 | MMX_KVM_VECTOR)

#define MMX_KVM_LINK_OFFSET  2048u
#define MMX_KVM_LINK_MAGIC   0x4b584d4du /* "MMXK" */
#define MMX_KVM_LINK_VERSION 1u

/* Behind the header, in the page that has nothing else. */
struct mmx_kvm_link {
	/* the backend's */
	uint32_t magic;
	uint32_t version;
	uint32_t answered; /* the wish that was answered last; 0 = none, or the wish for none */
	uint32_t error; /* of that answer: errno; 0 = the session is there, if answered is not 0 */
	uint32_t down;
	uint32_t pad0[11];
	/* the guest's */
	uint32_t want; /* number of the session that it wants; 0 = none */
	uint32_t pad1[15];
};
MMX_ASSERT_SIZE(struct mmx_kvm_link, 128);
MMX_ASSERT_OFFSET(struct mmx_kvm_link, want, 64);

#define MMX_KVM_AGAIN_MS 100u
/* The end of a session can take a reset of the GPU. */
#define MMX_KVM_ANSWER_MS 10000u

/* A number to wish for, from what stands in the link. */
static inline uint32_t mmx_kvm_next(uint32_t want, uint32_t answered)
{
	uint32_t next = 1;

	while (next == want || next == answered)
		next++;
	return next;
}

#endif
