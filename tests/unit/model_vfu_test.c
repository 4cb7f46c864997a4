// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The vfio-user server: framing, version, descriptors, clients. */
#include "tools/model/vfu.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/vfu_client.h"
#include "tests/unit/vfu_fake.h"
#include "tests/unit/vfu_rig.h"
#include "tools/model/model.h"

/* --- VERSION --- */

static const struct {
	const char *name;
	uint16_t major, minor;
	const char *text; /* with its NUL; NULL = none */
	int error;
	bool long_reply;
} versions[] = {
	{ "no text", 0, 0, NULL, 0, false },
	{ "later minor", 0, 7, NULL, 0, false },
	{ "empty object", 0, 0, "{}", 0, false },
	{ "no room for our answer", 0, 1, "{\"capabilities\":{\"max_msg_fds\":1}}", 0, false },
	{ "as QEMU", 0, 0,
	  "{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":1048576,\"pgsizes\":4096,"
	  "\"max_dma_maps\":65535}}",
	  0, true },
	{ "huge transfers", 0, 0,
	  "{\"capabilities\":{\"max_data_xfer_size\":9223372036854775807, \"pad\":\"0123456789\"}}",
	  0, true },
	{ "other major", 1, 0, NULL, EPROTONOSUPPORT, false },
	{ "not JSON", 0, 0, "hello", EINVAL, false },
	{ "not an object", 0, 0, "[1]", EINVAL, false },
	{ "capabilities no object", 0, 0, "{\"capabilities\":3}", EINVAL, false },
	{ "transfers of 0 bytes", 0, 0, "{\"capabilities\":{\"max_data_xfer_size\":0}}", EINVAL,
	  false },
	{ "transfers of -1 bytes", 0, 0, "{\"capabilities\":{\"max_data_xfer_size\":-1}}", EINVAL,
	  false },
	{ "transfers of x bytes", 0, 0, "{\"capabilities\":{\"max_data_xfer_size\":\"x\"}}", EINVAL,
	  false },
	{ "cut off", 0, 0, "{\"capabilities\":", EINVAL, false },
	{ "deep", 0, 0, "[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]", EINVAL, false },
};

static void test_version(void **state)
{
	struct rig *rig = *state;
	size_t i;

	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		const struct mmx_vfu_version version = { versions[i].major, versions[i].minor };
		size_t text_len = versions[i].text ? strlen(versions[i].text) + 1 : 0;
		struct mmx_vfu_version reply;
		uint8_t payload[256];

		print_message("%s\n", versions[i].name);
		rig_connect(rig);
		memcpy(payload, &version, sizeof(version));
		if (text_len)
			memcpy(payload + sizeof(version), versions[i].text, text_len);
		assert_int_equal(
			rig_call(rig, MMX_VFU_VERSION, payload, sizeof(version) + text_len),
			versions[i].error);
		if (versions[i].error) {
			assert_true(rig_hung_up(rig));
			continue;
		}
		memcpy(&reply, rig->reply, sizeof(reply));
		assert_int_equal(reply.major, 0);
		assert_int_equal(reply.minor, 0);
		assert_true(rig->reply_len <= sizeof(version) + text_len);
		assert_int_equal(rig->reply_len > sizeof(version), versions[i].long_reply);
		if (versions[i].long_reply)
			assert_string_equal((char *)rig->reply + sizeof(version),
					    "{\"capabilities\":{\"max_msg_fds\":8,"
					    "\"max_data_xfer_size\":1048576}}");
		/* only once */
		assert_int_equal(rig_call(rig, MMX_VFU_VERSION, payload, sizeof(version)), EINVAL);
		assert_false(rig_hung_up(rig));
	}
}

static void test_version_malformed(void **state)
{
	const char unterminated[] = { 0, 0, 0, 0, '{', '}' };
	struct rig *rig = *state;

	assert_int_equal(rig_call(rig, MMX_VFU_VERSION, unterminated, 3), EINVAL);
	assert_true(rig_hung_up(rig));
	rig_connect(rig);
	assert_int_equal(rig_call(rig, MMX_VFU_VERSION, unterminated, sizeof(unterminated)),
			 EINVAL);
	assert_true(rig_hung_up(rig));
	assert_false(mmx_vfu_served(rig->vfu));
}

