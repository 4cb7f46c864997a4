// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The log. Owns the level of each module, the only global state of the backend; it is set before the daemon
 * serves anyone. A line is built on the stack and leaves in one write(2), so that lines of several processes
 * on one stderr don't mix; if that fails (the daemon ignores SIGPIPE), the line is lost. errno survives.
 */
#include "backend/util/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const module_names[MMX_LOG_MODULES] = {
	[MMX_LOG_CORE] = "core",   [MMX_LOG_DEVICE] = "device",	  [MMX_LOG_GPU] = "gpu",
	[MMX_LOG_SCHED] = "sched", [MMX_LOG_SESSION] = "session", [MMX_LOG_CONTROL] = "control",
};

static const struct {
	const char *name;
	enum mmx_log_level level;
} level_names[] = {
	{ "error", MMX_LOG_ERROR },
	{ "warn", MMX_LOG_WARN },
	{ "info", MMX_LOG_INFO },
	{ "debug", MMX_LOG_DEBUG },
};

static enum mmx_log_level levels[MMX_LOG_MODULES] = {
	[MMX_LOG_CORE] = MMX_LOG_INFO,	  [MMX_LOG_DEVICE] = MMX_LOG_INFO,
	[MMX_LOG_GPU] = MMX_LOG_INFO,	  [MMX_LOG_SCHED] = MMX_LOG_INFO,
	[MMX_LOG_SESSION] = MMX_LOG_INFO, [MMX_LOG_CONTROL] = MMX_LOG_INFO,
};

static bool is_name(const char *name, const char *text, size_t len)
{
	return strlen(name) == len && !strncmp(name, text, len);
}

/* One "module+level" of @len bytes. */
static bool configure_item(const char *item, size_t len, enum mmx_log_level *ret_levels)
{
	const char *plus = memchr(item, '+', len);
	size_t module_len, level_len, i;
	enum mmx_log_level level;
	bool found = false;

	if (!plus)
		return false;
	module_len = (size_t)(plus - item);
	level_len = len - module_len - 1;
	for (i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
		if (is_name(level_names[i].name, plus + 1, level_len))
			break;
	}
	if (i == sizeof(level_names) / sizeof(level_names[0]))
		return false;
	level = level_names[i].level;
	for (i = 0; i < MMX_LOG_MODULES; i++) {
		if (!is_name("all", item, module_len) &&
		    !is_name(module_names[i], item, module_len))
			continue;
		ret_levels[i] = level;
		found = true;
	}
	return found;
}

/**
 * mmx_log_configure() - sets levels
 * @spec: "module+level", separated by commas, applied in their order; "all" is every module; "" changes nothing
 * @ret_bad: written on failure only: the item that is not understood
 *
 * Return: 0, or -EINVAL; then nothing has changed.
 */
int mmx_log_configure(const char *spec, const char **ret_bad)
{
	enum mmx_log_level wanted[MMX_LOG_MODULES];

	memcpy(wanted, levels, sizeof(wanted));
	while (*spec) {
		size_t len = strcspn(spec, ",");

		if (!configure_item(spec, len, wanted)) {
			*ret_bad = spec;
			return -EINVAL;
		}
		spec += len;
		if (*spec == ',')
			spec++;
	}
	memcpy(levels, wanted, sizeof(levels));
	return 0;
}

bool mmx_log_enabled(enum mmx_log_module module, enum mmx_log_level level)
{
	return level <= levels[module];
}

/* Appends @text, escaped, as far as it fits below @end. A backslash is doubled, to tell it from an escape. */
static size_t append(char *line, size_t pos, size_t end, const char *text, bool spaces)
{
	static const char hex[] = "0123456789abcdef";

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c > 0x20 && c < 0x7f && c != '\\') {
			if (pos + 1 > end)
				break;
			line[pos++] = (char)c;
		} else if (c == '\\' || (c == ' ' && spaces)) {
			if (pos + 2 > end)
				break;
			line[pos++] = (char)c;
			if (c == '\\')
				line[pos++] = '\\';
		} else {
			if (pos + 4 > end)
				break;
			line[pos++] = '\\';
			line[pos++] = 'x';
			line[pos++] = hex[c >> 4];
			line[pos++] = hex[c & 15];
		}
	}
	if (*text) {
		memcpy(line + pos, "...", 3);
		pos += 3;
	}
	return pos;
}

/**
 * mmx_log_write() - writes a line, whatever the level is set to
 * @guest: may be NULL; name of the guest that it is about
 *
 * Called through mmx_log() and mmx_log_guest(), which look at the level first. What is too long is cut, and
 * ends in "..."; the guest's name has room of its own.
 */
void mmx_log_write(enum mmx_log_module module, enum mmx_log_level level, const char *guest,
		   const char *fmt, ...)
{
	enum {
		GUEST_ROOM = 160,
		ELLIPSIS = 3
	};
	char text[MMX_LOG_LINE_MAX], line[MMX_LOG_LINE_MAX];
	int saved_errno = errno;
	size_t pos;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		text[0] = '\0';
	n = snprintf(line, sizeof(line), "<%d>%s: ", (int)level, module_names[module]);
	pos = append(line, (size_t)n, sizeof(line) - GUEST_ROOM - ELLIPSIS, text, true);
	if (guest) {
		memcpy(line + pos, " guest=", 7);
		pos = append(line, pos + 7, sizeof(line) - ELLIPSIS - 1, guest, false);
	}
	line[pos++] = '\n';
	while (write(STDERR_FILENO, line, pos) < 0 && errno == EINTR)
		;
	errno = saved_errno;
}

bool mmx_log_limit_pass(struct mmx_log_limit *limit, uint64_t now_ns, uint32_t *ret_dropped)
{
	if (now_ns - limit->interval_start_ns >= MMX_LOG_LIMIT_INTERVAL_NS) {
		limit->interval_start_ns = now_ns;
		limit->passed = 0;
	}
	if (limit->passed < MMX_LOG_LIMIT_BURST) {
		limit->passed++;
		*ret_dropped = limit->dropped;
		limit->dropped = 0;
		return true;
	}
	if (limit->dropped < UINT32_MAX)
		limit->dropped++;
	return false;
}

bool mmx_log_limit_say(struct mmx_log_limit *limit, uint64_t now_ns, enum mmx_log_module module,
		       const char *guest)
{
	uint32_t dropped;

	if (!mmx_log_limit_pass(limit, now_ns, &dropped))
		return false;
	if (dropped)
		mmx_log_guest(module, MMX_LOG_WARN, guest, "%u lines were left out", dropped);
	return true;
}
