/* The line of progress (progress_line.h). */
#include "deploy/daemon/workbench/progress_line.h"

#include <stdarg.h>
#include <stdio.h>

static const double terminal_pause_s = 0.5;
static const double other_pause_s = 30.0;

bool gs_progress_line_due(const struct gs_progress_line *line, double elapsed_s)
{
    const double pause_s = line->terminal ? terminal_pause_s : other_pause_s;

    return !line->quiet && (!line->shown || elapsed_s - line->said_s >= pause_s);
}

void gs_progress_line_write(struct gs_progress_line *line, double elapsed_s, double left_s,
                            const char *fmt, ...)
{
    const unsigned long left = left_s > 0.0 && left_s < 1e9 ? (unsigned long)left_s : 0;
    char text[256];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    (void)fprintf(stderr, "%s%s  ETA %lu:%02lu:%02lu%s", line->terminal ? "\r" : "", text,
                  left / 3600, left / 60 % 60, left % 60, line->terminal ? "\033[K" : "\n");
    line->shown = true;
    line->said_s = elapsed_s;
}

void gs_progress_line_clear(const struct gs_progress_line *line)
{
    if (line->terminal && line->shown) {
        (void)fputs("\r\033[K", stderr);
    }
}
