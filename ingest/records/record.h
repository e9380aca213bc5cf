/* Records as they come and go: raw message in, tagged message, observation and DLQ record out.
 * The JSON of each is in deploy/docs/records.md. */
#ifndef GS_INGEST_RECORD_H
#define GS_INGEST_RECORD_H

#include "ingest/base/arena.h"
#include "ingest/base/buf.h"
#include "ingest/base/error.h"
#include "ingest/base/observation.h"
#include "ingest/base/str.h"
#include "ingest/text/lang.h"

#include <stdint.h>

struct gs_header {
    struct gs_str name;
    struct gs_str value; /* {NULL, 0}: a null value, which Kafka knows */
};

/* One record as a source gives it. Borrowed until the source's next commit or rewind. */
struct gs_record {
    struct gs_str topic;  /* a file's path when it comes from one */
    int32_t partition;    /* 0 for files */
    int64_t offset;       /* line number from 1 for files */
    int64_t timestamp_ms; /* the broker's; -1 when there is none */
    struct gs_str key;    /* {NULL, 0} when null */
    struct gs_str value;  /* {NULL, 0} when null */
    const struct gs_header *headers;
    size_t n_headers;
};

/* The reasons for which a record goes to the dead-letter queue. The names are the error codes
 * there: a contract. */
enum gs_reject {
    GS_REJECT_NONE,
    GS_REJECT_NULL_VALUE,   /* "null_value" */
    GS_REJECT_TOO_LARGE,    /* "too_large": over input.max_record_bytes, or an id or source over its
                              bound */
    GS_REJECT_BAD_UTF8,     /* "bad_utf8": and the policy is reject */
    GS_REJECT_BAD_JSON,     /* "bad_json": truncated or not JSON, trailing bytes, NUL in a key,
                              duplicate keys */
    GS_REJECT_TOO_DEEP,     /* "too_deep": nested deeper than 32 */
    GS_REJECT_NOT_OBJECT,   /* "not_object" */
    GS_REJECT_WRONG_TYPE,   /* "wrong_type": a field that we read has a type we cannot read */
    GS_REJECT_NO_TEXT,      /* "no_text": neither title nor text, or nothing left after cleaning */
    GS_REJECT_BAD_TIME,     /* "bad_time": a time that cannot be parsed */
    GS_REJECT_FUTURE_TIME,  /* "future_time": beyond now + max_future */
    GS_REJECT_ANCIENT_TIME, /* "ancient_time": before 1990 */
    GS_REJECT_OUTPUT_TOO_LARGE, /* "output_too_large": the sink refused our record's size */
    GS_N_REJECTS
};
const char *gs_reject_name(enum gs_reject reject);

/* The places of the fields: RFC 6901 JSON pointers ("/data/headline"; "" is not allowed). */
struct gs_decode_options {
    const char *id, *ts, *source, *title, *text, *url, *lang, *author;
    const char *const *entities; /* [n_entities] each leads to a name or a list of names */
    size_t n_entities;           /* <= GS_MAX_ENTITY_POINTERS */
    bool plain_text; /* format: text; the value is the text, and nothing else is known */
    bool keep_extra;
    bool reject_bad_utf8; /* else bytes that are not UTF-8 pass: normalize repairs them */
    size_t max_record_bytes;
    int64_t max_future_ms;      /* time beyond that of its record (or now) + this is refused */
    bool time_required;         /* a message and a record without a time: refused, not "now" */
    const char *default_source; /* when the record names none; NULL: the topic's or file's name */
};

enum {
    GS_MAX_DEPTH = 32,
    GS_MAX_ID = 512,
    GS_MAX_SOURCE = 256,
    GS_MAX_ENTITY_POINTERS = 8,
    GS_MAX_NAMED = 16, /* names of entities in fields of a record; further ones are left out */
};

/* One raw message. All text is borrowed from the record or the arena; {NULL, 0} where absent, null
 * or empty. title and text may hold bytes that are not UTF-8 (normalize repairs and counts them);
 * everything else is valid UTF-8 without NUL, with U+FFFD where it was not. */
struct gs_message {
    struct gs_str id;          /* <= GS_MAX_ID bytes; made when absent, see gs_decode() */
    int64_t ts_ms;             /* event time, in [1990, now + max_future_ms] */
    struct gs_str source;      /* <= GS_MAX_SOURCE bytes */
    struct gs_str title, text; /* raw, not normalized */
    struct gs_str url, lang, author;
    const struct gs_str *named; /* [n_named] what fields say it is about, as they write it: raw */
    size_t n_named;
    struct gs_str extra;       /* a JSON object of the unknown fields, when keep_extra */
    struct gs_str traceparent; /* from the headers */
};

struct gs_decoder; /* opaque: one thread's scratch and parsed pointers */

/* GS_BAD_CONFIG names a pointer that is not RFC 6901; GS_NO_MEMORY. options' strings are copied. */
GS_MUST_CHECK
enum gs_status gs_decoder_new(const struct gs_decode_options *options, struct gs_decoder **ret,
                              struct gs_error *err);
void gs_decoder_free(struct gs_decoder *decoder); /* NULL is fine */

