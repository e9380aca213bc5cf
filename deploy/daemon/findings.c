#include "deploy/daemon/findings.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Control characters become "\xNN": what is shown may come from a hostile file. */
static char *printable(const char *text)
{
    struct gs_buf out = {.max = 8192};

    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c == 0x7F) {
            gs_buf_printf(&out, "\\x%02x", c);
        } else {
            gs_buf_putc(&out, (char)c);
        }
    }
    gs_buf_putc(&out, '\0');
    if (!gs_buf_ok(&out)) {
        gs_buf_done(&out);
        return NULL;
    }
    return out.bytes;
}

void gs_findings_add(struct gs_findings *findings, const char *file, int line, const char *fmt, ...)
{
    char text[1024];
    va_list args;

    if (findings->n == GS_MAX_FINDINGS) {
        findings->n_more++;
        return;
    }
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    struct gs_finding *finding = &findings->items[findings->n];
    finding->place = printable(file);
    finding->text = printable(text);
    finding->line = line > 0 ? line : 0;
    if (finding->place == NULL || finding->text == NULL) { /* no memory: still counted */
        free(finding->place);
        free(finding->text);
        findings->n_more++;
        return;
    }
    findings->n++;
}

size_t gs_findings_count(const struct gs_findings *findings)
{
    return findings->n + findings->n_more;
}

void gs_findings_print(const struct gs_findings *findings, FILE *out)
{
    for (size_t i = 0; i < findings->n; i++) {
        const struct gs_finding *finding = &findings->items[i];
        if (finding->line > 0) {
            (void)fprintf(out, "%s:%d: %s\n", finding->place, finding->line, finding->text);
        } else {
            (void)fprintf(out, "%s: %s\n", finding->place, finding->text);
        }
    }
    if (findings->n_more > 0) {
        (void)fprintf(out, "and %zu more\n", findings->n_more);
    }
}

void gs_findings_done(struct gs_findings *findings)
{
    for (size_t i = 0; i < findings->n; i++) {
        free(findings->items[i].place);
        free(findings->items[i].text);
    }
    memset(findings, 0, sizeof *findings);
}
