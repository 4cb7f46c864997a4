// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The parser of firmware images, on a generated image and on ways to break it.
 *
 * Offsets in the file are written here as numbers, as one reads them in a hex dump: they are not
 * taken from the generator or the parser, so that those can't agree with each other on a mistake.
 */
#include "firmware/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "firmware/generate.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The generated image: entries 0 to 6 are sections of 32 bytes from 20 on; then come these. */
#define SECTION_OFFSET(n) (20u + 32u * (n))
#define CONFIG_OFFSET	  244u
#define UNKNOWN_OFFSET	  268u
#define BUILD_INFO_OFFSET 280u
#define TABLE_SIZE	  292u

#define MAGIC		  0xc3f13a6eu
#define ENTRY(type, size) ((uint32_t)(type) | (uint32_t)(size) << 8)

struct fixture {
	uint8_t *data;
	size_t size;
};

static void put_le32(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)value;
	p[1] = (uint8_t)(value >> 8);
	p[2] = (uint8_t)(value >> 16);
	p[3] = (uint8_t)(value >> 24);
}

static uint32_t get_le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static int setup(void **state)
{
	static const struct mmx_fw_generate_options options = {
		.interface_version = 0x01050000,
		.build_info = "made for a test  ",
	};
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (!fixture || mmx_fw_generate(&options, &fixture->data, &fixture->size))
		return -1;
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	free(fixture->data);
	free(fixture);
	return 0;
}

static void good_image(void **state)
{
	/* what a real image of architecture 10 has, with fewer entries */
	static const struct {
		uint32_t flags, va_start, va_end;
	} expected[] = {
		{ 0x00000009, 0x00400000, 0x00401000 }, { 0x00000009, 0x00000000, 0x00001000 },
		{ 0x0000000d, 0x00800000, 0x00820000 }, { 0x8000000b, 0x02000000, 0x02040000 },
		{ 0x80000009, 0x01000000, 0x01040000 }, { 0x0000002b, 0x03000000, 0x03040000 },
		{ 0xc000001b, 0x04000000, 0x0400c000 },
	};
	struct fixture *fixture = *state;
	struct mmx_fw_image *image;
	uint32_t load_bytes = 0;
	unsigned int i;

	assert_int_equal(mmx_fw_image_parse(fixture->data, fixture->size, &image, NULL), 0);
	assert_int_equal(image->size, fixture->size);
	assert_int_equal(image->format_major, 0);
	assert_int_equal(image->format_minor, 3);
	assert_int_equal(image->interface_version, 0x01050000);
	assert_int_equal(image->table_size, TABLE_SIZE);
	assert_string_equal(image->build_info, "made for a test");
	assert_int_equal(image->entry_count, 10);
	assert_int_equal(image->skipped_count, 2);
	assert_int_equal(image->section_count, COUNT(expected));
	for (i = 0; i < COUNT(expected); i++) {
		const struct mmx_fw_section *section = &image->sections[i];

		assert_int_equal(section->entry, i);
		assert_int_equal(section->flags, expected[i].flags);
		assert_int_equal(section->va_start, expected[i].va_start);
		assert_int_equal(section->va_end, expected[i].va_end);
		if (i != 5)
			load_bytes += expected[i].va_end - expected[i].va_start;
	}
	assert_int_equal(mmx_fw_image_load_bytes(image), load_bytes);

	/* entries in between: configuration, and one that nobody knows */
	assert_int_equal(image->entries[7].type, 1);
	assert_int_equal(image->entries[7].offset, CONFIG_OFFSET);
	assert_int_equal(image->entries[8].type, 9);
	assert_int_equal(image->entries[8].offset, UNKNOWN_OFFSET);
	assert_true(image->entries[8].optional);
	assert_false(image->entries[8].update);
	assert_int_equal(image->entries[9].offset, BUILD_INFO_OFFSET);
	mmx_fw_image_destroy(image);
}

