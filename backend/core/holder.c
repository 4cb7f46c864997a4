// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The holder's process: forks the daemon, listens to it and to signals, and forks the next one. See holder.h.
 *
 * Owns the table of holdings (holdings.c). One thread, which waits in poll() alone. All signals that matter are taken from a
 * descriptor; a daemon has the mask back that was there before. It dies with its holder (PR_SET_PDEATHSIG), so that whoever
 * kills this process has killed both.
 *
 * A daemon that fails is begun again if a machine would miss it; else the end of the daemon is the holder's, as if there was
 * none. How often is bounded: RESTARTS_MAX at once and one more each RESTART_MS, and one that does not become ready is
 * tried again FAILURES_MAX - 1 times, later each time.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/core/holder.h"
#include "backend/util/log.h"

#define RESTARTS_MAX   16u
#define RESTART_MS     2000
#define FAILURES_MAX   6u
#define FAILURE_MS     250 /* doubled each time, but not beyond FAILURE_MAX_MS */
#define FAILURE_MAX_MS 2000
/* What a shell makes of a process that a signal has ended. */
#define SIGNAL_STATUS 128

#define NS_PER_MS 1000000

#define note(level, ...) mmx_log(MMX_LOG_CORE, level, __VA_ARGS__)

struct keeper {
	struct mmx_holdings held;
	mmx_daemon_fn run_daemon;
	void *ctx;
	sigset_t signals, before;
	int signal_fd;
	int ready_fd;
	int sock; /* to the daemon; -1 = there is none */
	pid_t child; /* 0 = there is none */
	bool ready; /* the daemon is */
	struct mmx_log_limit log_limit; /* of what a daemon can cause */
	bool stopping;
	bool over;
	int status; /* the last daemon's, and this process's when it is over */
	unsigned int failures; /* in a row */
	unsigned int credit;
	int64_t credit_ms; /* counted until then */
	int64_t start_ms; /* when the next daemon is due */
};

/* ---- what the daemon says ---- */

static void complain(struct keeper *k, const char *what, const char *why)
{
	mmx_log_limited(&k->log_limit, (uint64_t)mmx_peer_now_ms() * NS_PER_MS, MMX_LOG_CORE,
			MMX_LOG_WARN, NULL, "%s: %s", what, why);
}

static void take(struct keeper *k, const void *data, size_t size, const int *fds,
		 unsigned int count)
{
	struct mmx_hold_answer answer = { 0 };
	uint32_t type;

	/* one that comes again may be faster than the end of its predecessor */
	mmx_holdings_sweep(&k->held);
	if (mmx_holdings_take(&k->held, data, size, fds, count, &type, &answer)) {
		complain(k, "the daemon is not understood", "such a message has no meaning");
		return;
	}
	if (type == MMX_HOLD_READY) {
		k->ready = true;
		k->failures = 0;
		if (k->ready_fd >= 0)
			close(k->ready_fd);
		k->ready_fd = -1;
		return;
	}
	if (answer.error)
		complain(k, "a machine can't be held", strerror(-answer.error));
	/* who does not read its answers does without */
	(void)mmx_peer_send(k->sock, &answer, sizeof(answer), NULL, 0);
}

/* Return: false: there is nothing more. */
static bool hear(struct keeper *k)
{
	/* one more, so that what is too long is seen to be */
	char data[sizeof(struct mmx_hold_msg) + 1];
	int fds[MMX_PEER_MAX_FDS];
	unsigned int count;
	ssize_t n;

	n = mmx_peer_receive(k->sock, data, sizeof(data), fds, &count);
	if (n == -EPROTO) {
		/* descriptors there was no room for: the daemon's deadline tells it */
		complain(k, "a machine can't be held", "its descriptors were lost");
		return true;
	}
	if (n <= 0) {
		/* its end, or a message without a byte; what there is to say about it, SIGCHLD does */
		while (count)
			close(fds[--count]);
		if (n != -EAGAIN) {
			close(k->sock);
			k->sock = -1;
		}
		return false;
	}
	take(k, data, (size_t)n, fds, count);
	return true;
}

/* ---- the daemon's life ---- */

static void be_daemon(struct keeper *k, pid_t holder, const int socks[2])
{
	const struct mmx_holder end = { .fd = socks[1], .ready_fd = k->ready_fd, .held = &k->held };

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != holder)
		_exit(1);
	close(socks[0]);
	close(k->signal_fd);
	sigprocmask(SIG_SETMASK, &k->before, NULL);
	exit(k->run_daemon(k->ctx, &end));
}

static int begin(struct keeper *k)
{
	pid_t holder = getpid(), child;
	int socks[2], ret;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, socks))
		return -errno;
	/* or both would write what there is */
	fflush(NULL);
	child = fork();
	if (!child)
		be_daemon(k, holder, socks);
	ret = child < 0 ? -errno : 0;
	close(socks[1]);
	if (ret) {
		close(socks[0]);
		return ret;
	}
	k->sock = socks[0];
	k->child = child;
	k->ready = false;
	return 0;
}

static bool take_credit(struct keeper *k, int64_t now_ms)
{
	int64_t more = (now_ms - k->credit_ms) / RESTART_MS;

	if (more >= (int64_t)(RESTARTS_MAX - k->credit)) {
		k->credit = RESTARTS_MAX;
		k->credit_ms = now_ms;
	} else {
		k->credit += (unsigned int)more;
		k->credit_ms += more * RESTART_MS;
	}
	if (!k->credit)
		return false;
	k->credit--;
	return true;
}