static void test_version_first(void **state)
{
	static const uint16_t cmds[] = {
		MMX_VFU_DMA_MAP,
		MMX_VFU_DMA_UNMAP,
		MMX_VFU_DEVICE_GET_INFO,
		MMX_VFU_DEVICE_GET_REGION_INFO,
		MMX_VFU_DEVICE_GET_IRQ_INFO,
		MMX_VFU_DEVICE_SET_IRQS,
		MMX_VFU_REGION_READ,
		MMX_VFU_REGION_WRITE,
		MMX_VFU_DEVICE_RESET,
	};
	const uint8_t zeros[64] = { 0 };
	struct rig *rig = *state;
	size_t i;

	for (i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++) {
		rig_connect(rig);
		assert_int_equal(rig_call(rig, cmds[i], zeros, sizeof(zeros)), EPROTO);
		assert_true(rig_hung_up(rig));
	}
}

/* --- Messages that are wrong in general --- */

static void test_short_payloads(void **state)
{
	static const struct {
		uint16_t cmd;
		uint32_t len;
	} fixed[] = {
		{ MMX_VFU_DMA_MAP, 32 },
		{ MMX_VFU_DMA_UNMAP, 24 },
		{ MMX_VFU_DEVICE_GET_INFO, 16 },
		{ MMX_VFU_DEVICE_GET_REGION_INFO, 32 },
		{ MMX_VFU_DEVICE_GET_IRQ_INFO, 16 },
		{ MMX_VFU_DEVICE_SET_IRQS, 20 },
		{ MMX_VFU_REGION_READ, 16 },
		{ MMX_VFU_REGION_WRITE, 16 },
	};
	const uint8_t bytes[32] = { 0xff, 0xff };
	struct rig *rig = *state;
	uint32_t len;
	size_t i;

	for (i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		for (len = 0; len < fixed[i].len; len++)
			assert_int_equal(rig_call(rig, fixed[i].cmd, bytes, len), EINVAL);
	}
	assert_false(rig_hung_up(rig));
}

static void test_unknown_commands(void **state)
{
	/* none, IO fds, the server's own, dirty pages, write multi, feature, migration, wild */
	static const uint16_t cmds[] = { 0, 6, 11, 12, 14, 15, 16, 17, 18, 19, 255, 0xffff };
	const uint8_t zeros[32] = { 0 };
	struct rig *rig = *state;
	size_t i;

	for (i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++)
		assert_int_equal(rig_call(rig, cmds[i], zeros, sizeof(zeros)), EOPNOTSUPP);
	assert_false(rig_hung_up(rig));
}

static void test_impossible_sizes(void **state)
{
	static const uint32_t sizes[] = { 0, 1, 15, MMX_VFU_MAX_MSG + 1, 0x7fffffff, 0xffffffff };
	struct rig *rig = *state;
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const struct mmx_vfu_hdr hdr = { .cmd = MMX_VFU_DEVICE_RESET, .size = sizes[i] };

		rig_connect(rig);
		rig_agree(rig);
		assert_int_equal(client_send_raw(rig->sock, &hdr, sizeof(hdr), NULL, 0), 0);
		assert_int_equal(mmx_vfu_poll(rig->vfu), MMX_VFU_E_GONE);
		assert_true(rig_hung_up(rig));
	}
}

static void test_types(void **state)
{
	const struct mmx_vfu_region_access access = { FAKE_SCRATCH, MMX_VFU_REGION_BAR0, 4 };
	struct rig *rig = *state;
	struct mmx_vfu_hdr hdr;

	/* neither request nor reply */
	client_send(rig->sock, 7, MMX_VFU_REGION_READ, 2, &access, sizeof(access), NULL, 0, NULL,
		    0);
	assert_int_equal(mmx_vfu_poll(rig->vfu), MMX_VFU_E_IDLE);
	assert_int_equal(client_receive(rig->sock, &hdr, NULL, 0, &rig->reply_len), 0);
	assert_int_equal(hdr.error, EINVAL);
	/* a reply that nobody waits for is dropped */
	client_send(rig->sock, 7, MMX_VFU_DMA_READ, MMX_VFU_F_REPLY, &access, sizeof(access), NULL,
		    0, NULL, 0);
	assert_int_equal(rig_get32(rig, FAKE_SCRATCH), 0);
}

