// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* A configuration file. What is accepted must be within the bounds that the rest of the daemon relies on. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "backend/core/config.h"

#define INPUT_MAX 65536u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* On a syntax error libconfig loses texts that its scanner has made. The daemon ends then. */
const char *__lsan_default_suppressions(void)
{
	return "leak:strbuf_append\nleak:libconfig_yylex\n";
}

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_partition(const struct mmx_partition_config *p)
{
	const struct mmx_limits *wire = &p->limits.wire;

	must(p->name && *p->name && strlen(p->name) <= MMX_PARTITION_NAME_MAX);
	must(p->socket && *p->socket && strlen(p->socket) < 108);
	must(p->mode <= 0777 && p->weight >= 1 && p->weight <= 1000 && p->slots_max <= 16);
	must(p->limits.priority_ceiling <= 3 && p->limits.max_mappings);
	must(p->ring_slots >= 64 && p->ring_slots <= 4096 &&
	     !(p->ring_slots & (p->ring_slots - 1)));
	must(p->transport && p->transport->make && p->transport->name);
	must(wire->mem_bytes && wire->mem_bytes % 4096 == 0 && wire->mem_bytes <= 64ull << 30);
	must(wire->max_clients && wire->max_mems && wire->max_vms && wire->max_groups);
	must(wire->max_timelines && wire->max_requests && wire->max_jobs);
	must(wire->max_mems <= 65535 && wire->max_timelines <= 65535);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mmx_config_error error = { "" };
	struct mmx_config *config = NULL;
	char *text;
	size_t i;
	int r;

	if (size > INPUT_MAX)
		return 0;
	text = malloc(size + 1);
	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	r = mmx_config_read_string(text, &config, &error);
	free(text);
	if (r) {
		must(r == CONFIG_E_INVALID && !config && *error.text);
		must(memchr(error.text, '\0', sizeof(error.text)));
		return 0;
	}
	must(config->device_socket && config->firmware_image);
	must(config->device_timeout_ms >= 10 && config->tick_us >= 100);
	must(config->partition_count && config->partition_count <= MMX_CONFIG_MAX_PARTITIONS);
	for (i = 0; i < config->partition_count; i++)
		check_partition(&config->partitions[i]);
	mmx_config_destroy(config);
	return 0;
}
