/* Measures text on a terminal: Han, full-width forms and emoji take two columns, marks none. */
#ifndef GS_DEMO_WIDTH_H
#define GS_DEMO_WIDTH_H

#include "ingest/base/buf.h"

/* Columns of text. */
size_t gs_demo_width(struct gs_str text);

/* Appends text in exactly columns columns: cut with "…" when it is longer, filled with blanks when
 * pad and shorter. Control characters become blanks, so that no text can move the cursor. Returns
 * the columns written. */
size_t gs_demo_put(struct gs_buf *out, struct gs_str text, size_t columns, bool pad);

#endif
