/* HTTP for people and Prometheus: /metrics, /healthz, /readyz, / (a plain status page) and
 * /api/v1/status. libmicrohttpd, loopback unless told otherwise.
 *
 * Content negotiation on /metrics: text format 0.0.4, or OpenMetrics 1.0 when the Accept header prefers it
 * (RFC 9110 quality values).
 *
 * Threads: runs one thread of its own; the callbacks are called on it. */
#ifndef GS_ALERTING_HTTP_H
#define GS_ALERTING_HTTP_H

#include "base/buf.h"
#include "base/error.h"
#include "base/metrics.h"

struct gs_http_options {
    const char *address; /* "127.0.0.1", "::1", "0.0.0.0" */
    int port;            /* 0: any free one */
    int max_connections; /* 64 */
};

/* What the server asks of the program. Every function may be called at any time until gs_http_stop() returns. */
struct gs_http_hooks {
    void *arg;
    struct gs_metrics *metrics;
    void (*refresh)(void *arg);                         /* called before each scrape; may be NULL */
    bool (*ready)(void *arg, struct gs_buf *ret_reason); /* false: reason, one sentence */
    bool (*alive)(void *arg, struct gs_buf *ret_reason);
    void (*status_json)(void *arg, struct gs_buf *ret); /* body of /api/v1/status, one JSON object */
};

struct gs_http; /* opaque */

/* GS_IO names address, port and reason; GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_http_start(const struct gs_http_options *options,
                             const struct gs_http_hooks *hooks, struct gs_http **ret,
                             struct gs_error *err);
int gs_http_port(const struct gs_http *http);
void gs_http_stop(struct gs_http *http); /* NULL is fine */

/* Writes the exposition; open_metrics: OpenMetrics 1.0 with UNIT lines and "# EOF", else 0.0.4. */
enum gs_status gs_exposition(struct gs_metrics *metrics, bool open_metrics, struct gs_buf *out,
                             struct gs_error *err);

#endif
