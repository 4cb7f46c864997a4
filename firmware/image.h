/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The firmware image of CSF GPUs (mali_csffw.bin), taken apart and checked.
 *
 *	 0                               4 bytes
 *	+-------------------------------+
 *	| magic 0xc3f13a6e              |  header, little-endian as all of the file
 *	+-------+-------+---------------+
 *	| minor | major | 0             |  version of the file format; major is 0
 *	+-------+-------+---------------+
 *	| interface version             |  major[31:24] minor[23:16] patch[15:0]
 *	+-------------------------------+
 *	| 0                             |
 *	+-------------------------------+
 *	| size                          |  of this header and the entries
 *	+-------------------------------+
 *	| entry 0, entry 1, ...         |  up to size
 *	+-------------------------------+
 *	| data                          |  wherever the entries point
 *	+-------------------------------+
 *
 * An entry begins with a word: type [7:0], size in bytes with this word [15:8], UPDATE 30,
 * OPTIONAL 31. What is understood of its body:
 *
 *	type 0, section:	u32 flags, va_start, va_end, data_start, data_end; the rest is ignored
 *	type 6, build info:	u32 text offset in the file, u32 text size
 *
 * The types 1 to 4 (configuration, test, trace buffer, timeline) are known and not needed. Others are
 * skipped if they are OPTIONAL, and make the image one that can't be run if not.
 *
 * Two sections may share their data in the file (real images do), but never their addresses.
 */
#ifndef FIRMWARE_IMAGE_H
#define FIRMWARE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "firmware/field.h"

#define FW_MAGIC	UINT32_C(0xc3f13a6e)
#define FW_FORMAT_MAJOR 0u
#define FW_HEADER_SIZE	20u
#define FW_PAGE_SIZE	0x1000u
#define FW_SHARED_VA	UINT32_C(0x04000000)

#define FW_VERSION_PATCH MMX_GENMASK(15, 0)
#define FW_VERSION_MINOR MMX_GENMASK(23, 16)
#define FW_VERSION_MAJOR MMX_GENMASK(31, 24)

#define FW_ENTRY_TYPE	  MMX_GENMASK(7, 0)
#define FW_ENTRY_SIZE	  MMX_GENMASK(15, 8)
#define FW_ENTRY_UPDATE	  MMX_BIT(30)
#define FW_ENTRY_OPTIONAL MMX_BIT(31)

#define FW_SECTION_READ	     MMX_BIT(0)
#define FW_SECTION_WRITE     MMX_BIT(1)
#define FW_SECTION_EXECUTE   MMX_BIT(2)
#define FW_SECTION_CACHE     MMX_GENMASK(4, 3)
#define FW_SECTION_PROTECTED MMX_BIT(5)
#define FW_SECTION_SHARED    MMX_BIT(30)
#define FW_SECTION_ZERO	     MMX_BIT(31)
#define FW_SECTION_KNOWN_FLAGS                                                        \
	(FW_SECTION_READ | FW_SECTION_WRITE | FW_SECTION_EXECUTE | FW_SECTION_CACHE | \
	 FW_SECTION_PROTECTED | FW_SECTION_SHARED | FW_SECTION_ZERO)

/*
 * Limits; real images (2025) have 311 KB, 9 sections, 24 entries, 1.3 MB of memory. An entry has at
 * least 4 bytes, so the entries' limit bounds the table too.
 */
#define MMX_FW_MAX_FILE_SIZE  (16u << 20)
#define MMX_FW_MAX_ENTRIES    256u
#define MMX_FW_MAX_SECTIONS   64u
#define MMX_FW_MAX_LOAD_BYTES (32u << 20) /* of all sections together */
#define MMX_FW_BUILD_INFO_MAX 128u /* longer text is cut */

/* Why an image is refused. */
enum mmx_fw_outcome {
	FW_E_TRUNCATED = 1, /* something lies beyond the end of the file */
	FW_E_MAGIC, /* not a firmware image */
	FW_E_VERSION, /* a file format that is not known */
	FW_E_SIZE, /* the size of the table, or of an entry, is impossible */
	FW_E_OVERFLOW, /* a range ends before it begins, or wraps around */
	FW_E_MISALIGNED, /* an address is not that of a page */
	FW_E_OVERLAP, /* two sections share addresses */
	FW_E_UNKNOWN_ENTRY, /* of an entry that must not be skipped */
	FW_E_SECTION, /* empty section, unknown flags, or more data than room */
	FW_E_LIMIT, /* more than MMX_FW_MAX_* */
	FW_E_NO_SHARED, /* no section at FW_SHARED_VA */
	FW_E_NOT_SHARED, /* there is one, but it is not flagged so */
};

enum mmx_fw_entry_type {
	FW_ENTRY_SECTION = 0,
	FW_ENTRY_CONFIG = 1,
	FW_ENTRY_TEST = 2,
	FW_ENTRY_TRACE_BUFFER = 3,
	FW_ENTRY_TIMELINE = 4,
	FW_ENTRY_BUILD_INFO = 6,
};

