// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Generator of firmware images.
 *
 * Called by malimux-fw and by tests; owns nothing, no global state. The plan of the image (which
 * sections, where, from which bytes of the file) is the table below; addresses, flags and the layout
 * of the shared interface are those of the images in Debian's firmware-misc-nonfree 20250410 and
 * 20260916, which agree in them. Versions, features and suspend sizes in the interface are 0, as in
 * those: firmware that runs fills them in.
 */
#include "firmware/generate.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "firmware/csf_iface.h"
#include "firmware/image.h"

#define CODE_VA	 0x800000u
#define DATA_VA	 0x2000000u
#define STACK_VA 0x2030000u

/* where things are in the file; the table of entries ends far before the first of them */
#define VECTORS_OFFSET	  0x400u
#define VECTORS_SIZE	  0x40u
#define CODE_OFFSET	  0x440u
#define CODE_SIZE	  0x40u
#define DATA_OFFSET	  0x480u
#define DATA_SIZE	  0x40u
#define BUILD_INFO_OFFSET 0x500u
#define SHARED_OFFSET	  0x1000u
#define SHARED_SIZE	  0x2000u
#define FILE_SIZE	  (SHARED_OFFSET + SHARED_SIZE)

/* the interface, as laid out in real images */
#define GROUP_COUNT	   8u
#define STREAM_COUNT	   8u
#define GROUP_STRIDE	   0xa0u
#define STREAM_STRIDE	   0xcu
#define GLB_INPUT_VA	   (FW_SHARED_VA + 0x2000u)
#define GLB_OUTPUT_VA	   (FW_SHARED_VA + 0x6000u)
#define CSG_INPUT_VA(n)	   (FW_SHARED_VA + 0x3000u + (n)*0x80u)
#define CSG_OUTPUT_VA(n)   (FW_SHARED_VA + 0x7000u + (n)*0x40u)
#define CS_INPUT_VA(n, m)  (FW_SHARED_VA + 0x3400u + ((n)*STREAM_COUNT + (m)) * 0x80u)
#define CS_OUTPUT_VA(n, m) (FW_SHARED_VA + 0x7200u + ((n)*STREAM_COUNT + (m)) * 0x100u)
#define INSTR_FEATURES	   0x71u

/* an optional entry of a type that no parser knows, as real images have some (5, 7, 8, 9) */
#define UNKNOWN_TYPE	9u
#define UNKNOWN_SIZE	12u
#define CONFIG_SIZE	24u
#define SECTION_SIZE	32u /* of the entry, with 8 bytes that loaders ignore */
#define BUILD_INFO_SIZE 12u

#define CACHED		MMX_FIELD_PREP(FW_SECTION_CACHE, FW_CACHE_CACHED)
#define CACHED_COHERENT MMX_FIELD_PREP(FW_SECTION_CACHE, FW_CACHE_CACHED_COHERENT)

static const struct plan {
	uint32_t flags, va_start, va_end, data_start, data_end;
} plans[] = {
	/* the vectors twice, from the same bytes: where the MCU reads them, and where code does */
	{ FW_SECTION_READ | CACHED, 0x400000, 0x401000, VECTORS_OFFSET,
	  VECTORS_OFFSET + VECTORS_SIZE },
	{ FW_SECTION_READ | CACHED, 0x0, 0x1000, VECTORS_OFFSET, VECTORS_OFFSET + VECTORS_SIZE },
	{ FW_SECTION_READ | FW_SECTION_EXECUTE | CACHED, CODE_VA, 0x820000, CODE_OFFSET,
	  CODE_OFFSET + CODE_SIZE },
	/* variables, and their first values once more */
	{ FW_SECTION_READ | FW_SECTION_WRITE | CACHED | FW_SECTION_ZERO, DATA_VA, 0x2040000,
	  DATA_OFFSET, DATA_OFFSET + DATA_SIZE },
	{ FW_SECTION_READ | CACHED | FW_SECTION_ZERO, 0x1000000, 0x1040000, DATA_OFFSET,
	  DATA_OFFSET + DATA_SIZE },
	{ FW_SECTION_READ | FW_SECTION_WRITE | CACHED | FW_SECTION_PROTECTED, 0x3000000, 0x3040000,
	  0, 0 },
	{ FW_SECTION_READ | FW_SECTION_WRITE | CACHED_COHERENT | FW_SECTION_SHARED |
		  FW_SECTION_ZERO,
	  FW_SHARED_VA, FW_SHARED_VA + 0xc000, SHARED_OFFSET, SHARED_OFFSET + SHARED_SIZE },
};

#define TABLE_SIZE_MAX                                                                    \
	(FW_HEADER_SIZE + sizeof(plans) / sizeof(plans[0]) * SECTION_SIZE + CONFIG_SIZE + \
	 UNKNOWN_SIZE + BUILD_INFO_SIZE)

static_assert(TABLE_SIZE_MAX <= VECTORS_OFFSET, "the entries run into the data");
static_assert(BUILD_INFO_OFFSET + MMX_FW_BUILD_INFO_MAX <= SHARED_OFFSET,
	      "the build information runs into the interface");
static_assert(CSF_CSG_CONTROL_OFFSET + GROUP_COUNT * GROUP_STRIDE <= SHARED_SIZE,
	      "the control blocks run out of the interface's data");