static void section_data_is_a_copy(void **state)
{
	struct fixture *fixture = *state;
	const struct mmx_fw_section *section;
	struct mmx_fw_image *image;
	uint32_t offset, word;

	assert_int_equal(mmx_fw_image_parse(fixture->data, fixture->size, &image, NULL), 0);
	section = mmx_fw_image_section_at(image, 0x04000000);
	assert_non_null(section);
	offset = get_le32(fixture->data + SECTION_OFFSET(6) + 16);
	assert_int_equal(section->data_offset, offset);
	assert_int_equal(section->data_size, 0x2000);
	assert_memory_equal(section->data, fixture->data + offset, 0x2000);
	/* whoever changes the file afterwards changes nothing here */
	word = get_le32(section->data + 0x10);
	put_le32(fixture->data + offset + 0x10, ~word);
	assert_int_equal(get_le32(section->data + 0x10), word);
	mmx_fw_image_destroy(image);
}

static void accessors(void **state)
{
	static const struct {
		uint32_t flags;
		bool readable, writable, executable, protected, shared, zeroed;
		enum mmx_fw_cache_mode cache_mode;
	} cases[] = {
		{ 0x00000000, 0, 0, 0, 0, 0, 0, FW_CACHE_NONE },
		{ 0x00000001, 1, 0, 0, 0, 0, 0, FW_CACHE_NONE },
		{ 0x00000002, 0, 1, 0, 0, 0, 0, FW_CACHE_NONE },
		{ 0x00000004, 0, 0, 1, 0, 0, 0, FW_CACHE_NONE },
		{ 0x00000008, 0, 0, 0, 0, 0, 0, FW_CACHE_CACHED },
		{ 0x00000010, 0, 0, 0, 0, 0, 0, FW_CACHE_UNCACHED_COHERENT },
		{ 0x00000018, 0, 0, 0, 0, 0, 0, FW_CACHE_CACHED_COHERENT },
		{ 0x00000020, 0, 0, 0, 1, 0, 0, FW_CACHE_NONE },
		{ 0x40000000, 0, 0, 0, 0, 1, 0, FW_CACHE_NONE },
		{ 0x80000000, 0, 0, 0, 0, 0, 1, FW_CACHE_NONE },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		const struct mmx_fw_section section = { .flags = cases[i].flags };

		assert_int_equal(mmx_fw_section_readable(&section), cases[i].readable);
		assert_int_equal(mmx_fw_section_writable(&section), cases[i].writable);
		assert_int_equal(mmx_fw_section_executable(&section), cases[i].executable);
		assert_int_equal(mmx_fw_section_protected(&section), cases[i].protected);
		assert_int_equal(mmx_fw_section_shared(&section), cases[i].shared);
		assert_int_equal(mmx_fw_section_zeroed(&section), cases[i].zeroed);
		assert_int_equal(mmx_fw_section_cache_mode(&section), cases[i].cache_mode);
	}
}

static void section_at(void **state)
{
	static const struct {
		uint32_t va;
		int section;
	} cases[] = {
		{ 0x00000000, 1 }, { 0x00000fff, 1 },  { 0x00001000, -1 }, { 0x003fffff, -1 },
		{ 0x00400000, 0 }, { 0x0081ffff, 2 },  { 0x00820000, -1 }, { 0x03000000, 5 },
		{ 0x0400bfff, 6 }, { 0x0400c000, -1 }, { 0xffffffff, -1 },
	};
	struct fixture *fixture = *state;
	struct mmx_fw_image *image;
	unsigned int i;

	assert_int_equal(mmx_fw_image_parse(fixture->data, fixture->size, &image, NULL), 0);
	for (i = 0; i < COUNT(cases); i++)
		assert_ptr_equal(mmx_fw_image_section_at(image, cases[i].va),
				 cases[i].section < 0 ? NULL : &image->sections[cases[i].section]);
	mmx_fw_image_destroy(image);
}

