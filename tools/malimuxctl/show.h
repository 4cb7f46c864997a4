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

/* Tables of all groups, or VMs, of the pages. Return: as above. */
int mmx_ctl_show_pages(enum mmx_ctl_command command, const struct mmx_ctl_answer *pages,
		       size_t count, FILE *out);
/* One guest, against its limits. */
void mmx_ctl_show_guest(const struct mmx_ctl_guest *guest, FILE *out);
/* What has happened between two answers to GUESTS. Return: as above. */
int mmx_ctl_show_rates(const struct mmx_ctl_answer *before, const struct mmx_ctl_answer *now,
		       double seconds, FILE *out);

/* Prints the text with all that is not printable ASCII as \xNN. */
void mmx_ctl_put_text(const char *text, FILE *out);

#endif
