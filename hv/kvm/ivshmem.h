/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The backend as the server of a guest's ivshmem-doorbell device, and that server's other end. What the guest sees of it:
 * kvm.h. QEMU's side: docs/specs/ivshmem-spec.rst of QEMU.
 *
 * One unix stream socket per partition, one QEMU on it. Each message is a little-endian number of 64 bits, with or without
 * a descriptor; the server sends, QEMU says nothing:
 *
 *	0			version of the protocol
 *	MMX_KVM_GUEST_ID	the id of who connects
 *	-1, region		a memfd, sealed against any change of size
 *	MMX_KVM_BACKEND_ID, kick	eventfd: the backend is a peer with one vector
 *	MMX_KVM_GUEST_ID, call	eventfd: so has the guest
 *
 * QEMU takes this once, maps the region before its machine starts, and keeps the socket open as long as the device is
 * there. Who is refused gets a version that is none, a negative errno, and QEMU ends with a message that names it; one
 * whose socket is only closed while it starts would read without end.
 *
 * QEMU can be as hostile as its guest, which may have taken it over. Against that:
 *
 *  - The first kick shows that the region is mapped; it gets its last seals then, and before that the backend does not
 *    touch it (hv/local/local.h says what holes could do). From then on no process can map it for writing any more, so
 *    none that starts late can be given it: the device server maps it before the welcome, and a daemon that follows one that
 *    has died has the mapping of the process that outlives both (adopt() of struct mmx_transport).
 *  - Kick is read without waiting, whatever somebody else has made of its O_NONBLOCK.
 *  - Call has to be an eventfd, for KVM's sake. A write to it could be made to wait for ever, by somebody who clears
 *    O_NONBLOCK and fills the counter; there is no write to an eventfd that says not to wait, and to look before is a race.
 *    So the backend does not write: it has the kernel signal it, as the completion of an asynchronous read of nothing
 *    (io_submit() with IOCB_FLAG_RESFD). The kernel's own signals never wait; a counter that is full stays so.
 *
 * Needs Linux 5.1, and kernels with AIO (CONFIG_AIO).
 */
#ifndef HV_KVM_IVSHMEM_H
#define HV_KVM_IVSHMEM_H

#include "hv/kvm/kvm.h"
#include "hv/peer.h"

extern const struct mmx_transport mmx_kvm_transport;

/*
 * QEMU's part, for guests that are processes: connects, takes what the server sends, maps the region. Return: 0; -EPROTO;
 * -ECONNRESET; -ETIMEDOUT; negative errno: as the server refuses.
 */
int mmx_kvm_plug(const char *path, int timeout_ms, struct mmx_peer *ret_peer);
/* The same on a socket that is connected, and is the peer's from now on, or closed. */
int mmx_kvm_plug_socket(int sock_fd, int timeout_ms, struct mmx_peer *ret_peer);

/* Where the link is, in a peer's region of either side. */
struct mmx_kvm_link *mmx_kvm_link(const struct mmx_peer *peer);

/**
 * mmx_kvm_wish() - the guest's part: asks for a session, and waits for the answer
 * @want: its number, or 0 for none
 *
 * Return: 0; -EPROTO: that is no device of ours; -ENODEV: the backend is gone; -ETIMEDOUT; negative errno: the answer.
 */
int mmx_kvm_wish(const struct mmx_peer *peer, uint32_t want, int timeout_ms);

/* Both, with a number that is new. */
int mmx_kvm_connect(const char *path, int timeout_ms, struct mmx_peer *ret_peer);

#endif
