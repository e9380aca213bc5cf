/* Diagnostics are collected, not printed: a person wants all of them at once, in the order of the
 * file, and a test wants to compare them. Their number is bounded; the rest is counted. */
#include "deploy/daemon/config/diagnostics.h"

#include "ingest/base/escape.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* The text that is shown may come from a hostile file. */
static char *printable(const char *text)
{
    struct gs_buf out = {.max = 16384};

    gs_buf_terminal(&out, gs_str(text));
    gs_buf_putc(&out, '\0');
    if (!gs_buf_ok(&out)) {
        gs_buf_done(&out);
        return NULL;
    }
    return out.bytes;
}

void gs_diagnostics_add(struct gs_diagnostics *diagnostics, const char *file, int line,
                        const char *fmt, ...)
{
    char text[1024];
    va_list args;

    if (diagnostics->n == GS_MAX_DIAGNOSTICS) {
        diagnostics->n_more++;
        return;
    }
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    struct gs_diagnostic *diagnostic = &diagnostics->items[diagnostics->n];
    diagnostic->place = printable(file);
    diagnostic->text = printable(text);
    diagnostic->line = line > 0 ? line : 0;
    if (diagnostic->place == NULL || diagnostic->text == NULL) { /* no memory: still counted */
        free(diagnostic->place);
        free(diagnostic->text);
        diagnostics->n_more++;
        return;
    }
    diagnostics->n++;
}

size_t gs_diagnostics_count(const struct gs_diagnostics *diagnostics)
{
    return diagnostics->n + diagnostics->n_more;
}

void gs_diagnostics_print(const struct gs_diagnostics *diagnostics, FILE *out)
{
    for (size_t i = 0; i < diagnostics->n; i++) {
        const struct gs_diagnostic *diagnostic = &diagnostics->items[i];
        if (diagnostic->line > 0) {
            (void)fprintf(out, "%s:%d: %s\n", diagnostic->place, diagnostic->line,
                          diagnostic->text);
        } else {
            (void)fprintf(out, "%s: %s\n", diagnostic->place, diagnostic->text);
        }
    }
    if (diagnostics->n_more > 0) {
        (void)fprintf(out, "and %zu more\n", diagnostics->n_more);
    }
}

void gs_diagnostics_done(struct gs_diagnostics *diagnostics)
{
    for (size_t i = 0; i < diagnostics->n; i++) {
        free(diagnostics->items[i].place);
        free(diagnostics->items[i].text);
    }
    memset(diagnostics, 0, sizeof *diagnostics);
}
