// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Tables for malimuxctl. The rows are the table's; the headings are the caller's, and outlive it. */
#include "tools/malimuxctl/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/malimuxctl/show.h"

struct mmx_ctl_row *mmx_ctl_table_row(struct mmx_ctl_table *table)
{
	size_t capacity = table->row_capacity ? 2 * table->row_capacity : 16;
	struct mmx_ctl_row *rows;

	if (table->row_count == table->row_capacity) {
		rows = reallocarray(table->rows, capacity, sizeof(*rows));
		if (!rows)
			return NULL;
		table->rows = rows;
		table->row_capacity = capacity;
	}
	rows = &table->rows[table->row_count++];
	memset(rows, 0, sizeof(*rows));
	return rows;
}

/* @row: -1 = the headings */
static const char *cell_of(const struct mmx_ctl_table *table, ptrdiff_t row, size_t column)
{
	return row < 0 ? table->headings[column] : table->rows[row].cells[column];
}

static int width_of(const struct mmx_ctl_table *table, size_t column)
{
	size_t width = 0, len;
	ptrdiff_t row;

	for (row = -1; row < (ptrdiff_t)table->row_count; row++) {
		len = strlen(cell_of(table, row, column));
		width = len > width ? len : width;
	}
	return (int)width;
}

void mmx_ctl_table_print(const struct mmx_ctl_table *table, FILE *out)
{
	int width[MMX_CTL_MAX_COLUMNS];
	ptrdiff_t row;
	size_t c;

	for (c = 0; c < table->columns; c++)
		width[c] = c < table->texts ? -width_of(table, c) : width_of(table, c);
	for (row = -1; row < (ptrdiff_t)table->row_count; row++)
		for (c = 0; c < table->columns; c++)
			fprintf(out, "%*s%s", width[c], cell_of(table, row, c),
				c + 1 < table->columns ? "  " : "\n");
}

void mmx_ctl_table_finish(struct mmx_ctl_table *table)
{
	free(table->rows);
	table->rows = NULL;
	table->row_count = table->row_capacity = 0;
}

void mmx_ctl_cell_text(char *cell, const char *text)
{
	FILE *out = fmemopen(cell, MMX_CTL_CELL_SIZE, "w");

	if (!out) {
		snprintf(cell, MMX_CTL_CELL_SIZE, "?");
		return;
	}
	mmx_ctl_put_text(text, out);
	fclose(out);
	cell[MMX_CTL_CELL_SIZE - 1] = '\0';
}

void mmx_ctl_cell_number(char *cell, uint64_t value)
{
	snprintf(cell, MMX_CTL_CELL_SIZE, "%" PRIu64, value);
}

void mmx_ctl_cell_fraction(char *cell, double value)
{
	snprintf(cell, MMX_CTL_CELL_SIZE, "%.1f", value);
}
