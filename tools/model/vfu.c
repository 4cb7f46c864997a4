// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The vfio-user server: clients and their messages, and the surroundings of the model (struct
 * mmx_model_ops). Called by the server's loop (server.c) from one thread.
 *
 * Everything that comes from the client is untrusted. Requests go through the table of vfu_cmd.c;
 * every descriptor that a handler did not keep is closed here. What cannot be answered (impossible
 * sizes, silence, memory taken away) dooms the connection, which is closed when the call that noticed
 * is over. When a client goes, its mappings, descriptors and interrupts go with it and the model is
 * as after power-on.
 *
 * Invariants: the model is only called from mmx_vfu_poll() and mmx_vfu_run(), and never from within
 * itself; the DMA table changes only in handlers of their own messages, hence never during a call
 * into the model.
 */
#include "tools/model/vfu.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/model/vfu_priv.h"
#include "tools/model/vfu_signal.h"

/* Messages handled by one mmx_vfu_poll(): a client that never stops may not stop the model. */
#define BURST_MAX 4096u

/* Lines of log a second: a guest may make one with each access. */
#define LOG_LINES_MAX 20u

static const char *const line_names[MMX_MODEL_IRQ_COUNT] = { "job", "mmu", "gpu" };

static uint64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t mmx_vfu_now_ns(const struct mmx_vfu *vfu)
{
	return vfu->config.now_ns();
}

/* One line of the trace: time and text. */
void mmx_vfu_trace(const struct mmx_vfu *vfu, const char *format, ...)
{
	va_list ap;

	if (!vfu->config.trace)
		return;
	fprintf(vfu->config.trace, "%" PRIu64 " ", mmx_vfu_now_ns(vfu));
	va_start(ap, format);
	vfprintf(vfu->config.trace, format, ap);
	va_end(ap);
	fputc('\n', vfu->config.trace);
}