/* What the microcontroller needs to begin, and a driver to go on. */
static void generated_image_can_boot(void **state)
{
	struct fixture *fixture = *state;
	const struct mmx_fw_section *vectors, *stack, *code, *shared;
	struct mmx_fw_image *image;
	const uint8_t *iface;
	unsigned int n, m;

	assert_int_equal(mmx_fw_image_parse(fixture->data, fixture->size, &image, NULL), 0);
	vectors = mmx_fw_image_section_at(image, 0);
	assert_non_null(vectors);
	assert_true(vectors->data_size >= 8);
	stack = mmx_fw_image_section_at(image, get_le32(vectors->data) - 4);
	assert_non_null(stack);
	assert_true(mmx_fw_section_writable(stack) && !mmx_fw_section_protected(stack));
	assert_int_equal(get_le32(vectors->data + 4) & 1, 1);
	code = mmx_fw_image_section_at(image, get_le32(vectors->data + 4));
	assert_non_null(code);
	assert_true(mmx_fw_section_executable(code) && !mmx_fw_section_writable(code));

	assert_int_equal(mmx_fw_image_shared_section(image, &shared, NULL), 0);
	assert_true(mmx_fw_section_writable(shared));
	iface = shared->data;
	assert_int_equal(get_le32(iface + 0x00), 0);
	assert_int_equal(get_le32(iface + 0x08), 0x04002000);
	assert_int_equal(get_le32(iface + 0x0c), 0x04006000);
	assert_int_equal(get_le32(iface + 0x10), 8);
	assert_int_equal(get_le32(iface + 0x14), 0xa0);
	for (n = 0; n < 8; n++) {
		const uint8_t *group = iface + 0x1000 + n * 0xa0;

		assert_int_equal(get_le32(group + 0x04), 0x04003000 + n * 0x80);
		assert_int_equal(get_le32(group + 0x08), 0x04007000 + n * 0x40);
		assert_int_equal(get_le32(group + 0x14), 8);
		assert_int_equal(get_le32(group + 0x18), 0xc);
		for (m = 0; m < 8; m++) {
			const uint8_t *stream = group + 0x40 + m * 0xc;

			assert_int_equal(get_le32(stream + 4), 0x04003400 + n * 0x400 + m * 0x80);
			assert_int_equal(get_le32(stream + 8), 0x04007200 + n * 0x800 + m * 0x100);
		}
	}
	mmx_fw_image_destroy(image);
}

static void generated_without_build_info(void **state)
{
	const struct mmx_fw_generate_options options = { .interface_version = 0x02080000 };
	struct mmx_fw_image *image;
	uint8_t *data;
	size_t size;

	(void)state;
	assert_int_equal(mmx_fw_generate(&options, &data, &size), 0);
	assert_int_equal(mmx_fw_image_parse(data, size, &image, NULL), 0);
	assert_int_equal(image->entry_count, 9);
	assert_int_equal(image->interface_version, 0x02080000);
	assert_string_equal(image->build_info, "");
	mmx_fw_image_destroy(image);
	free(data);
}

