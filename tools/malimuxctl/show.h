/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Answers for a reader: as text in aligned columns and units, or as one line of JSON. Whatever the daemon and the
 * guests call themselves, only printable ASCII comes out: the rest as \xNN in text, as \uNNNN in JSON.
 */
#ifndef TOOLS_MALIMUXCTL_SHOW_H
#define TOOLS_MALIMUXCTL_SHOW_H

#include <stdio.h>

#include "tools/malimuxctl/answer.h"

/* Return: 0; -ENOMEM: then nothing was printed. Errors of @out are the caller's to look for. */
int mmx_ctl_show(const struct mmx_ctl_answer *answer, FILE *out);
/* What the answer tells, without a newline. */
int mmx_ctl_show_json(const struct mmx_ctl_answer *answer, FILE *out);

/* Prints the text with all that is not printable ASCII as \xNN. */
void mmx_ctl_put_text(const char *text, FILE *out);

#endif
