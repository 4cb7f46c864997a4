// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The conformance suite: every message with every way to be wrong, against a running daemon. What must come of it is
 * stated twice: as the answer, and as what the daemon holds before and after (of its control socket), and whether the
 * right message still does what it should (conformance_check.c).
 *
 * Usage: conformance CONTROL SOCKET PARTITION SOCKET PARTITION
 *
 * Ends with 0 if all holds. Each case that does not is told by its name.
 */
#include "tests/int/conformance.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/work.h"

/* ---- rows ---- */

static uint64_t value_of(const struct env *env, const struct edit *edit)
{
	uint32_t limit;

	switch (edit->base) {
	case BASE_NONE:
		return edit->value;
	case BASE_SEQNO:
		return env->seqno + edit->value;
	case BASE_BIND_SEQNO:
		return env->bind_seqno + edit->value;
	case BASE_SHADER:
		return env->raw.hello.gpu.shader_present + edit->value;
	case BASE_TILER:
		return env->raw.hello.gpu.tiler_present + edit->value;
	case BASE_DATA:
		return env->raw.first_page + edit->value;
	case BASE_DATA_END:
		return env->raw.first_page + env->raw.front.data_size / PAGE + edit->value;
	case BASE_LIMIT:
		memcpy(&limit, (const uint8_t *)&env->raw.hello.limits + edit->limit,
		       sizeof(limit));
		return limit + edit->value;
	}
	return 0;
}

/* The wire is little-endian, and so are all machines that this runs on. */
static void apply(const struct env *env, union mmx_msg_buf *msg, const struct edit *edit)
{
	uint64_t value = value_of(env, edit);

	memcpy(msg->bytes + edit->offset, &value, edit->size);
}

static uint32_t count_of(const struct form *form, const union mmx_msg_buf *msg)
{
	uint32_t count = 0;

	if (form->elem)
		memcpy(&count, msg->bytes + form->count_offset, sizeof(count));
	return count;
}

static void alter_row(struct env *env, const struct form *form, union mmx_msg_buf *msg,
		      const void *arg)
{
	const struct row *row = arg;
	uint32_t count, i;
	size_t e;

	for (e = 0; e < sizeof(row->edits) / sizeof(row->edits[0]) && row->edits[e].size; e++)
		apply(env, msg, &row->edits[e]);
	/* elements that are there no more are not, and new ones are zeroes */
	count = count_of(form, msg);
	for (i = form->fixed + count * form->elem; i < msg->hdr.size; i++)
		msg->bytes[i] = 0;
	msg->hdr.size = form->fixed + count * form->elem;
}

static void try_rows(struct env *env)
{
	size_t i;

	for (i = 0; i < row_count; i++) {
		const struct form *form = form_of(rows[i].type);

		if (form)
			try_case(env, form, rows[i].name, "", rows[i].error, rows[i].job, alter_row,
				 &rows[i]);
		else
			wrong("row", rows[i].name, "", "there is no form of type %u", rows[i].type);
	}
}

/* ---- what can be derived from a form ---- */

static void set_size(struct env *env, const struct form *form, union mmx_msg_buf *msg,
		     const void *arg)
{
	(void)env;
	(void)form;
	msg->hdr.size = *(const uint32_t *)arg;
}

/* So many bytes, of which the last one is not zero. */
static void set_tail(struct env *env, const struct form *form, union mmx_msg_buf *msg,
		     const void *arg)
{
	set_size(env, form, msg, arg);
	msg->bytes[msg->hdr.size - 1] = 1;
}

static void set_count(struct env *env, const struct form *form, union mmx_msg_buf *msg,
		      const void *arg)
{
	(void)env;
	memcpy(msg->bytes + form->count_offset, arg, sizeof(uint32_t));
	msg->hdr.size = MMX_MSG_MAX;
}

static void set_count_only(struct env *env, const struct form *form, union mmx_msg_buf *msg,
			   const void *arg)
{
	(void)env;
	memcpy(msg->bytes + form->count_offset, arg, sizeof(uint32_t));
}

static void flip_bit(struct env *env, const struct form *form, union mmx_msg_buf *msg,
		     const void *arg)
{
	uint32_t bit = *(const uint32_t *)arg;

	(void)env;
	(void)form;
	msg->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
}

static const char *number(const char *what, uint32_t value)
{
	static char text[48];

	snprintf(text, sizeof(text), " %s %u", what, value);
	return text;
}

