/* Pages for people: the frame, charts as SVG, tables of counts.
 *
 * The policy in the page's head is the second line of defence: default-src 'none' leaves a script,
 * an image or a form nothing to do. Style has to be inline in a page that is one file; nothing that
 * is shown gets into it, since shades and colours are classes.
 *
 *     ┌ MARGIN_LEFT ┬───────────── PLOT_WIDTH ─────────────┐
 *     │ ticks and   │ grid, lines, bars                    │ PLOT_HEIGHT
 *     │ y title     │                                      │
 *     └─────────────┴ ticks and x title ───────────────────┘ */
#include "classifier/eval/report_page.h"

#include "ingest/base/attr.h"
#include "ingest/base/escape.h"

#include <math.h>
#include <stdio.h>

enum {
    MARGIN_LEFT = 64,
    MARGIN_TOP = 12,
    PLOT_WIDTH = 420,
    PLOT_HEIGHT = 220,
    N_TICKS = 5,
    SHADES = 10
};

static const char style[] =
    ":root{color-scheme:light dark;--line:#8886;--soft:#8882;--quiet:#5c5c5c}"
    "@media(prefers-color-scheme:dark){:root{--quiet:#a8a8a8}}"
    "body{font:15px/1.5 system-ui,sans-serif;margin:1.5rem auto;max-width:70rem;padding:0 1rem}"
    "h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}"
    "table{border-collapse:collapse}.wide{overflow-x:auto}"
    "td,th{padding:.15rem .6rem;text-align:right;border-bottom:1px solid var(--line);"
    "font-variant-numeric:tabular-nums}td:first-child,th:first-child{text-align:left}"
    "figure{display:inline-block;margin:.5rem 1rem .5rem 0;max-width:100%;vertical-align:top}"
    "figcaption{font-weight:600}figure>svg{max-width:100%;height:auto}"
    ".legend{list-style:none;padding:0;margin:0}.legend svg{width:28px;height:10px}"
    "text{font:11px system-ui,sans-serif;fill:currentColor}"
    ".frame{fill:none;stroke:var(--line)}.grid{stroke:var(--soft)}"
    "polyline,.key{fill:none;stroke-width:2}"
    ".c0{stroke:#b3261e}.c1{stroke:#5f6b7a}.c2{stroke:#1a7f37}.c3{stroke:#1d5fa8}"
    ".c4{stroke:#8a5a00;stroke-dasharray:6 3}.c5{stroke:#7b3fb3;stroke-dasharray:2 3}"
    ".c6{stroke:#00808a;stroke-dasharray:8 3 2 3}.c7{stroke:#c2377a;stroke-dasharray:1 2}"
    "rect.c0,rect.c1,rect.c2,rect.c3,rect.c4,rect.c5,rect.c6,rect.c7{fill:#1d5fa8;fill-opacity:.35}"
    ".s1{background:#1d5fa811}.s2{background:#1d5fa822}.s3{background:#1d5fa833}"
    ".s4{background:#1d5fa844}.s5{background:#1d5fa855}.s6{background:#1d5fa866}"
    ".s7{background:#1d5fa877}.s8{background:#1d5fa888}.s9{background:#1d5fa8aa}"
    ".right{outline:1px solid currentColor;outline-offset:-2px}"
    ".for1{background:#00964622}.for2{background:#00964644}.for3{background:#00964688}"
    ".for4{background:#009646bb}.against1{background:#d2282822}.against2{background:#d2282844}"
    ".against3{background:#d2282888}.against4{background:#d22828bb}"
    "small,.quiet{color:var(--quiet)}.warning{border-left:4px solid #8a5a00;padding-left:.6rem}";

void gs_page_begin(struct gs_buf *out, const char *title)
{
    gs_page_begin_styled(out, title, "");
}

void gs_page_begin_styled(struct gs_buf *out, const char *title, const char *more)
{
    gs_buf_puts(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                     "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<title>");
    gs_buf_html(out, gs_str(title));
    gs_buf_puts(out, "</title>\n<style>");
    gs_buf_puts(out, style);
    gs_buf_puts(out, more);
    gs_buf_puts(out, "</style>\n</head>\n<body>\n<h1>");
    gs_buf_html(out, gs_str(title));
    gs_buf_puts(out, "</h1>\n");
}

