// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What programs of guests need to be made of uapi/kit.c, each by itself: what fails is printed and is the program's end. A
 * process has one thread.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/uapi/uapi.h"
#include "tests/vm/program.h"

const char *program_node = "/dev/dri/renderD128";

void uapi_fail(const char *file, int line, const char *format, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	printf("%s:%d: %s\n", file, line, text);
	exit(1);
}

void uapi_skip(const char *why)
{
	uapi_fail(__FILE__, __LINE__, "%s", why);
}

void uapi_again(const char *why)
{
	uapi_skip(why);
}

int64_t uapi_begun_ns(void)
{
	return 0;
}

const char *uapi_node(void)
{
	return program_node;
}

const char *uapi_error_name(int error)
{
	return error ? strerrorname_np(error < 0 ? -error : error) : "success";
}
