// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The vfio-user server's interrupts: GET_IRQ_INFO, SET_IRQS, INTx, MSI-X. */
#include "tools/model/vfu_irq.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "tests/unit/vfu_client.h"
#include "tests/unit/vfu_fake.h"
#include "tests/unit/vfu_rig.h"
#include "tools/model/vfu_signal.h"

#define NONE	MMX_VFU_IRQ_DATA_NONE
#define BOOL	MMX_VFU_IRQ_DATA_BOOL
#define EVENTFD MMX_VFU_IRQ_DATA_EVENTFD
#define MASK	MMX_VFU_IRQ_ACTION_MASK
#define UNMASK	MMX_VFU_IRQ_ACTION_UNMASK
#define TRIGGER MMX_VFU_IRQ_ACTION_TRIGGER
#define INTX	MMX_VFU_IRQ_INTX
#define MSIX	MMX_VFU_IRQ_MSIX

#define COMMAND_INTX_DISABLE 0x400u

static int set_irqs(struct rig *rig, uint32_t index, uint32_t flags, uint32_t start, uint32_t count,
		    const int *fds, unsigned int fd_count)
{
	const struct mmx_vfu_irq_set set = { sizeof(set), flags, index, start, count };

	return rig_call_fds(rig, MMX_VFU_DEVICE_SET_IRQS, &set, sizeof(set), fds, fd_count);
}

