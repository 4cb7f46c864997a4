// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * See socket.h. Called by the backend's event loop (listen, accept, remove), its control socket among them, and by guests'
 * ends of transports (dial).
 *
 * Invariant: a socket's file is removed by who has made it, and by nobody else: by its inode, not by its name.
 */
#include "hv/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTEN_BACKLOG 16

static int set_address(const char *path, struct sockaddr_un *ret_addr)
{
	size_t len = strlen(path);

	if (!len || len >= sizeof(ret_addr->sun_path))
		return -ENAMETOOLONG;
	*ret_addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(ret_addr->sun_path, path, len + 1);
	return 0;
}

/*
 * Removes a socket file on which nobody listens. Return: 0: gone; -EADDRINUSE: somebody listens; -EEXIST: it is no
 * socket, so not ours to remove; another negative errno.
 */
static int remove_stale(const struct sockaddr_un *addr)
{
	struct stat st;
	int fd, ret = -EADDRINUSE;

	if (lstat(addr->sun_path, &st))
		return -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) && errno == ECONNREFUSED)
		ret = unlink(addr->sun_path) ? -errno : 0;
	close(fd);
	return ret;
}

static int bind_file(int fd, const struct sockaddr_un *addr)
{
	int ret = bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) ? -errno : 0;

	if (ret != -EADDRINUSE)
		return ret;
	ret = remove_stale(addr);
	if (!ret && bind(fd, (const struct sockaddr *)addr, sizeof(*addr)))
		ret = -errno;
	return ret;
}

int mmx_socket_listen(const char *path, mode_t mode, struct mmx_socket *ret_socket)
{
	struct mmx_socket sock;
	struct sockaddr_un addr;
	struct stat st;
	int ret;

	ret = set_address(path, &addr);
	if (ret)
		return ret;
	sock.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock.fd < 0)
		return -errno;
	ret = bind_file(sock.fd, &addr);
	if (ret)
		goto err_close;
	if (lstat(path, &st)) {
		ret = -errno;
		goto err_close;
	}
	sock.dev = st.st_dev;
	sock.ino = st.st_ino;
	/*
	 * Nobody can connect before listen(): the mode that bind() took from the umask has not
	 * mattered.
	 */
	if (chmod(path, mode) || listen(sock.fd, LISTEN_BACKLOG)) {
		ret = -errno;
		goto err_remove;
	}
	*ret_socket = sock;
	return 0;

err_remove:
	mmx_socket_remove(path, &sock);
err_close:
	close(sock.fd);
	return ret;
}

const char *mmx_socket_listen_error(int error)
{
	switch (error) {
	case -EADDRINUSE:
		return "somebody else listens there";
	case -EEXIST:
		return "a file that is no socket is in its place";
	case -ENOENT:
		return "the folder does not exist";
	case -EACCES:
		return "permission denied to make a file in the folder";
	default:
		return strerror(-error);
	}
}

void mmx_socket_remove(const char *path, const struct mmx_socket *sock)
{
	struct stat st;

	if (!lstat(path, &st) && st.st_dev == sock->dev && st.st_ino == sock->ino)
		unlink(path);
}

int mmx_socket_accept(int listen_fd, int *ret_fd, pid_t *ret_pid, uid_t *ret_uid)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	int fd, ret;

	fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return errno == EWOULDBLOCK || errno == ECONNABORTED ? -EAGAIN : -errno;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len)) {
		ret = -errno;
		close(fd);
		return ret;
	}
	*ret_fd = fd;
	*ret_pid = cred.pid;
	*ret_uid = cred.uid;
	return 0;
}

int mmx_socket_dial(const char *path, int timeout_ms, int *ret_fd)
{
	struct timeval tv = {
		.tv_sec = timeout_ms / 1000,
		.tv_usec = timeout_ms % 1000 * 1000,
	};
	struct sockaddr_un addr;
	int fd, ret;

	ret = set_address(path, &addr);
	if (ret)
		return ret;
	if (timeout_ms <= 0)
		tv.tv_usec = 1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)))
		goto err_close;
	while (connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		if (errno == EAGAIN)
			errno = ETIMEDOUT;
		if (errno != EINTR)
			goto err_close;
	}
	if (fcntl(fd, F_SETFL, O_NONBLOCK))
		goto err_close;
	*ret_fd = fd;
	return 0;

err_close:
	ret = -errno;
	close(fd);
	return ret;
}
