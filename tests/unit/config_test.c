// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The configuration: what is read, what defaults are, and each way to be wrong with the message that says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "backend/core/config.h"
#include "hv/kvm/ivshmem.h"
#include "hv/local/local.h"

#define DEVICE	  "device = { socket = \"/s/gpu\"; };\n"
#define FIRMWARE  "firmware = { image = \"/fw\"; };\n"
#define PARTITION "partition = ( { name = \"a\"; socket = \"/s/a\"; } );\n"

static void defaults(void **state)
{
	struct mmx_config_error error;
	struct mmx_config *config;
	const struct mmx_partition_config *p;

	(void)state;
	assert_int_equal(mmx_config_read_string(DEVICE FIRMWARE PARTITION, &config, &error), 0);
	assert_string_equal(config->device_socket, "/s/gpu");
	assert_int_equal(config->device_timeout_ms, 5000);
	assert_int_equal(config->device_patience, 1);
	assert_string_equal(config->firmware_image, "/fw");
	assert_false(config->allow_unsigned);
	assert_null(config->control_socket);
	assert_null(config->log);
	assert_int_equal(config->tick_us, 10000);
	assert_int_equal(config->poll_us, MMX_CONFIG_POLL_AUTO);
	assert_int_equal(config->idle_power_off_ms, 50);
	assert_int_equal(config->partition_count, 1);
	p = &config->partitions[0];
	assert_string_equal(p->name, "a");
	assert_int_equal(p->mode, 0600);
	assert_false(p->check_uid);
	assert_ptr_equal(p->transport, &mmx_local_transport);
	assert_int_equal(p->weight, 1);
	assert_int_equal(p->slots_max, 0);
	assert_int_equal(p->job_timeout_ms, 5000);
	assert_int_equal(p->resets_max, 3);
	assert_int_equal(p->limits.preempt_timeout_us, 100000);
	assert_int_equal(p->limits.shader_cores, 0);
	assert_int_equal(p->limits.priority_ceiling, 1);
	assert_int_equal(p->limits.wire.mem_bytes, 256 << 20);
	assert_int_equal(p->limits.wire.max_queues, MMX_MAX_QUEUES);
	assert_int_equal(p->limits.wire.max_bind_ops, MMX_BIND_MAX_OPS);
	mmx_config_destroy(config);
}

/* The region as a whole is as large as memory says, and what can be registered is what is left of it. */
static void bar(void **state)
{
	static const char text[] = DEVICE FIRMWARE
		"partition = ( { name = \"a\"; socket = \"/s\"; memory = \"1M\";\n"
		"  transport = \"ivshmem\"; ring_slots = 64; max_timelines = 8; } );";
	struct mmx_config_error error;
	struct mmx_config *config;
	const struct mmx_partition_config *p;

	(void)state;
	assert_int_equal(mmx_config_read_string(text, &config, &error), 0);
	p = &config->partitions[0];
	assert_ptr_equal(p->transport, &mmx_kvm_transport);
	/* header, session page, two rings of two pages */
	assert_int_equal(p->limits.wire.mem_bytes, (1 << 20) - 6 * 4096);
	mmx_config_destroy(config);
}