/* Reads one raw record. A byte order mark before the value is skipped. GS_REJECT_NONE and *ret
 * filled, or why not with the reason in err->message. now_ms is the wall clock (a parameter so that
 * tests and replay are deterministic). Needs arena memory: a record for which the arena has no room is
 * GS_REJECT_TOO_LARGE. Where memory was short (gs_arena_starved()) err->status is GS_NO_MEMORY, and
 * nothing is said about the record: it must not become a dead letter.
 *
 * Fields: an entity pointer leads to a string, an integer, or a list of them; id may be an integer;
 * ts a string or a number; the others are strings. null and "" are absent. Half a surrogate pair
 * ("\ud800") counts as bad UTF-8: refused, or U+FFFD. Two pointers may name one field.
 *
 * Times: a date with the year first or the month by name, a time of day and a zone, in the forms of
 * deploy/docs/records.md (RFC 3339, ISO 8601, RFC 2822, asctime with a zone …); or an epoch as
 * number or numeric string: seconds below 1e11, ms below 1e14, µs below 1e17, ns up to 2^63. A time
 * without a zone is refused. 23:59:60 UTC is the second that follows. Fractions below a ms are cut
 * off.
 *
 * Without a ts the record's timestamp is taken if it is in the range that a message's own time must
 * be in, else now_ms.
 *
 * Without an id it is 16 hex digits of XXH3-64 over source, ts, title and text, each the seed of
 * the next. A message that has no time of its own and none from the record counts its partition and
 * offset for ts: the wall clock would give one line another id at each attempt. */
enum gs_reject gs_decode(struct gs_decoder *decoder, const struct gs_record *record, int64_t now_ms,
                         struct gs_arena *arena, struct gs_message *ret, struct gs_error *err);

/* Parses one time as above. GS_BAD_FORMAT. */
GS_MUST_CHECK
enum gs_status gs_time_parse(struct gs_str text, int64_t *ret_ms, struct gs_error *err);

/* ---- tagged ---- */

struct gs_scored_label {
    struct gs_str label;
    float p;
};

struct gs_entity_mention {
    struct gs_str id, name; /* from the watchlist */
    size_t start, end;      /* bytes in the normalized title or text */
    float sentiment[3];     /* as the message's, where it is known */
    bool in_field;          /* named in a field of the record: no span */
    bool in_title;          /* the span is in title, else in text */
    bool has_own;           /* the sentiment toward it is known, else it is the message's */
    uint8_t tier;           /* from the watchlist; 0: none */
};

enum { GS_MAX_TAGS = 32, GS_MAX_MENTIONS = 32 };

/* A message with what we say about it. Everything borrowed. */
struct gs_tagged {
    const struct gs_message *message;
    struct gs_str title, text; /* normalized; {NULL, 0} where the message has none */
    enum gs_lang lang;
    float sentiment[3]; /* P(negative), P(neutral), P(positive); sums to 1 */
    struct gs_scored_label topics[GS_MAX_TAGS]; /* at or above their threshold, best first */
    size_t n_topics;
    struct gs_scored_label risks[GS_MAX_TAGS];
    size_t n_risks;
    struct gs_entity_mention entities[GS_MAX_MENTIONS];
    size_t n_entities;
    uint64_t story;   /* 0: none */
    uint32_t copy;    /* 1 for the first seen by this lane, 0 unknown */
    const char *tier; /* "fast", "encoder", "fast+encoder" */
    bool degraded;    /* the fast tier answered because the lane was behind, not by choice */
    float confidence;
    bool abstained;
    bool no_sentiment; /* the model has none: sentiment is neutral, no observation is made */
    struct gs_str model_name, model_version, model_sha256;
    /* JSON members to add as they are, such as "\"logits\":{…}"; may be empty. */
    struct gs_str appended;
};

/* The sentiment toward an entity, or for want of one the message's. */
static inline const float *gs_entity_sentiment(const struct gs_tagged *tagged,
                                               const struct gs_entity_mention *entity)
{
    return entity->has_own ? entity->sentiment : tagged->sentiment;
}

/* Appends one JSON object (no newline). Check gs_buf_ok(out). */
void gs_tagged_encode(const struct gs_tagged *tagged, struct gs_buf *out);

/* ---- observations ---- */

enum { GS_MAX_KEY = 192, GS_MAX_EXCERPT = 200, GS_MAX_URL = 1024, GS_MAX_NAME = 96 };

/* Observations (ingest/base/observation.h) as JSON. Their keys have at most GS_MAX_KEY bytes, names
 * GS_MAX_NAME and excerpts GS_MAX_EXCERPT, cut at a character. */
void gs_observation_encode(const struct gs_observation *observation, struct gs_buf *out);

/* Reads one; text goes to the arena. GS_BAD_FORMAT with the reason for anything that
 * gs_observation_encode() would not write (unknown members are ignored). */
GS_MUST_CHECK
enum gs_status gs_observation_decode(struct gs_str json, struct gs_arena *arena,
                                     struct gs_observation *ret, struct gs_error *err);

/* Reads a tagged record back, every member that gs_tagged_encode() writes but `appended` (replay of
 * tagged lines); unknown members are passed over. v, id, ts, source, lang and sentiment.p have to be
 * there. Title and text of the message are the normalized ones. Borrowed from the arena;
 * ret->message too. */
GS_MUST_CHECK
enum gs_status gs_tagged_decode(struct gs_str json, struct gs_arena *arena, struct gs_tagged *ret,
                                struct gs_error *err);

#endif
