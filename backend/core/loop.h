/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The daemon as a whole: configuration, device, firmware, core, control socket and guests' sockets on one loop. */
#ifndef BACKEND_CORE_LOOP_H
#define BACKEND_CORE_LOOP_H

#include "backend/core/config.h"
#include "backend/core/holder.h"

struct mmx_loop_options {
	const char *config_path; /* read again before the daemon ends to begin anew */
	const struct mmx_holder *holder;
};

/**
 * mmx_loop_run() - runs the daemon until SIGTERM, SIGINT or SIGHUP, or until the GPU is lost
 * Return: exit status: 0 after a signal; MMX_HOLDER_AGAIN after SIGHUP; 1 if it could not start or the GPU was lost
 * (logged).
 */
int mmx_loop_run(const struct mmx_config *config, const struct mmx_loop_options *options);

#endif