static void everything(void **state)
{
	static const char text[] =
		"device = { socket = \"/s/gpu\"; timeout_ms = 250; patience = 3; };\n"
		"firmware = { image = \"/fw\"; allow_unsigned = true; };\n"
		"control = { socket = \"/s/control\"; mode = \"0660\"; };\n"
		"log = \"all+warn,sched+debug\"; scheduler = { tick_us = 5000; poll_us = 0;\n"
		"  idle_power_off_ms = 0; };\n"
		"partition = ( { name = \"a\"; socket = \"/s/a\"; mode = \"0666\"; uid = 0;\n"
		"  weight = 7; slots_max = 3; shader_cores = 0x50005; sched_priority = \"realtime\";\n"
		"  memory = \"1G\"; ring_slots = 64; max_jobs = 9; job_timeout_ms = 0; },\n"
		"  { name = \"b\"; socket = \"/s/b\"; memory = 1048576; shader_cores = 0xffffffff; } );\n";
	struct mmx_config_error error = { "" };
	struct mmx_config *config = NULL;
	const struct mmx_partition_config *p;

	(void)state;
	if (mmx_config_read_string(text, &config, &error))
		fail_msg("%s", error.text);
	assert_int_equal(config->device_timeout_ms, 250);
	assert_int_equal(config->device_patience, 3);
	assert_true(config->allow_unsigned);
	assert_string_equal(config->control_socket, "/s/control");
	assert_int_equal(config->control_mode, 0660);
	assert_string_equal(config->log, "all+warn,sched+debug");
	assert_int_equal(config->tick_us, 5000);
	assert_int_equal(config->poll_us, 0);
	assert_int_equal(config->idle_power_off_ms, 0);
	assert_int_equal(config->partition_count, 2);
	p = &config->partitions[0];
	assert_int_equal(p->mode, 0666);
	assert_true(p->check_uid);
	assert_int_equal(p->uid, 0);
	assert_int_equal(p->weight, 7);
	assert_int_equal(p->slots_max, 3);
	assert_int_equal(p->limits.shader_cores, 0x50005);
	assert_int_equal(p->limits.priority_ceiling, 3);
	assert_true(p->limits.wire.mem_bytes == 1ull << 30);
	assert_int_equal(p->ring_slots, 64);
	assert_int_equal(p->job_timeout_ms, 0);
	assert_int_equal(p->limits.wire.max_jobs, 9);
	assert_true(config->partitions[1].limits.shader_cores == 0xffffffff);
	assert_int_equal(config->partitions[1].limits.wire.mem_bytes, 1 << 20);
	mmx_config_destroy(config);
}

/* The guest's own memory; what is not given has a default. */
static void guest_ram(void **state)
{
	static const char text[] = DEVICE FIRMWARE
		"partition = ( { name = \"a\"; socket = \"/s\"; transport = \"ivshmem\";\n"
		"  guest_ram = { file = \"/proc/%p/fd/10\"; memory = \"64M\"; pieces = (\n"
		"    { guest = 0; size = \"2G\"; },\n"
		"    { guest = \"4G\"; size = 0x40000000; offset = \"2G\"; } ); }; } );";
	struct mmx_config_error error = { "" };
	struct mmx_config *config = NULL;
	const struct mmx_ram_config *ram;

	(void)state;
	if (mmx_config_read_string(text, &config, &error))
		fail_msg("%s", error.text);
	ram = &config->partitions[0].ram;
	assert_string_equal(ram->file, "/proc/%p/fd/10");
	assert_int_equal(ram->mem_bytes, 64 << 20);
	assert_int_equal(ram->piece_count, 2);
	assert_int_equal(ram->pieces[0].guest, 0);
	assert_true(ram->pieces[0].size == 2ull << 30);
	assert_int_equal(ram->pieces[0].offset, 0);
	assert_true(ram->pieces[1].guest == 4ull << 30);
	assert_true(ram->pieces[1].size == 1ull << 30);
	assert_true(ram->pieces[1].offset == 2ull << 30);
	mmx_config_destroy(config);
}

#define PARTITION_OF(transport, settings)                                                         \
	DEVICE FIRMWARE "partition = ( { name = \"a\"; socket = \"/s\"; transport = \"" transport \
			"\"; " settings " } );"
#define RAM(settings)	PARTITION_OF("ivshmem", "guest_ram = { file = \"/f\"; " settings " };")
#define RAM_FILE(name)	PARTITION_OF("ivshmem", "guest_ram = { file = \"" name "\"; };")
#define PIECE(settings) RAM("pieces = ( { " settings " } );")

struct refusal {
	const char *text;
	const char *says;
};

static void refuses(const struct refusal *cases, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		struct mmx_config_error error = { "" };
		struct mmx_config *config = NULL;

		if (mmx_config_read_string(cases[i].text, &config, &error) != CONFIG_E_INVALID)
			fail_msg("case %zu was not refused", i);
		assert_null(config);
		if (!strstr(error.text, cases[i].says))
			fail_msg("case %zu says '%s', not '%s'", i, error.text, cases[i].says);
	}
}

