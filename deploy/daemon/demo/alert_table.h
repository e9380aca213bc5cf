/* The demo's display: a screen redrawn in place on a terminal, plain lines elsewhere. Writes into
 * buffers only. */
#ifndef GS_DEMO_ALERT_TABLE_H
#define GS_DEMO_ALERT_TABLE_H

#include "deploy/daemon/demo/alerts.h"

struct gs_demo_row {
    char key[64]; /* "topic:legal" */
    uint64_t messages;
    double n_hour; /* weighted, over the last hour */
    double observed, expected, log10_evidence;
    bool firing, detectable;
};

struct gs_demo_screen {
    const char *phase;
    int port;                 /* of the pages; 0: none */
    uint64_t consumed, total; /* messages */
    double per_second;
    int64_t clock_ms;               /* event time that has been reached; <= 0: none yet */
    const struct gs_demo_row *rows; /* any order */
    size_t n_rows;
    struct gs_demo_alerts *alerts;
    bool color;
};

/* Appends at most height lines of at most width columns, each ending in "\n". Narrower than 40
 * columns or lower than 8 lines gives what fits. */
void gs_demo_draw(const struct gs_demo_screen *screen, size_t width, size_t height,
                  struct gs_buf *out);

/* The state in one line, for where there is no screen. */
void gs_demo_draw_status(const struct gs_demo_screen *screen, struct gs_buf *out);

/* One alert in a line and up to max_evidence lines of evidence. Returns the lines. */
size_t gs_demo_draw_alert(const struct gs_demo_alert *alert, size_t width, size_t max_evidence,
                          bool color, struct gs_buf *out);

/* The table of topics: a line of headings and at most max_rows rows: those that fire, then those
 * with the most messages, in order of name. Returns the lines. */
size_t gs_demo_draw_rows(const struct gs_demo_row *rows, size_t n, size_t width, size_t max_rows,
                         bool color, struct gs_buf *out);

/* Says what became of each planted event, a line each, and what else fired. */
void gs_demo_draw_verdicts(const struct gs_demo_verdict *verdicts, size_t n,
                           struct gs_demo_alerts *alerts, bool color, struct gs_buf *out);

#endif
