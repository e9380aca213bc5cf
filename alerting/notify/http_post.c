/* The request on libcurl: what is set once, what is set for each, and what its end means. */
#include "alerting/notify/http_post.h"

#include "alerting/notify/notify_secret.h"
#include "alerting/notify/post_answer.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_RETRY_S = 600, MAX_URL = 2 * GS_NOTIFY_URL_BYTES };

struct gs_post {
    struct gs_post_options options;
    CURL *curl;
    CURLM *multi;
    bool busy; /* is in the multi handle */
    struct curl_slist *headers;
    struct gs_buf answer;
    char error[CURL_ERROR_SIZE];
};

/* The answer's first bytes are kept, the rest is let go by: its length is bounded by time. */
// NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's
static size_t on_answer(char *bytes, size_t size, size_t n, void *arg)
{
    struct gs_post *post = arg;
    const size_t len = size * n; /* size is 1 */
    const size_t room = GS_POST_ANSWER - post->answer.len;

    gs_buf_put(&post->answer, (struct gs_str){bytes, len < room ? len : room});
    return len;
}

/* True when libcurl took all of them; it refuses without memory, or what it was not built for. */
static bool set_up(struct gs_post *post)
{
    CURL *curl = post->curl;
    const struct gs_post_options *options = &post->options;
    bool ok = true;

    ok = ok && curl_easy_setopt(curl, CURLOPT_URL, options->url) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https") == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK;
    ok =
        ok && curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
    ok = ok && (options->ca_file == NULL ||
                curl_easy_setopt(curl, CURLOPT_CAINFO, options->ca_file) == CURLE_OK);
    /* A new file of certificates counts within a minute. */
    ok = ok && curl_easy_setopt(curl, CURLOPT_CA_CACHE_TIMEOUT, 60L) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)options->timeout_ms) == CURLE_OK;
    ok = ok &&
         curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)options->timeout_ms) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
    /* Else its end waits for a resolver that may be dead. */
    ok = ok && curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_USERAGENT, options->user_agent) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, post->error) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_answer) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_WRITEDATA, post) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK;
    return ok;
}

enum gs_status gs_post_new(const struct gs_post_options *options, CURLM *multi,
                           struct gs_post **ret, struct gs_error *err)
{
    struct gs_post *post = calloc(1, sizeof *post);

    if (post == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "notify");
    }
    post->options = *options;
    post->multi = multi;
    post->answer.max = GS_POST_ANSWER;
    post->curl = curl_easy_init();
    if (post->curl == NULL || !set_up(post)) {
        gs_post_free(post);
        return gs_fail(err, GS_NO_MEMORY, "notify: libcurl");
    }
    *ret = post;
    return GS_OK;
}

static void leave(struct gs_post *post)
{
    if (post->busy) {
        (void)curl_multi_remove_handle(post->multi, post->curl);
        post->busy = false;
    }
    curl_slist_free_all(post->headers);
    post->headers = NULL;
}

void gs_post_free(struct gs_post *post)
{
    if (post == NULL) {
        return;
    }
    leave(post);
    curl_easy_cleanup(post->curl);
    gs_buf_done(&post->answer);
    free(post);
}

const CURL *gs_post_handle(const struct gs_post *post)
{
    return post->curl;
}

/* ---- a request ---- */

static bool fail(struct gs_post_result *ret, enum gs_notify_failure failure, const char *why)
{
    *ret = (struct gs_post_result){.failure = failure};
    (void)snprintf(ret->why, sizeof ret->why, "%s", why);
    return false;
}

/* False: ret says why. */
static bool log_in(struct gs_post *post, struct gs_post_result *ret)
{
    const struct gs_notify_login *login = post->options.login;
    const bool bearer = login->bearer_token_file != NULL;
    char secret[GS_SECRET_BYTES];
    struct gs_error err = {.status = GS_OK};
    bool ok = true;

    if (!bearer && login->username == NULL) {
        return true;
    }
    if (gs_secret_read(bearer ? login->bearer_token_file : login->password_file, secret, &err) !=
        GS_OK) {
        return fail(ret, GS_NOTIFY_CREDENTIALS, err.message);
    }
    if (bearer) {
        ok = curl_easy_setopt(post->curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER) == CURLE_OK &&
             curl_easy_setopt(post->curl, CURLOPT_XOAUTH2_BEARER, secret) == CURLE_OK;
    } else {
        ok = curl_easy_setopt(post->curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC) == CURLE_OK &&
             curl_easy_setopt(post->curl, CURLOPT_USERNAME, login->username) == CURLE_OK &&
             curl_easy_setopt(post->curl, CURLOPT_PASSWORD, secret) == CURLE_OK;
    }
    gs_secret_wipe(secret);
    return ok || fail(ret, GS_NOTIFY_CREDENTIALS, "no memory");
}

