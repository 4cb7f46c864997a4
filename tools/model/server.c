// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The loop of malimux-model: owns the listening sockets and the signals, and gives the vfio-user
 * server (vfu.c) its clients and the model its time. Called by main(); one thread.
 *
 * Each turn of the loop first handles all that the client has sent, then lets the model do what is
 * due. It sleeps until SPIN_NS before the model's next event and spends the rest of the time looking
 * at the socket, because a timer ends tens of microseconds late and a job must not. While the model
 * is busy there is no sleep at all. One client at a time: the next ones stay in the backlog. The same
 * holds for the control socket, whose client is served by orders.c.
 */
#include "tools/model/server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "tools/model/orders.h"

#define SPIN_NS 100000u

#define BACKLOG 8

/* Turns without sleep after which signals are looked at. */
#define TURNS_MAX 64u

struct listener {
	const char *path;
	struct sockaddr_un addr;
	int fd; /* -1 = there is none */
	struct stat file; /* of the socket, as we made it */
};

struct server {
	const struct mmx_server_config *config;
	struct mmx_vfu *vfu;
	struct listener gpu, control;
	struct mmx_orders orders;
	int signal_fd;
	unsigned int turns; /* since signals were looked at */
	bool stop;
};

/* Is anyone listening at @addr? If not, a socket there is left over from a dead process. */
static bool in_use(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool dead;

	if (fd < 0)
		return true;
	dead = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) && errno == ECONNREFUSED;
	close(fd);
	return !dead;
}

static int open_socket(struct listener *listener, const char *path)
{
	struct sockaddr *addr = (struct sockaddr *)&listener->addr;
	struct stat st;
	int fd, r;

	if (strlen(path) >= sizeof(listener->addr.sun_path))
		return -ENAMETOOLONG;
	listener->path = path;
	listener->addr.sun_family = AF_UNIX;
	memcpy(listener->addr.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	r = bind(fd, addr, sizeof(listener->addr)) ? -errno : 0;
	if (r == -EADDRINUSE && !lstat(path, &st) && S_ISSOCK(st.st_mode) &&
	    !in_use(&listener->addr) && !unlink(path))
		r = bind(fd, addr, sizeof(listener->addr)) ? -errno : 0;
	if (r) {
		close(fd);
		return r;
	}
	if (lstat(path, &listener->file) || listen(fd, BACKLOG)) {
		r = -errno;
		unlink(path);
		close(fd);
		return r;
	}
	listener->fd = fd;
	return 0;
}

/* Unless another one has taken its place; while the socket is open nobody else's file can have its inode. */
static void close_socket(struct listener *listener)
{
	struct stat st;

	if (listener->fd < 0)
		return;
	if (!lstat(listener->path, &st) && st.st_dev == listener->file.st_dev &&
	    st.st_ino == listener->file.st_ino)
		unlink(listener->path);
	close(listener->fd);
	listener->fd = -1;
}

static int open_signals(struct server *server)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	server->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return server->signal_fd < 0 ? -errno : 0;
}

static void tell_ready(const struct server *server)
{
	int fd = server->config->ready_fd;

	if (!server->config->vfu.quiet)
		fprintf(stderr, "malimux-model: listening on %s\n", server->config->socket_path);
	if (fd < 0)
		return;
	if (write(fd, "\n", 1) != 1)
		perror("malimux-model: --ready-fd");
	close(fd);
}

