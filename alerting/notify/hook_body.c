/* Bodies of webhooks, in the shapes of the services' own documents: Slack's "Sending messages using
 * incoming webhooks", Feishu's and DingTalk's "custom bot", WeCom's "group robot". */
#include "alerting/notify/hook_body.h"

#include "ingest/base/utf8.h"

const char *const gs_notify_shape_names[GS_N_NOTIFY_SHAPES + 1] = {
    "groundswell", "slack", "feishu", "wecom", "dingtalk", NULL};

/* Slack reads <!channel> and <url|text>, and wants these three escaped; Feishu reads
 * <at user_id="all">, and has no escape: the full-width sign is no markup. */
static void put_disarmed(enum gs_notify_shape shape, const char *text, struct gs_buf *out)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (shape == GS_SHAPE_SLACK && *c == '&') {
            gs_buf_puts(out, "&amp;");
        } else if (*c == '<' && (shape == GS_SHAPE_SLACK || shape == GS_SHAPE_FEISHU)) {
            gs_buf_puts(out, shape == GS_SHAPE_SLACK ? "&lt;" : "\xef\xbc\x9c");
        } else if (*c == '>' && shape == GS_SHAPE_SLACK) {
            gs_buf_puts(out, "&gt;");
        } else {
            gs_buf_put(out, (struct gs_str){*c == '\n' || *c == '\r' ? " " : c, 1});
        }
    }
}

/* "[warning] opened: Norvane Holdings: shares suspended", the numbers, the link. */
static void put_text(enum gs_notify_shape shape, const struct gs_incident *incident,
                     const char *external_url, struct gs_buf *out)
{
    struct gs_push_alert alert;

    gs_push_alert_of(incident, external_url, incident->updated_at_ms, &alert);
    gs_buf_printf(out, "[%s] %s: ", gs_severity_name((enum gs_severity)incident->severity),
                  gs_incident_notice_name((enum gs_incident_notice)incident->notice));
    put_disarmed(shape, alert.title, out);
    gs_buf_putc(out, '\n');
    put_disarmed(shape, alert.summary, out);
    const char *const links[] = {alert.link, alert.source};
    for (size_t i = 0; i < GS_COUNT(links); i++) {
        if (links[i][0] != '\0' && (i == 0 || strcmp(links[0], links[1]) != 0)) {
            gs_buf_putc(out, '\n');
            put_disarmed(shape, links[i], out);
        }
    }
}

void gs_hook_body(enum gs_notify_shape shape, const struct gs_incident *incident,
                  const char *external_url, struct gs_buf *out)
{
    static const char *const before[GS_N_NOTIFY_SHAPES] = {
        [GS_SHAPE_SLACK] = "{\"text\":",
        [GS_SHAPE_FEISHU] = "{\"msg_type\":\"text\",\"content\":{\"text\":",
        [GS_SHAPE_WECOM] = "{\"msgtype\":\"text\",\"text\":{\"content\":",
        [GS_SHAPE_DINGTALK] = "{\"msgtype\":\"text\",\"text\":{\"content\":"};
    struct gs_buf text = {.max = 65536};

    if (shape == GS_SHAPE_GROUNDSWELL) {
        gs_incident_encode(incident, out);
        return;
    }
    put_text(shape, incident, external_url, &text);
    gs_buf_puts(out, before[shape]);
    gs_buf_json_str(out, gs_buf_str(&text));
    gs_buf_puts(out, shape == GS_SHAPE_SLACK ? "}" : "}}");
    if (!gs_buf_ok(&text)) {
        out->broken = true; /* without memory half a text is no text */
    }
    gs_buf_done(&text);
}