/* Up to three words of the good image are changed; the error must name this outcome and place. */
static const struct bad_image {
	const char *what;
	struct {
		uint32_t offset, value;
	} patches[3];
	int outcome;
	uint32_t entry;
	uint64_t offset;
} bad_images[] = {
	{ "magic", { { 0, 0xc3f13a6f } }, FW_E_MAGIC, MMX_FW_NO_ENTRY, 0 },
	{ "format version 1.3", { { 4, 0x00000103 } }, FW_E_VERSION, MMX_FW_NO_ENTRY, 5 },
	{ "table smaller than the header", { { 16, 16 } }, FW_E_SIZE, MMX_FW_NO_ENTRY, 16 },
	{ "table of no size", { { 16, 0 } }, FW_E_SIZE, MMX_FW_NO_ENTRY, 16 },
	{ "table not of words", { { 16, 290 } }, FW_E_SIZE, MMX_FW_NO_ENTRY, 16 },
	{ "table beyond the file", { { 16, 0x3004 } }, FW_E_TRUNCATED, MMX_FW_NO_ENTRY, 16 },
	{ "table of 4 GiB", { { 16, 0xfffffffc } }, FW_E_TRUNCATED, MMX_FW_NO_ENTRY, 16 },

	{ "entry of no size", { { 52, ENTRY(0, 0) } }, FW_E_SIZE, 1, 52 },
	{ "entry not of words", { { 52, ENTRY(0, 30) } }, FW_E_SIZE, 1, 52 },
	{ "entry beyond the table", { { 280, ENTRY(6, 16) } }, FW_E_SIZE, 9, 280 },
	{ "section without data range", { { 52, ENTRY(0, 20) } }, FW_E_SIZE, 1, 52 },
	{ "build info without size", { { 280, ENTRY(6, 8) } }, FW_E_SIZE, 9, 280 },
	{ "mandatory entry of type 9", { { 268, ENTRY(9, 12) } }, FW_E_UNKNOWN_ENTRY, 8, 268 },
	{ "mandatory entry of type 5", { { 268, ENTRY(5, 12) } }, FW_E_UNKNOWN_ENTRY, 8, 268 },

	{ "unknown flag 6", { { 56, 0x49 } }, FW_E_SECTION, 1, 56 },
	{ "unknown flag 29", { { 56, 0x20000009 } }, FW_E_SECTION, 1, 56 },
	{ "start within a page", { { 60, 0x800 } }, FW_E_MISALIGNED, 1, 60 },
	{ "end within a page", { { 64, 0xffc } }, FW_E_MISALIGNED, 1, 64 },
	{ "end before start", { { 60, 0x2000 } }, FW_E_OVERFLOW, 1, 64 },
	{ "end wrapped to 0", { { 60, 0xfffff000 }, { 64, 0 } }, FW_E_OVERFLOW, 1, 64 },
	{ "empty section", { { 60, 0x1000 } }, FW_E_SECTION, 1, 64 },

	/* entry 0 has 0x400000..0x401000 */
	{ "same addresses", { { 60, 0x400000 }, { 64, 0x401000 } }, FW_E_OVERLAP, 1, 60 },
	{ "around another", { { 60, 0x3ff000 }, { 64, 0x402000 } }, FW_E_OVERLAP, 1, 60 },
	{ "into another", { { 64, 0x401000 } }, FW_E_OVERLAP, 1, 60 },
	{ "inside another", { { 60, 0x810000 }, { 64, 0x811000 } }, FW_E_OVERLAP, 2, 92 },
	{ "over a protected one",
	  { { 220, 0x303f000 }, { 224, 0x304f000 } },
	  FW_E_OVERLAP,
	  6,
	  220 },

	{ "data end before they begin", { { 68, 0x500 } }, FW_E_OVERFLOW, 1, 72 },
	{ "data begin beyond the file", { { 68, 0x4000 } }, FW_E_OVERFLOW, 1, 72 },
	{ "data end beyond the file", { { 232, 0x3001 } }, FW_E_TRUNCATED, 6, 232 },
	{ "data far beyond the file",
	  { { 228, 0xfffffff0 }, { 232, 0xffffffff } },
	  FW_E_TRUNCATED,
	  6,
	  232 },
	{ "more data than room", { { 68, 0x0 }, { 72, 0x1001 } }, FW_E_SECTION, 1, 72 },
	{ "build info beyond the file", { { 284, 0x2fff }, { 288, 2 } }, FW_E_TRUNCATED, 9, 284 },
	{ "build info wraps", { { 284, 0xffffffff }, { 288, 2 } }, FW_E_TRUNCATED, 9, 284 },
	{ "32 MiB and a page in all",
	  { { 156, 0x10000000 }, { 160, 0x12000000 } },
	  FW_E_LIMIT,
	  4,
	  160 },
	{ "the whole 4 GiB", { { 20 + 8, 0 }, { 20 + 12, 0xfffff000 } }, FW_E_LIMIT, 0, 32 },
};

