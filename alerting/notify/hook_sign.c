/* Signatures of webhooks: HMAC-SHA256 in the form that each receiver checks.
 *
 *     groundswell   Groundswell-Signature: sha256=hex(HMAC(secret, timestamp "." body)), seconds
 *     feishu        in the body: base64(HMAC(timestamp "\n" secret, "")), seconds
 *     dingtalk      in the address: base64(HMAC(secret, timestamp "\n" secret)), milliseconds */
#include "alerting/notify/hook_body.h"

#include "alerting/notify/notify_secret.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

enum { MAC = 32, BASE64 = 48 };

static void mac(struct gs_str key, struct gs_str text, unsigned char ret[MAC])
{
    unsigned len = 0;

    (void)HMAC(EVP_sha256(), key.bytes, (int)key.len, (const unsigned char *)text.bytes, text.len,
               ret, &len);
}

static void base64(const unsigned char bytes[MAC], char ret[BASE64])
{
    (void)EVP_EncodeBlock((unsigned char *)ret, bytes, MAC); /* 44 characters and a NUL */
}

/* "1767571200.{…}" under the secret. */
static void sign_body(const char *secret, struct gs_str body, int64_t now_ms, struct gs_buf *work,
                      struct gs_hook_signed *ret)
{
    unsigned char sum[MAC] = {0};
    char hex[2 * MAC + 1];

    gs_buf_printf(work, "%" PRId64 ".", now_ms / 1000);
    gs_buf_put(work, body);
    mac(gs_str(secret), gs_buf_str(work), sum);
    for (size_t i = 0; i < MAC; i++) {
        (void)snprintf(hex + 2 * i, 3, "%02x", sum[i]);
    }
    (void)snprintf(ret->headers[0], GS_HOOK_SIGNATURE, "Groundswell-Timestamp: %" PRId64,
                   now_ms / 1000);
    (void)snprintf(ret->headers[1], GS_HOOK_SIGNATURE, "Groundswell-Signature: sha256=%s", hex);
    ret->n_headers = 2;
}

/* The members that Feishu looks for, before those of the body. */
static void sign_feishu(const char *secret, struct gs_str body, int64_t now_ms, struct gs_buf *work,
                        struct gs_buf *out)
{
    unsigned char sum[MAC] = {0};
    char text[BASE64];

    gs_buf_printf(work, "%" PRId64 "\n%s", now_ms / 1000, secret);
    mac(gs_buf_str(work), gs_str(""), sum);
    base64(sum, text);
    gs_buf_printf(out, "{\"timestamp\":\"%" PRId64 "\",\"sign\":\"%s\",", now_ms / 1000, text);
    gs_buf_put(out, (struct gs_str){body.bytes + 1, body.len - 1}); /* without its brace */
}

static void sign_dingtalk(const char *secret, int64_t now_ms, struct gs_buf *work,
                          struct gs_hook_signed *ret)
{
    unsigned char sum[MAC] = {0};
    char text[BASE64];

    gs_buf_printf(work, "%" PRId64 "\n%s", now_ms, secret);
    mac(gs_str(secret), gs_buf_str(work), sum);
    base64(sum, text);
    int len = snprintf(ret->query, GS_HOOK_SIGNATURE, "&timestamp=%" PRId64 "&sign=", now_ms);
    for (const char *c = text; *c != '\0'; c++) {
        const char *escaped = *c == '+' ? "%2B" : *c == '/' ? "%2F" : *c == '=' ? "%3D" : NULL;
        len += escaped == NULL
                   ? snprintf(ret->query + len, GS_HOOK_SIGNATURE - (size_t)len, "%c", *c)
                   : snprintf(ret->query + len, GS_HOOK_SIGNATURE - (size_t)len, "%s", escaped);
    }
}

void gs_hook_sign(enum gs_notify_shape shape, const char *secret, struct gs_str body,
                  int64_t now_ms, struct gs_buf *out, struct gs_hook_signed *ret)
{
    struct gs_buf work = {.max = body.len + GS_SECRET_BYTES + 64};

    *ret = (struct gs_hook_signed){.n_headers = 0};
    if (secret != NULL && shape == GS_SHAPE_FEISHU) {
        sign_feishu(secret, body, now_ms, &work, out);
    } else {
        gs_buf_put(out, body);
    }
    if (secret != NULL && shape == GS_SHAPE_GROUNDSWELL) {
        sign_body(secret, body, now_ms, &work, ret);
    } else if (secret != NULL && shape == GS_SHAPE_DINGTALK) {
        sign_dingtalk(secret, now_ms, &work, ret);
    }
    out->broken = out->broken || !gs_buf_ok(&work);
    if (work.bytes != NULL) {
        OPENSSL_cleanse(work.bytes, work.len);
    }
    gs_buf_done(&work);
}
