// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What malimuxctl is answered: the first byte chooses the command, the rest is the daemon's line. Whatever it is,
 * only printable ASCII and newlines come out, and of JSON one line that is JSON.
 */
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/malimuxctl/answer.h"
#include "tools/malimuxctl/show.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_output(const struct mmx_ctl_answer *answer, bool json)
{
	struct json_object *parsed;
	char *text;
	size_t i, len;
	FILE *out = open_memstream(&text, &len);

	must(out != NULL);
	must((json ? mmx_ctl_show_json(answer, out) : mmx_ctl_show(answer, out)) == 0);
	fclose(out);
	must(len > 0);
	for (i = 0; i < len; i++)
		must((text[i] >= 0x20 && text[i] < 0x7f) || (!json && text[i] == '\n'));
	if (json) {
		parsed = json_tokener_parse(text);
		must(parsed != NULL);
		json_object_put(parsed);
	}
	free(text);
}

/* What other commands make of it. */
static void check_guests(const struct mmx_ctl_answer *answer)
{
	char *text;
	size_t i, len;
	FILE *out = open_memstream(&text, &len);

	must(out != NULL);
	for (i = 0; i < answer->guest_count; i++)
		mmx_ctl_show_guest(&answer->guests[i], out);
	must(!mmx_ctl_show_rates(answer, answer, 1, out));
	fclose(out);
	for (i = 0; i < len; i++)
		must((text[i] >= 0x20 && text[i] < 0x7f) || text[i] == '\n');
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mmx_ctl_error error = { "" };
	struct mmx_ctl_answer answer;
	int r;

	if (!size)
		return 0;
	r = mmx_ctl_answer_parse((enum mmx_ctl_command)(data[0] % MMX_CTL_COMMANDS),
				 (const char *)data + 1, size - 1, &answer, &error);
	if (r) {
		must(r > 0 && memchr(error.text, '\0', sizeof(error.text)));
		return 0;
	}
	check_output(&answer, false);
	check_output(&answer, true);
	if (answer.command == MMX_CTL_GUESTS)
		check_guests(&answer);
	mmx_ctl_answer_finish(&answer);
	return 0;
}
