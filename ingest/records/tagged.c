/* Writes a tagged message as JSON.
 *
 * This runs once a message, so members are put one after the other into the buffer, names and
 * quotes as literals: there is no tree and no printf. Members without a value are left out.
 * tagged_decode.c reads what is written here; a change in one belongs into the other, and into
 * deploy/docs/records.md. */
#include "ingest/records/codec.h"
#include "ingest/records/record.h"

#include <assert.h>

/* {"label":…,"p":{…} — open, so that the message's score can follow. */
static void put_sentiment(const float p[3], struct gs_buf *out)
{
    size_t best = 0;

    for (size_t i = 1; i < 3; i++) {
        best = p[i] > p[best] ? i : best;
    }
    GS_CODEC_PUT(out, "{\"label\":\"");
    gs_buf_puts(out, gs_sentiment_name((enum gs_sentiment)best));
    GS_CODEC_PUT(out, "\",\"p\":{\"negative\":");
    gs_buf_json_float(out, p[0]);
    GS_CODEC_PUT(out, ",\"neutral\":");
    gs_buf_json_float(out, p[1]);
    GS_CODEC_PUT(out, ",\"positive\":");
    gs_buf_json_float(out, p[2]);
    gs_buf_putc(out, '}');
}

static void put_labels(const struct gs_scored_label *labels, size_t n, struct gs_buf *out)
{
    gs_buf_putc(out, '[');
    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            gs_buf_putc(out, ',');
        }
        GS_CODEC_PUT(out, "{\"label\":");
        gs_buf_json_str(out, labels[i].label);
        GS_CODEC_PUT(out, ",\"p\":");
        gs_buf_json_float(out, labels[i].p);
        gs_buf_putc(out, '}');
    }
    gs_buf_putc(out, ']');
}

static void put_entities(const struct gs_tagged *tagged, struct gs_buf *out)
{
    gs_buf_putc(out, '[');
    for (size_t i = 0; i < tagged->n_entities; i++) {
        const struct gs_entity_mention *entity = &tagged->entities[i];
        if (i > 0) {
            gs_buf_putc(out, ',');
        }
        GS_CODEC_PUT(out, "{\"id\":");
        gs_buf_json_str(out, entity->id);
        GS_CODEC_PUT(out, ",\"name\":");
        gs_buf_json_str(out, entity->name);
        if (entity->in_field) {
            GS_CODEC_PUT(out, ",\"in\":\"field\",\"sentiment\":");
            put_sentiment(gs_entity_sentiment(tagged, entity), out);
            GS_CODEC_PUT(out, "}}");
            continue;
        }
        if (entity->in_title) {
            GS_CODEC_PUT(out, ",\"in\":\"title\",\"start\":");
        } else {
            GS_CODEC_PUT(out, ",\"in\":\"text\",\"start\":");
        }
        gs_buf_json_int(out, (int64_t)entity->start);
        GS_CODEC_PUT(out, ",\"end\":");
        gs_buf_json_int(out, (int64_t)entity->end);
        GS_CODEC_PUT(out, ",\"sentiment\":");
        put_sentiment(gs_entity_sentiment(tagged, entity), out);
        GS_CODEC_PUT(out, "}}");
    }
    gs_buf_putc(out, ']');
}

/* A member that is left out when there is none. */
static void put_optional(const char *name, struct gs_str text, struct gs_buf *out)
{
    if (text.bytes != NULL) {
        GS_CODEC_PUT(out, ",\"");
        gs_buf_puts(out, name);
        GS_CODEC_PUT(out, "\":");
        gs_buf_json_str(out, text);
    }
}

static void put_model(const struct gs_tagged *tagged, struct gs_buf *out)
{
    if (tagged->model_name.bytes == NULL) {
        return;
    }
    GS_CODEC_PUT(out, ",\"model\":{\"name\":");
    gs_buf_json_str(out, tagged->model_name);
    GS_CODEC_PUT(out, ",\"version\":");
    gs_buf_json_str(out, tagged->model_version);
    GS_CODEC_PUT(out, ",\"sha256\":");
    gs_buf_json_str(out, tagged->model_sha256);
    gs_buf_putc(out, '}');
}

static void put_verdict(const struct gs_tagged *tagged, struct gs_buf *out)
{
    GS_CODEC_PUT(out, ",\"sentiment\":");
    put_sentiment(tagged->sentiment, out);
    GS_CODEC_PUT(out, ",\"score\":");
    gs_buf_json_number(out, (double)tagged->sentiment[2] - (double)tagged->sentiment[0]);
    GS_CODEC_PUT(out, "},\"topics\":");
    put_labels(tagged->topics, tagged->n_topics, out);
    GS_CODEC_PUT(out, ",\"risks\":");
    put_labels(tagged->risks, tagged->n_risks, out);
    GS_CODEC_PUT(out, ",\"entities\":");
    put_entities(tagged, out);
    if (tagged->story != 0) {
        GS_CODEC_PUT(out, ",\"dup\":{\"group\":");
        gs_codec_put_hash(out, tagged->story);
        GS_CODEC_PUT(out, ",\"copy\":");
        gs_buf_json_int(out, tagged->copy);
        gs_buf_putc(out, '}');
    }
    if (tagged->tier != NULL) {
        put_optional("tier", gs_str(tagged->tier), out);
    }
    if (tagged->degraded) {
        GS_CODEC_PUT(out, ",\"degraded\":true");
    }
    GS_CODEC_PUT(out, ",\"confidence\":");
    gs_buf_json_float(out, tagged->confidence);
    GS_CODEC_PUT(out, ",\"abstained\":");
    gs_buf_puts(out, tagged->abstained ? "true" : "false");
    if (tagged->no_sentiment) {
        GS_CODEC_PUT(out, ",\"no_sentiment\":true");
    }
    put_model(tagged, out);
}

void gs_tagged_encode(const struct gs_tagged *tagged, struct gs_buf *out)
{
    const struct gs_message *message = tagged->message;

    assert(tagged->n_topics <= GS_MAX_TAGS && tagged->n_risks <= GS_MAX_TAGS);
    assert(tagged->n_entities <= GS_MAX_MENTIONS);
    assert((unsigned)tagged->lang < GS_N_LANGS);
    GS_CODEC_PUT(out, "{\"v\":1,\"id\":");
    gs_buf_json_str(out, message->id);
    GS_CODEC_PUT(out, ",\"ts\":");
    gs_buf_json_time(out, message->ts_ms);
    GS_CODEC_PUT(out, ",\"source\":");
    gs_buf_json_str(out, message->source);
    put_optional("lang", gs_str(gs_lang_name(tagged->lang)), out);
    put_optional("title", tagged->title, out);
    put_optional("text", tagged->text, out);
    put_verdict(tagged, out);
    put_optional("url", message->url, out);
    put_optional("author", message->author, out);
    put_optional("traceparent", message->traceparent, out);
    if (message->extra.len > 0) {
        GS_CODEC_PUT(out, ",\"extra\":");
        gs_buf_put(out, message->extra);
    }
    if (tagged->appended.len > 0) {
        gs_buf_putc(out, ',');
        gs_buf_put(out, tagged->appended);
    }
    gs_buf_putc(out, '}');
}
