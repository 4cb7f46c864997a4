/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * One sink: a line per message on stderr (systemd reads <n> levels), key=value after the text, the guest last:
 *
 *   <4>sched: group lost slot group=0x10003 guest=cluster
 *
 * Levels per module from MMX_LOG or the configuration: "all+warn,sched+debug". Only the function that
 * handles an error logs it. Text may hold what a guest or the device wrote: whatever is not printable ASCII
 * comes out as \xNN, and a line never exceeds MMX_LOG_LINE_MAX. What a guest can cause goes through a struct mmx_log_limit of that guest.
 */
#ifndef BACKEND_UTIL_LOG_H
#define BACKEND_UTIL_LOG_H

#include <stdbool.h>
#include <stdint.h>

#define MMX_LOG_LINE_MAX 1024u /* bytes, with the newline */

enum mmx_log_level {
	MMX_LOG_ERROR = 3,
	MMX_LOG_WARN = 4,
	MMX_LOG_INFO = 6,
	MMX_LOG_DEBUG = 7,
};

enum mmx_log_module {
	MMX_LOG_CORE,
	MMX_LOG_DEVICE,
	MMX_LOG_GPU,
	MMX_LOG_SCHED,
	MMX_LOG_SESSION,
	MMX_LOG_CONTROL,
	MMX_LOG_MODULES,
};

/* Return: 0, or -EINVAL: spec is not understood (then nothing has changed), *ret_bad is where. */
int mmx_log_configure(const char *spec, const char **ret_bad);
bool mmx_log_enabled(enum mmx_log_module module, enum mmx_log_level level);
void mmx_log_write(enum mmx_log_module module, enum mmx_log_level level, const char *guest,
		   const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#define mmx_log(module, level, ...) mmx_log_guest(module, level, NULL, __VA_ARGS__)
#define mmx_log_guest(module, level, guest, ...)                          \
	do {                                                              \
		if (mmx_log_enabled(module, level))                       \
			mmx_log_write(module, level, guest, __VA_ARGS__); \
	} while (0)

/* At most burst lines per interval; says how many were left out when the next one passes. */
struct mmx_log_limit {
	uint64_t interval_start_ns;
	uint32_t passed;
	uint32_t dropped;
};
#define MMX_LOG_LIMIT_BURST	  10u
#define MMX_LOG_LIMIT_INTERVAL_NS 5000000000ull
/* Return: true = log it; *ret_dropped lines were left out before it. */
bool mmx_log_limit_pass(struct mmx_log_limit *limit, uint64_t now_ns, uint32_t *ret_dropped);

/* Return: true = log it; that lines were left out before it has been said, in a line of its own. */
bool mmx_log_limit_say(struct mmx_log_limit *limit, uint64_t now_ns, enum mmx_log_module module,
		       const char *guest);
#define mmx_log_limited(limit, now_ns, module, level, guest, ...)         \
	do {                                                              \
		if (mmx_log_enabled(module, level) &&                     \
		    mmx_log_limit_say(limit, now_ns, module, guest))      \
			mmx_log_write(module, level, guest, __VA_ARGS__); \
	} while (0)

#endif
