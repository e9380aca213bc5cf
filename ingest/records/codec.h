/* Helpers that the codecs of our own records share; for this module only. */
#ifndef GS_INGEST_CODEC_H
#define GS_INGEST_CODEC_H

#include "ingest/base/buf.h"
#include "ingest/base/error.h"
#include "ingest/base/json_pull.h"

/* Our records nest a message's extra fields one deeper than the message had them. */
enum { GS_CODEC_MAX_DEPTH = 40 };

/* A name that stands in the code, as a member: ,"name": without the check of its bytes. The first
 * member of an object has no comma and is written by hand. */
#define GS_CODEC_PUT(buf, literal) gs_buf_put(buf, (struct gs_str){literal, sizeof(literal) - 1})

/* 16 hex digits in quotes. */
void gs_codec_put_hash(struct gs_buf *out, uint64_t hash);

/* Exactly 16 lower-case hex digits. */
bool gs_codec_hash(struct gs_str text, uint64_t *ret);

/* Copies json to the arena, checks its UTF-8 and enters the object that it must be. */
GS_MUST_CHECK
enum gs_status gs_codec_open(struct gs_str text, struct gs_arena *arena, struct gs_json *json,
                             struct gs_error *err);

/* Behind the last member: that nothing follows and no failure was met. */
GS_MUST_CHECK
enum gs_status gs_codec_close(struct gs_json *json, struct gs_error *err);

/* Reads the next value, which must be of the kind asked for; on failure json is stopped with
 * `why` (gs_codec_close() says so). */
bool gs_codec_read_str(struct gs_json *json, struct gs_str *ret, const char *why);
bool gs_codec_read_int(struct gs_json *json, int64_t *ret, const char *why);
bool gs_codec_read_bool(struct gs_json *json, bool *ret, const char *why);
bool gs_codec_read_probability(struct gs_json *json, float *ret, const char *why);
bool gs_codec_enter(struct gs_json *json, enum gs_json_type type, const char *why);

/* Stops the parser: what it has read is not such a record. */
bool gs_codec_refuse(struct gs_json *json, const char *why);

static inline bool gs_codec_is(struct gs_str key, const char *name, size_t len)
{
    return key.len == len && memcmp(key.bytes, name, len) == 0;
}
#define GS_CODEC_IS(key, literal) gs_codec_is(key, literal, sizeof(literal) - 1)

#endif
