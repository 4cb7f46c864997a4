// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What comes over malimux-model's control socket: the input is all that a client sends, in pieces of several sizes. The
 * GPU behind it is the real one, with tables in its address space 1, and it is put to work after each piece, so that
 * faults hit something.
 *
 * Held: each line has one line of answer, "ok", "error: ..." or numbers, and printable; who sends no line is hung up on,
 * told why; no access beyond the memory (a heap block of its own); whatever was asked for, "clear" and a
 * power-on reset give a GPU that works.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/model/model.h"
#include "tools/model/orders.h"
#include "tools/model/regs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PAGE	  0x1000u
#define MEM_BASE  UINT64_C(0x200000000)
#define MEM_PAGES 8u
#define MEM_SIZE  (MEM_PAGES * PAGE)
#define MAX_BYTES 8192u
#define STEP_NS	  2000000u
#define TURNS_MAX 100000u
/* L2, in the row of powers that are switched on */
#define L2_ON (PWR_ON + 0x20)
#define DONE  (GPU_INT_RESET_COMPLETED | GPU_INT_CLEAN_COMPLETED)

struct machine {
	struct mmx_model *m;
	uint64_t now_ns;
	uint8_t *mem;
};

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "orders_fuzz: %s\n", what);
	abort();
}

/* ---- the GPU ---- */

static uint64_t now_ns(void *ctx)
{
	return ((struct machine *)ctx)->now_ns;
}

static void on_irq(void *ctx, enum mmx_model_irq line, uint32_t pending)
{
	(void)ctx;
	(void)line;
	(void)pending;
}

static void *dma_ptr(void *ctx, uint64_t addr, size_t len, bool write)
{
	struct machine *e = ctx;

	(void)write;
	if (addr < MEM_BASE || addr - MEM_BASE > MEM_SIZE || len > MEM_SIZE - (addr - MEM_BASE))
		return NULL;
	return e->mem + (addr - MEM_BASE);
}

static const struct mmx_model_ops ops = { .now_ns = now_ns, .irq = on_irq, .dma_ptr = dma_ptr };

static void run_for(struct machine *e, uint64_t ns)
{
	uint64_t end_ns = e->now_ns + ns, next;
	unsigned int turns = 0;

	while ((next = mmx_model_run(e->m)) < end_ns) {
		check(++turns < TURNS_MAX, "the clock stands still for ever");
		e->now_ns = next > e->now_ns ? next : e->now_ns;
	}
	e->now_ns = end_ns;
}

/* Address space 1: a table of each level, and a page of each kind at the beginning. */
static void make_tables(struct machine *e)
{
	for (unsigned int i = 0; i < 3; i++) {
		uint64_t desc = (MEM_BASE + (i + 1) * PAGE) | 3;

		memcpy(e->mem + i * PAGE, &desc, sizeof(desc));
	}
	for (unsigned int i = 0; i < 4; i++) {
		uint64_t desc = (MEM_BASE + (4 + i) * PAGE) | 0x443;

		memcpy(e->mem + 3 * PAGE + i * 8, &desc, sizeof(desc));
	}
}

static void use_tables(struct machine *e)
{
	uint32_t as = MMU_AS_BASE + MMU_AS_STRIDE;

	mmx_model_write64(e->m, as + AS_TRANSTAB, MEM_BASE);
	mmx_model_write64(e->m, as + AS_MEMATTR, 0x4c8f4c);
	mmx_model_write64(e->m, as + AS_TRANSCFG, AS_TRANSCFG_AARCH64_4K | (55u - 48u) << 6);
	mmx_model_write32(e->m, as + AS_COMMAND, AS_COMMAND_UPDATE);
}

/* Something of each kind that can go wrong, but for what needs firmware. */
static void work(struct machine *e)
{
	mmx_model_write64(e->m, L2_ON, 1);
	run_for(e, STEP_NS);
	use_tables(e);
	run_for(e, STEP_NS);
	mmx_model_write32(e->m, GPU_CMD, 0x304);
	mmx_model_write32(e->m, MCU_CONTROL_BASE + MCU_CONTROL, 1);
	mmx_model_write32(e->m, DOORBELL_BASE, 1);
	run_for(e, STEP_NS);
	for (uint32_t reg = 0; reg < 0x80; reg += 4)
		mmx_model_read32(e->m, reg);
}

static void power_on(struct machine *e)
{
	char reply[MMX_MODEL_REPLY_MAX];

	mmx_model_command(e->m, "clear", reply, sizeof(reply));
	check(!strcmp(reply, "ok"), "clear is refused");
	mmx_model_power_on_reset(e->m);
	make_tables(e);
}

