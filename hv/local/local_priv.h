/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What the files of local/ share. */
#ifndef HV_LOCAL_LOCAL_PRIV_H
#define HV_LOCAL_LOCAL_PRIV_H

/*
 * socket.c: connects; a backlog that is full is waited for, until the deadline. The socket is non-blocking then.
 * Return: 0; negative errno.
 */
int mmx_local_dial(const char *path, int timeout_ms, int *ret_fd);

#endif