static void check_refused(const struct bad_image *bad, const uint8_t *data, size_t size)
{
	struct mmx_fw_image *image = (struct mmx_fw_image *)-1;
	struct mmx_fw_error error = { .entry = 12345 };
	char place[64];
	int r;

	r = mmx_fw_image_parse(data, size, &image, &error);
	if (r != bad->outcome || error.entry != bad->entry || error.offset != bad->offset)
		fail_msg("%s: outcome %s, entry %u, offset %u: %s", bad->what,
			 mmx_fw_outcome_name(r), error.entry, (unsigned int)error.offset,
			 error.text);
	/* nothing is written but on success */
	assert_ptr_equal(image, (struct mmx_fw_image *)-1);
	/* the text names the place */
	if (bad->entry == MMX_FW_NO_ENTRY)
		snprintf(place, sizeof(place), "header, offset %#x: ", (unsigned int)bad->offset);
	else
		snprintf(place, sizeof(place), "entry %u, offset %#x: ", bad->entry,
			 (unsigned int)bad->offset);
	if (strncmp(error.text, place, strlen(place)))
		fail_msg("%s: the text does not begin with '%s': %s", bad->what, place, error.text);
	/* whoever wants no details gets the same outcome */
	assert_int_equal(mmx_fw_image_parse(data, size, &image, NULL), bad->outcome);
}

static void bad_images_are_refused(void **state)
{
	struct fixture *fixture = *state;
	uint8_t *data = malloc(fixture->size);
	unsigned int i, j;

	assert_non_null(data);
	for (i = 0; i < COUNT(bad_images); i++) {
		const struct bad_image *bad = &bad_images[i];

		memcpy(data, fixture->data, fixture->size);
		for (j = 0; j < COUNT(bad->patches); j++)
			if (bad->patches[j].offset || !j)
				put_le32(data + bad->patches[j].offset, bad->patches[j].value);
		check_refused(bad, data, fixture->size);
	}
	free(data);
}

/* The generated image ends with the data of its last section: any shorter file lacks some of it. */
static void every_truncation_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct mmx_fw_image *image;
	struct mmx_fw_error error;
	size_t size;
	uint8_t *data;
	int r;

	for (size = 0; size < fixture->size; size += size < 0x600 ? 1 : 0x333) {
		/* exactly this size, so that a sanitizer sees a read beyond it */
		data = malloc(size ? size : 1);
		assert_non_null(data);
		memcpy(data, fixture->data, size);
		r = mmx_fw_image_parse(data, size, &image, &error);
		assert_int_equal(r, FW_E_TRUNCATED);
		if (size < TABLE_SIZE)
			assert_int_equal(error.entry, MMX_FW_NO_ENTRY);
		else
			assert_true(error.entry <= 9);
		free(data);
	}
}

/* A table of @count entries, each a copy of @entry but for the addresses of sections. */
static uint8_t *many_entries(uint32_t count, const uint32_t *entry, uint32_t words,
			     size_t *ret_size)
{
	uint32_t size = 20 + count * words * 4, i, w;
	uint8_t *data = calloc(1, size);

	assert_non_null(data);
	put_le32(data, MAGIC);
	put_le32(data + 16, size);
	for (i = 0; i < count; i++)
		for (w = 0; w < words; w++)
			put_le32(data + 20 + (i * words + w) * 4,
				 entry[w] + (w == 2 || w == 3 ? i * 0x1000 : 0));
	*ret_size = size;
	return data;
}