/* All that was asked for is taken back. */
static void check_works(struct machine *e)
{
	power_on(e);
	mmx_model_write32(e->m, GPU_CMD, 0x101);
	run_for(e, STEP_NS);
	mmx_model_write64(e->m, L2_ON, 1);
	run_for(e, STEP_NS);
	mmx_model_write32(e->m, GPU_CMD, 0x304);
	run_for(e, STEP_NS);
	check((mmx_model_read32(e->m, GPU_INT_BASE + INT_RAWSTAT) & DONE) == DONE,
	      "the GPU does not work any more");
}

/* ---- the client ---- */

struct client {
	int fd;
	size_t sent, answered; /* lines */
	size_t len; /* of the answer that is being read */
	char text[MMX_MODEL_REPLY_MAX];
	bool hung_up;
};

static void check_answer(struct client *c)
{
	static const char *const begins[] = { "ok", "error: ", "nothing" };
	bool known = false;

	c->text[c->len] = '\0';
	for (size_t i = 0; i < c->len; i++)
		check(c->text[i] >= ' ' && c->text[i] <= '~', "an answer that cannot be printed");
	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		known |= !strncmp(c->text, begins[i], strlen(begins[i]));
	check(known || (c->len && c->text[c->len - 1] >= '0' && c->text[c->len - 1] <= '9'),
	      "an answer of no kind");
	c->answered++;
	c->len = 0;
}

static void read_answers(struct client *c)
{
	char buf[4096];
	ssize_t n;

	while ((n = recv(c->fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (buf[i] == '\n') {
				check_answer(c);
				continue;
			}
			check(c->len < sizeof(c->text) - 1, "an answer that is too long");
			c->text[c->len++] = buf[i];
		}
	}
	c->hung_up = !n || c->hung_up;
}

static void command(void *ctx, const char *line, char *reply, size_t size)
{
	mmx_model_command(((struct machine *)ctx)->m, line, reply, size);
}

/* Whether a client that has sent this has sent a line that is none; else how many lines it has. */
static bool is_wrong(const uint8_t *data, size_t size, size_t *ret_lines)
{
	size_t len = 0;
	bool nul = false;

	*ret_lines = 0;
	for (size_t i = 0; i < size; i++) {
		if (data[i] == '\n') {
			if (nul)
				return true;
			(*ret_lines)++;
			len = 0;
			continue;
		}
		nul |= !data[i];
		if (++len > MMX_ORDERS_LINE_MAX)
			return true;
	}
	return false;
}

static bool is_readable(const struct mmx_orders *orders)
{
	int bytes = 0;

	return orders->fd >= 0 && !ioctl(orders->fd, FIONREAD, &bytes) && bytes;
}

static void talk(struct machine *e, const uint8_t *data, size_t size)
{
	struct mmx_orders orders;
	struct client c = { .fd = -1 };
	size_t at = 0, lines;
	int pair[2];
	bool wrong = is_wrong(data, size, &lines);

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair))
		abort();
	c.fd = pair[0];
	mmx_orders_attach(&orders, pair[1]);
	for (size_t piece = 1; at < size && orders.fd >= 0; piece = piece * 3 % 509) {
		ssize_t n =
			send(c.fd, data + at, piece < size - at ? piece : size - at, MSG_NOSIGNAL);

		check(n > 0, "nobody takes what is sent");
		at += (size_t)n;
		while (is_readable(&orders))
			mmx_orders_serve(&orders, command, e);
		read_answers(&c);
		if (at % 7 == 0)
			work(e);
	}
	check((orders.fd < 0) == wrong,
	      "who sends what is no line, and nobody else, is hung up on");
	shutdown(c.fd, SHUT_WR);
	while (orders.fd >= 0)
		mmx_orders_serve(&orders, command, e);
	read_answers(&c);
	check(c.hung_up && !c.len, "a client that has left is not hung up on");
	check(c.answered == lines + wrong, "not as many answers as lines");
	close(c.fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct machine e = { .now_ns = 1 };

	if (size > MAX_BYTES)
		return 0;
	e.mem = calloc(1, MEM_SIZE);
	if (!e.mem || mmx_model_create(NULL, &ops, &e, &e.m))
		abort();
	make_tables(&e);
	work(&e);
	talk(&e, data, size);
	work(&e);
	check_works(&e);
	mmx_model_destroy(e.m);
	free(e.mem);
	return 0;
}
