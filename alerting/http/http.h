/* HTTP for people and Prometheus: /metrics, /healthz, /readyz, / (a plain status page) and
 * /api/v1/status. libmicrohttpd, loopback unless configured otherwise.
 *
 * Content negotiation on /metrics: text format 0.0.4, or OpenMetrics 1.0 when the Accept header
 * prefers it (RFC 9110 quality values).
 *
 * Threads: runs one thread of its own, which takes no signals; the callbacks are called on it. */
#ifndef GS_ALERTING_HTTP_H
#define GS_ALERTING_HTTP_H

#include "ingest/base/buf.h"
#include "ingest/base/error.h"
#include "ingest/base/metrics.h"

struct gs_http_options {
    const char *address; /* "127.0.0.1", "::1", "0.0.0.0" */
    int port;            /* 0: any free one */
    int max_connections; /* 64 */
};

/* /api/v1/status is one JSON object, written by the program's hook and read by the status page and
 * by people's own tools. Every member may be absent, more may be added:
 *
 *   {"version":"0.1.0", "started":"…Z",
 *    "model":{"name":"finance-zh-en-fast", "version":"1.0.0"},
 *    "totals":{"consumed":0, "tagged":0, "rejected":0, "observations":0, "alerts":0},
 *    "watermark":"2026-…Z",
 *    "lanes":[{"stage":"tag", "lane":0, "partitions":1, "assigned":true, "failed":false, "lag":0,
 *              "last_progress":"…Z"}],
 *    "keys":[{"key":"entity:600519.SH", "name":"贵州茅台", "messages":120, "n_hour":14.0,
 *             "observed":0.31, "expected":0.22, "log10_evidence":0.4, "firing":false,
 *             "detectable":true}],
 *    "alerts":[…]}
 *
 * The watermark is event time, or null before there is any; a lag of -1 is unknown; "name" is left
 * out where none is known; "alerts" holds those that fire, each as its alert record. What each
 * member means: deploy/docs/records.md. */

/* The functions of the program that the server calls. Each may be called at any time until
 * gs_http_stop() returns. */
struct gs_http_hooks {
    void *arg;
    struct gs_metrics *metrics;
    void (*refresh)(void *arg); /* called before each scrape; may be NULL */
    bool (*ready)(void *arg, struct gs_buf *ret_reason); /* false: reason, one sentence */
    bool (*alive)(void *arg, struct gs_buf *ret_reason);
    void (*status_json)(void *arg, struct gs_buf *ret); /* body of /api/v1/status, as below */
};

/* GET and HEAD only (405), five paths and the page's own files (404), a 200 or 503 with
 * a reason from /healthz and /readyz. Connections are bounded in number, memory (32 KiB) and
 * silence (10 s); bodies sent to us are read past, 64 KiB at most. */
struct gs_http; /* opaque */

/* GS_IO names address, port and reason; GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_http_start(const struct gs_http_options *options,
                             const struct gs_http_hooks *hooks, struct gs_http **ret,
                             struct gs_error *err);
int gs_http_port(const struct gs_http *http);
void gs_http_stop(struct gs_http *http); /* NULL is fine */

/* True when a client with this Accept header wants OpenMetrics (see above); NULL or "": no. */
bool gs_wants_open_metrics(const char *accept);

/* Writes the exposition; open_metrics: OpenMetrics 1.0 with UNIT lines and "# EOF", else 0.0.4. */
enum gs_status gs_exposition(struct gs_metrics *metrics, bool open_metrics, struct gs_buf *out,
                             struct gs_error *err);

#endif
