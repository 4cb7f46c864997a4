/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The loop of malimux-model: socket, clients one after the other, the model's time. */
#ifndef TOOLS_MODEL_SERVER_H
#define TOOLS_MODEL_SERVER_H

#include <stdbool.h>

#include "tools/model/vfu.h"

struct mmx_server_config {
	const char *socket_path;
	struct mmx_vfu_config vfu;
	bool once; /* end when the first client leaves */
	int ready_fd; /* gets one byte and is closed when the socket listens; -1 = none */
};

int mmx_server_run(const struct mmx_server_config *config);

#endif
