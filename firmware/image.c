// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Parser of firmware images.
 *
 * Owns the parsed image, with a private copy of the file: the caller's buffer may be a mapping that
 * changes while it is read. Called by the firmware loader of the backend and by malimux-fw; any
 * thread, no global state.
 *
 * The file is hostile until it is parsed. Each word is read from the copy, at an offset that was
 * checked to lie within it; sums of two 32-bit words are made in 64 bits. What parse() returns holds:
 * sections begin and end at pages, are not empty, share no addresses, and have their data within the
 * file and within their size.
 */
#include "firmware/image.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* sizes of the entries that are understood, and where their words are */
#define SECTION_ENTRY_SIZE    24u
#define BUILD_INFO_ENTRY_SIZE 12u

struct parser {
	struct mmx_fw_image *image;
	struct mmx_fw_error *error; /* may be NULL */
	uint64_t load_bytes;
	bool has_build_info;
};

static uint32_t get_le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

__attribute__((format(printf, 5, 6))) static int refuse(struct mmx_fw_error *error,
							enum mmx_fw_outcome outcome, uint32_t entry,
							uint64_t offset, const char *format, ...)
{
	va_list args;
	int len;

	if (!error)
		return outcome;
	error->entry = entry;
	error->offset = offset;
	if (entry == MMX_FW_NO_ENTRY)
		len = snprintf(error->text, sizeof(error->text), "header, offset %#" PRIx64 ": ",
			       offset);
	else
		len = snprintf(error->text, sizeof(error->text),
			       "entry %" PRIu32 ", offset %#" PRIx64 ": ", entry, offset);
	va_start(args, format);
	vsnprintf(error->text + len, sizeof(error->text) - (size_t)len, format, args);
	va_end(args);
	return outcome;
}

static int parse_header(struct parser *parser)
{
	struct mmx_fw_image *image = parser->image;
	const uint8_t *file = image->file;
	uint32_t magic;

	if (image->size < FW_HEADER_SIZE)
		return refuse(parser->error, FW_E_TRUNCATED, MMX_FW_NO_ENTRY, image->size,
			      "the file ends after %zu bytes, within the header of %u bytes",
			      image->size, FW_HEADER_SIZE);
	magic = get_le32(file);
	if (magic != FW_MAGIC)
		return refuse(parser->error, FW_E_MAGIC, MMX_FW_NO_ENTRY, 0,
			      "not a firmware image: magic %#" PRIx32 ", not %#" PRIx32, magic,
			      FW_MAGIC);
	image->format_minor = file[4];
	image->format_major = file[5];
	if (image->format_major != FW_FORMAT_MAJOR)
		return refuse(parser->error, FW_E_VERSION, MMX_FW_NO_ENTRY, 5,
			      "version %u.%u of the file format is not known", image->format_major,
			      image->format_minor);
	image->interface_version = get_le32(file + 8);
	image->table_size = get_le32(file + 16);
	if (image->table_size < FW_HEADER_SIZE || image->table_size % 4)
		return refuse(parser->error, FW_E_SIZE, MMX_FW_NO_ENTRY, 16,
			      "header and entries cannot have %" PRIu32 " bytes",
			      image->table_size);
	if (image->table_size > image->size)
		return refuse(parser->error, FW_E_TRUNCATED, MMX_FW_NO_ENTRY, 16,
			      "header and entries have %" PRIu32 " bytes, the file only %zu",
			      image->table_size, image->size);
	return 0;
}

/* A word of an entry; the entry's size says that it is there. */
static uint32_t entry_word(const struct parser *parser, const struct mmx_fw_entry *entry,
			   uint32_t offset)
{
	return get_le32(parser->image->file + entry->offset + offset);
}

