/* Shows the demo while it runs: on a terminal a block of lines that is drawn over, elsewhere
 * one line now and then. */
#include "deploy/daemon/demo/view.h"

#include "ingest/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { STATUS_S = 5, PLAIN_WIDTH = 160, MAX_OUT = 1 << 20 };

void gs_demo_view_open(struct gs_demo_view *view)
{
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody sets variables
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    *view = (struct gs_demo_view){.out = {.max = MAX_OUT}};
    view->terminal = isatty(STDOUT_FILENO) == 1 && term != NULL && strcmp(term, "dumb") != 0;
    view->color = view->terminal && (no_color == NULL || no_color[0] == '\0');
    if (view->terminal) {
        gs_buf_puts(&view->out, "\033[?1049h\033[?25l\033[2J"); /* its own screen, no cursor */
        gs_demo_view_flush(view);
    }
}

void gs_demo_view_leave(struct gs_demo_view *view)
{
    if (view->terminal) {
        gs_buf_puts(&view->out, "\033[?25h\033[?1049l");
        gs_demo_view_flush(view);
    }
    view->terminal = false;
}

void gs_demo_view_close(struct gs_demo_view *view)
{
    gs_demo_view_leave(view);
    gs_buf_done(&view->out);
}

void gs_demo_view_flush(struct gs_demo_view *view)
{
    (void)fwrite(gs_buf_str(&view->out).bytes, 1, view->out.len, stdout);
    (void)fflush(stdout);
    gs_buf_reset(&view->out);
}

static void window_size(size_t *width, size_t *height)
{
    struct winsize size = {0};
    *width = 80;
    *height = 24;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
        *width = size.ws_col;
        *height = size.ws_row;
    }
}

/* Over what was there, line by line, so that nothing flickers. */
static void redraw(struct gs_demo_view *view, const struct gs_demo_screen *screen)
{
    struct gs_buf lines = {.max = MAX_OUT / 2};
    size_t width, height;
    window_size(&width, &height);
    gs_demo_draw(screen, width, height - 1, &lines); /* the last line's break must not scroll */

    gs_buf_puts(&view->out, "\033[H");
    struct gs_str left = gs_buf_str(&lines);
    while (left.len > 0) {
        const char *end = memchr(left.bytes, '\n', left.len);
        const size_t len = end == NULL ? left.len : (size_t)(end - left.bytes);
        gs_buf_put(&view->out, (struct gs_str){left.bytes, len});
        gs_buf_puts(&view->out, "\033[K\r\n");
        left = (struct gs_str){left.bytes + len + (end != NULL), left.len - len - (end != NULL)};
    }
    gs_buf_puts(&view->out, "\033[J");
    gs_buf_done(&lines);
}

static void tell_alerts(struct gs_demo_view *view, const struct gs_demo_screen *screen)
{
    struct gs_demo_alert alert;
    for (size_t i = 0; gs_demo_alerts_get(screen->alerts, i, &alert); i++) {
        const bool over = alert.state == GS_ALERT_RESOLVED;
        if (i >= view->n_told || (over && !view->over[i])) {
            gs_demo_draw_alert(&alert, PLAIN_WIDTH, over ? 0 : GS_DEMO_SHOWN_EVIDENCE, view->color,
                               &view->out);
            view->over[i] = over;
        }
        view->n_told = i >= view->n_told ? i + 1 : view->n_told;
    }
}

static void tell_status(struct gs_demo_view *view, const struct gs_demo_screen *screen)
{
    const int64_t now_ns = gs_clock_monotonic_ns();
    if (view->last_status_ns != 0 &&
        now_ns - view->last_status_ns < STATUS_S * INT64_C(1000000000)) {
        return;
    }
    view->last_status_ns = now_ns;
    gs_demo_draw_status(screen, &view->out);
}

void gs_demo_view_show(struct gs_demo_view *view, const struct gs_demo_screen *screen)
{
    if (view->terminal) {
        redraw(view, screen);
    } else {
        tell_alerts(view, screen);
        tell_status(view, screen);
    }
    gs_demo_view_flush(view);
}