static void only_header(struct env *env, const struct form *form, union mmx_msg_buf *msg,
			const void *arg)
{
	(void)env;
	(void)form;
	(void)arg;
	memset(msg->bytes + sizeof(msg->hdr), 0, sizeof(*msg) - sizeof(msg->hdr));
	msg->hdr.size = sizeof(msg->hdr);
}

/* What is cut off and was zero is the same message; a longer one is the same if there is nothing beyond. */
static void try_sizes(struct env *env, const struct form *form)
{
	union mmx_msg_buf right;
	uint32_t size, full, data;

	scene(env);
	begin(env, form, &right);
	full = right.hdr.size;
	try_case(env, form, "as it should be", "", form->valid, false, NULL, NULL);
	try_case(env, form, "a header alone", "", form->zeroed, false, only_header, NULL);
	/* shorter than its header it is none */
	for (data = full; data > sizeof(right.hdr) && !right.bytes[data - 1]; data--)
		;
	if (count_of(form, &right))
		data = full;
	for (size = data; size < full; size++)
		try_case(env, form, "cut to", number("bytes:", size), form->valid, false, set_size,
			 &size);
	for (size = form->fixed + 1; count_of(form, &right) && size < full; size++)
		try_case(env, form, "array cut to", number("bytes:", size), EMSGSIZE, false,
			 set_size, &size);
	for (size = full + 1; size <= full + 65; size += 8)
		try_case(env, form, "zeroes behind it,", number("bytes:", size), form->valid, false,
			 set_size, &size);
	for (size = full + 1; size <= full + 65; size += 8)
		try_case(env, form, "something behind it,", number("bytes:", size), EMSGSIZE, false,
			 set_tail, &size);
	size = MMX_MSG_MAX;
	try_case(env, form, "zeroes up to the longest", "", form->valid, false, set_size, &size);
	try_case(env, form, "something at the end of the longest", "", EMSGSIZE, false, set_tail,
		 &size);
}

static void try_counts(struct env *env, const struct form *form)
{
	const uint32_t many[] = { form->max_count + 1u, 0x10000u, 0x80000000u, 0xffffffffu,
				  /* times the element's size this is a small number again */
				  (uint32_t)(0x100000000ull / form->elem) + 1 };
	uint32_t i, count;

	for (i = 0; i < sizeof(many) / sizeof(many[0]); i++)
		try_case(env, form, "too many,", number("elements:", many[i]), E2BIG, false,
			 set_count, &many[i]);
	count = form->max_count;
	try_case(env, form, "more elements announced than there are", "", EMSGSIZE, false,
		 set_count_only, &count);
}

/* Every bit of what must be zero. */
static void try_zeroes(struct env *env, const struct form *form)
{
	const struct field header[] = { FIELD(struct mmx_msg_hdr, pad),
					FIELD(struct mmx_msg_hdr, error) };
	uint32_t bit, end;
	size_t i;

	for (i = 0; i < 2; i++) {
		end = (header[i].offset + header[i].size) * 8u;
		for (bit = header[i].offset * 8u; bit < end; bit++)
			try_case(env, form, "header,", number("bit", bit), EINVAL, false, flip_bit,
				 &bit);
	}
	for (i = 0; i < sizeof(form->pads) / sizeof(form->pads[0]) && form->pads[i].size; i++) {
		end = (form->pads[i].offset + form->pads[i].size) * 8u;
		for (bit = form->pads[i].offset * 8u; bit < end; bit++)
			try_case(env, form, "pad,", number("bit", bit), EINVAL, false, flip_bit,
				 &bit);
	}
}

static void try_tags(struct env *env, const struct form *form)
{
	const uint32_t tags[] = { 0, 1, 0x80000000u, 0xffffffffu };
	const struct mmx_raw_answer *answer;
	union mmx_msg_buf msg;
	size_t i;

	scene(env);
	for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		cases++;
		mmx_raw_begin(&env->raw, &msg, form->type, sizeof(msg.hdr));
		msg.hdr.pad = 1;
		msg.hdr.tag = tags[i];
		answer = mmx_raw_call(&env->raw, &msg) == EINVAL
				 ? mmx_raw_answer(&env->raw, tags[i])
				 : NULL;
		if (!answer || answer->type != (form->type | MMX_MSG_REPLY) ||
		    answer->size != sizeof(msg.hdr))
			wrong(form->name, "tag", number("", tags[i]), "not answered as it must be");
	}
}