static int parse_entry_head(struct parser *parser, uint32_t offset)
{
	struct mmx_fw_image *image = parser->image;
	struct mmx_fw_entry *entry;
	uint32_t index = image->entry_count, word;

	if (index == MMX_FW_MAX_ENTRIES)
		return refuse(parser->error, FW_E_LIMIT, index, offset,
			      "the image has more than %u entries", MMX_FW_MAX_ENTRIES);
	/* table_size and all sizes of entries are multiples of 4: the word is within the table */
	word = get_le32(image->file + offset);
	entry = &image->entries[index];
	entry->offset = offset;
	entry->type = (uint8_t)MMX_FIELD_GET(FW_ENTRY_TYPE, word);
	entry->size = MMX_FIELD_GET(FW_ENTRY_SIZE, word);
	entry->optional = word & FW_ENTRY_OPTIONAL;
	entry->update = word & FW_ENTRY_UPDATE;

	if (entry->size < 4 || entry->size % 4)
		return refuse(parser->error, FW_E_SIZE, index, offset,
			      "an entry of type %u cannot have %" PRIu32 " bytes", entry->type,
			      entry->size);
	if (entry->size > image->table_size - offset)
		return refuse(parser->error, FW_E_SIZE, index, offset,
			      "has %" PRIu32 " bytes, but the entries end after %" PRIu32,
			      entry->size, image->table_size - offset);
	image->entry_count++;
	return 0;
}

static int check_section_addresses(struct parser *parser, const struct mmx_fw_section *section,
				   uint32_t offset)
{
	const struct mmx_fw_image *image = parser->image;
	unsigned int i;

	if (section->va_start % FW_PAGE_SIZE)
		return refuse(parser->error, FW_E_MISALIGNED, section->entry, offset + 8,
			      "the section begins at %#" PRIx32 ", which is not a page",
			      section->va_start);
	if (section->va_end % FW_PAGE_SIZE)
		return refuse(parser->error, FW_E_MISALIGNED, section->entry, offset + 12,
			      "the section ends at %#" PRIx32 ", which is not a page",
			      section->va_end);
	if (section->va_end < section->va_start)
		return refuse(parser->error, FW_E_OVERFLOW, section->entry, offset + 12,
			      "the section ends at %#" PRIx32 ", before it begins (%#" PRIx32 ")",
			      section->va_end, section->va_start);
	if (section->va_end == section->va_start)
		return refuse(parser->error, FW_E_SECTION, section->entry, offset + 12,
			      "the section at %#" PRIx32 " is empty", section->va_start);
	for (i = 0; i < image->section_count; i++) {
		const struct mmx_fw_section *other = &image->sections[i];

		if (section->va_start < other->va_end && other->va_start < section->va_end)
			return refuse(parser->error, FW_E_OVERLAP, section->entry, offset + 8,
				      "the section %#" PRIx32 "..%#" PRIx32 " overlaps %#" PRIx32
				      "..%#" PRIx32 " of entry %" PRIu32,
				      section->va_start, section->va_end, other->va_start,
				      other->va_end, other->entry);
	}
	return 0;
}

static int check_section_data(struct parser *parser, struct mmx_fw_section *section,
			      uint32_t data_end, uint32_t offset)
{
	struct mmx_fw_image *image = parser->image;

	if (data_end < section->data_offset)
		return refuse(parser->error, FW_E_OVERFLOW, section->entry, offset + 20,
			      "the data end at %#" PRIx32 ", before they begin (%#" PRIx32 ")",
			      data_end, section->data_offset);
	if (data_end > image->size)
		return refuse(parser->error, FW_E_TRUNCATED, section->entry, offset + 20,
			      "the data end at %#" PRIx32 ", beyond the file of %zu bytes",
			      data_end, image->size);
	section->data_size = data_end - section->data_offset;
	section->data = image->file + section->data_offset;
	if (section->data_size > mmx_fw_section_size(section))
		return refuse(parser->error, FW_E_SECTION, section->entry, offset + 20,
			      "%#" PRIx32 " bytes of data do not fit the section of %#" PRIx32,
			      section->data_size, mmx_fw_section_size(section));
	return 0;
}