static void put_le32(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)value;
	p[1] = (uint8_t)(value >> 8);
	p[2] = (uint8_t)(value >> 16);
	p[3] = (uint8_t)(value >> 24);
}

static void put_words(uint8_t *p, const uint32_t *words, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		put_le32(p + 4 * i, words[i]);
}

/* Puts an entry's first word at @offset; returns where its body begins. */
static uint8_t *put_entry(uint8_t *file, uint32_t *offset, uint32_t type, uint32_t size,
			  uint32_t flags)
{
	uint8_t *body = file + *offset + 4;

	put_le32(file + *offset,
		 MMX_FIELD_PREP(FW_ENTRY_TYPE, type) | MMX_FIELD_PREP(FW_ENTRY_SIZE, size) | flags);
	*offset += size;
	return body;
}

static void put_config_entry(uint8_t *file, uint32_t *offset)
{
	uint8_t *body = put_entry(file, offset, FW_ENTRY_CONFIG, CONFIG_SIZE, FW_ENTRY_OPTIONAL);

	/* address of the word to configure, its least and its largest value, its name */
	put_words(body, (const uint32_t[]){ DATA_VA, 0, 3 }, 3);
	memcpy(body + 12, "Level", sizeof("Level"));
}

static void put_build_info(uint8_t *file, uint32_t *offset, const char *text)
{
	size_t len = strnlen(text, MMX_FW_BUILD_INFO_MAX - 1);
	uint8_t *body =
		put_entry(file, offset, FW_ENTRY_BUILD_INFO, BUILD_INFO_SIZE, FW_ENTRY_OPTIONAL);

	put_words(body, (const uint32_t[]){ BUILD_INFO_OFFSET, (uint32_t)len + 1 }, 2);
	memcpy(file + BUILD_INFO_OFFSET, text, len);
}

static void put_vectors(uint8_t *vectors)
{
	uint32_t i;

	/* Armv7-M, "The vector table": first word the stack, then entries with the Thumb bit set */
	put_le32(vectors, STACK_VA);
	for (i = 1; i < VECTORS_SIZE / 4; i++)
		put_le32(vectors + 4 * i, CODE_VA | 1);
}

static void put_code(uint8_t *code)
{
	/* WFI; B to it */
	memcpy(code, (const uint8_t[]){ 0x30, 0xbf, 0xfd, 0xe7 }, 4);
}

static void put_shared(uint8_t *shared)
{
	uint32_t n, m;

	put_words(shared,
		  (const uint32_t[]){ 0, 0, GLB_INPUT_VA, GLB_OUTPUT_VA, GROUP_COUNT, GROUP_STRIDE,
				      0, INSTR_FEATURES },
		  8);
	for (n = 0; n < GROUP_COUNT; n++) {
		uint8_t *group = shared + CSF_CSG_CONTROL_OFFSET + n * GROUP_STRIDE;

		put_words(group,
			  (const uint32_t[]){ 0, CSG_INPUT_VA(n), CSG_OUTPUT_VA(n), 0, 0,
					      STREAM_COUNT, STREAM_STRIDE },
			  7);
		for (m = 0; m < STREAM_COUNT; m++)
			put_words(group + CSF_CS_CONTROL_OFFSET + m * STREAM_STRIDE,
				  (const uint32_t[]){ 0, CS_INPUT_VA(n, m), CS_OUTPUT_VA(n, m) },
				  3);
	}
}

uint32_t mmx_fw_generate_interface_of_arch(unsigned long arch)
{
	switch (arch) {
	case 10:
		return CSF_VERSION(1, 5, 0);
	case 11:
		return CSF_VERSION(2, 8, 0);
	case 12:
	case 13:
		return CSF_VERSION(3, 13, 0);
	default:
		return 0;
	}
}

int mmx_fw_generate(const struct mmx_fw_generate_options *options, uint8_t **ret_data,
		    size_t *ret_size)
{
	uint8_t *file = calloc(1, FILE_SIZE);
	uint32_t offset = FW_HEADER_SIZE;
	size_t i;

	if (!file)
		return -ENOMEM;
	for (i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
		const struct plan *plan = &plans[i];
		uint8_t *body = put_entry(file, &offset, FW_ENTRY_SECTION, SECTION_SIZE, 0);

		put_words(body,
			  (const uint32_t[]){ plan->flags, plan->va_start, plan->va_end,
					      plan->data_start, plan->data_end },
			  5);
	}
	put_config_entry(file, &offset);
	put_entry(file, &offset, UNKNOWN_TYPE, UNKNOWN_SIZE, FW_ENTRY_OPTIONAL);
	if (options->build_info)
		put_build_info(file, &offset, options->build_info);

	/* magic; format 0.3, which real images have; interface version; 0; size of the table */
	put_words(file, (const uint32_t[]){ FW_MAGIC, 3, options->interface_version, 0, offset },
		  5);
	put_vectors(file + VECTORS_OFFSET);
	put_code(file + CODE_OFFSET);
	/* the variables: one word that is not zero, so that a loader that forgets them is noticed */
	put_le32(file + DATA_OFFSET, FW_MAGIC);
	put_shared(file + SHARED_OFFSET);

	*ret_data = file;
	*ret_size = FILE_SIZE;
	return 0;
}
