// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The daemon on libuv's loop. Owns the loop, the timerfd, device and core; listener.c and control.c hang their own
 * descriptors on the same loop. All that happens ends in one place: after each batch of events uv_prepare runs
 * mmx_core_round() until nothing is left to do at once, then arms the timerfd for the next timer (libuv's own timers
 * tick in milliseconds), and the loop sleeps.
 *
 * The way down: core reaches ENDED, every handle is closed, the loop runs dry, and only then are core, device and
 * firmware freed. If core does not end by itself in STOP_NS, that is an error, and the daemon ends without it:
 * destroying the device stops the GPU's DMA in any case.
 */
#include "backend/core/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json_object.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "backend/core/control.h"
#include "backend/core/core.h"
#include "backend/core/firmware_file.h"
#include "backend/core/listener.h"
#include "backend/core/poller.h"
#include "backend/device/vfio_user.h"
#include "firmware/image.h"
#include "hv/socket.h"

#define STOP_NS (5 * MMX_NS_PER_S)
/* Unless the configuration says: one core each for the daemon, the model and two guests; and twice a wake-up's time. */
#define POLL_CORES 4
#define POLL_NS	   (50 * MMX_NS_PER_US)

struct irq_watch {
	uv_poll_t poll;
	struct loop *loop;
	enum mmx_irq irq;
};

struct loop {
	uv_loop_t uv;
	uv_prepare_t prepare;
	uv_idle_t idle; /* active while there is more to do at once */
	uv_poll_t timer_poll;
	uv_poll_t device_poll;
	uv_signal_t sigterm, sigint, sighup;
	struct irq_watch irqs[MMX_IRQ_COUNT];
	int timer_fd;
	uint64_t armed_ns; /* what timer_fd is set to; UINT64_MAX = nothing */
	struct mmx_poller poller;
	struct mmx_timers timers;
	struct mmx_timer stop_timer;

	const struct mmx_config *config;
	const struct mmx_loop_options *options;
	struct mmx_device *dev;
	struct mmx_fw_image *image;
	struct mmx_core *core;
	struct mmx_control *control;
	struct mmx_listeners *listeners;
	int status; /* to exit with */
	bool closing;
	bool again; /* the daemon is to be begun again */
};