static void test_no_reply(void **state)
{
	struct mmx_vfu_region_access access = { FAKE_SCRATCH, MMX_VFU_REGION_BAR0, 4 };
	uint32_t value = 0x12345678;
	struct rig *rig = *state;

	client_send(rig->sock, 1, MMX_VFU_REGION_WRITE, MMX_VFU_F_NO_REPLY, &access, sizeof(access),
		    &value, sizeof(value), NULL, 0);
	/* not even for an error */
	access.offset = MMX_MODEL_MMIO_SIZE;
	client_send(rig->sock, 2, MMX_VFU_REGION_WRITE, MMX_VFU_F_NO_REPLY, &access, sizeof(access),
		    &value, sizeof(value), NULL, 0);
	/* the next reply is this one's: rig_call() checks its id */
	assert_int_equal(rig_get32(rig, FAKE_SCRATCH), value);
}

static void test_byte_by_byte(void **state)
{
	const struct mmx_vfu_region_access access = { FAKE_SCRATCH, MMX_VFU_REGION_BAR0, 8 };
	uint8_t bytes[sizeof(struct mmx_vfu_hdr) + sizeof(access) + 8];
	struct mmx_vfu_hdr hdr = { .id = 3, .cmd = MMX_VFU_REGION_WRITE, .size = sizeof(bytes) };
	struct rig *rig = *state;
	size_t i;

	memcpy(bytes, &hdr, sizeof(hdr));
	memcpy(bytes + sizeof(hdr), &access, sizeof(access));
	memset(bytes + sizeof(hdr) + sizeof(access), 0x5a, 8);
	for (i = 0; i < sizeof(bytes); i++) {
		assert_int_equal(client_send_raw(rig->sock, bytes + i, 1, NULL, 0), 0);
		assert_int_equal(mmx_vfu_poll(rig->vfu), MMX_VFU_E_IDLE);
	}
	assert_int_equal(client_receive(rig->sock, &hdr, rig->reply, 16, &rig->reply_len), 0);
	assert_int_equal(hdr.flags, MMX_VFU_F_REPLY);
	assert_int_equal(rig_get32(rig, FAKE_SCRATCH + 4), 0x5a5a5a5a);
}

/* A burst in few pieces whose borders fall anywhere, and more than the buffer keeps at a time. */
static void test_burst(void **state)
{
	const size_t one = sizeof(struct mmx_vfu_hdr) + sizeof(struct mmx_vfu_region_access) + 4;
	const uint32_t count = 200000;
	uint8_t *bytes = malloc(one * count);
	struct rig *rig = *state;
	size_t sent = 0;
	uint32_t i;

	assert_non_null(bytes);
	for (i = 0; i < count; i++) {
		const struct mmx_vfu_region_access access = { FAKE_SCRATCH + i % 64 * 4,
							      MMX_VFU_REGION_BAR0, 4 };
		const struct mmx_vfu_hdr hdr = { .cmd = MMX_VFU_REGION_WRITE,
						 .size = (uint32_t)one,
						 .flags = MMX_VFU_F_NO_REPLY };

		memcpy(bytes + i * one, &hdr, sizeof(hdr));
		memcpy(bytes + i * one + sizeof(hdr), &access, sizeof(access));
		memcpy(bytes + i * one + sizeof(hdr) + sizeof(access), &i, sizeof(i));
	}
	while (sent < one * count) {
		ssize_t n = send(rig->sock, bytes + sent, one * count - sent, MSG_DONTWAIT);

		if (n > 0)
			sent += (size_t)n;
		else
			assert_int_equal(errno, EAGAIN);
		while (mmx_vfu_poll(rig->vfu) == 0)
			;
	}
	for (i = count - 64; i < count; i++)
		assert_int_equal(rig_get32(rig, FAKE_SCRATCH + i % 64 * 4), i);
	free(bytes);
}

/* --- Descriptors --- */

static void test_unwanted_fds(void **state)
{
	static const uint16_t cmds[] = {
		MMX_VFU_VERSION,
		MMX_VFU_DMA_UNMAP,
		MMX_VFU_DEVICE_GET_INFO,
		MMX_VFU_DEVICE_GET_REGION_INFO,
		MMX_VFU_DEVICE_GET_IRQ_INFO,
		MMX_VFU_REGION_READ,
		MMX_VFU_REGION_WRITE,
		MMX_VFU_DEVICE_RESET,
		MMX_VFU_DMA_READ,
		99,
	};
	const uint8_t zeros[64] = { 0 };
	struct rig *rig = *state;
	unsigned int before = client_count_fds();
	size_t i;

	for (i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++) {
		assert_int_not_equal(
			rig_call_fds(rig, cmds[i], zeros, sizeof(zeros), &rig->sock, 1), 0);
		assert_int_equal(client_count_fds(), before);
	}
}