void gs_page_end(struct gs_buf *out)
{
    gs_buf_puts(out, "</body>\n</html>\n");
}

static void put_element(struct gs_buf *out, const char *name, const char *text)
{
    gs_buf_printf(out, "<%s>", name);
    gs_buf_html(out, gs_str(text));
    gs_buf_printf(out, "</%s>\n", name);
}

void gs_page_heading(struct gs_buf *out, const char *text)
{
    put_element(out, "h2", text);
}

void gs_page_text(struct gs_buf *out, const char *text)
{
    put_element(out, "p", text);
}

/* ---- charts ---- */

/* The place of a value on an axis of size pixels, kept on it. */
static double place(struct gs_page_axis axis, double value, double size)
{
    const double span = axis.most > axis.least ? axis.most - axis.least : 1.0;
    return fmin(fmax((value - axis.least) / span, 0.0), 1.0) * size;
}

static double at_x(struct gs_page_axis axis, double value)
{
    return MARGIN_LEFT + place(axis, value, PLOT_WIDTH);
}

static double at_y(struct gs_page_axis axis, double value)
{
    return MARGIN_TOP + PLOT_HEIGHT - place(axis, value, PLOT_HEIGHT);
}

void gs_page_svg_text(struct gs_buf *out, double x, double y, const char *anchor, const char *text)
{
    gs_buf_printf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    gs_buf_html(out, gs_str(text));
    gs_buf_puts(out, "</text>");
}

static void put_axes(struct gs_buf *out, struct gs_page_axis x, struct gs_page_axis y)
{
    const double bottom = MARGIN_TOP + PLOT_HEIGHT;
    for (int i = 0; i < N_TICKS; i++) {
        const double part = (double)i / (N_TICKS - 1);
        const double on_x = x.least + part * (x.most - x.least);
        const double on_y = y.least + part * (y.most - y.least);
        char text[32];
        gs_buf_printf(out,
                      "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%.1f\"/>"
                      "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>",
                      at_x(x, on_x), at_x(x, on_x), MARGIN_TOP, bottom, MARGIN_LEFT,
                      MARGIN_LEFT + PLOT_WIDTH, at_y(y, on_y), at_y(y, on_y));
        (void)snprintf(text, sizeof text, "%.3g", on_x);
        gs_page_svg_text(out, at_x(x, on_x), bottom + 16, "middle", text);
        (void)snprintf(text, sizeof text, "%.3g", on_y);
        gs_page_svg_text(out, MARGIN_LEFT - 6, at_y(y, on_y) + 4, "end", text);
    }
    gs_buf_printf(out, "<rect class=\"frame\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>",
                  MARGIN_LEFT, MARGIN_TOP, PLOT_WIDTH, PLOT_HEIGHT);
    gs_page_svg_text(out, MARGIN_LEFT + PLOT_WIDTH / 2.0, bottom + 36, "middle", x.title);
    gs_buf_printf(out, "<g transform=\"translate(14 %.1f) rotate(-90)\">",
                  MARGIN_TOP + PLOT_HEIGHT / 2.0);
    gs_page_svg_text(out, 0, 0, "middle", y.title);
    gs_buf_puts(out, "</g>");
}

static void put_bars(struct gs_buf *out, size_t number, struct gs_page_axis x,
                     struct gs_page_axis y, const struct gs_page_line *line)
{
    const double wide = (double)PLOT_WIDTH / (double)(line->n + 1);
    for (size_t i = 0; i < line->n; i++) {
        if (isfinite(line->x[i]) && isfinite(line->y[i])) {
            const double top = at_y(y, line->y[i]);
            gs_buf_printf(out,
                          "<rect class=\"c%zu\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                          "height=\"%.1f\"/>",
                          number, at_x(x, line->x[i]) - wide / 2, top, wide,
                          MARGIN_TOP + PLOT_HEIGHT - top);
        }
    }
}