static void guest_ram_refused(void **state)
{
	static const struct refusal cases[] = {
		{ RAM(""), "pieces is missing" },
		{ RAM("pieces = ( );"), "1 to 8 of them are wanted, not 0" },
		{ RAM("pieces = 3;"), "a list" },
		{ RAM("pieces = ( 3 );"), "a group" },
		{ RAM("pieces = ( { guest = 0; size = \"1M\"; } ); x = 1;"), "'x' is not known" },
		{ PIECE("guest = 0;"), "size is missing" },
		{ PIECE("size = 65536;"), "guest is missing" },
		{ PIECE("guest = 0; size = 0;"), "size: 0 is not within" },
		{ PIECE("guest = 0; size = \"1025G\";"), "is not within" },
		{ PIECE("guest = 100; size = \"1M\";"), "no multiple of 4096" },
		{ PIECE("guest = 0; size = 65537;"), "no multiple of 4096" },
		{ PIECE("guest = 0; size = \"1M\"; offset = 1;"), "no multiple of 4096" },
		{ PIECE("guest = 0xffffffffff000L; size = \"1M\";"), "beyond 52 bits" },
		{ PIECE("guest = 0; size = \"1M\"; base = 1;"), "'base' is not known" },
		{ RAM("pieces = ( { guest = 0; size = \"1M\"; },"
		      "{ guest = 0xff000; size = \"1M\"; offset = \"1M\"; } );"),
		  "same guest addresses" },
		{ RAM("pieces = ( { guest = 0; size = \"1M\"; },"
		      "{ guest = \"1M\"; size = \"1M\"; } );"),
		  "same part of the file" },
		{ RAM("pieces = ( { guest = 0; size = \"64K\"; },"
		      "{ guest = \"1M\"; size = \"64K\"; offset = \"64K\"; },"
		      "{ guest = \"2M\"; size = \"64K\"; offset = 61440; } );"),
		  "same part of the file" },
		{ PARTITION_OF("local", "guest_ram = { file = \"/f\"; "
					"pieces = ( { guest = 0; size = \"1M\"; } ); };"),
		  "guests of transport local are no machines" },
		{ PARTITION_OF("ivshmem", "guest_ram = 1;"), "a group" },
		{ RAM_FILE("f"), "must begin with /" },
		{ RAM_FILE("/%s"), "of % have %p only" },
		{ RAM_FILE("/%p/%p"), "of % have %p only" },
		{ RAM_FILE("/%"), "of % have %p only" },
	};

	(void)state;
	refuses(cases, sizeof(cases) / sizeof(cases[0]));
}

