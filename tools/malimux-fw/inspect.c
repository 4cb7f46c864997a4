// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * 'malimux-fw inspect': an image in words, as text or JSON.
 *
 * Called by main(); owns nothing between calls. The members of the JSON object and their meaning are
 * in malimux-fw.1: programs read them, so they are only added to.
 */
#include "tools/malimux-fw/inspect.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>

#include "firmware/image.h"
#include "tools/malimux-fw/version.h"

static const char *const cache_mode_names[] = {
	[FW_CACHE_NONE] = "not-cached",
	[FW_CACHE_CACHED] = "cached",
	[FW_CACHE_UNCACHED_COHERENT] = "uncached-coherent",
	[FW_CACHE_CACHED_COHERENT] = "cached-coherent",
};

static const struct {
	uint32_t flag;
	const char *name;
} flag_names[] = {
	{ FW_SECTION_READ, "read" },	       { FW_SECTION_WRITE, "write" },
	{ FW_SECTION_EXECUTE, "execute" },     { FW_SECTION_SHARED, "shared" },
	{ FW_SECTION_PROTECTED, "protected" }, { FW_SECTION_ZERO, "zero" },
};

#define FLAG_COUNT (sizeof(flag_names) / sizeof(flag_names[0]))

/* The image's entries that are neither sections nor build info. */
static bool is_skipped(const struct mmx_fw_entry *entry)
{
	return entry->type != FW_ENTRY_SECTION && entry->type != FW_ENTRY_BUILD_INFO;
}

static void print_sections(const struct mmx_fw_image *image, FILE *out)
{
	unsigned int i, f;

	fprintf(out, "\nsections\n%5s  %-20s  %8s  %-18s  %8s  %s\n", "entry", "addresses", "size",
		"data in file", "size", "flags");
	for (i = 0; i < image->section_count; i++) {
		const struct mmx_fw_section *section = &image->sections[i];

		fprintf(out, "%5" PRIu32 "  %08" PRIx32 "..%08" PRIx32 "    %8" PRIx32,
			section->entry, section->va_start, section->va_end,
			mmx_fw_section_size(section));
		fprintf(out, "  %08" PRIx32 "..%08" PRIx32 "  %8" PRIx32 "  %s",
			section->data_offset, section->data_offset + section->data_size,
			section->data_size, cache_mode_names[mmx_fw_section_cache_mode(section)]);
		for (f = 0; f < FLAG_COUNT; f++)
			if (section->flags & flag_names[f].flag)
				fprintf(out, " %s", flag_names[f].name);
		fputc('\n', out);
	}
}

static void print_skipped(const struct mmx_fw_image *image, FILE *out)
{
	unsigned int i;

	if (!image->skipped_count)
		return;
	fprintf(out, "\nskipped entries\n%5s  %8s  %8s  %s\n", "entry", "offset", "size", "type");
	for (i = 0; i < image->entry_count; i++) {
		const struct mmx_fw_entry *entry = &image->entries[i];

		if (is_skipped(entry))
			fprintf(out, "%5u  %8" PRIx32 "  %8" PRIx32 "  %u %s%s%s\n", i,
				entry->offset, entry->size, entry->type,
				mmx_fw_entry_type_name(entry->type),
				entry->optional ? ", optional" : "",
				entry->update ? ", can be updated" : "");
	}
}

static void print_text(const char *name, const struct mmx_fw_image *image, FILE *out)
{
	char version[MMX_VERSION_TEXT_SIZE];

	fprintf(out, "file        %s, %zu bytes\n", name, image->size);
	fprintf(out, "format      %u.%u\n", image->format_major, image->format_minor);
	fprintf(out, "interface   %s\n", mmx_version_format(image->interface_version, version));
	fprintf(out, "build info  %s\n", image->build_info[0] ? image->build_info : "(none)");
	fprintf(out, "memory      %" PRIu32 " KiB\n", mmx_fw_image_load_bytes(image) / 1024);
	print_sections(image, out);
	print_skipped(image, out);
}

/* Takes @value over; a failed allocation anywhere leaves *@ok false, and the whole is thrown away. */
static void add(struct json_object *object, const char *key, struct json_object *value, bool *ok)
{
	if (!object || !value || json_object_object_add(object, key, value)) {
		json_object_put(value);
		*ok = false;
	}
}

static void append(struct json_object *array, struct json_object *value, bool *ok)
{
	if (!array || !value || json_object_array_add(array, value)) {
		json_object_put(value);
		*ok = false;
	}
}

static struct json_object *section_json(const struct mmx_fw_section *section, bool *ok)
{
	struct json_object *object = json_object_new_object();
	struct json_object *flags = json_object_new_array();
	unsigned int f;