enum mmx_fw_cache_mode {
	FW_CACHE_NONE,
	FW_CACHE_CACHED,
	FW_CACHE_UNCACHED_COHERENT,
	FW_CACHE_CACHED_COHERENT,
};

/* Of an error that concerns no entry but the header. */
#define MMX_FW_NO_ENTRY UINT32_MAX

struct mmx_fw_error {
	uint32_t entry; /* its index in the table, or MMX_FW_NO_ENTRY */
	uint64_t offset; /* in the file, of the word that is wrong */
	char text[192]; /* what is wrong and where, one line */
};

struct mmx_fw_entry {
	uint32_t offset; /* in the file */
	uint32_t size; /* with its first word */
	uint8_t type;
	bool optional;
	bool update;
};

struct mmx_fw_section {
	uint32_t entry; /* its index in the table */
	uint32_t flags; /* FW_SECTION_*; better read by the accessors below */
	uint32_t va_start; /* MCU address, of a page */
	uint32_t va_end;
	uint32_t data_offset; /* in the file */
	uint32_t data_size; /* at most va_end - va_start */
	const uint8_t *data; /* owned by the image; data_size bytes */
};

struct mmx_fw_image {
	size_t size; /* of the file */
	uint8_t format_major;
	uint8_t format_minor;
	uint32_t interface_version; /* FW_VERSION_* */
	uint32_t table_size; /* header and entries */
	char build_info[MMX_FW_BUILD_INFO_MAX]; /* printable ASCII; "" if the image has none */
	unsigned int skipped_count; /* entries that are neither sections nor build info */
	unsigned int entry_count;
	struct mmx_fw_entry *entries;
	unsigned int section_count;
	struct mmx_fw_section *sections; /* in the order of the file */
	uint8_t *file; /* private copy that section data points into */
};

/**
 * mmx_fw_image_parse() - takes an image apart and checks all of it
 * @data: the file; copied, and not needed afterwards
 * @size: of the file
 * @ret_image: written on success only; free it with mmx_fw_image_destroy()
 * @ret_error: written when the image is refused; may be NULL
 *
 * That the image has a shared section is not part of it: see mmx_fw_image_shared_section().
 *
 * Return: 0; -ENOMEM; or the FW_E_* for which the image is refused.
 */
int mmx_fw_image_parse(const void *data, size_t size, struct mmx_fw_image **ret_image,
		       struct mmx_fw_error *ret_error);

/* NULL is fine. */
void mmx_fw_image_destroy(struct mmx_fw_image *image);

/* The section that holds MCU address @va, or NULL. Protected sections count too. */
const struct mmx_fw_section *mmx_fw_image_section_at(const struct mmx_fw_image *image, uint32_t va);

/**
 * mmx_fw_image_shared_section() - finds the section through which host and firmware talk
 * @ret_section: written on success only
 * @ret_error: written when there is none; may be NULL
 *
 * Return: 0, FW_E_NO_SHARED, or FW_E_NOT_SHARED.
 */
int mmx_fw_image_shared_section(const struct mmx_fw_image *image,
				const struct mmx_fw_section **ret_section,
				struct mmx_fw_error *ret_error);

/* Bytes of memory that the sections need, but for those that a loader skips (protected ones). */
uint32_t mmx_fw_image_load_bytes(const struct mmx_fw_image *image);

/* A short name for an FW_E_*, and for an entry's type ("unknown" for those that are not known). */
const char *mmx_fw_outcome_name(int outcome);
const char *mmx_fw_entry_type_name(uint8_t type);

static inline uint32_t mmx_fw_section_size(const struct mmx_fw_section *section)
{
	return section->va_end - section->va_start;
}

static inline bool mmx_fw_section_readable(const struct mmx_fw_section *section)
{
	return section->flags & FW_SECTION_READ;
}

static inline bool mmx_fw_section_writable(const struct mmx_fw_section *section)
{
	return section->flags & FW_SECTION_WRITE;
}

static inline bool mmx_fw_section_executable(const struct mmx_fw_section *section)
{
	return section->flags & FW_SECTION_EXECUTE;
}

static inline enum mmx_fw_cache_mode mmx_fw_section_cache_mode(const struct mmx_fw_section *section)
{
	return (enum mmx_fw_cache_mode)MMX_FIELD_GET(FW_SECTION_CACHE, section->flags);
}

/* For the protected mode of the GPU; a loader without one skips the section. */
static inline bool mmx_fw_section_protected(const struct mmx_fw_section *section)
{
	return section->flags & FW_SECTION_PROTECTED;
}

static inline bool mmx_fw_section_shared(const struct mmx_fw_section *section)
{
	return section->flags & FW_SECTION_SHARED;
}

/* What lies behind the data is to be cleared at each load, not only at the first. */
static inline bool mmx_fw_section_zeroed(const struct mmx_fw_section *section)
{
	return section->flags & FW_SECTION_ZERO;
}

#endif