static void try_forms(struct env *env)
{
	size_t i, j;

	for (i = 0; i < form_count; i++) {
		try_sizes(env, &forms[i]);
		if (forms[i].elem)
			try_counts(env, &forms[i]);
		try_zeroes(env, &forms[i]);
		try_tags(env, &forms[i]);
		for (j = 0; j < row_count && rows[j].type != forms[i].type; j++)
			;
		if (j == row_count)
			wrong(forms[i].name, "rows", "", "there is none");
	}
}

/*
 * Every type there could be, as a header alone: what the daemon knows must have a form, so that no message can be
 * forgotten here; all else is ENOSYS.
 */
static void try_types(struct env *env)
{
	const struct mmx_raw_answer *answer;
	union mmx_msg_buf msg;
	const char *what;
	uint32_t type, i, batch;

	scene(env);
	batch = env->raw.hello.limits.max_requests / 2;
	for (type = 0; type <= UINT16_MAX; type += i) {
		uint32_t first = env->raw.tag + 1;

		for (i = 0; i < batch && type + i <= UINT16_MAX; i++) {
			const struct form *form = form_of((uint16_t)(type + i));

			/* one that succeeds has its cases elsewhere; any other in its place */
			mmx_raw_begin(&env->raw, &msg,
				      form && !form->zeroed ? 0 : (uint16_t)(type + i),
				      sizeof(msg.hdr));
			mmx_raw_send(&env->raw, &msg, msg.hdr.size);
		}
		for (i = 0; i < batch && type + i <= UINT16_MAX; i++) {
			const struct form *form = form_of((uint16_t)(type + i));
			int error = form && form->zeroed ? form->zeroed : ENOSYS;

			cases++;
			answer = mmx_raw_answer(&env->raw, first + i);
			if (answer && answer->error == error)
				continue;
			wrong("type", number("", type + i), "", "%s instead of %s%s",
			      answer ? error_name(answer->error) : "no answer", error_name(error),
			      form ? "" : ": has conformance_forms.c been forgotten?");
			if (!answer)
				return scene_close(env);
		}
	}
	what = changed(env, env->holds);
	if (what)
		wrong("type", "all of them", "", "%s", what);
	scene_close(env);
}

/* ---- stories ---- */

/* The partition is empty again. The daemon needs a moment for that: it is asked until it is so. */
static const char *empties(struct env *env, const struct json_object *empty)
{
	unsigned int i;
	const char *what = NULL;

	for (i = 0; i < 100000; i++) {
		what = changed(env, empty);
		if (!what)
			return NULL;
	}
	return what;
}

static void tell(struct env *env, const struct story *told, size_t count)
{
	struct json_object *empty = ask(env);
	size_t i;

	for (i = 0; i < count; i++) {
		const struct story *story = &told[i];
		const char *what = NULL;
		int r;

		cases++;
		r = story->bare ? mmx_raw_open(env->path, env->timeout_ms, &env->raw)
				: scene_open(env);
		if (r)
			what = "the scene could not be set";
		if (!what)
			what = story->tell(env);
		if (!what && story->breach && mmx_raw_wait_end(&env->raw) != EPROTO)
			what = "the session was not ended as one that broke the protocol";
		mmx_raw_close(&env->raw);
		if (!what)
			what = empties(env, empty);
		if (what)
			wrong(story->breach ? "breach" : "story", story->name, "", "%s", what);
	}
	json_object_put(empty);
}

int main(int argc, char **argv)
{
	static struct env env;

	if (argc != 6) {
		fputs("Usage: conformance CONTROL SOCKET PARTITION SOCKET PARTITION\n", stderr);
		return 2;
	}
	env.timeout_ms = mmx_work_timeout_ms(10000);
	env.path = argv[2];
	env.partition = argv[3];
	env.other_path = argv[4];
	env.other_partition = argv[5];
	env.ask = mmx_ask_open(argv[1], env.timeout_ms);
	if (!env.ask) {
		fprintf(stderr, "%s: no answer\n", argv[1]);
		return 3;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	tell(&env, stories, story_count);
	tell(&env, breaches, breach_count);
	try_types(&env);
	try_forms(&env);
	try_rows(&env);
	scene_close(&env);
	mmx_ask_close(env.ask);
	printf("conformance: %zu messages, %zu rows, %zu stories; %u cases, %u failed\n",
	       form_count, row_count, story_count + breach_count, cases, failures);
	return failures ? 1 : 0;
}