static void put_line(struct gs_buf *out, size_t number, struct gs_page_axis x,
                     struct gs_page_axis y, const struct gs_page_line *line)
{
    gs_buf_printf(out, "<polyline class=\"c%zu\" points=\"", number);
    for (size_t i = 0; i < line->n; i++) {
        if (isfinite(line->x[i]) && isfinite(line->y[i])) {
            gs_buf_printf(out, "%.1f,%.1f ", at_x(x, line->x[i]), at_y(y, line->y[i]));
        }
    }
    gs_buf_puts(out, "\"/>");
}

static void put_legend(struct gs_buf *out, const struct gs_page_line *lines, size_t n)
{
    gs_buf_puts(out, "<ul class=\"legend\">");
    for (size_t i = 0; i < n; i++) {
        gs_buf_puts(out, "<li><svg viewBox=\"0 0 28 10\">");
        if (lines[i].bars) {
            gs_buf_printf(out, "<rect class=\"c%zu\" x=\"4\" y=\"0\" width=\"20\" height=\"10\"/>",
                          i);
        } else {
            gs_buf_printf(out, "<line class=\"key c%zu\" x1=\"0\" x2=\"28\" y1=\"5\" y2=\"5\"/>",
                          i);
        }
        gs_buf_puts(out, "</svg> ");
        gs_buf_html(out, gs_str(lines[i].name));
        gs_buf_puts(out, "</li>\n");
    }
    gs_buf_puts(out, "</ul>");
}

void gs_page_chart(struct gs_buf *out, const char *title, struct gs_page_axis x,
                   struct gs_page_axis y, const struct gs_page_line *lines, size_t n_lines)
{
    gs_buf_puts(out, "<figure><figcaption>");
    gs_buf_html(out, gs_str(title));
    gs_buf_printf(out,
                  "</figcaption>\n<svg role=\"img\" width=\"%d\" height=\"%d\" "
                  "viewBox=\"0 0 %d %d\">",
                  MARGIN_LEFT + PLOT_WIDTH + 16, MARGIN_TOP + PLOT_HEIGHT + 44,
                  MARGIN_LEFT + PLOT_WIDTH + 16, MARGIN_TOP + PLOT_HEIGHT + 44);
    put_element(out, "title", title);
    put_axes(out, x, y);
    for (size_t i = 0; i < n_lines; i++) {
        if (lines[i].bars) {
            put_bars(out, i, x, y, &lines[i]);
        } else {
            put_line(out, i, x, y, &lines[i]);
        }
    }
    gs_buf_puts(out, "</svg>\n");
    put_legend(out, lines, n_lines);
    gs_buf_puts(out, "</figure>\n");
}

/* ---- counts ---- */

static size_t sum_of(const size_t *counts, size_t n, size_t step)
{
    size_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += counts[i * step];
    }
    return sum;
}

static bool is_empty(const size_t *counts, size_t n, size_t stride, size_t i)
{
    return sum_of(counts + i * stride, n, 1) + sum_of(counts + i, n, stride) == 0;
}

void gs_page_confusion(struct gs_buf *out, const char *const *labels, size_t n,
                       const size_t *counts, size_t stride)
{
    gs_buf_puts(out, "<div class=\"wide\"><table><tr><th scope=\"col\">truth \\ answer</th>");
    for (size_t a = 0; a < n; a++) {
        if (!is_empty(counts, n, stride, a)) {
            put_element(out, "th", labels[a]);
        }
    }
    gs_buf_puts(out, "</tr>\n");
    for (size_t t = 0; t < n; t++) {
        const size_t all = sum_of(counts + t * stride, n, 1);
        if (is_empty(counts, n, stride, t)) {
            continue;
        }
        gs_buf_puts(out, "<tr>");
        put_element(out, "th", labels[t]);
        for (size_t a = 0; a < n; a++) {
            if (!is_empty(counts, n, stride, a)) {
                const size_t count = counts[t * stride + a];
                const size_t shade = count == 0 ? 0 : (SHADES - 1) * count / all;
                gs_buf_printf(out, "<td class=\"s%zu%s\">%zu</td>", shade, t == a ? " right" : "",
                              count);
            }
        }
        gs_buf_puts(out, "</tr>\n");
    }
    gs_buf_puts(out, "</table></div>\n");
}