static void test_too_many_fds(void **state)
{
	const uint8_t zeros[64] = { 0 };
	struct rig *rig = *state;
	unsigned int before = client_count_fds(), i;
	int fds[9];

	if (getenv("MMX_EMULATOR")) {
		print_message(
			"qemu-user leaks descriptors beyond the room that recvmsg is given\n");
		skip();
	}
	for (i = 0; i < 9; i++)
		fds[i] = rig->sock;
	assert_int_equal(rig_call_fds(rig, MMX_VFU_DEVICE_SET_IRQS, zeros, sizeof(zeros), fds, 8),
			 EINVAL);
	assert_int_equal(client_count_fds(), before);
	assert_int_equal(rig_call_fds(rig, MMX_VFU_DEVICE_SET_IRQS, zeros, sizeof(zeros), fds, 9),
			 -1);
	assert_true(rig_hung_up(rig));
	assert_int_equal(client_count_fds(), before - 1); /* the server's socket is gone too */
}

/* One message that gathers descriptors with each of its bytes, and is never complete. */
static void test_hoarded_fds(void **state)
{
	const struct mmx_vfu_hdr hdr = { .cmd = MMX_VFU_REGION_WRITE, .size = 4096 };
	struct rig *rig = *state;
	unsigned int before = client_count_fds(), i;
	int r = MMX_VFU_E_IDLE;

	client_send_raw(rig->sock, &hdr, sizeof(hdr), NULL, 0);
	for (i = 0; i < 100 && r == MMX_VFU_E_IDLE; i++) {
		assert_int_equal(client_send_raw(rig->sock, "x", 1, &rig->sock, 1), 0);
		r = mmx_vfu_poll(rig->vfu);
	}
	assert_int_equal(r, MMX_VFU_E_GONE);
	assert_int_equal(client_count_fds(), before - 1);
	assert_true(i <= 40);
}

/* Descriptors go to their own message when several arrive at once. */
static void test_fds_of_messages(void **state)
{
	const struct mmx_vfu_device_info info = { .argsz = sizeof(info) };
	struct mmx_vfu_dma_map map = {
		.argsz = sizeof(map),
		.flags = MMX_VFU_DMA_READABLE,
		.size = 4096,
	};
	struct rig *rig = *state;
	int a = rig_memfd(4096, 0xaa), b = rig_memfd(4096, 0xbb);
	struct mmx_vfu_hdr hdr;
	unsigned int i;

	client_send(rig->sock, 0, MMX_VFU_DEVICE_GET_INFO, 0, &info, sizeof(info), NULL, 0, NULL,
		    0);
	map.addr = 0x10000;
	client_send(rig->sock, 1, MMX_VFU_DMA_MAP, 0, &map, sizeof(map), NULL, 0, &a, 1);
	client_send(rig->sock, 2, MMX_VFU_DEVICE_GET_INFO, 0, &info, sizeof(info), NULL, 0, NULL,
		    0);
	map.addr = 0x20000;
	client_send(rig->sock, 3, MMX_VFU_DMA_MAP, 0, &map, sizeof(map), NULL, 0, &b, 1);
	assert_int_equal(mmx_vfu_poll(rig->vfu), MMX_VFU_E_IDLE);
	for (i = 0; i < 4; i++) {
		assert_int_equal(client_receive(rig->sock, &hdr, rig->reply, 64, &rig->reply_len),
				 0);
		assert_int_equal(hdr.id, i);
		assert_int_equal(hdr.flags, MMX_VFU_F_REPLY);
	}
	rig_set32(rig, FAKE_DMA_ADDR, 0x10000);
	rig_set32(rig, FAKE_DMA_READ, 4);
	assert_int_equal(rig_get32(rig, FAKE_DMA_DATA), 0xaaaaaaaa);
	rig_set32(rig, FAKE_DMA_ADDR, 0x20000);
	rig_set32(rig, FAKE_DMA_READ, 4);
	assert_int_equal(rig_get32(rig, FAKE_DMA_DATA), 0xbbbbbbbb);
	close(a);
	close(b);
}

static void check_is_reset(struct rig *rig)
{
	assert_int_equal(rig_get32(rig, FAKE_SCRATCH), 0);
	assert_int_equal(rig_config(rig, 4, 2), 0);
	assert_int_equal(rig_config(rig, 0x10, 4), 0);
}

/* --- Clients --- */