static void say(struct mmx_vfu *vfu, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct mmx_vfu *vfu, const char *format, ...)
{
	uint64_t now = mmx_vfu_now_ns(vfu);
	va_list ap;

	if (vfu->config.quiet)
		return;
	if (now - vfu->log_from_ns >= 1000000000u) {
		if (vfu->log_lines > LOG_LINES_MAX)
			fprintf(stderr, "malimux-model: %u more lines\n",
				vfu->log_lines - LOG_LINES_MAX);
		vfu->log_from_ns = now;
		vfu->log_lines = 0;
	}
	if (++vfu->log_lines > LOG_LINES_MAX)
		return;
	fputs("malimux-model: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* --- The surroundings of the model --- */

static uint64_t model_now_ns(void *ctx)
{
	return mmx_vfu_now_ns(ctx);
}

static void model_irq(void *ctx, enum mmx_model_irq line, uint32_t pending)
{
	struct mmx_vfu *vfu = ctx;

	if ((unsigned int)line >= MMX_MODEL_IRQ_COUNT)
		return;
	mmx_vfu_trace(vfu, "irq %s 0x%08" PRIx32, line_names[line], pending);
	mmx_vfu_irq_line(&vfu->irq, line, pending);
}

static void *model_dma_ptr(void *ctx, uint64_t addr, size_t len, bool write)
{
	struct mmx_vfu *vfu = ctx;

	return mmx_vfu_dma_ptr(&vfu->dma, addr, len, write);
}

/* Messages need a device that is a bus master; direct access does not (as the laboratory's QEMU). */
static struct mmx_vfu_conn *dma_conn(struct mmx_vfu *vfu)
{
	return mmx_vfu_pci_master(&vfu->pci) ? &vfu->conn : NULL;
}

/*
 * The GPU is reset as soon as this call into the model is over, so what it finds matters to nobody; but a client that leaves
 * in the middle of a DMA request is no driver that has freed memory too early.
 */
static int without_client(const struct mmx_vfu *vfu, int r)
{
	return vfu->conn.doomed ? 0 : r;
}

static int model_dma_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct mmx_vfu *vfu = ctx;
	int r = mmx_vfu_dma_copy(&vfu->dma, dma_conn(vfu), addr, buf, NULL, len);

	mmx_vfu_trace(vfu, "dma read 0x%" PRIx64 " %zu = %d", addr, len, r);
	if (r && vfu->conn.doomed)
		memset(buf, 0, len);
	return without_client(vfu, r);
}

static int model_dma_write(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	struct mmx_vfu *vfu = ctx;
	int r = mmx_vfu_dma_copy(&vfu->dma, dma_conn(vfu), addr, NULL, buf, len);

	mmx_vfu_trace(vfu, "dma write 0x%" PRIx64 " %zu = %d", addr, len, r);
	return without_client(vfu, r);
}

static void model_log(void *ctx, enum mmx_model_log level, const char *text)
{
	struct mmx_vfu *vfu = ctx;

	mmx_vfu_trace(vfu, "log %s", text);
	if (!strncmp(text, "FINDING", 7)) {
		/* there are few, and none may be lost among others' lines */
		if (!vfu->config.quiet)
			fprintf(stderr, "malimux-model: %s\n", text);
		return;
	}
	if (level == MMX_MODEL_LOG_ERROR || vfu->config.verbose)
		say(vfu, "%s", text);
}

static void model_span(void *ctx, const struct mmx_model_span *span)
{
	const struct mmx_vfu *vfu = ctx;

	if (vfu->chrome)
		mmx_chrome_span(vfu->chrome, span);
}

static const struct mmx_model_ops model_ops = {
	.now_ns = model_now_ns,
	.irq = model_irq,
	.dma_ptr = model_dma_ptr,
	.dma_read = model_dma_read,
	.dma_write = model_dma_write,
	.log = model_log,
	.span = model_span,
};

/* --- Messages and clients --- */

/* Everything as after power-on, but for what the client set up by messages: DMA, eventfds. */
void mmx_vfu_device_reset(struct mmx_vfu *vfu)
{
	mmx_vfu_pci_reset(&vfu->pci);
	mmx_model_power_on_reset(vfu->model);
	mmx_vfu_irq_inhibit(&vfu->irq, mmx_vfu_pci_intx_off(&vfu->pci));
}

static void answer(struct mmx_vfu *vfu, struct mmx_vfu_request *req, int error)
{
	struct mmx_vfu_hdr hdr = {
		.id = req->hdr.id,
		.cmd = req->hdr.cmd,
		.size = (uint32_t)(sizeof(hdr) + (error ? 0 : req->reply_len)),
		.flags = MMX_VFU_F_REPLY | (error ? MMX_VFU_F_ERROR : 0),
		.error = (uint32_t)error,
	};

	if (error) {
		mmx_vfu_trace(vfu, "msg refused: %s", strerror(error));
		if (vfu->config.verbose)
			say(vfu, "command %u refused: %s", req->hdr.cmd, strerror(error));
	}
	if (req->hdr.flags & MMX_VFU_F_NO_REPLY)
		return;
	memcpy(vfu->tx, &hdr, sizeof(hdr));
	mmx_vfu_conn_send(&vfu->conn, vfu->tx, hdr.size);
}

/* Handles the message that the connection has begun. */
static void handle(struct mmx_vfu *vfu, const struct mmx_vfu_hdr *hdr, const uint8_t *payload)
{
	struct mmx_vfu_request req;
	unsigned int i;
	int error;

	req.hdr = *hdr;
	req.payload = payload;
	req.len = hdr->size - (uint32_t)sizeof(*hdr);
	req.fd_count = mmx_vfu_conn_take_fds(&vfu->conn, req.fds);
	req.reply = vfu->tx + sizeof(*hdr);
	req.reply_len = 0;
	if ((hdr->flags & MMX_VFU_F_TYPE) == MMX_VFU_F_REPLY) {
		/* to a DMA request that we no longer wait for */
		mmx_vfu_trace(vfu, "msg late reply id %u cmd %u", hdr->id, hdr->cmd);
	} else {
		error = mmx_vfu_dispatch(vfu, &req);
		answer(vfu, &req, error);
		if (!vfu->agreed)
			mmx_vfu_conn_doom(&vfu->conn, "no agreement on the protocol version");
	}
	for (i = 0; i < req.fd_count; i++) {
		if (req.fds[i] >= 0)
			close(req.fds[i]);
	}
	mmx_vfu_conn_end(&vfu->conn);
}

/* The client is gone, or must go: nothing of it remains. */
static int detach(struct mmx_vfu *vfu)
{
	mmx_vfu_trace(vfu, "client gone: %s", vfu->conn.doomed);
	if (vfu->config.verbose)
		say(vfu, "client gone: %s", vfu->conn.doomed);
	mmx_vfu_conn_close(&vfu->conn);
	mmx_vfu_irq_finish(&vfu->irq);
	mmx_vfu_dma_finish(&vfu->dma);
	vfu->served = vfu->served || vfu->agreed;
	vfu->agreed = false;
	mmx_vfu_device_reset(vfu);
	return MMX_VFU_E_GONE;
}

static bool doomed(struct mmx_vfu *vfu)
{
	if (vfu->dma.torn)
		mmx_vfu_conn_doom(&vfu->conn, "it truncated memory that it had mapped for DMA");
	return vfu->conn.doomed;
}

/**
 * mmx_vfu_poll() - handles what the client has sent, without waiting for more
 *
 * Return: 0 if there may be more to handle; MMX_VFU_E_IDLE if there is nothing that poll() would not
 * report; MMX_VFU_E_GONE.
 */
int mmx_vfu_poll(struct mmx_vfu *vfu)
{
	unsigned int budget = BURST_MAX;

	if (vfu->conn.fd < 0)
		return MMX_VFU_E_IDLE;
	while (!doomed(vfu)) {
		const uint8_t *payload;
		struct mmx_vfu_hdr hdr;
		int r = mmx_vfu_conn_begin(&vfu->conn, &hdr, &payload);

		if (!r) {
			handle(vfu, &hdr, payload);
			if (!--budget)
				return 0;
		} else if (r == MMX_VFU_CONN_E_AGAIN) {
			/*
			 * Looking once more costs a system call for each register read: leave that
			 * to the caller's poll() if the model has nothing to do before it.
			 */
			if (vfu->conn.drained && mmx_model_next_ns(vfu->model) == UINT64_MAX) {
				vfu->conn.drained = false;
				return MMX_VFU_E_IDLE;
			}
			if (mmx_vfu_conn_fill(&vfu->conn) == MMX_VFU_CONN_E_AGAIN)
				return MMX_VFU_E_IDLE;
		}
	}
	return detach(vfu);
}

/* Lets the model and the timers do what is due. mmx_vfu_poll() tells what became of the client. */
void mmx_vfu_run(struct mmx_vfu *vfu)
{
	vfu->conn.stuck = false;
	mmx_vfu_irq_tick(&vfu->irq, mmx_vfu_now_ns(vfu));
	mmx_model_run(vfu->model);
}

/* When the model wants mmx_vfu_run(); UINT64_MAX = not before a message. To be met precisely. */
uint64_t mmx_vfu_model_ns(const struct mmx_vfu *vfu)
{
	return mmx_model_next_ns(vfu->model);
}

/* When else mmx_vfu_run() is wanted; UINT64_MAX = not at all. Some lateness does no harm. */
uint64_t mmx_vfu_timer_ns(const struct mmx_vfu *vfu)
{
	return vfu->irq.refire_ns;
}

/* The client's socket, to wait for; -1 = there is no client. */
int mmx_vfu_fd(const struct mmx_vfu *vfu)
{
	return vfu->conn.fd;
}

/* Has there been a client that agreed on the protocol and left? (Others merely probed the socket.) */
bool mmx_vfu_served(const struct mmx_vfu *vfu)
{
	return vfu->served;
}

/**
 * mmx_vfu_attach() - serves a client from now on
 * @fd: a connected stream socket; it belongs to @vfu now
 *
 * There must be none at the moment.
 */
void mmx_vfu_attach(struct mmx_vfu *vfu, int fd)
{
	mmx_vfu_conn_open(&vfu->conn, fd);
	mmx_vfu_trace(vfu, "client connected");
	if (vfu->config.verbose)
		say(vfu, "client connected");
}

void mmx_vfu_command(struct mmx_vfu *vfu, const char *line, char *reply, size_t size)
{
	mmx_model_command(vfu->model, line, reply, size);
	mmx_vfu_trace(vfu, "control %s: %s", line, reply);
}

/* What the model has found the drivers of all clients so far to do wrong, in sum. */
uint64_t mmx_vfu_findings(const struct mmx_vfu *vfu)
{
	const struct mmx_model_report *report = mmx_model_report(vfu->model);
	uint64_t sum = 0;

	for (unsigned int i = 0; i < MMX_MODEL_FINDINGS; i++)
		sum += report->driver[i];
	return sum;
}

/**
 * mmx_vfu_guard() - survives clients that truncate their memory, by a process-wide SIGBUS handler
 *
 * For one server of a process. Without it such a client ends the process.
 *
 * Return: 0 or -errno.
 */
int mmx_vfu_guard(struct mmx_vfu *vfu)
{
	int r = mmx_vfu_dma_guard(&vfu->dma);

	vfu->guarded = !r;
	return r;
}

/**
 * mmx_vfu_create() - makes a model and a server for it, without a client
 *
 * Return: 0; -EINVAL for an unknown product; -ENOMEM; -errno if eventfds cannot be signalled here.
 */
int mmx_vfu_create(const struct mmx_vfu_config *config, struct mmx_vfu **ret_vfu)
{
	struct mmx_vfu *vfu = calloc(1, sizeof(*vfu));
	int r = -ENOMEM;

	if (!vfu)
		return r;
	r = mmx_vfu_signal_init();
	if (r)
		goto err_free;
	r = -ENOMEM;
	vfu->config = *config;
	if (!vfu->config.now_ns)
		vfu->config.now_ns = monotonic_ns;
	mmx_vfu_dma_init(&vfu->dma);
	mmx_vfu_irq_init(&vfu->irq);
	mmx_vfu_pci_reset(&vfu->pci);
	vfu->tx = malloc(MMX_VFU_MAX_MSG);
	if (!vfu->tx)
		goto err_free;
	r = mmx_vfu_conn_init(&vfu->conn);
	if (r)
		goto err_tx;
	if (vfu->config.spans) {
		r = -ENOMEM;
		vfu->chrome = mmx_chrome_create(vfu->config.spans);
		if (!vfu->chrome)
			goto err_conn;
	}
	r = mmx_model_create(&vfu->config.model, &model_ops, vfu, &vfu->model);
	if (r)
		goto err_chrome;
	*ret_vfu = vfu;
	return 0;

err_chrome:
	mmx_chrome_destroy(vfu->chrome);
err_conn:
	mmx_vfu_conn_finish(&vfu->conn);
err_tx:
	free(vfu->tx);
err_free:
	free(vfu);
	return r;
}

/* NULL is fine. A client is disconnected. */
void mmx_vfu_destroy(struct mmx_vfu *vfu)
{
	if (!vfu)
		return;
	if (vfu->guarded)
		mmx_vfu_dma_guard(NULL);
	mmx_model_destroy(vfu->model);
	mmx_chrome_destroy(vfu->chrome);
	mmx_vfu_conn_finish(&vfu->conn);
	mmx_vfu_irq_finish(&vfu->irq);
	mmx_vfu_dma_finish(&vfu->dma);
	free(vfu->tx);
	free(vfu);
}
