/* What a webhook is sent: the incident's record, or a line for a chat; and the signature with it. */
#ifndef GS_ALERTING_HOOK_BODY_H
#define GS_ALERTING_HOOK_BODY_H

#include "alerting/notify/notify.h"
#include "alerting/notify/push_alert.h"

/* Appends the body of a notice. groundswell: the record as in deploy/docs/records.md; else one JSON
 * object in the shape that the service's incoming webhooks take, with a text of at most
 * GS_HOOK_TEXT bytes before escaping: severity, notice, title; numbers; link. Texts come from the
 * stream: what a service would take for markup or a mention is disarmed. */
enum { GS_HOOK_TEXT = 1600 };
void gs_hook_body(enum gs_notify_shape shape, const struct gs_incident *incident,
                  const char *external_url, struct gs_buf *out);

enum { GS_HOOK_SIGNATURE = 128, GS_HOOK_HEADERS = 2 };

/* What a request is signed with. Headers for groundswell; a body with the signature in it for feishu;
 * an address with it for dingtalk; slack and wecom have their secret in the address. */
struct gs_hook_signed {
    char headers[GS_HOOK_HEADERS][GS_HOOK_SIGNATURE];
    size_t n_headers;
    char query[GS_HOOK_SIGNATURE]; /* to append to the address; "": nothing */
};

/* body: what goes out, written to out (with a signature where that belongs there). secret NULL: not
 * signed. now_ms: wall clock. */
void gs_hook_sign(enum gs_notify_shape shape, const char *secret, struct gs_str body,
                  int64_t now_ms, struct gs_buf *out, struct gs_hook_signed *ret);

#endif
