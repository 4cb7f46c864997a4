// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Any bytes as a firmware image: refused with a reason that names a place in the file, or taken, and
 * then what image.c promises of an image holds.
 */
#include "firmware/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* assert() that stays when NDEBUG is set */
#define REQUIRE(condition)                                                              \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                        \
		}                                                                       \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_section(const struct mmx_fw_image *image, unsigned int index, const uint8_t *data)
{
	const struct mmx_fw_section *section = &image->sections[index];
	unsigned int i;

	REQUIRE(section->va_start % 4096 == 0 && section->va_end % 4096 == 0);
	REQUIRE(section->va_start < section->va_end);
	REQUIRE(section->data_size <= section->va_end - section->va_start);
	REQUIRE((uint64_t)section->data_offset + section->data_size <= image->size);
	REQUIRE(!section->data_size ||
		!memcmp(section->data, data + section->data_offset, section->data_size));
	REQUIRE(section->entry < image->entry_count);
	REQUIRE(image->entries[section->entry].type == 0);
	REQUIRE(mmx_fw_image_section_at(image, section->va_start) == section);
	REQUIRE(mmx_fw_image_section_at(image, section->va_end - 1) == section);
	for (i = 0; i < index; i++)
		REQUIRE(image->sections[i].va_end <= section->va_start ||
			section->va_end <= image->sections[i].va_start);
}

static void check_image(const struct mmx_fw_image *image, const uint8_t *data, size_t size)
{
	const struct mmx_fw_section *shared = NULL;
	struct mmx_fw_error error;
	uint64_t load_bytes = 0;
	uint32_t end = 20;
	unsigned int i;
	int r;

	REQUIRE(image->size == size && image->table_size <= size);
	REQUIRE(image->section_count + image->skipped_count <= image->entry_count);
	for (i = 0; i < image->entry_count; i++) {
		REQUIRE(image->entries[i].offset == end);
		end += image->entries[i].size;
	}
	REQUIRE(end == image->table_size);
	for (i = 0; i < image->section_count; i++) {
		check_section(image, i, data);
		load_bytes += image->sections[i].va_end - image->sections[i].va_start;
	}
	REQUIRE(load_bytes <= MMX_FW_MAX_LOAD_BYTES);
	REQUIRE(mmx_fw_image_load_bytes(image) <= load_bytes);
	for (i = 0; image->build_info[i]; i++)
		REQUIRE(image->build_info[i] >= ' ' && image->build_info[i] <= '~');
	r = mmx_fw_image_shared_section(image, &shared, &error);
	if (!r)
		REQUIRE(shared->va_start == 0x04000000 && mmx_fw_section_shared(shared));
	else
		REQUIRE(!shared && (r == FW_E_NO_SHARED || r == FW_E_NOT_SHARED));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mmx_fw_image *image = NULL;
	struct mmx_fw_error error;
	int r;

	memset(&error, 0xff, sizeof(error));
	r = mmx_fw_image_parse(data, size, &image, &error);
	if (r) {
		REQUIRE(r > 0 && !image);
		REQUIRE(strcmp(mmx_fw_outcome_name(r), "unknown"));
		REQUIRE(error.offset <= size);
		REQUIRE(memchr(error.text, '\0', sizeof(error.text)));
		return 0;
	}
	check_image(image, data, size);
	mmx_fw_image_destroy(image);
	return 0;
}
