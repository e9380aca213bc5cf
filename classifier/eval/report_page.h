/* Pages for people: reports of an evaluation, a training, an explanation. A page is one file
 * without a script, and its content security policy forbids any: what a label or a text brings
 * along stays text, even if an escape were forgotten somewhere. Charts are SVG, drawn when the page
 * is written.
 *
 * Everything that is passed in is escaped here. Threads: a buffer has one owner. */
#ifndef GS_CLASSIFIER_REPORT_PAGE_H
#define GS_CLASSIFIER_REPORT_PAGE_H

#include "ingest/base/buf.h"

/* Doctype, policy, style, the title as the first heading; then the closing tags. */
void gs_page_begin(struct gs_buf *out, const char *title);
/* With more style behind the page's own: a constant of the program, not escaped. */
void gs_page_begin_styled(struct gs_buf *out, const char *title, const char *more);
void gs_page_end(struct gs_buf *out);

/* <h2> and <p> of plain text. */
void gs_page_heading(struct gs_buf *out, const char *text);
void gs_page_text(struct gs_buf *out, const char *text);

enum { GS_PAGE_MAX_LINES = 8 };

struct gs_page_axis {
    const char *title; /* with its unit */
    double least, most;
};

/* A <text> of a drawing, escaped; anchor: start, middle or end. */
void gs_page_svg_text(struct gs_buf *out, double x, double y, const char *anchor, const char *text);

struct gs_page_line {
    const char *name; /* for the legend */
    const double *x, *y;
    size_t n;
    bool bars; /* a bar from 0 at each x instead of a line */
};

/* A chart with both axes, five ticks each, and a legend. Points outside the axes are drawn at the
 * border, those that are not finite are left out. n_lines <= GS_PAGE_MAX_LINES. */
void gs_page_chart(struct gs_buf *out, const char *title, struct gs_page_axis x,
                   struct gs_page_axis y, const struct gs_page_line *lines, size_t n_lines);

/* A table of counts, rows and columns named alike: counts[row * stride + column]. Rows and columns
 * without a count are left out. Cells are shaded by their part of the row; the diagonal is
 * outlined. */
void gs_page_confusion(struct gs_buf *out, const char *const *labels, size_t n,
                       const size_t *counts, size_t stride);

#endif