static void counts_are_limited(void **state)
{
	static const uint32_t unknown[] = { ENTRY(200, 4) | 0x80000000 };
	static const uint32_t section[] = { ENTRY(0, 24), 1, 0x1000, 0x2000, 0, 0 };
	static const struct bad_image too_many_entries = {
		.what = "257 entries", .outcome = FW_E_LIMIT, .entry = 256, .offset = 20 + 256 * 4
	};
	static const struct bad_image too_many_sections = {
		.what = "65 sections", .outcome = FW_E_LIMIT, .entry = 64, .offset = 20 + 64 * 24
	};
	struct mmx_fw_image *image;
	uint8_t *data;
	size_t size;

	(void)state;
	data = many_entries(256, unknown, 1, &size);
	assert_int_equal(mmx_fw_image_parse(data, size, &image, NULL), 0);
	assert_int_equal(image->entry_count, 256);
	assert_int_equal(image->skipped_count, 256);
	mmx_fw_image_destroy(image);
	free(data);
	data = many_entries(257, unknown, 1, &size);
	check_refused(&too_many_entries, data, size);
	free(data);

	data = many_entries(64, section, 6, &size);
	assert_int_equal(mmx_fw_image_parse(data, size, &image, NULL), 0);
	assert_int_equal(image->section_count, 64);
	assert_int_equal(mmx_fw_image_load_bytes(image), 64 * 0x1000);
	mmx_fw_image_destroy(image);
	free(data);
	data = many_entries(65, section, 6, &size);
	check_refused(&too_many_sections, data, size);
	free(data);
}

static void file_size_is_limited(void **state)
{
	static const struct bad_image too_large = { .what = "16 MiB and a byte",
						    .outcome = FW_E_LIMIT,
						    .entry = MMX_FW_NO_ENTRY,
						    .offset = 16u << 20 };
	struct fixture *fixture = *state;
	uint8_t *data = calloc(1, (16u << 20) + 1);
	struct mmx_fw_image *image;

	assert_non_null(data);
	memcpy(data, fixture->data, fixture->size);
	assert_int_equal(mmx_fw_image_parse(data, 16u << 20, &image, NULL), 0);
	mmx_fw_image_destroy(image);
	check_refused(&too_large, data, (16u << 20) + 1);
	free(data);
}

static void known_entries_may_be_mandatory(void **state)
{
	struct fixture *fixture = *state;
	struct mmx_fw_image *image;
	uint32_t type;

	for (type = 1; type <= 4; type++) {
		put_le32(fixture->data + UNKNOWN_OFFSET, ENTRY(type, 12));
		assert_int_equal(mmx_fw_image_parse(fixture->data, fixture->size, &image, NULL), 0);
		assert_int_equal(image->skipped_count, 2);
		assert_false(image->entries[8].optional);
		mmx_fw_image_destroy(image);
	}
}

static void sections_may_touch(void **state)
{
	/* entry 0 has 0x400000..0x401000, entry 2 begins at 0x800000 */
	static const uint32_t ranges[][2] = { { 0x3ff000, 0x400000 },
					      { 0x401000, 0x402000 },
					      { 0x7ff000, 0x800000 } };
	struct fixture *fixture = *state;
	struct mmx_fw_image *image;
	unsigned int i;

	for (i = 0; i < COUNT(ranges); i++) {
		put_le32(fixture->data + SECTION_OFFSET(1) + 8, ranges[i][0]);
		put_le32(fixture->data + SECTION_OFFSET(1) + 12, ranges[i][1]);
		assert_int_equal(mmx_fw_image_parse(fixture->data, fixture->size, &image, NULL), 0);
		assert_ptr_equal(mmx_fw_image_section_at(image, ranges[i][0]), &image->sections[1]);
		mmx_fw_image_destroy(image);
	}
}

