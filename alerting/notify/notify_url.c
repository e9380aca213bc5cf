/* Addresses of receivers, by libcurl's own parser: what is checked is what will be asked. */
#include "alerting/notify/notify.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

/* True when the address has the part; of an address that was parsed with part flags 0. */
static bool has(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    const bool there = curl_url_get(url, part, &text, 0) == CURLUE_OK;

    curl_free(text);
    return there;
}

static bool is_web(CURLU *url)
{
    char *scheme = NULL;
    const bool web = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                     (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);

    curl_free(scheme);
    return web;
}

/* What is wrong with it; NULL: nothing. */
static const char *fault(CURLU *url, const char *text)
{
    if (strlen(text) > GS_NOTIFY_URL_BYTES) {
        return "is too long for an address";
    }
    if (strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0) {
        return "must begin with http:// or https://";
    }
    for (const char *c = text; *c != '\0'; c++) {
        if (*c <= ' ' || *c >= 0x7f) {
            return "holds a character that an address cannot hold as it is";
        }
    }
    if (curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK || !is_web(url) ||
        !has(url, CURLUPART_HOST)) {
        return "is not an address such as http://host:9093";
    }
    if (has(url, CURLUPART_USER) || has(url, CURLUPART_PASSWORD)) {
        return "must not hold a user or password: there are settings for them";
    }
    return has(url, CURLUPART_FRAGMENT) ? "must not hold a fragment (#…)" : NULL;
}

enum gs_status gs_notify_check_url(const char *url, struct gs_error *err)
{
    CURLU *parsed = curl_url();

    if (parsed == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "no memory");
    }
    const char *what = fault(parsed, url);
    curl_url_cleanup(parsed);
    return what == NULL ? GS_OK : gs_fail(err, GS_BAD_CONFIG, "%s", what);
}

void gs_notify_url_host(const char *url, char *ret, size_t size)
{
    CURLU *parsed = curl_url();
    char *host = NULL;
    char *port = NULL;

    (void)snprintf(ret, size, "?");
    if (parsed != NULL && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
        (void)curl_url_get(parsed, CURLUPART_PORT, &port, 0);
        (void)snprintf(ret, size, "%s%s%s", host, port == NULL ? "" : ":",
                       port == NULL ? "" : port);
    }
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parsed);
}
