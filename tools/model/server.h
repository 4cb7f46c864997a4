/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The loop of malimux-model: socket, clients one after the other, the model's time. */
#ifndef TOOLS_MODEL_SERVER_H
#define TOOLS_MODEL_SERVER_H

#include <stdbool.h>

#include "tools/model/vfu.h"

struct mmx_server_config {
	const char *socket_path;
	const char *control_path; /* NULL = no control socket */
	struct mmx_vfu_config vfu;
	bool once; /* end when the first client leaves */
	bool strict; /* end at the first finding about a driver */
	int ready_fd; /* gets one byte and is closed when the socket listens; -1 = none */
};

/* Positive outcome of mmx_server_run(). */
enum {
	MMX_SERVER_E_FINDING = 1, /* strict: a driver has made a mistake */
};

int mmx_server_run(const struct mmx_server_config *config);

#endif
