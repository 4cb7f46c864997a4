// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * One message of the conformance suite and what comes of it (conformance.h): its answer, what the daemon holds before and
 * after, and whether the right message still does what it should.
 */
#include "tests/int/conformance.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

unsigned int cases, failures;

void wrong(const char *what, const char *name, const char *variant, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	printf("FAIL: %s: %s%s: %s\n", what, name, variant, text);
	failures++;
}

const char *error_name(int error)
{
	static char text[4][32];
	static unsigned int next;
	char *to = text[next++ % 4];
	const char *name = strerrorname_np(error < 0 ? -error : error);

	snprintf(to, sizeof(text[0]), "%s%s", error < 0 ? "no answer: " : "", name ? name : "?");
	return to;
}

/* ---- what the daemon holds ---- */

struct json_object *ask(struct env *env)
{
	struct json_object *holds = mmx_ask_partition(env->ask, env->partition);

	if (!holds) {
		printf("FAIL: the daemon does not answer\n");
		exit(1);
	}
	return holds;
}

const char *changed(struct env *env, const struct json_object *before)
{
	static char text[96];
	struct json_object *now = ask(env);
	const char *name = mmx_ask_difference(before, now);

	if (name)
		snprintf(text, sizeof(text), "%s went from %lld to %lld", name,
			 (long long)mmx_ask_number(before, name),
			 (long long)mmx_ask_number(now, name));
	json_object_put(now);
	return name ? text : NULL;
}

/* ---- one message and what comes of it ---- */

void scene_close(struct env *env)
{
	mmx_raw_close(&env->raw);
	json_object_put(env->holds);
	env->holds = NULL;
}

void scene(struct env *env)
{
	int r;

	if (env->holds)
		return;
	r = scene_open(env);
	if (r) {
		printf("FAIL: the scene could not be set: %s\n", error_name(r));
		exit(1);
	}
	env->holds = ask(env);
}

/* Sends a job that takes its seqno, as all that are not refused do. Return: the job's error. */
static int run_job(struct env *env, const struct form *form, const union mmx_msg_buf *msg)
{
	uint64_t *seqno = form->timeline == BINDS ? &env->bind_seqno : &env->seqno;
	int r = mmx_raw_send(&env->raw, msg, msg->hdr.size);

	if (!r)
		r = mmx_raw_job(&env->raw, form->timeline, *seqno);
	if (r >= 0)
		++*seqno;
	return r;
}

/* Return: the error that came of it. @job: no answer is expected, but the completion of the job */
static int carry_out(struct env *env, const struct form *form, const union mmx_msg_buf *msg,
		     bool job)
{
	if (job)
		return run_job(env, form, msg);
	return mmx_raw_call(&env->raw, msg);
}

static bool is_job(const struct form *form, int error)
{
	return form->timeline && !error;
}

/* The answer of one that succeeds is as long as its form says. */
static bool has_size(struct env *env, const struct form *form, uint32_t tag)
{
	const struct mmx_raw_answer *answer;

	if (form->timeline || form->valid)
		return true;
	answer = mmx_raw_answer(&env->raw, tag);
	return answer && answer->size == (form->reply ? form->reply : sizeof(struct mmx_msg_hdr)) &&
	       answer->type == (form->type | MMX_MSG_REPLY);
}

void begin(struct env *env, const struct form *form, union mmx_msg_buf *msg)
{
	mmx_raw_begin(&env->raw, msg, form->type, form->fixed);
	form->fill(env, msg);
}

/* What must have come of one that succeeded; @before: what was held then. Return: NULL or what is wrong. */
static const char *check_done(struct env *env, const struct form *form,
			      const struct json_object *before)
{
	static char text[96];
	struct json_object *now = ask(env);
	const char *number = form->gains ? form->gains : form->loses;
	int64_t want = number ? mmx_ask_number(before, number) + (form->gains ? 1 : -1) : 0;
	int64_t got = number ? mmx_ask_number(now, number) : 0;

	json_object_put(now);
	if (got == want)
		return NULL;
	snprintf(text, sizeof(text), "%s is %lld, not %lld", number, (long long)got,
		 (long long)want);
	return text;
}

static const char *cleared_up(struct env *env, const struct form *form,
			      const union mmx_msg_buf *msg)
{
	if (form->undo && form->undo(env, msg))
		return "it can't be undone";
	return changed(env, env->holds);
}

/* The right message does what it should. Return: NULL or what is wrong. */
static const char *still_right(struct env *env, const struct form *form,
			       const struct json_object *before)
{
	static char text[96];
	union mmx_msg_buf msg;
	const char *what;
	int r;

	begin(env, form, &msg);
	r = carry_out(env, form, &msg, is_job(form, 0));
	if (r != form->valid) {
		snprintf(text, sizeof(text), "the right message after it: %s", error_name(r));
		return text;
	}
	if (r)
		return changed(env, before);
	if (!has_size(env, form, msg.hdr.tag))
		return "the answer to the right message has another size";
	/* MEM_DESTROY: the index is free when the release has been told */
	if (form->type == MMX_MSG_MEM_DESTROY)
		return cleared_up(env, form, &msg);
	what = check_done(env, form, before);
	return what ? what : cleared_up(env, form, &msg);
}

/* Return: NULL or what is wrong. */
static const char *try_message(struct env *env, const struct form *form, union mmx_msg_buf *msg,
			       int error, bool job)
{
	static char text[96];
	struct json_object *before = ask(env);
	const char *what = NULL;
	int r = carry_out(env, form, msg, job || is_job(form, error));

	if (r != error) {
		snprintf(text, sizeof(text), "%s instead of %s", error_name(r), error_name(error));
		what = text;
	} else if (error) {
		what = changed(env, before);
		if (!what)
			what = still_right(env, form, before);
	} else {
		if (!has_size(env, form, msg->hdr.tag))
			what = "its answer has another size";
		if (!what && form->type != MMX_MSG_MEM_DESTROY)
			what = check_done(env, form, before);
		if (!what)
			what = cleared_up(env, form, msg);
	}
	json_object_put(before);
	return what;
}

void try_case(struct env *env, const struct form *form, const char *name, const char *variant,
	      int error, bool job,
	      void (*alter)(struct env *env, const struct form *form, union mmx_msg_buf *msg,
			    const void *arg),
	      const void *arg)
{
	union mmx_msg_buf msg;
	const char *what;

	cases++;
	scene(env);
	if (form->prepare && form->prepare(env)) {
		wrong(form->name, name, variant, "it can't be prepared");
		scene_close(env);
		return;
	}
	begin(env, form, &msg);
	if (alter)
		alter(env, form, &msg, arg);
	what = try_message(env, form, &msg, error, job);
	if (what) {
		wrong(form->name, name, variant, "%s", what);
		/* what follows begins with a scene of its own */
		scene_close(env);
	}
}
