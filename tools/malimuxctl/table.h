/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Tables of text: as wide as what is in them, texts to the left, numbers to the right. */
#ifndef TOOLS_MALIMUXCTL_TABLE_H
#define TOOLS_MALIMUXCTL_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define MMX_CTL_CELL_SIZE   64u
#define MMX_CTL_MAX_COLUMNS 24u

struct mmx_ctl_row {
	char cells[MMX_CTL_MAX_COLUMNS][MMX_CTL_CELL_SIZE];
};

struct mmx_ctl_table {
	const char *const *headings;
	size_t columns;
	size_t texts; /* columns that are texts: the first ones */
	size_t row_count, row_capacity;
	struct mmx_ctl_row *rows;
};

/* Return: an empty row, valid until the next; NULL without memory. */
struct mmx_ctl_row *mmx_ctl_table_row(struct mmx_ctl_table *table);
/* Headings and rows. */
void mmx_ctl_table_print(const struct mmx_ctl_table *table, FILE *out);
void mmx_ctl_table_finish(struct mmx_ctl_table *table);

/* What does not fit is cut; what is not printable is escaped. */
void mmx_ctl_cell_text(char *cell, const char *text);
void mmx_ctl_cell_number(char *cell, uint64_t value);
void mmx_ctl_cell_fraction(char *cell, double value);

#endif