static void refused(void **state)
{
	static const struct refusal cases[] = {
		{ "", "device is missing" },
		{ "device = ", ":1: " },
		{ FIRMWARE PARTITION, "device is missing" },
		{ DEVICE PARTITION, "firmware is missing" },
		{ DEVICE FIRMWARE, "partition is missing" },
		{ DEVICE FIRMWARE "partition = ();", "1 to 256 of them are wanted, not 0" },
		{ DEVICE FIRMWARE "partition = { name = \"a\"; };", "a list" },
		{ DEVICE FIRMWARE "partition = ( 5 );", "a group" },
		{ DEVICE FIRMWARE PARTITION "wieght = 5;", ":4: 'wieght' is not known" },
		{ DEVICE FIRMWARE
		  "partition = (\n{ name = \"a\"; socket = \"/s/a\";\nwieght = 5; } );",
		  ":5: 'wieght' is not known" },
		{ "device = { socket = \"/s\"; speed = 1; };" FIRMWARE PARTITION,
		  "'speed' is not known" },
		{ "device = 5;" FIRMWARE PARTITION, "a group" },
		{ "device = { };" FIRMWARE PARTITION, "socket is missing" },
		{ "device = { socket = 5; };" FIRMWARE PARTITION, "socket: a string" },
		{ "device = { socket = \"\"; };" FIRMWARE PARTITION, "socket: is empty" },
		{ "device = { socket = \"/123456789/123456789/123456789/123456789/123456789"
		  "/123456789/123456789/123456789/123456789/123456789/123456789\"; };" FIRMWARE
			  PARTITION,
		  "too long for a socket" },
		{ "device = { socket = \"/s\"; timeout_ms = 0; };" FIRMWARE PARTITION,
		  "timeout_ms: 0 is not within 10..600000" },
		{ "device = { socket = \"/s\"; timeout_ms = -5; };" FIRMWARE PARTITION,
		  "-5 is negative" },
		{ "device = { socket = \"/s\"; timeout_ms = 5.0; };" FIRMWARE PARTITION,
		  "a number is wanted" },
		{ DEVICE "firmware = { image = \"/f\"; allow_unsigned = 1; };" PARTITION,
		  "true or false" },
		{ DEVICE FIRMWARE "log = \"all+loud\";" PARTITION, "log: '" },
		{ DEVICE FIRMWARE "control = { socket = \"/c\"; mode = \"8\"; };" PARTITION,
		  "octal" },
		{ DEVICE FIRMWARE "control = { socket = \"/c\"; mode = \"1777\"; };" PARTITION,
		  "octal" },
		{ DEVICE FIRMWARE "partition = ( { socket = \"/s\"; } );", "name is missing" },
		{ DEVICE FIRMWARE "partition = ( { name = \"a b\"; socket = \"/s\"; } );",
		  "letters, digits" },
		{ DEVICE FIRMWARE "partition = ( { name = \"\"; socket = \"/s\"; } );",
		  "letters, digits" },
		{ DEVICE FIRMWARE "partition = ( { name = \"a\"; socket = \"/s\"; weight = 0; } );",
		  "weight: 0 is not within 1..1000" },
		{ DEVICE FIRMWARE
		  "partition = ( { name = \"a\"; socket = \"/s\"; memory = \"4097\"; } );",
		  "memory: 4097 is not within" },
		{ DEVICE FIRMWARE
		  "partition = ( { name = \"a\"; socket = \"/s\"; memory = \"1048577\"; } );",
		  "no multiple of 4096" },
		{ DEVICE FIRMWARE
		  "partition = ( { name = \"a\"; socket = \"/s\"; memory = \"1T\"; } );",
		  "is no size" },
		{ DEVICE FIRMWARE "partition = ( { name = \"a\"; socket = \"/s\"; "
				  "memory = \"99999999999999999999G\"; } );",
		  "is no size" },
		{ DEVICE FIRMWARE
		  "partition = ( { name = \"a\"; socket = \"/s\"; ring_slots = 100; } );",
		  "no power of two" },
		{ DEVICE FIRMWARE
		  "partition = ( { name = \"a\"; socket = \"/s\"; transport = \"xen\"; } );",
		  "transport: 'xen' is not local or ivshmem" },
		{ DEVICE FIRMWARE
		  "partition = ( { name = \"a\"; socket = \"/s\"; transport = \"ivshmem\"; "
		  "memory = \"3M\"; } );",
		  "no power of two" },
		{ DEVICE FIRMWARE
		  "partition = ( { name = \"a\"; socket = \"/s\"; transport = \"ivshmem\"; "
		  "memory = \"64K\"; } );",
		  "has no room" },
		{ DEVICE FIRMWARE "partition = ( { name = \"a\"; socket = \"/s\"; "
				  "sched_priority = \"top\"; } );",
		  "not low, medium" },
		{ DEVICE FIRMWARE "partition = ( { name = \"a\"; socket = \"/s\"; },\n"
				  "{ name = \"a\"; socket = \"/t\"; } );",
		  "name 'a' is given twice" },
		{ DEVICE FIRMWARE "partition = ( { name = \"a\"; socket = \"/s\"; },\n"
				  "{ name = \"b\"; socket = \"/s\"; } );",
		  ":4: socket '/s' is given twice" },
		{ DEVICE "\n  @include \"/\"\n" FIRMWARE, ":3: @include is not supported" },
		{ "@include \"x\"", ":1: @include is not supported" },
		{ DEVICE FIRMWARE "partition = ( { name = \"a\"; socket = \"/s/gpu\"; } );",
		  "in use for something else" },
	};

	(void)state;
	refuses(cases, sizeof(cases) / sizeof(cases[0]));
}

static void no_such_file(void **state)
{
	struct mmx_config_error error = { "" };
	struct mmx_config *config = NULL;

	(void)state;
	assert_int_equal(mmx_config_read_file("/nonexistent/malimuxd.conf", &config, &error),
			 CONFIG_E_INVALID);
	assert_non_null(strstr(error.text, "/nonexistent/malimuxd.conf: No such file"));
	assert_int_equal(mmx_config_read_file("/", &config, &error), CONFIG_E_INVALID);
	assert_string_equal(error.text, "/: Is a directory");
	assert_int_equal(mmx_config_read_file("/dev/zero", &config, &error), CONFIG_E_INVALID);
	assert_string_equal(error.text, "/dev/zero: File too large");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),	cmocka_unit_test(bar),
		cmocka_unit_test(guest_ram),	cmocka_unit_test(everything),
		cmocka_unit_test(refused),	cmocka_unit_test(guest_ram_refused),
		cmocka_unit_test(no_such_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