static int parse_section(struct parser *parser, uint32_t index)
{
	struct mmx_fw_image *image = parser->image;
	const struct mmx_fw_entry *entry = &image->entries[index];
	struct mmx_fw_section section = { .entry = index };
	int r;

	if (entry->size < SECTION_ENTRY_SIZE)
		return refuse(parser->error, FW_E_SIZE, index, entry->offset,
			      "a section's entry has %u bytes or more, this one %" PRIu32,
			      SECTION_ENTRY_SIZE, entry->size);
	if (image->section_count == MMX_FW_MAX_SECTIONS)
		return refuse(parser->error, FW_E_LIMIT, index, entry->offset,
			      "the image has more than %u sections", MMX_FW_MAX_SECTIONS);
	section.flags = entry_word(parser, entry, 4);
	section.va_start = entry_word(parser, entry, 8);
	section.va_end = entry_word(parser, entry, 12);
	section.data_offset = entry_word(parser, entry, 16);
	if (section.flags & ~FW_SECTION_KNOWN_FLAGS)
		return refuse(parser->error, FW_E_SECTION, index, entry->offset + 4,
			      "unknown flags %#" PRIx32 " of the section at %#" PRIx32,
			      section.flags & ~FW_SECTION_KNOWN_FLAGS, section.va_start);
	r = check_section_addresses(parser, &section, entry->offset);
	if (r)
		return r;
	r = check_section_data(parser, &section, entry_word(parser, entry, 20), entry->offset);
	if (r)
		return r;
	parser->load_bytes += mmx_fw_section_size(&section);
	if (parser->load_bytes > MMX_FW_MAX_LOAD_BYTES)
		return refuse(parser->error, FW_E_LIMIT, index, entry->offset + 12,
			      "the sections need more than %u bytes of memory",
			      MMX_FW_MAX_LOAD_BYTES);
	image->sections[image->section_count++] = section;
	return 0;
}

/* The text goes to terminals and logs: it is cut at its first NUL, and freed of anything but text. */
static void copy_build_info(char *to, size_t size, const uint8_t *from, size_t len)
{
	size_t i;

	for (i = 0; i < len && i < size - 1 && from[i]; i++)
		to[i] = from[i] >= 0x20 && from[i] < 0x7f ? (char)from[i] : '?';
	while (i && to[i - 1] == ' ')
		i--;
	to[i] = '\0';
}

static int parse_build_info(struct parser *parser, uint32_t index)
{
	struct mmx_fw_image *image = parser->image;
	const struct mmx_fw_entry *entry = &image->entries[index];
	uint32_t start, size;

	if (entry->size < BUILD_INFO_ENTRY_SIZE)
		return refuse(
			parser->error, FW_E_SIZE, index, entry->offset,
			"the build information's entry has %u bytes or more, this one %" PRIu32,
			BUILD_INFO_ENTRY_SIZE, entry->size);
	start = entry_word(parser, entry, 4);
	size = entry_word(parser, entry, 8);
	if ((uint64_t)start + size > image->size)
		return refuse(parser->error, FW_E_TRUNCATED, index, entry->offset + 4,
			      "the build information (%#" PRIx32 " + %#" PRIx32
			      ") lies beyond the file of %zu bytes",
			      start, size, image->size);
	if (!parser->has_build_info)
		copy_build_info(image->build_info, sizeof(image->build_info), image->file + start,
				size);
	parser->has_build_info = true;
	return 0;
}

static int parse_entry(struct parser *parser, uint32_t index)
{
	const struct mmx_fw_entry *entry = &parser->image->entries[index];

	switch (entry->type) {
	case FW_ENTRY_SECTION:
		return parse_section(parser, index);
	case FW_ENTRY_BUILD_INFO:
		return parse_build_info(parser, index);
	case FW_ENTRY_CONFIG:
	case FW_ENTRY_TEST:
	case FW_ENTRY_TRACE_BUFFER:
	case FW_ENTRY_TIMELINE:
		parser->image->skipped_count++;
		return 0;
	default:
		if (!entry->optional)
			return refuse(parser->error, FW_E_UNKNOWN_ENTRY, index, entry->offset,
				      "of unknown type %u, and not optional", entry->type);
		parser->image->skipped_count++;
		return 0;
	}
}

static int parse_file(struct parser *parser)
{
	struct mmx_fw_image *image = parser->image;
	uint32_t offset = FW_HEADER_SIZE, index;
	int r;

	r = parse_header(parser);
	if (r)
		return r;
	while (offset < image->table_size) {
		index = image->entry_count;
		r = parse_entry_head(parser, offset);
		if (r)
			return r;
		r = parse_entry(parser, index);
		if (r)
			return r;
		offset += image->entries[index].size;
	}
	return 0;
}

int mmx_fw_image_parse(const void *data, size_t size, struct mmx_fw_image **ret_image,
		       struct mmx_fw_error *ret_error)
{
	struct parser parser = { .error = ret_error };
	struct mmx_fw_image *image;
	int r;