	add(object, "entry", json_object_new_int64(section->entry), ok);
	add(object, "va_start", json_object_new_int64(section->va_start), ok);
	add(object, "va_end", json_object_new_int64(section->va_end), ok);
	add(object, "size", json_object_new_int64(mmx_fw_section_size(section)), ok);
	add(object, "data_start", json_object_new_int64(section->data_offset), ok);
	add(object, "data_size", json_object_new_int64(section->data_size), ok);
	add(object, "cache",
	    json_object_new_string(cache_mode_names[mmx_fw_section_cache_mode(section)]), ok);
	for (f = 0; f < FLAG_COUNT; f++)
		if (section->flags & flag_names[f].flag)
			append(flags, json_object_new_string(flag_names[f].name), ok);
	add(object, "flags", flags, ok);
	return object;
}

static struct json_object *skipped_json(const struct mmx_fw_image *image, bool *ok)
{
	struct json_object *array = json_object_new_array();
	unsigned int i;

	for (i = 0; i < image->entry_count; i++) {
		const struct mmx_fw_entry *entry = &image->entries[i];
		struct json_object *object;

		if (!is_skipped(entry))
			continue;
		object = json_object_new_object();
		add(object, "entry", json_object_new_int64(i), ok);
		add(object, "offset", json_object_new_int64(entry->offset), ok);
		add(object, "size", json_object_new_int64(entry->size), ok);
		add(object, "type", json_object_new_int64(entry->type), ok);
		add(object, "type_name",
		    json_object_new_string(mmx_fw_entry_type_name(entry->type)), ok);
		add(object, "optional", json_object_new_boolean(entry->optional), ok);
		append(array, object, ok);
	}
	return array;
}

static void add_image(struct json_object *object, const struct mmx_fw_image *image, bool *ok)
{
	struct json_object *sections = json_object_new_array();
	char version[MMX_VERSION_TEXT_SIZE];
	unsigned int i;

	add(object, "size", json_object_new_int64((int64_t)image->size), ok);
	snprintf(version, sizeof(version), "%u.%u", image->format_major, image->format_minor);
	add(object, "format", json_object_new_string(version), ok);
	add(object, "interface_version",
	    json_object_new_string(mmx_version_format(image->interface_version, version)), ok);
	add(object, "build_info", json_object_new_string(image->build_info), ok);
	add(object, "load_bytes", json_object_new_int64(mmx_fw_image_load_bytes(image)), ok);
	for (i = 0; i < image->section_count; i++)
		append(sections, section_json(&image->sections[i], ok), ok);
	add(object, "sections", sections, ok);
	add(object, "skipped", skipped_json(image, ok), ok);
}

/* @image is NULL, or @outcome 0, or neither (it can be taken apart but not loaded). */
static int print_json(const char *name, const struct mmx_fw_image *image, int outcome,
		      const struct mmx_fw_error *error, FILE *out)
{
	struct json_object *object = json_object_new_object();
	bool ok = true;
	int r = -ENOMEM;

	add(object, "file", json_object_new_string(name), &ok);
	add(object, "loadable", json_object_new_boolean(!outcome), &ok);
	if (image)
		add_image(object, image, &ok);
	if (outcome) {
		struct json_object *why = json_object_new_object();

		add(why, "outcome", json_object_new_string(mmx_fw_outcome_name(outcome)), &ok);
		if (error->entry != MMX_FW_NO_ENTRY)
			add(why, "entry", json_object_new_int64(error->entry), &ok);
		add(why, "offset", json_object_new_int64((int64_t)error->offset), &ok);
		add(why, "text", json_object_new_string(error->text), &ok);
		add(object, "error", why, &ok);
	}
	if (ok) {
		const char *text = json_object_to_json_string_ext(
			object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);

		if (text)
			r = fprintf(out, "%s\n", text) < 0 ? -EIO : 0;
	}
	json_object_put(object);
	return r;
}

int mmx_inspect(const char *name, const uint8_t *data, size_t size, bool json, FILE *out, FILE *err)
{
	const struct mmx_fw_section *shared;
	struct mmx_fw_image *image = NULL;
	struct mmx_fw_error error;
	int outcome, r = 0;

	outcome = mmx_fw_image_parse(data, size, &image, &error);
	if (outcome < 0)
		return outcome;
	if (!outcome)
		outcome = mmx_fw_image_shared_section(image, &shared, &error);
	if (json)
		r = print_json(name, image, outcome, &error, out);
	else if (image)
		print_text(name, image, out);
	mmx_fw_image_destroy(image);
	if (!r && (fflush(out) || ferror(out)))
		r = -EIO;
	if (r)
		return r;
	if (outcome)
		fprintf(err, "%s: refused (%s): %s\n", name, mmx_fw_outcome_name(outcome),
			error.text);
	return outcome;
}
