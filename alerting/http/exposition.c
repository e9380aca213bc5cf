/* /metrics: the Prometheus text format 0.0.4, and OpenMetrics 1.0.0.
 *
 * Both write a histogram's bounds the same way ("1.0"): to Prometheus 2 le="1" and le="1.0" are two
 * series, and a change of format must not change a name. */
#include "alerting/http/http.h"
#include "ingest/base/escape.h"
#include "ingest/base/utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct writer {
    struct gs_buf *out;
    bool open_metrics;
    const struct gs_metric_def *last; /* whose HELP and TYPE are written */
};

/* The fewest digits that read back as the same double. */
static void put_number(struct gs_buf *out, double value)
{
    char text[40];

    if (isnan(value)) {
        gs_buf_puts(out, "NaN");
    } else if (isinf(value)) {
        gs_buf_puts(out, value > 0 ? "+Inf" : "-Inf");
    } else {
        (void)snprintf(text, sizeof text, "%.15g", value);
        if (strtod(text, NULL) != value) {
            (void)snprintf(text, sizeof text, "%.17g", value);
        }
        gs_buf_puts(out, text);
    }
}

static void put_bound(struct gs_buf *out, double bound)
{
    const size_t start = out->len;

    put_number(out, bound);
    if (gs_buf_ok(out) && memchr(out->bytes + start, '.', out->len - start) == NULL &&
        memchr(out->bytes + start, 'e', out->len - start) == NULL) {
        gs_buf_puts(out, ".0");
    }
}

static bool ends_in(struct gs_str name, const char *end)
{
    const size_t len = strlen(end);
    return name.len > len && memcmp(name.bytes + name.len - len, end, len) == 0;
}

/* OpenMetrics names a counter's family without its "_total". */
static struct gs_str family(const struct writer *writer, const struct gs_metric_def *def)
{
    struct gs_str name = gs_str(def->name);

    if (writer->open_metrics && def->type == GS_METRIC_COUNTER && ends_in(name, "_total")) {
        name.len -= strlen("_total");
    }
    return name;
}

static void put_head(const struct writer *writer, const struct gs_metric_def *def)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};
    struct gs_buf *out = writer->out;
    const struct gs_str name = family(writer, def);

    gs_buf_printf(out, "# HELP %.*s ", GS_STR_ARGS(name));
    gs_buf_exposition(out, gs_str(def->help), writer->open_metrics);
    gs_buf_printf(out, "\n# TYPE %.*s %s\n", GS_STR_ARGS(name), types[def->type]);
    if (writer->open_metrics && def->unit[0] != '\0' && ends_in(name, def->unit)) {
        gs_buf_printf(out, "# UNIT %.*s %s\n", GS_STR_ARGS(name), def->unit);
    }
}

/* {a="x",le="1.0"}; le is NULL where there is none. */
static void put_labels(struct gs_buf *out, const struct gs_sample *sample, const double *le)
{
    const struct gs_metric_def *def = sample->def;
    const char *before = "{";

    for (size_t i = 0; i < GS_METRIC_MAX_LABELS && def->labels[i] != NULL; i++) {
        gs_buf_printf(out, "%s%s=\"", before, def->labels[i]);
        gs_buf_exposition(out, sample->values[i], true);
        gs_buf_putc(out, '"');
        before = ",";
    }
    if (le != NULL) {
        gs_buf_printf(out, "%sle=\"", before);
        if (isinf(*le)) {
            gs_buf_puts(out, "+Inf");
        } else {
            put_bound(out, *le);
        }
        gs_buf_putc(out, '"');
        before = ",";
    }
    gs_buf_puts(out, before[0] == ',' ? "} " : " ");
}

static void put_histogram(struct gs_buf *out, const struct gs_sample *sample)
{
    const struct gs_metric_def *def = sample->def;
    const double infinite = INFINITY;
    uint64_t count = 0;

    for (size_t i = 0; i <= def->n_buckets; i++) {
        count += sample->bucket_counts[i];
        gs_buf_printf(out, "%s_bucket", def->name);
        put_labels(out, sample, i < def->n_buckets ? &def->buckets[i] : &infinite);
        gs_buf_printf(out, "%llu\n", (unsigned long long)count);
    }
    gs_buf_printf(out, "%s_sum", def->name);
    put_labels(out, sample, NULL);
    put_number(out, sample->value);
    gs_buf_printf(out, "\n%s_count", def->name);
    put_labels(out, sample, NULL);
    gs_buf_printf(out, "%llu\n", (unsigned long long)count);
}

static void put_sample(void *arg, const struct gs_sample *sample)
{
    struct writer *writer = arg;

    if (writer->last != sample->def) {
        put_head(writer, sample->def);
        writer->last = sample->def;
    }
    if (sample->values == NULL) {
        return;
    }
    if (sample->def->type == GS_METRIC_HISTOGRAM) {
        put_histogram(writer->out, sample);
        return;
    }
    gs_buf_puts(writer->out, sample->def->name);
    put_labels(writer->out, sample, NULL);
    put_number(writer->out, sample->value);
    gs_buf_putc(writer->out, '\n');
}

enum gs_status gs_exposition(struct gs_metrics *metrics, bool open_metrics, struct gs_buf *out,
                             struct gs_error *err)
{
    struct writer writer = {.out = out, .open_metrics = open_metrics};
    const enum gs_status status = gs_metrics_visit(metrics, put_sample, &writer, err);

    if (status != GS_OK) {
        return status;
    }
    if (open_metrics) {
        gs_buf_puts(out, "# EOF\n");
    }
    return gs_buf_ok(out) ? GS_OK : gs_fail(err, GS_NO_MEMORY, "the metrics' text");
}