static void shared_section_may_be_missing(void **state)
{
	struct fixture *fixture = *state;
	uint8_t *entry = fixture->data + SECTION_OFFSET(6);
	const struct mmx_fw_section *section = NULL;
	struct mmx_fw_image *image;
	struct mmx_fw_error error;

	/* it begins a page earlier: the address is in it, but the interface would not be */
	put_le32(entry + 8, 0x03fff000);
	assert_int_equal(mmx_fw_image_parse(fixture->data, fixture->size, &image, NULL), 0);
	assert_int_equal(mmx_fw_image_shared_section(image, &section, &error), FW_E_NO_SHARED);
	assert_int_equal(error.entry, MMX_FW_NO_ENTRY);
	mmx_fw_image_destroy(image);

	put_le32(entry + 8, 0x05000000);
	put_le32(entry + 12, 0x0500c000);
	assert_int_equal(mmx_fw_image_parse(fixture->data, fixture->size, &image, NULL), 0);
	assert_int_equal(mmx_fw_image_shared_section(image, &section, NULL), FW_E_NO_SHARED);
	mmx_fw_image_destroy(image);

	put_le32(entry + 8, 0x04000000);
	put_le32(entry + 12, 0x0400c000);
	put_le32(entry + 4, 0x8000001b);
	assert_int_equal(mmx_fw_image_parse(fixture->data, fixture->size, &image, NULL), 0);
	assert_int_equal(mmx_fw_image_shared_section(image, &section, &error), FW_E_NOT_SHARED);
	assert_int_equal(error.entry, 6);
	assert_int_equal(error.offset, SECTION_OFFSET(6) + 4);
	mmx_fw_image_destroy(image);

	/* a section that the loader skips is none */
	put_le32(entry + 4, 0xc000003b);
	assert_int_equal(mmx_fw_image_parse(fixture->data, fixture->size, &image, NULL), 0);
	assert_int_equal(mmx_fw_image_shared_section(image, &section, NULL), FW_E_NOT_SHARED);
	mmx_fw_image_destroy(image);
	assert_null(section);
}

static void build_info_is_only_text(void **state)
{
	static const struct {
		const char *bytes;
		uint32_t size;
		const char *text;
	} cases[] = {
		{ "git_sha: 0123 \0", 16, "git_sha: 0123" },
		{ "not terminated", 14, "not terminated" },
		{ "cut here", 3, "cut" },
		{ "a\033[2Jb\nc\177\200", 11, "a?[2Jb?c??" },
		{ "two\0texts", 10, "two" },
		{ "", 0, "" },
		{ "   ", 4, "" },
	};
	struct fixture *fixture = *state;
	uint8_t *text = fixture->data + get_le32(fixture->data + BUILD_INFO_OFFSET + 4);
	struct mmx_fw_image *image;
	unsigned int i;

	for (i = 0; i < COUNT(cases); i++) {
		memcpy(text, cases[i].bytes, cases[i].size);
		put_le32(fixture->data + BUILD_INFO_OFFSET + 8, cases[i].size);
		assert_int_equal(mmx_fw_image_parse(fixture->data, fixture->size, &image, NULL), 0);
		assert_string_equal(image->build_info, cases[i].text);
		mmx_fw_image_destroy(image);
	}
	/* all that is left of the file, and no NUL in it */
	memset(text, 'x', fixture->size - (size_t)(text - fixture->data));
	put_le32(fixture->data + BUILD_INFO_OFFSET + 8,
		 (uint32_t)(fixture->size - (size_t)(text - fixture->data)));
	assert_int_equal(mmx_fw_image_parse(fixture->data, fixture->size, &image, NULL), 0);
	assert_int_equal(strlen(image->build_info), MMX_FW_BUILD_INFO_MAX - 1);
	mmx_fw_image_destroy(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(good_image, setup, teardown),
		cmocka_unit_test_setup_teardown(section_data_is_a_copy, setup, teardown),
		cmocka_unit_test(accessors),
		cmocka_unit_test_setup_teardown(section_at, setup, teardown),
		cmocka_unit_test_setup_teardown(generated_image_can_boot, setup, teardown),
		cmocka_unit_test(generated_without_build_info),
		cmocka_unit_test_setup_teardown(bad_images_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(every_truncation_is_refused, setup, teardown),
		cmocka_unit_test(counts_are_limited),
		cmocka_unit_test_setup_teardown(file_size_is_limited, setup, teardown),
		cmocka_unit_test_setup_teardown(known_entries_may_be_mandatory, setup, teardown),
		cmocka_unit_test_setup_teardown(sections_may_touch, setup, teardown),
		cmocka_unit_test_setup_teardown(shared_section_may_be_missing, setup, teardown),
		cmocka_unit_test_setup_teardown(build_info_is_only_text, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