static uint64_t now_ns(void *ctx)
{
	struct timespec ts;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * MMX_NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* ---- the way down ---- */

static void close_handle(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* Everything is closed; uv_run() returns when that is done. */
static void wind_up(struct loop *loop)
{
	if (loop->closing)
		return;
	loop->closing = true;
	mmx_control_destroy(loop->control);
	loop->control = NULL;
	mmx_listeners_stop(loop->listeners);
	uv_walk(&loop->uv, close_handle, NULL);
}

static void stop_timed_out(struct mmx_timer *timer)
{
	struct loop *loop = mmx_container_of(timer, struct loop, stop_timer);

	mmx_log(MMX_LOG_CORE, MMX_LOG_ERROR, "sessions did not end in time");
	loop->status = 1;
	wind_up(loop);
}

static void limit_stop(struct loop *loop)
{
	mmx_timer_set(&loop->timers, &loop->stop_timer, now_ns(NULL) + STOP_NS);
}

static void say_ready(const struct mmx_holder *holder)
{
	mmx_holder_say_ready(holder);
	if (holder->ready_fd >= 0 && write(holder->ready_fd, "\n", 1) != 1)
		mmx_log(MMX_LOG_CORE, MMX_LOG_WARN, "--ready-fd: %s", strerror(errno));
}

static void state_changed(void *ctx, enum mmx_core_state state)
{
	struct loop *loop = ctx;

	switch (state) {
	case MMX_CORE_STARTING:
		break;
	case MMX_CORE_RUNNING:
		if (mmx_listeners_start(loop->listeners, loop->core)) {
			loop->status = 1;
			mmx_core_stop(loop->core);
			break;
		}
		mmx_log(MMX_LOG_CORE, MMX_LOG_INFO, "ready: %zu partitions",
			loop->config->partition_count);
		say_ready(loop->options->holder);
		break;
	case MMX_CORE_FAILING:
		loop->status = 1;
		limit_stop(loop);
		break;
	case MMX_CORE_STOPPING:
		limit_stop(loop);
		break;
	case MMX_CORE_ENDED:
		wind_up(loop);
		break;
	}
}

static void detach(void *ctx, struct mmx_session *session)
{
	struct loop *loop = ctx;

	mmx_listeners_detach(loop->listeners, session);
}

static const struct mmx_core_ops core_ops = {
	.state = state_changed,
	.detach = detach,
};

/* What is wrong with a new configuration is better found while the daemon is up. */
static void on_sighup(uv_signal_t *handle, int signum)
{
	struct loop *loop = handle->data;
	struct mmx_config_error error = { "" };
	struct mmx_config *config;

	if (mmx_config_read_file(loop->options->config_path, &config, &error)) {
		mmx_log(MMX_LOG_CORE, MMX_LOG_ERROR, "%s: going on as before: %s",
			strsignal(signum), error.text);
		return;
	}
	mmx_config_destroy(config);
	mmx_log(MMX_LOG_CORE, MMX_LOG_INFO, "%s: ending, to begin anew", strsignal(signum));
	loop->again = true;
	mmx_core_stop(loop->core);
}

static void on_signal(uv_signal_t *handle, int signum)
{
	struct loop *loop = handle->data;

	mmx_log(MMX_LOG_CORE, MMX_LOG_INFO, "%s: stopping", strsignal(signum));
	loop->again = false;
	mmx_core_stop(loop->core);
}

/* ---- rounds ---- */

static void do_nothing(uv_idle_t *handle)
{
	(void)handle;
}

static void arm_timer(struct loop *loop)
{
	uint64_t next_ns = mmx_timers_next(&loop->timers);
	struct itimerspec spec = { 0 };

	if (next_ns == loop->armed_ns)
		return;
	loop->armed_ns = next_ns;
	if (next_ns != UINT64_MAX) {
		/* 0 would disarm */
		next_ns = next_ns ? next_ns : 1;
		spec.it_value.tv_sec = (time_t)(next_ns / MMX_NS_PER_S);
		spec.it_value.tv_nsec = (long)(next_ns % MMX_NS_PER_S);
	}
	timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

/* Return: true if there is more to do, or if it is worth while to look for more, before sleeping. */
static bool do_round(struct loop *loop)
{
	bool more = mmx_core_round(loop->core), go_on;

	if (more || loop->closing)
		return more;
	go_on = mmx_poller_go_on(&loop->poller, now_ns(NULL), mmx_core_work(loop->core));
	if (mmx_core_set_polling(loop->core, go_on))
		return mmx_core_round(loop->core);
	return go_on;
}

static void round_off(uv_prepare_t *handle)
{
	struct loop *loop = handle->data;

	if (loop->closing)
		return;
	if (do_round(loop))
		uv_idle_start(&loop->idle, do_nothing);
	else
		uv_idle_stop(&loop->idle);
	if (!loop->closing)
		arm_timer(loop);
}

static void timer_fired(uv_poll_t *poll, int status, int events)
{
	struct loop *loop = poll->data;
	uint64_t count;

	(void)status;
	(void)events;
	if (read(loop->timer_fd, &count, sizeof(count)) == sizeof(count))
		loop->armed_ns = UINT64_MAX;
}

static void irq_fired(uv_poll_t *poll, int status, int events)
{
	struct irq_watch *watch = poll->data;

	(void)status;
	(void)events;
	mmx_core_irq(watch->loop->core, watch->irq);
}

static void device_spoke(uv_poll_t *poll, int status, int events)
{
	struct loop *loop = poll->data;

	(void)status;
	(void)events;
	mmx_vfio_user_poll(loop->dev);
	/* its end would poll readable for ever; core sees mmx_device_lost() in the round that follows */
	if (mmx_device_lost(loop->dev))
		uv_poll_stop(poll);
}

static int watch(struct loop *loop, uv_poll_t *poll, int fd, void *data, uv_poll_cb cb)
{
	int r = uv_poll_init(&loop->uv, poll, fd);

	poll->data = data;
	return r ? r : uv_poll_start(poll, UV_READABLE, cb);
}

/*
 * uv_poll_init() makes the descriptor non-blocking. The device's socket must stay as it is: a register read waits for
 * its answer in recv().
 */
static int watch_device(struct loop *loop)
{
	int fd = mmx_vfio_user_fd(loop->dev), flags = fcntl(fd, F_GETFL);
	int r = watch(loop, &loop->device_poll, fd, loop, device_spoke);

	if (!r && (flags < 0 || fcntl(fd, F_SETFL, flags)))
		r = -errno;
	return r;
}

static int watch_all(struct loop *loop)
{
	enum mmx_irq irq;
	int r;

	loop->prepare.data = loop;
	loop->sigterm.data = loop;
	loop->sigint.data = loop;
	loop->sighup.data = loop;
	uv_prepare_init(&loop->uv, &loop->prepare);
	uv_idle_init(&loop->uv, &loop->idle);
	uv_prepare_start(&loop->prepare, round_off);
	uv_signal_init(&loop->uv, &loop->sigterm);
	uv_signal_init(&loop->uv, &loop->sigint);
	uv_signal_init(&loop->uv, &loop->sighup);
	uv_signal_start(&loop->sigterm, on_signal, SIGTERM);
	uv_signal_start(&loop->sigint, on_signal, SIGINT);
	uv_signal_start(&loop->sighup, on_sighup, SIGHUP);
	r = watch(loop, &loop->timer_poll, loop->timer_fd, loop, timer_fired);
	if (r)
		return r;
	r = watch_device(loop);
	if (r)
		return r;
	for (irq = 0; irq < MMX_IRQ_COUNT; irq++) {
		loop->irqs[irq].loop = loop;
		loop->irqs[irq].irq = irq;
		r = watch(loop, &loop->irqs[irq].poll, mmx_device_irq_fd(loop->dev, irq),
			  &loop->irqs[irq], irq_fired);
		if (r)
			return r;
	}
	return 0;
}

/* ---- control socket ---- */

static struct json_object *control_status(void *ctx)
{
	struct loop *loop = ctx;

	return mmx_core_status(loop->core);
}

static struct json_object *control_guests(void *ctx)
{
	struct loop *loop = ctx;

	return mmx_core_guests(loop->core);
}

static int census(struct loop *loop, enum mmx_core_census what, const char *partition,
		  uint32_t from, struct json_object **ret)
{
	int r = mmx_core_census(loop->core, what, partition, from, ret);

	return r == CORE_E_UNKNOWN ? CONTROL_E_UNKNOWN : r;
}

static int control_groups(void *ctx, const char *partition, uint32_t from, struct json_object **ret)
{
	return census(ctx, MMX_CORE_GROUPS, partition, from, ret);
}

static int control_vms(void *ctx, const char *partition, uint32_t from, struct json_object **ret)
{
	return census(ctx, MMX_CORE_VMS, partition, from, ret);
}

static const struct mmx_control_ops control_ops = {
	.status = control_status,
	.guests = control_guests,
	.groups = control_groups,
	.vms = control_vms,
};

/* ---- start ---- */

/* In words, why there is no device. */
static const char *device_error(int error)
{
	switch (error) {
	case -ENOENT:
		return "no such socket; is the vfio-user server, such as malimux-model, running?";
	case -ECONNREFUSED:
		return "nobody listens there; is the vfio-user server running?";
	case -ETIMEDOUT:
		return "no answer within device.timeout_ms; a server may serve one client at a time";
	case -EPROTO:
		return "it is no vfio-user server that offers a GPU as malimuxd needs it";
	default:
		return strerror(-error);
	}
}

static int start(struct loop *loop)
{
	struct mmx_core_params params = { .config = loop->config, .timers = &loop->timers };
	const struct mmx_config *config = loop->config;
	int r;

	r = mmx_firmware_file_load(config->firmware_image, config->allow_unsigned, &loop->image);
	if (r)
		return r;
	r = mmx_vfio_user_create(config->device_socket, config->device_timeout_ms, &loop->dev);
	if (r) {
		mmx_log(MMX_LOG_CORE, MMX_LOG_ERROR, "device %s: %s", config->device_socket,
			device_error(r));
		return r;
	}
	loop->dev->patience = config->device_patience;
	params.dev = loop->dev;
	params.image = loop->image;
	if (getrandom(&params.epoch, sizeof(params.epoch), 0) != sizeof(params.epoch))
		params.epoch = now_ns(NULL);
	r = mmx_core_create(&params, &core_ops, loop, &loop->core);
	if (r) {
		mmx_log(MMX_LOG_CORE, MMX_LOG_ERROR, "GPU: %s", strerror(-r));
		return r;
	}
	r = watch_all(loop);
	if (r)
		return r;
	if (config->control_socket) {
		r = mmx_control_create(&loop->uv, config->control_socket, config->control_mode,
				       &control_ops, loop, &loop->control);
		if (r) {
			mmx_log(MMX_LOG_CORE, MMX_LOG_ERROR, "control socket %s: %s",
				config->control_socket, mmx_socket_listen_error(r));
			return r;
		}
	}
	mmx_core_start(loop->core);
	return 0;
}

/* Looking keeps a core busy, which who is looked for may need. */
static uint64_t poll_ns(const struct mmx_config *config)
{
	if (config->poll_us != MMX_CONFIG_POLL_AUTO)
		return config->poll_us * MMX_NS_PER_US;
	return sysconf(_SC_NPROCESSORS_ONLN) >= POLL_CORES ? POLL_NS : 0;
}

static int init(struct loop *loop)
{
	int r;

	signal(SIGPIPE, SIG_IGN);
	r = uv_loop_init(&loop->uv);
	if (r)
		return r;
	r = mmx_listeners_create(&loop->uv, loop->config, loop->options->holder, &loop->listeners);
	if (r)
		goto err_uv;
	loop->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (loop->timer_fd < 0) {
		r = -errno;
		goto err_listeners;
	}
	mmx_timers_init(&loop->timers, now_ns, NULL);
	mmx_poller_init(&loop->poller, poll_ns(loop->config));
	r = mmx_timer_init(&loop->timers, &loop->stop_timer, stop_timed_out);
	if (r)
		goto err_timers;
	return 0;

err_timers:
	mmx_timers_finish(&loop->timers);
	close(loop->timer_fd);
err_listeners:
	mmx_listeners_destroy(loop->listeners, true);
err_uv:
	uv_loop_close(&loop->uv);
	return r;
}

static void finish(struct loop *loop)
{
	bool ended = !loop->core || mmx_core_state(loop->core) == MMX_CORE_ENDED ||
		     mmx_core_state(loop->core) == MMX_CORE_STARTING;

	/* who fails is begun again, too */
	if (loop->again && !loop->status)
		loop->status = MMX_HOLDER_AGAIN;
	mmx_listeners_destroy(loop->listeners, loop->status != 0);
	uv_loop_close(&loop->uv);
	/* sessions that would not end still hold parts of it: the process ends, and with it all they hold */
	if (ended)
		mmx_core_destroy(loop->core);
	mmx_device_destroy(loop->dev);
	mmx_fw_image_destroy(loop->image);
	if (ended) {
		mmx_timer_finish(&loop->timers, &loop->stop_timer);
		mmx_timers_finish(&loop->timers);
	}
	close(loop->timer_fd);
}

int mmx_loop_run(const struct mmx_config *config, const struct mmx_loop_options *options)
{
	struct loop loop = {
		.timer_fd = -1, .armed_ns = UINT64_MAX, .config = config, .options = options
	};
	int r = init(&loop);

	if (r) {
		mmx_log(MMX_LOG_CORE, MMX_LOG_ERROR, "cannot start: %s", strerror(-r));
		return 1;
	}
	if (start(&loop)) {
		loop.status = 1;
		wind_up(&loop);
	}
	uv_run(&loop.uv, UV_RUN_DEFAULT);
	finish(&loop);
	return loop.status;
}
