/* One POST at a time to one address, on a multi handle of libcurl's.
 *
 * Strict where it matters: certificates and names are verified, only http and https are spoken, no
 * redirect is followed (a POST, and its credentials, belong where the configuration says), no proxy is
 * taken from the environment, an answer's body is read up to GS_POST_ANSWER bytes, and a request has
 * one time limit for all of it.
 *
 * Threads: owned by one. */
#ifndef GS_ALERTING_HTTP_POST_H
#define GS_ALERTING_HTTP_POST_H

#include "alerting/notify/notify.h"
#include "ingest/base/buf.h"

#include <curl/curl.h>

enum { GS_POST_ANSWER = 16 * 1024, GS_POST_HEADERS = 4, GS_POST_SECRET = 64 * 1024 };

struct gs_post; /* opaque */

/* Borrowed; outlives the gs_post. */
struct gs_post_options {
    const char *url;
    const struct gs_notify_login *login;
    const char *ca_file, *user_agent; /* ca_file may be NULL */
    int64_t timeout_ms;
};

GS_MUST_CHECK
enum gs_status gs_post_new(const struct gs_post_options *options, CURLM *multi,
                           struct gs_post **ret, struct gs_error *err);
/* Also one that is on its way. Does not wait for a resolver. NULL is fine. */
void gs_post_free(struct gs_post *post);
/* The handle of libcurl's, to know whose message it is. */
const CURL *gs_post_handle(const struct gs_post *post);

/* What became of a request. */
struct gs_post_result {
    enum gs_notify_failure failure;
    long status;          /* of HTTP; 0: there was no answer */
    int64_t retry_ms;     /* the receiver asks for this pause; 0: for none */
    struct gs_str answer; /* borrowed until the next start */
    char why[256];        /* of a failure, for people; one line */
};

/* Begins a request: body (JSON) is borrowed until its end, headers ("Name: value") are copied. query:
 * "&name=value" to add to the address, or "". False: it failed at once, and ret says how. */
bool gs_post_start(struct gs_post *post, struct gs_str body, const char *query,
                   const char *const *headers, size_t n_headers, struct gs_post_result *ret);
/* libcurl says that it is done. */
void gs_post_end(struct gs_post *post, CURLcode code, struct gs_post_result *ret);

#endif