	if (size > MMX_FW_MAX_FILE_SIZE)
		return refuse(ret_error, FW_E_LIMIT, MMX_FW_NO_ENTRY, MMX_FW_MAX_FILE_SIZE,
			      "the file has more than %u bytes", MMX_FW_MAX_FILE_SIZE);
	image = calloc(1, sizeof(*image));
	if (!image)
		return -ENOMEM;
	image->file = malloc(size ? size : 1);
	image->entries = calloc(MMX_FW_MAX_ENTRIES, sizeof(*image->entries));
	image->sections = calloc(MMX_FW_MAX_SECTIONS, sizeof(*image->sections));
	if (!image->file || !image->entries || !image->sections) {
		r = -ENOMEM;
		goto err_destroy;
	}
	if (size)
		memcpy(image->file, data, size);
	image->size = size;
	parser.image = image;
	r = parse_file(&parser);
	if (r)
		goto err_destroy;
	*ret_image = image;
	return 0;

err_destroy:
	mmx_fw_image_destroy(image);
	return r;
}

void mmx_fw_image_destroy(struct mmx_fw_image *image)
{
	if (!image)
		return;
	free(image->sections);
	free(image->entries);
	free(image->file);
	free(image);
}

const struct mmx_fw_section *mmx_fw_image_section_at(const struct mmx_fw_image *image, uint32_t va)
{
	unsigned int i;

	for (i = 0; i < image->section_count; i++)
		if (va >= image->sections[i].va_start && va < image->sections[i].va_end)
			return &image->sections[i];
	return NULL;
}

int mmx_fw_image_shared_section(const struct mmx_fw_image *image,
				const struct mmx_fw_section **ret_section,
				struct mmx_fw_error *ret_error)
{
	const struct mmx_fw_section *section = mmx_fw_image_section_at(image, FW_SHARED_VA);

	if (!section || section->va_start != FW_SHARED_VA)
		return refuse(ret_error, FW_E_NO_SHARED, MMX_FW_NO_ENTRY, FW_HEADER_SIZE,
			      "no section begins at the shared interface's address, %#" PRIx32,
			      FW_SHARED_VA);
	if (!mmx_fw_section_shared(section) || mmx_fw_section_protected(section))
		return refuse(ret_error, FW_E_NOT_SHARED, section->entry,
			      image->entries[section->entry].offset + 4,
			      "the section at %#" PRIx32 " is not flagged as shared with the host "
			      "(flags %#" PRIx32 ")",
			      section->va_start, section->flags);
	*ret_section = section;
	return 0;
}

uint32_t mmx_fw_image_load_bytes(const struct mmx_fw_image *image)
{
	uint32_t bytes = 0; /* MMX_FW_MAX_LOAD_BYTES at most */
	unsigned int i;

	for (i = 0; i < image->section_count; i++)
		if (!mmx_fw_section_protected(&image->sections[i]))
			bytes += mmx_fw_section_size(&image->sections[i]);
	return bytes;
}

const char *mmx_fw_outcome_name(int outcome)
{
	static const char *const names[] = {
		[FW_E_TRUNCATED] = "truncated", [FW_E_MAGIC] = "magic",
		[FW_E_VERSION] = "version",	[FW_E_SIZE] = "size",
		[FW_E_OVERFLOW] = "overflow",	[FW_E_MISALIGNED] = "misaligned",
		[FW_E_OVERLAP] = "overlap",	[FW_E_UNKNOWN_ENTRY] = "unknown-entry",
		[FW_E_SECTION] = "section",	[FW_E_LIMIT] = "limit",
		[FW_E_NO_SHARED] = "no-shared", [FW_E_NOT_SHARED] = "not-shared",
	};

	if (outcome <= 0 || (size_t)outcome >= sizeof(names) / sizeof(names[0]))
		return "unknown";
	return names[outcome];
}

const char *mmx_fw_entry_type_name(uint8_t type)
{
	switch (type) {
	case FW_ENTRY_SECTION:
		return "section";
	case FW_ENTRY_CONFIG:
		return "configuration";
	case FW_ENTRY_TEST:
		return "test";
	case FW_ENTRY_TRACE_BUFFER:
		return "trace-buffer";
	case FW_ENTRY_TIMELINE:
		return "timeline";
	case FW_ENTRY_BUILD_INFO:
		return "build-info";
	default:
		return "unknown";
	}
}