/* How often an eventfd has been fired since it was last asked. */
static uint64_t fired(int fd)
{
	uint64_t count;

	return read(fd, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

static int event(void)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* Time passes, and what is planned happens. */
static void pass(struct rig *rig, uint64_t ns)
{
	rig_now_ns += ns;
	mmx_vfu_run(rig->vfu);
}

static void test_info(void **state)
{
	static const struct {
		uint32_t flags, count;
	} expected[5] = { { 7, 1 }, { 0, 0 }, { 1, 3 }, { 0, 0 }, { 0, 0 } };
	struct mmx_vfu_irq_info info;
	struct rig *rig = *state;
	uint32_t i;

	for (i = 0; i < 5; i++) {
		info = (struct mmx_vfu_irq_info){ .argsz = sizeof(info), .index = i };
		assert_int_equal(rig_call(rig, MMX_VFU_DEVICE_GET_IRQ_INFO, &info, sizeof(info)),
				 0);
		assert_int_equal(rig->reply_len, sizeof(info));
		memcpy(&info, rig->reply, sizeof(info));
		assert_int_equal(info.argsz, 16);
		assert_int_equal(info.index, i);
		assert_int_equal(info.flags, expected[i].flags);
		assert_int_equal(info.count, expected[i].count);
	}
	info = (struct mmx_vfu_irq_info){ .argsz = sizeof(info), .index = 5 };
	assert_int_equal(rig_call(rig, MMX_VFU_DEVICE_GET_IRQ_INFO, &info, sizeof(info)), EINVAL);
	info = (struct mmx_vfu_irq_info){ .argsz = 15 };
	assert_int_equal(rig_call(rig, MMX_VFU_DEVICE_GET_IRQ_INFO, &info, sizeof(info)), EINVAL);
}

static void test_set_arguments(void **state)
{
	static const struct {
		const char *name;
		uint32_t argsz, flags, index, start, count;
		uint32_t data; /* bytes that follow */
		unsigned int fds;
		int error;
	} cases[] = {
		{ "INTx", 20, EVENTFD | TRIGGER, INTX, 0, 1, 0, 1, 0 },
		{ "INTx without fd", 20, EVENTFD | TRIGGER, INTX, 0, 1, 0, 0, 0 },
		{ "INTx off", 20, NONE | TRIGGER, INTX, 0, 0, 0, 0, 0 },
		{ "INTx trigger", 20, NONE | TRIGGER, INTX, 0, 1, 0, 0, 0 },
		{ "INTx bool", 21, BOOL | MASK, INTX, 0, 1, 1, 0, 0 },
		{ "MSI-X", 20, EVENTFD | TRIGGER, MSIX, 0, 3, 0, 3, 0 },
		{ "MSI-X, one", 20, EVENTFD | TRIGGER, MSIX, 2, 1, 0, 1, 0 },
		{ "MSI-X without fd", 20, EVENTFD | TRIGGER, MSIX, 0, 1, 0, 0, 0 },
		{ "MSI-X off", 20, NONE | TRIGGER, MSIX, 0, 0, 0, 0, 0 },
		{ "MSI-X bool", 23, BOOL | TRIGGER, MSIX, 0, 3, 3, 0, 0 },
		{ "MSI off", 20, NONE | TRIGGER, MMX_VFU_IRQ_MSI, 0, 0, 0, 0, 0 },
		{ "REQ off", 20, NONE | TRIGGER, MMX_VFU_IRQ_REQ, 0, 0, 0, 0, 0 },
		{ "argsz", 19, NONE | TRIGGER, INTX, 0, 0, 0, 0, EINVAL },
		{ "index", 20, NONE | TRIGGER, 5, 0, 0, 0, 0, EINVAL },
		{ "index", 20, NONE | TRIGGER, 0xffffffff, 0, 0, 0, 0, EINVAL },
		{ "no data kind", 20, TRIGGER, INTX, 0, 1, 0, 0, EINVAL },
		{ "two data kinds", 20, NONE | EVENTFD | TRIGGER, INTX, 0, 1, 0, 1, EINVAL },
		{ "no action", 20, NONE, INTX, 0, 1, 0, 0, EINVAL },
		{ "two actions", 20, NONE | MASK | UNMASK, INTX, 0, 1, 0, 0, EINVAL },
		{ "unknown flag", 20, NONE | TRIGGER | 0x40, INTX, 0, 1, 0, 0, EINVAL },
		{ "INTx count", 20, EVENTFD | TRIGGER, INTX, 0, 2, 0, 2, EINVAL },
		{ "INTx start", 20, EVENTFD | TRIGGER, INTX, 1, 1, 0, 1, EINVAL },
		{ "MSI-X count", 20, EVENTFD | TRIGGER, MSIX, 0, 4, 0, 4, EINVAL },
		{ "MSI-X start", 20, EVENTFD | TRIGGER, MSIX, 3, 1, 0, 1, EINVAL },
		{ "MSI-X wraps", 20, EVENTFD | TRIGGER, MSIX, 2, 0xffffffff, 0, 1, EINVAL },
		{ "MSI-X wraps", 20, EVENTFD | TRIGGER, MSIX, 0xffffffff, 2, 0, 2, EINVAL },
		{ "MSI has none", 20, EVENTFD | TRIGGER, MMX_VFU_IRQ_MSI, 0, 1, 0, 1, EINVAL },
		{ "off with a start", 20, NONE | TRIGGER, MSIX, 1, 0, 0, 0, EINVAL },
		{ "off by mask", 20, NONE | MASK, INTX, 0, 0, 0, 0, EINVAL },
		{ "off by eventfd", 20, EVENTFD | TRIGGER, INTX, 0, 0, 0, 0, EINVAL },
		{ "too few fds", 20, EVENTFD | TRIGGER, MSIX, 0, 3, 0, 2, EINVAL },
		{ "too many fds", 20, EVENTFD | TRIGGER, MSIX, 0, 2, 0, 3, EINVAL },
		{ "fds, no kind", 20, NONE | TRIGGER, INTX, 0, 1, 0, 1, EINVAL },
		{ "bool too short", 22, BOOL | TRIGGER, MSIX, 0, 3, 2, 0, EINVAL },
		{ "bool too long", 24, BOOL | TRIGGER, MSIX, 0, 3, 4, 0, EINVAL },
		{ "data, no kind", 21, NONE | TRIGGER, INTX, 0, 1, 1, 0, EINVAL },
		{ "MSI-X mask", 20, NONE | MASK, MSIX, 0, 1, 0, 0, EINVAL },
		{ "MSI-X unmask", 20, NONE | UNMASK, MSIX, 0, 1, 0, 0, EINVAL },
		{ "resampling", 20, EVENTFD | UNMASK, INTX, 0, 1, 0, 1, EOPNOTSUPP },
		{ "mask event", 20, EVENTFD | MASK, INTX, 0, 1, 0, 1, EOPNOTSUPP },
		{ "no resampling", 20, EVENTFD | UNMASK, INTX, 0, 1, 0, 0, 0 },
	};
	struct rig *rig = *state;
	int fds[4], i;
	unsigned int before;
	size_t c;

	for (i = 0; i < 4; i++)
		fds[i] = event();
	before = client_count_fds();
	for (c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		uint8_t payload[64] = { 0 };
		const struct mmx_vfu_irq_set set = { cases[c].argsz, cases[c].flags, cases[c].index,
						     cases[c].start, cases[c].count };
		unsigned int kept = cases[c].error ? 0 : cases[c].fds;

		print_message("%s\n", cases[c].name);
		memcpy(payload, &set, sizeof(set));
		assert_int_equal(rig_call_fds(rig, MMX_VFU_DEVICE_SET_IRQS, payload,
					      sizeof(set) + cases[c].data, fds, cases[c].fds),
				 cases[c].error);
		assert_int_equal(client_count_fds(), before + kept);
		assert_int_equal(set_irqs(rig, INTX, NONE | TRIGGER, 0, 0, NULL, 0), 0);
		assert_int_equal(set_irqs(rig, MSIX, NONE | TRIGGER, 0, 0, NULL, 0), 0);
		assert_int_equal(client_count_fds(), before);
	}
	for (i = 0; i < 4; i++)
		close(fds[i]);
}

/* Only eventfds. */
static void test_set_descriptors(void **state)
{
	struct rig *rig = *state;
	int fds[3] = { event(), rig_memfd(4096, 0), event() }, pair[2];
	unsigned int before = client_count_fds();

	assert_int_equal(set_irqs(rig, MSIX, EVENTFD | TRIGGER, 0, 3, fds, 3), EINVAL);
	assert_int_equal(client_count_fds(), before);
	assert_int_equal(set_irqs(rig, INTX, EVENTFD | TRIGGER, 0, 1, &rig->sock, 1), EINVAL);
	assert_int_equal(pipe2(pair, O_NONBLOCK), 0);
	assert_int_equal(set_irqs(rig, INTX, EVENTFD | TRIGGER, 0, 1, &pair[1], 1), EINVAL);
	close(pair[0]);
	close(pair[1]);
	close(fds[0]);
	close(fds[1]);
	close(fds[2]);
}

/* The client shares the eventfd's flags and counter: it can make a write of the server's wait for ever. */
static void test_hostile_eventfd(void **state)
{
	struct rig *rig = *state;
	int fd = event(), timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	uint32_t i;

	if (!mmx_vfu_signal_never_waits()) {
		print_message("skipped: no asynchronous I/O here\n");
		close(fd);
		close(timer);
		skip();
	}
	assert_int_equal(set_irqs(rig, MSIX, EVENTFD | TRIGGER, 0, 1, &fd, 1), 0);
	assert_int_equal(write(fd, &(uint64_t){ UINT64_MAX - 1 }, 8), 8);
	assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
	alarm(10); /* ends the test if the server hangs */
	for (i = 1; i <= 300; i++) /* more than results fit into the ring */
		rig_set32(rig, FAKE_IRQ_JOB, i & 1);
	assert_true(fired(fd) >= UINT64_MAX - 1);
	/* it still works */
	rig_set32(rig, FAKE_IRQ_JOB, 1);
	assert_int_equal(fired(fd), 1);
	/* something else without a file type is harmless */
	rig_set32(rig, FAKE_IRQ_JOB, 0);
	assert_int_equal(set_irqs(rig, MSIX, EVENTFD | TRIGGER, 0, 1, &timer, 1), 0);
	rig_set32(rig, FAKE_IRQ_JOB, 1);
	alarm(0);
	close(fd);
	close(timer);
}

static void test_msix(void **state)
{
	struct rig *rig = *state;
	int fds[3] = { event(), event(), event() }, spare = event(), i;
	const uint8_t some[] = {
		23, 0, 0, 0, BOOL | TRIGGER, 0, 0, 0, MSIX, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 1, 0, 1
	};

	/* as QEMU: first without descriptors */
	assert_int_equal(set_irqs(rig, MSIX, EVENTFD | TRIGGER, 0, 1, NULL, 0), 0);
	rig_set32(rig, FAKE_IRQ_JOB, 4); /* nobody hears it */
	assert_int_equal(set_irqs(rig, MSIX, EVENTFD | TRIGGER, 0, 3, fds, 3), 0);
	assert_int_equal(fired(fds[0]), 0);
	for (i = 0; i < 3; i++) {
		uint32_t line = FAKE_IRQ_JOB + 4 * (uint32_t)i;

		rig_set32(rig, line, 0);
		rig_set32(rig, line, 1);
		assert_int_equal(fired(fds[i]), 1);
		rig_set32(rig, line, 1); /* nothing new */
		assert_int_equal(fired(fds[i]), 0);
		rig_set32(rig, line, 3);
		assert_int_equal(fired(fds[i]), 1);
		rig_set32(rig, line, 2); /* only less */
		assert_int_equal(fired(fds[i]), 0);
		rig_set32(rig, line, 1); /* one for another */
		assert_int_equal(fired(fds[i]), 1);
		assert_int_equal(fired(fds[(i + 1) % 3]) + fired(fds[(i + 2) % 3]), 0);
	}
	/* loopback */
	assert_int_equal(rig_call(rig, MMX_VFU_DEVICE_SET_IRQS, some, sizeof(some)), 0);
	assert_int_equal(fired(fds[0]), 1);
	assert_int_equal(fired(fds[1]), 0);
	assert_int_equal(fired(fds[2]), 1);
	/* one is replaced, one taken away */
	assert_int_equal(set_irqs(rig, MSIX, EVENTFD | TRIGGER, 1, 1, &spare, 1), 0);
	assert_int_equal(set_irqs(rig, MSIX, EVENTFD | TRIGGER, 2, 1, NULL, 0), 0);
	rig_set32(rig, FAKE_IRQ_MMU, 8);
	rig_set32(rig, FAKE_IRQ_GPU, 8);
	assert_int_equal(fired(fds[1]), 0);
	assert_int_equal(fired(spare), 1);
	assert_int_equal(fired(fds[2]), 0);
	/* a counter that is full */
	assert_int_equal(write(fds[0], &(uint64_t){ UINT64_MAX - 1 }, 8), 8);
	rig_set32(rig, FAKE_IRQ_JOB, 0xff);
	assert_true(fired(fds[0]) >= UINT64_MAX - 1);
	/* a reset lets the eventfds be */
	assert_int_equal(rig_call(rig, MMX_VFU_DEVICE_RESET, NULL, 0), 0);
	rig_set32(rig, FAKE_IRQ_JOB, 1);
	assert_int_equal(fired(fds[0]), 1);
	for (i = 0; i < 3; i++)
		close(fds[i]);
	close(spare);
}

static void test_intx(void **state)
{
	struct rig *rig = *state;
	int fd = event();

	assert_int_equal(set_irqs(rig, INTX, EVENTFD | TRIGGER, 0, 1, &fd, 1), 0);
	assert_int_equal(rig_config(rig, 6, 2) & 8, 0);
	rig_set32(rig, FAKE_IRQ_MMU, 1);
	assert_int_equal(fired(fd), 1);
	assert_int_equal(rig_config(rig, 6, 2) & 8, 8);
	assert_int_equal(rig_config(rig, 4, 4) & 0x80000, 0x80000);
	/* masked now: the client has read it, so that only UNMASK answers */
	rig_set32(rig, FAKE_IRQ_MMU, 0);
	rig_set32(rig, FAKE_IRQ_JOB, 1);
	rig_set32(rig, FAKE_IRQ_MMU, 2);
	assert_int_equal(fired(fd), 0);
	assert_int_equal(mmx_vfu_timer_ns(rig->vfu), UINT64_MAX);
	/* unmasked while up: again, but later */
	assert_int_equal(set_irqs(rig, INTX, NONE | UNMASK, 0, 1, NULL, 0), 0);
	assert_int_equal(fired(fd), 0);
	assert_int_equal(mmx_vfu_timer_ns(rig->vfu), rig_now_ns + MMX_VFU_INTX_REFIRE_NS);
	pass(rig, MMX_VFU_INTX_REFIRE_NS - 1);
	assert_int_equal(fired(fd), 0);
	rig_set32(rig, FAKE_IRQ_GPU, 2); /* no new edge */
	assert_int_equal(fired(fd), 0);
	pass(rig, 1);
	assert_int_equal(fired(fd), 1);
	assert_int_equal(mmx_vfu_timer_ns(rig->vfu), UINT64_MAX);
	/* unmasked, and down before that */
	assert_int_equal(set_irqs(rig, INTX, NONE | UNMASK, 0, 1, NULL, 0), 0);
	rig_set32(rig, FAKE_IRQ_JOB, 0);
	rig_set32(rig, FAKE_IRQ_GPU, 0);
	rig_set32(rig, FAKE_IRQ_MMU, 0);
	assert_int_equal(mmx_vfu_timer_ns(rig->vfu), UINT64_MAX);
	assert_int_equal(rig_config(rig, 6, 2) & 8, 0);
	pass(rig, 2 * MMX_VFU_INTX_REFIRE_NS);
	assert_int_equal(fired(fd), 0);
	/* up again: at once */
	rig_set32(rig, FAKE_IRQ_JOB, 1);
	assert_int_equal(fired(fd), 1);
	close(fd);
}

/* A level that falls before the client has read the eventfd never was; one of a moment later is another. */
static void test_intx_withdrawn(void **state)
{
	struct rig *rig = *state;
	int fd = event(), blocking = eventfd(0, EFD_CLOEXEC);
	uint32_t i;

	if (!mmx_vfu_signal_never_waits()) {
		print_message("skipped: no way to read without waiting here\n");
		close(fd);
		close(blocking);
		skip();
	}
	assert_int_equal(set_irqs(rig, INTX, EVENTFD | TRIGGER, 0, 1, &fd, 1), 0);
	for (i = 0; i < 3; i++) {
		rig_set32(rig, FAKE_IRQ_JOB, 1);
		rig_set32(rig, FAKE_IRQ_JOB, 0);
		assert_int_equal(fired(fd), 0);
		/* no UNMASK is needed for what was not seen */
		rig_set32(rig, FAKE_IRQ_GPU, 1);
		assert_int_equal(fired(fd), 1);
		/* this one was: it is answered */
		rig_set32(rig, FAKE_IRQ_GPU, 0);
		rig_set32(rig, FAKE_IRQ_GPU, 1);
		assert_int_equal(fired(fd), 0);
		rig_set32(rig, FAKE_IRQ_GPU, 0);
		assert_int_equal(set_irqs(rig, INTX, NONE | UNMASK, 0, 1, NULL, 0), 0);
	}
	/* one line of three falls: the level stays */
	rig_set32(rig, FAKE_IRQ_JOB, 1);
	rig_set32(rig, FAKE_IRQ_MMU, 1);
	rig_set32(rig, FAKE_IRQ_JOB, 0);
	assert_int_equal(fired(fd), 1);
	rig_set32(rig, FAKE_IRQ_MMU, 0);
	assert_int_equal(set_irqs(rig, INTX, NONE | UNMASK, 0, 1, NULL, 0), 0);
	/* what the client itself has asked for is no firing of the level's */
	assert_int_equal(set_irqs(rig, INTX, NONE | TRIGGER, 0, 1, NULL, 0), 0);
	assert_int_equal(rig_get32(rig, FAKE_SCRATCH), 0);
	assert_int_equal(fired(fd), 1);
	/* an eventfd that waits when it is empty: the server does not, though the client has read it */
	assert_int_equal(set_irqs(rig, INTX, EVENTFD | TRIGGER, 0, 1, &blocking, 1), 0);
	alarm(10); /* ends the test if the server hangs */
	rig_set32(rig, FAKE_IRQ_JOB, 1);
	assert_int_equal(fired(blocking), 1);
	rig_set32(rig, FAKE_IRQ_JOB, 0);
	assert_int_equal(set_irqs(rig, INTX, NONE | UNMASK, 0, 1, NULL, 0), 0);
	rig_set32(rig, FAKE_IRQ_JOB, 1);
	assert_int_equal(fired(blocking), 1);
	alarm(0);
	close(fd);
	close(blocking);
}

static void test_intx_mask(void **state)
{
	const uint8_t not_this[] = { 21, 0, 0, 0, BOOL | MASK, 0, 0, 0, INTX, 0, 0,
				     0,	 0, 0, 0, 0,	       1, 0, 0, 0,    0 };
	struct rig *rig = *state;
	int fd = event(), other = event();

	assert_int_equal(set_irqs(rig, INTX, EVENTFD | TRIGGER, 0, 1, &fd, 1), 0);
	/* by the client, before anything happens */
	assert_int_equal(set_irqs(rig, INTX, NONE | MASK, 0, 1, NULL, 0), 0);
	rig_set32(rig, FAKE_IRQ_JOB, 1);
	assert_int_equal(fired(fd), 0);
	assert_int_equal(set_irqs(rig, INTX, NONE | UNMASK, 0, 1, NULL, 0), 0);
	/* masked again before it fires */
	assert_int_equal(set_irqs(rig, INTX, NONE | MASK, 0, 1, NULL, 0), 0);
	pass(rig, MMX_VFU_INTX_REFIRE_NS);
	assert_int_equal(fired(fd), 0);
	/* an eventfd that is set while the level is up hears of it */
	assert_int_equal(set_irqs(rig, INTX, EVENTFD | TRIGGER, 0, 1, &other, 1), 0);
	assert_int_equal(fired(other), 1);
	rig_set32(rig, FAKE_IRQ_JOB, 0);
	assert_int_equal(set_irqs(rig, INTX, NONE | UNMASK, 0, 1, NULL, 0), 0);
	assert_int_equal(rig_call(rig, MMX_VFU_DEVICE_SET_IRQS, not_this, sizeof(not_this)), 0);
	assert_int_equal(set_irqs(rig, INTX, NONE | TRIGGER, 0, 1, NULL, 0), 0);
	assert_int_equal(fired(other), 1); /* loopback */
	rig_set32(rig, FAKE_IRQ_JOB, 1);
	assert_int_equal(fired(other), 1);
	assert_int_equal(fired(fd), 0);
	close(fd);
	close(other);
}

/* The command register and MSI-X silence INTx; the status bit follows the level all the same. */
static void test_intx_inhibited(void **state)
{
	struct rig *rig = *state;
	int fd = event();

	assert_int_equal(set_irqs(rig, INTX, EVENTFD | TRIGGER, 0, 1, &fd, 1), 0);
	rig_set_config(rig, 4, COMMAND_INTX_DISABLE, 2);
	rig_set32(rig, FAKE_IRQ_JOB, 1);
	assert_int_equal(fired(fd), 0);
	assert_int_equal(rig_config(rig, 6, 2) & 8, 8);
	rig_set_config(rig, 4, 0, 2);
	assert_int_equal(fired(fd), 1);
	rig_set32(rig, FAKE_IRQ_JOB, 0);
	assert_int_equal(set_irqs(rig, INTX, NONE | UNMASK, 0, 1, NULL, 0), 0);
	rig_set_config(rig, 0x42, 0x8000, 2);
	rig_set32(rig, FAKE_IRQ_JOB, 1);
	assert_int_equal(fired(fd), 0);
	/* a reset lowers the lines and enables INTx */
	assert_int_equal(rig_call(rig, MMX_VFU_DEVICE_RESET, NULL, 0), 0);
	assert_int_equal(fired(fd), 0);
	rig_set32(rig, FAKE_IRQ_JOB, 1);
	assert_int_equal(fired(fd), 1);
	close(fd);
}

/* The model's own events, not only register writes, raise interrupts. */
static void test_event(void **state)
{
	struct rig *rig = *state;
	int fd = event();

	assert_int_equal(set_irqs(rig, MSIX, EVENTFD | TRIGGER, 0, 1, &fd, 1), 0);
	rig_set32(rig, FAKE_TIMER, 1000);
	assert_int_equal(mmx_vfu_model_ns(rig->vfu), rig_now_ns + 1000);
	pass(rig, 999);
	assert_int_equal(fired(fd), 0);
	pass(rig, 1);
	assert_int_equal(fired(fd), 1);
	assert_int_equal(mmx_vfu_model_ns(rig->vfu), UINT64_MAX);
	close(fd);
}

#define RIG_TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_info),
		RIG_TEST(test_set_arguments),
		RIG_TEST(test_set_descriptors),
		RIG_TEST(test_hostile_eventfd),
		RIG_TEST(test_msix),
		RIG_TEST(test_intx),
		RIG_TEST(test_intx_withdrawn),
		RIG_TEST(test_intx_mask),
		RIG_TEST(test_intx_inhibited),
		RIG_TEST(test_event),
	};

	return cmocka_run_group_tests_name("model_vfu_irq", tests, NULL, NULL);
}