static void test_next_client(void **state)
{
	const struct mmx_vfu_region_access access = { FAKE_SCRATCH, MMX_VFU_REGION_BAR0, 4 };
	struct mmx_vfu_irq_set set = {
		.argsz = sizeof(set),
		.flags = MMX_VFU_IRQ_DATA_EVENTFD | MMX_VFU_IRQ_ACTION_TRIGGER,
		.index = MMX_VFU_IRQ_MSIX,
		.count = 3,
	};
	struct rig *rig = *state;
	unsigned int before;
	int mem, fds[3], i;

	before = client_count_fds() - 1; /* without the server's socket */
	mem = rig_memfd(8192, 1);
	for (i = 0; i < 3; i++)
		fds[i] = eventfd(0, EFD_NONBLOCK);
	assert_int_equal(rig_map(rig, 0x1000, 8192, 3, mem, 0), 0);
	assert_int_equal(rig_call_fds(rig, MMX_VFU_DEVICE_SET_IRQS, &set, sizeof(set), fds, 3), 0);
	rig_set32(rig, FAKE_SCRATCH, 5);
	/* leaves in the middle of a message */
	client_send(rig->sock, 0, MMX_VFU_REGION_READ, 0, &access, 7, NULL, 0, NULL, 0);
	client_send_raw(rig->sock, "\1", 1, &mem, 1);
	shutdown(rig->sock, SHUT_RDWR);
	assert_int_equal(mmx_vfu_poll(rig->vfu), MMX_VFU_E_GONE);
	assert_true(mmx_vfu_served(rig->vfu));
	for (i = 0; i < 3; i++)
		close(fds[i]);
	close(mem);
	assert_int_equal(client_count_fds(), before);
	assert_int_equal(mmx_vfu_poll(rig->vfu), MMX_VFU_E_IDLE);

	rig_connect(rig);
	assert_int_equal(rig_call(rig, MMX_VFU_REGION_READ, &access, sizeof(access)), EPROTO);
	rig_connect(rig);
	rig_agree(rig);
	check_is_reset(rig);
	rig_set32(rig, FAKE_DMA_ADDR, 0x1000);
	rig_set32(rig, FAKE_DMA_READ, 4);
	assert_int_equal(rig_get32(rig, FAKE_DMA_STATUS), FAKE_DMA_FAULT);
}

static void test_unknown_product(void **state)
{
	const struct mmx_vfu_config config = { .model.product = "g9999" };
	struct mmx_vfu *vfu;

	(void)state;
	assert_int_equal(mmx_vfu_create(&config, &vfu), -EINVAL);
}

static void test_trace(void **state)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	struct mmx_vfu_config config = { .quiet = true, .trace = f };
	struct rig *rig = *state;
	struct mmx_vfu *silent = rig->vfu;

	assert_non_null(f);
	assert_int_equal(mmx_vfu_create(&config, &rig->vfu), 0);
	rig_connect(rig);
	rig_agree(rig);
	rig_set32(rig, FAKE_SCRATCH, 0xabc);
	rig_get32(rig, FAKE_SCRATCH);
	rig_set32(rig, FAKE_IRQ_MMU, 2);
	mmx_vfu_destroy(rig->vfu);
	rig->vfu = silent;
	fclose(f);
	assert_non_null(strstr(text, " msg version "));
	assert_non_null(strstr(text, " w32 0x001000 0xabc\n"));
	assert_non_null(strstr(text, " r32 0x001000 0xabc\n"));
	assert_non_null(strstr(text, " irq mmu 0x00000002\n"));
	free(text);
}

#define RIG_TEST(f)    cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
#define SILENT_TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup_silent, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SILENT_TEST(test_version),
		SILENT_TEST(test_version_malformed),
		SILENT_TEST(test_version_first),
		RIG_TEST(test_short_payloads),
		RIG_TEST(test_unknown_commands),
		RIG_TEST(test_impossible_sizes),
		RIG_TEST(test_types),
		RIG_TEST(test_no_reply),
		RIG_TEST(test_byte_by_byte),
		RIG_TEST(test_burst),
		RIG_TEST(test_unwanted_fds),
		RIG_TEST(test_too_many_fds),
		RIG_TEST(test_hoarded_fds),
		RIG_TEST(test_fds_of_messages),
		RIG_TEST(test_next_client),
		cmocka_unit_test(test_unknown_product),
		RIG_TEST(test_trace),
	};

	return cmocka_run_group_tests_name("model_vfu", tests, NULL, NULL);
}
