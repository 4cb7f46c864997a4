// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The trace in Chrome's JSON format: an array of events, one a line. A thing that takes time is an event of
 * phase X, another one an instant (i); times are microseconds of the model's clock. Each (block, index) is
 * a track, a thread of the one process, named when it is first seen. The array is closed at the end, but
 * readers take it without, so a trace of a process that was killed is good, too. Called by vfu.c.
 */
#include "tools/model/chrome.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define TRACKS_MAX 512u /* of a GPU of 31 slots with 8 streams each and 64 cores, with room */

struct mmx_chrome {
	FILE *file;
	bool any;
	unsigned int count;
	struct {
		const char *block;
		unsigned int index;
	} tracks[TRACKS_MAX];
};

struct mmx_chrome *mmx_chrome_create(FILE *file)
{
	struct mmx_chrome *chrome = calloc(1, sizeof(*chrome));

	if (chrome)
		chrome->file = file;
	return chrome;
}

void mmx_chrome_destroy(struct mmx_chrome *chrome)
{
	if (!chrome)
		return;
	fputs(chrome->any ? "\n]\n" : "[]\n", chrome->file);
	fflush(chrome->file);
	free(chrome);
}

static void begin(struct mmx_chrome *chrome)
{
	fputs(chrome->any ? ",\n" : "[\n", chrome->file);
	chrome->any = true;
}

/* Number of the track, from 1 on; what finds no room shares the last one. */
static unsigned int track_of(struct mmx_chrome *chrome, const struct mmx_model_span *span)
{
	unsigned int i;

	for (i = 0; i < chrome->count; i++) {
		if (chrome->tracks[i].index == span->index &&
		    !strcmp(chrome->tracks[i].block, span->block))
			return i + 1;
	}
	if (i == TRACKS_MAX)
		return TRACKS_MAX;
	chrome->tracks[i].block = span->block;
	chrome->tracks[i].index = span->index;
	chrome->count++;
	begin(chrome);
	fprintf(chrome->file,
		"{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":1,\"tid\":%u,\"args\":{\"name\":\"%s "
		"%u\"}}",
		i + 1, span->block, span->index);
	return i + 1;
}

/* Names are the model's own: nothing in them has to be escaped. */
void mmx_chrome_span(struct mmx_chrome *chrome, const struct mmx_model_span *span)
{
	unsigned int track = track_of(chrome, span);

	begin(chrome);
	fprintf(chrome->file,
		"{\"name\":\"%s\",\"ph\":\"%s\",\"pid\":1,\"tid\":%u,\"ts\":%llu.%03u", span->name,
		span->ns ? "X" : "i", track, (unsigned long long)(span->start_ns / 1000),
		(unsigned int)(span->start_ns % 1000));
	if (span->ns)
		fprintf(chrome->file, ",\"dur\":%llu.%03u}", (unsigned long long)(span->ns / 1000),
			(unsigned int)(span->ns % 1000));
	else
		fputs(",\"s\":\"t\"}", chrome->file);
}
