/* Writes the demo's screen or lines to stdout, a terminal or not. */
#ifndef GS_DEMO_VIEW_H
#define GS_DEMO_VIEW_H

#include "deploy/daemon/demo/alert_table.h"

#include <stdbool.h>

struct gs_demo_view {
    bool terminal; /* redraw in place; else plain lines */
    bool color;
    struct gs_buf out;
    size_t n_told;                 /* alerts told as lines */
    bool over[GS_DEMO_MAX_ALERTS]; /* ... and told to be over */
    int64_t last_status_ns;        /* when the last line of plain status was written */
};

/* Looks at stdout, TERM and NO_COLOR; on a terminal switches to a screen of its own. */
void gs_demo_view_open(struct gs_demo_view *view);
/* Back to the terminal as it was; what is shown from now on are lines. */
void gs_demo_view_leave(struct gs_demo_view *view);
void gs_demo_view_close(struct gs_demo_view *view); /* leaves, and frees */

/* Shows the present state: redraws, or writes a line for each new alert and one of status now and
 * then. */
void gs_demo_view_show(struct gs_demo_view *view, const struct gs_demo_screen *screen);

/* Writes what is in view->out to stdout and empties it. */
void gs_demo_view_flush(struct gs_demo_view *view);

#endif
