/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Unix stream sockets with a file: listening, accepting, connecting. Nothing blocks but mmx_socket_dial(), which has a
 * deadline.
 */
#ifndef HV_SOCKET_H
#define HV_SOCKET_H

#include <sys/types.h>

/* A socket that listens, and its file. */
struct mmx_socket {
	int fd;
	dev_t dev; /* of the file, as it was made */
	ino_t ino;
};

/**
 * mmx_socket_listen() - binds and listens; replaces a stale socket file, on which nobody listens
 * @mode: of the socket file, such as 0600
 *
 * Return: 0; -EADDRINUSE: somebody listens there; -EEXIST: the file is no socket; negative errno.
 */
int mmx_socket_listen(const char *path, mode_t mode, struct mmx_socket *ret_socket);
/* In words, what mmx_socket_listen() has returned. */
const char *mmx_socket_listen_error(int error);
/*
 * Removes the socket's file, unless another one has taken its place. Before the descriptor is closed, which stays the
 * caller's: until then nobody else's file can have its inode.
 */
void mmx_socket_remove(const char *path, const struct mmx_socket *sock);

/*
 * Accepts one connection, non-blocking: *ret_fd, with the peer's credentials. Return: 0; -EAGAIN
 * if there is none; negative errno.
 */
int mmx_socket_accept(int listen_fd, int *ret_fd, pid_t *ret_pid, uid_t *ret_uid);

/*
 * Connects; a backlog that is full is waited for, until the deadline. The socket is non-blocking then. Return: 0;
 * negative errno.
 */
int mmx_socket_dial(const char *path, int timeout_ms, int *ret_fd);

#endif
