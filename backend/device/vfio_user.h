/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The GPU of a vfio-user server (malimux-model) on a unix socket. */
#ifndef BACKEND_DEVICE_VFIO_USER_H
#define BACKEND_DEVICE_VFIO_USER_H

#include "backend/device/device.h"

/**
 * mmx_vfio_user_create() - connects, negotiates, enables bus mastering and the three MSI-X interrupts
 * @path: the server's socket
 * @timeout_ms: for each reply of the server; a server that is silent for longer is a lost device
 *
 * Return: 0; -ENOENT, -ECONNREFUSED (nobody serves there), -EPROTO (not a GPU, or no vfio-user), -ETIMEDOUT,
 * another negative errno.
 */
int mmx_vfio_user_create(const char *path, int timeout_ms, struct mmx_device **ret_dev);
/* The same on a connected stream socket, which becomes the device's, also on failure. */
int mmx_vfio_user_create_fd(int fd, int timeout_ms, struct mmx_device **ret_dev);

/*
 * Descriptor that polls readable when the server has something to say on its own (a DMA request, its end);
 * then mmx_vfio_user_poll() is to be called. Of a lost device it stays readable: don't watch it any more.
 */
int mmx_vfio_user_fd(struct mmx_device *dev);
void mmx_vfio_user_poll(struct mmx_device *dev);

#endif