/* After how long the next one may begin. Return: -1: never. */
static int64_t delay_ms(struct keeper *k, int64_t now_ms)
{
	int64_t delay = FAILURE_MS;

	if (k->ready) {
		if (take_credit(k, now_ms))
			return 0;
		k->credit_ms += RESTART_MS;
		return k->credit_ms - now_ms;
	}
	if (++k->failures >= FAILURES_MAX)
		return -1;
	delay <<= k->failures - 1;
	return delay < FAILURE_MAX_MS ? delay : FAILURE_MAX_MS;
}

static void plan(struct keeper *k)
{
	int64_t now_ms = mmx_peer_now_ms(), delay = delay_ms(k, now_ms);

	if (delay < 0) {
		note(MMX_LOG_ERROR, "the daemon does not become ready: giving up");
		k->over = true;
		return;
	}
	if (delay)
		note(MMX_LOG_INFO, "the next daemon begins in %lld ms", (long long)delay);
	k->start_ms = now_ms + delay;
}

static void say_how_it_ended(const struct keeper *k, int status)
{
	if (WIFSIGNALED(status))
		note(MMX_LOG_ERROR, "the daemon was killed (%s); machines held: %zu",
		     strsignal(WTERMSIG(status)), k->held.count);
	else if (k->status == MMX_HOLDER_AGAIN)
		note(MMX_LOG_INFO, "the daemon begins anew; machines held: %zu", k->held.count);
	else if (k->status)
		note(MMX_LOG_ERROR, "the daemon ended with %d; machines held: %zu", k->status,
		     k->held.count);
}

static void child_ended(struct keeper *k, int status)
{
	while (k->sock >= 0 && hear(k))
		;
	if (k->sock >= 0)
		close(k->sock);
	k->sock = -1;
	k->child = 0;
	mmx_holdings_sweep(&k->held);
	k->status = WIFEXITED(status) ? WEXITSTATUS(status) : SIGNAL_STATUS + WTERMSIG(status);
	if (!k->stopping)
		say_how_it_ended(k, status);
	if (k->stopping || !k->status || (k->status != MMX_HOLDER_AGAIN && !k->held.count))
		k->over = true;
	else
		plan(k);
	if (k->over && k->status == MMX_HOLDER_AGAIN)
		k->status = 0;
}

/* ---- signals ---- */

static void reap(struct keeper *k)
{
	int status;

	if (k->child && waitpid(k->child, &status, WNOHANG) == k->child)
		child_ended(k, status);
}

static void stop(struct keeper *k)
{
	k->stopping = true;
	if (k->child) {
		kill(k->child, SIGTERM);
		return;
	}
	k->status = 0;
	k->over = true;
}

/* One that is not ready has only just read its configuration. */
static void begin_anew(const struct keeper *k)
{
	if (k->child && k->ready)
		kill(k->child, SIGHUP);
}

static void take_signal(struct keeper *k)
{
	struct signalfd_siginfo info;

	if (read(k->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGCHLD)
		reap(k);
	else if (info.ssi_signo == SIGHUP)
		begin_anew(k);
	else
		stop(k);
}

/* ---- life ---- */

static int timeout_ms(const struct keeper *k)
{
	int64_t left = k->start_ms - mmx_peer_now_ms();

	if (k->child)
		return -1;
	return left > 0 ? (int)left : 0;
}

static void wait_and_act(struct keeper *k)
{
	struct pollfd fds[2 + MMX_HOLDER_MACHINES] = {
		{ .fd = k->signal_fd, .events = POLLIN },
		{ .fd = k->sock, .events = POLLIN }, /* -1 is left alone */
	};
	size_t i, count = k->held.count;

	for (i = 0; i < count; i++)
		fds[2 + i] =
			(struct pollfd){ .fd = k->held.machines[i].sock_fd, .events = POLLRDHUP };
	if (poll(fds, 2 + count, timeout_ms(k)) <= 0)
		return;
	mmx_holdings_sweep(&k->held);
	if (fds[1].revents)
		hear(k);
	if (fds[0].revents)
		take_signal(k);
}

static void begin_when_due(struct keeper *k)
{
	int ret;

	if (k->child || k->over || timeout_ms(k))
		return;
	ret = begin(k);
	if (!ret)
		return;
	note(MMX_LOG_ERROR, "there is no process for the daemon: %s", strerror(-ret));
	k->status = 1;
	k->ready = false;
	plan(k);
}

int mmx_holder_run(mmx_daemon_fn run_daemon, void *ctx, int ready_fd)
{
	/* not on the stack, which each daemon has too */
	static struct keeper k;

	k.run_daemon = run_daemon;
	k.ctx = ctx;
	k.ready_fd = ready_fd;
	k.sock = -1;
	k.credit = RESTARTS_MAX;
	k.credit_ms = k.start_ms = mmx_peer_now_ms();
	sigemptyset(&k.signals);
	sigaddset(&k.signals, SIGTERM);
	sigaddset(&k.signals, SIGINT);
	sigaddset(&k.signals, SIGHUP);
	sigaddset(&k.signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &k.signals, &k.before);
	k.signal_fd = signalfd(-1, &k.signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (k.signal_fd < 0) {
		note(MMX_LOG_ERROR, "there is no descriptor for signals: %s", strerror(errno));
		return 1;
	}
	while (!k.over) {
		begin_when_due(&k);
		if (!k.over)
			wait_and_act(&k);
	}
	while (k.held.count)
		mmx_holdings_drop(&k.held, 0);
	close(k.signal_fd);
	return k.status;
}