static int accept_from(const struct listener *listener)
{
	return accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

static void accept_client(struct server *server)
{
	int fd = accept_from(&server->gpu);

	if (fd >= 0)
		mmx_vfu_attach(server->vfu, fd);
}

static void command(void *ctx, const char *line, char *reply, size_t size)
{
	mmx_vfu_command(((struct server *)ctx)->vfu, line, reply, size);
}

static void serve_orders(struct server *server)
{
	int fd;

	if (server->orders.fd >= 0) {
		mmx_orders_serve(&server->orders, command, server);
		return;
	}
	fd = accept_from(&server->control);
	if (fd >= 0)
		mmx_orders_attach(&server->orders, fd);
}

/* Waits for the client (or for one), for a signal, or until @until_ns. */
static void wait_until(struct server *server, uint64_t until_ns, uint64_t now_ns)
{
	int fd = mmx_vfu_fd(server->vfu);
	struct pollfd p[] = {
		{ .fd = server->signal_fd, .events = POLLIN },
		{ .fd = fd >= 0 ? fd : server->gpu.fd, .events = POLLIN },
		{ .fd = server->orders.fd >= 0 ? server->orders.fd : server->control.fd,
		  .events = POLLIN }, /* a negative one is ignored */
	};
	uint64_t left = until_ns > now_ns ? until_ns - now_ns : 0;
	struct timespec ts = {
		.tv_sec = (time_t)(left / 1000000000u),
		.tv_nsec = (long)(left % 1000000000u),
	};

	server->turns = 0;
	if (ppoll(p, 3, until_ns == UINT64_MAX ? NULL : &ts, NULL) <= 0)
		return;
	if (p[0].revents)
		server->stop = true;
	if (p[2].revents)
		serve_orders(server);
	if (p[1].revents && fd < 0)
		accept_client(server);
}

/* One turn of the loop. */
static void turn(struct server *server)
{
	struct mmx_vfu *vfu = server->vfu;
	uint64_t now, model, timer, until;
	int r = mmx_vfu_poll(vfu);

	if (r == MMX_VFU_E_GONE && server->config->once && mmx_vfu_served(vfu)) {
		server->stop = true;
		return;
	}
	if (server->config->strict && mmx_vfu_findings(vfu)) {
		server->stop = true;
		return;
	}
	if (++server->turns > TURNS_MAX)
		wait_until(server, 0, 0);
	now = mmx_vfu_now_ns(vfu);
	model = mmx_vfu_model_ns(vfu);
	timer = mmx_vfu_timer_ns(vfu);
	if (model <= now || timer <= now) {
		mmx_vfu_run(vfu);
		return;
	}
	if (r == 0 || model - now <= SPIN_NS)
		return;
	until = model == UINT64_MAX ? UINT64_MAX : model - SPIN_NS;
	wait_until(server, until < timer ? until : timer, now);
}

static int open_all(struct server *server)
{
	const struct mmx_server_config *config = server->config;
	int r = mmx_vfu_guard(server->vfu);

	if (!r)
		r = open_signals(server);
	if (!r && config->control_path)
		r = open_socket(&server->control, config->control_path);
	if (!r)
		r = open_socket(&server->gpu, config->socket_path);
	return r;
}

static void close_all(struct server *server)
{
	mmx_orders_detach(&server->orders);
	close_socket(&server->control);
	close_socket(&server->gpu);
	if (server->signal_fd >= 0)
		close(server->signal_fd);
}

/**
 * mmx_server_run() - serves clients until a signal ends it, or the first client's leaving (once)
 *
 * SIGTERM, SIGINT and SIGHUP are blocked afterwards, and SIGBUS is handled by vfu_dma.c meanwhile.
 *
 * Return: 0; MMX_SERVER_E_FINDING; or -errno: -EADDRINUSE if somebody listens at a path, -EINVAL for an
 * unknown product.
 */
int mmx_server_run(const struct mmx_server_config *config)
{
	struct server server = {
		.config = config,
		.gpu.fd = -1,
		.orders.fd = -1,
		.control.fd = -1,
		.signal_fd = -1,
	};
	int r = mmx_vfu_create(&config->vfu, &server.vfu);

	if (r)
		return r;
	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	r = open_all(&server);
	if (!r) {
		tell_ready(&server);
		while (!server.stop)
			turn(&server);
		if (mmx_vfu_findings(server.vfu) && !config->vfu.quiet)
			fprintf(stderr, "malimux-model: %llu findings about drivers\n",
				(unsigned long long)mmx_vfu_findings(server.vfu));
		if (mmx_vfu_findings(server.vfu) && config->strict)
			r = MMX_SERVER_E_FINDING;
	}
	close_all(&server);
	mmx_vfu_destroy(server.vfu);
	return r;
}
