/* Escaping: one function for each medium in which a text may be read as more than text.
 *
 * Labels, keys, file names and messages come from outside. Each place where one goes out uses the
 * function of its medium, and no other place escapes on its own.
 *
 *     medium                          function             stops
 *     JSON                            gs_buf_json_str()    quotes, control characters (buf.h)
 *     HTML text, quoted attributes    gs_buf_html()        tags, entities, attributes ending early
 *     terminal, log line, diagnostic  gs_buf_terminal()    escape sequences, forged lines,
 *                                                          reversed text
 *     Prometheus exposition           gs_buf_exposition()  labels ending early, forged series
 *     CSV                             gs_buf_csv()         fields ending early, formulas
 *
 * Bytes that are not UTF-8 become U+FFFD, one a byte, except on a terminal, where "\xNN" keeps them
 * apart.
 *
 * Threads: a buffer has one owner; gs_print_line() may be called from any thread. */
#ifndef GS_BASE_ESCAPE_H
#define GS_BASE_ESCAPE_H

#include "ingest/base/attr.h"
#include "ingest/base/buf.h"

#include <stdio.h>

/* True for characters that change how their neighbours are shown instead of showing something: the
 * controls C0, DEL and C1, those that reorder text (Unicode's Bidi_Control), line and paragraph
 * separators, the byte order mark, tags, and interlinear annotation marks. */
bool gs_unprintable(uint32_t cp);

/* One line of text for people: what is unprintable becomes "\xNN" or "\u{NNNN}". */
void gs_buf_terminal(struct gs_buf *buf, struct gs_str text);

/* The content of an element or of an attribute in double or single quotes. What is unprintable
 * becomes U+FFFD (it has no place in HTML), except tab and line feed. */
void gs_buf_html(struct gs_buf *buf, struct gs_str text);

/* A label's value (quotes: true) or a HELP text, in the text formats of Prometheus and
 * OpenMetrics. */
void gs_buf_exposition(struct gs_buf *buf, struct gs_str text, bool quotes);

/* A field in quotes (RFC 4180). One that a spreadsheet would take for a formula (it begins with = +
 * - @, tab or carriage return) gets an apostrophe in front. */
void gs_buf_csv(struct gs_buf *buf, struct gs_str text);

/* One line of output for people: formats, passes the whole through gs_buf_terminal(), adds the line
 * end. So fmt has none of its own. Lines are cut at 8 KiB. */
GS_PRINTF(2, 3) void gs_print_line(FILE *out, const char *fmt, ...);

#endif