static bool set_headers(struct gs_post *post, const char *const *headers, size_t n)
{
    static const char *const always[] = {"Content-Type: application/json", "Expect:"};
    bool ok = true;

    for (size_t i = 0; i < GS_COUNT(always) + n && ok; i++) {
        const char *line = i < GS_COUNT(always) ? always[i] : headers[i - GS_COUNT(always)];
        struct curl_slist *longer = curl_slist_append(post->headers, line);
        ok = longer != NULL;
        post->headers = ok ? longer : post->headers;
    }
    return ok && curl_easy_setopt(post->curl, CURLOPT_HTTPHEADER, post->headers) == CURLE_OK;
}

/* "&a=b" behind an address without a query is "?a=b". */
static bool set_url(struct gs_post *post, const char *query)
{
    struct gs_buf url = {.max = MAX_URL};

    if (query[0] == '\0') {
        return true;
    }
    gs_buf_puts(&url, post->options.url);
    gs_buf_puts(&url, strchr(post->options.url, '?') == NULL ? "?" : "&");
    gs_buf_puts(&url, query + 1);
    gs_buf_putc(&url, '\0');
    const bool ok =
        gs_buf_ok(&url) && curl_easy_setopt(post->curl, CURLOPT_URL, url.bytes) == CURLE_OK;
    gs_buf_done(&url);
    return ok;
}

bool gs_post_start(struct gs_post *post, struct gs_str body, const char *query,
                   const char *const *headers, size_t n_headers, struct gs_post_result *ret)
{
    gs_buf_reset(&post->answer);
    post->error[0] = '\0';
    if (!log_in(post, ret)) {
        return false;
    }
    if (!set_url(post, query) || !set_headers(post, headers, n_headers) ||
        curl_easy_setopt(post->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len) !=
            CURLE_OK ||
        curl_easy_setopt(post->curl, CURLOPT_POSTFIELDS, body.bytes) != CURLE_OK ||
        curl_multi_add_handle(post->multi, post->curl) != CURLM_OK) {
        leave(post);
        return fail(ret, GS_NOTIFY_CONNECT, "no memory");
    }
    post->busy = true;
    return true;
}

/* ---- its end ---- */

static enum gs_notify_failure of_code(CURLcode code)
{
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return GS_NOTIFY_TIMEOUT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
        return GS_NOTIFY_TLS;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2:
    case CURLE_HTTP3:
        return GS_NOTIFY_SERVER;
    default:
        return GS_NOTIFY_CONNECT;
    }
}

static enum gs_notify_failure of_status(long status)
{
    if (status >= 200 && status < 300) {
        return GS_NOTIFY_FINE;
    }
    if (status >= 300 && status < 400) {
        return GS_NOTIFY_REDIRECT;
    }
    switch (status) {
    case 401:
    case 403:
    case 407:
        return GS_NOTIFY_AUTH;
    case 408:
        return GS_NOTIFY_TIMEOUT;
    case 429:
        return GS_NOTIFY_THROTTLED;
    default:
        return status >= 400 && status < 500 ? GS_NOTIFY_REFUSED : GS_NOTIFY_SERVER;
    }
}

void gs_post_end(struct gs_post *post, CURLcode code, struct gs_post_result *ret)
{
    curl_off_t retry_s = 0;

    *ret = (struct gs_post_result){.answer = gs_buf_str(&post->answer)};
    (void)curl_easy_getinfo(post->curl, CURLINFO_RESPONSE_CODE, &ret->status);
    (void)curl_easy_getinfo(post->curl, CURLINFO_RETRY_AFTER, &retry_s);
    leave(post);
    if (code != CURLE_OK) {
        ret->failure = of_code(code);
        (void)snprintf(ret->why, sizeof ret->why, "%.200s",
                       post->error[0] != '\0' ? post->error : curl_easy_strerror(code));
        return;
    }
    retry_s = retry_s < 0 ? 0 : retry_s > MAX_RETRY_S ? MAX_RETRY_S : retry_s;
    ret->retry_ms = (int64_t)retry_s * 1000;
    ret->failure = of_status(ret->status);
    if (ret->failure != GS_NOTIFY_FINE) {
        char said[GS_POST_SAID];
        gs_post_answer_text(ret->answer, said);
        (void)snprintf(ret->why, sizeof ret->why, "HTTP status %ld%s%.160s", ret->status,
                       said[0] != '\0' ? ": " : "", said);
    }
}
