/* The decoder, and the values that decode.c finds in a record and message.c makes a message of; for
 * them only. */
#ifndef GS_INGEST_DECODE_H
#define GS_INGEST_DECODE_H

#include "ingest/base/json_pull.h"
#include "ingest/records/pointer.h"
#include "ingest/records/record.h"

enum gs_field {
    GS_FIELD_ID,
    GS_FIELD_TS,
    GS_FIELD_SOURCE,
    GS_FIELD_TITLE,
    GS_FIELD_TEXT,
    GS_FIELD_URL,
    GS_FIELD_LANG,
    GS_FIELD_AUTHOR,
    GS_N_FIELDS, /* behind them the pointers to entities */
    GS_N_POINTERS = GS_N_FIELDS + GS_MAX_ENTITY_POINTERS
};

struct gs_decoder {
    struct gs_decode_options options; /* the plain values; its strings are NULL */
    struct gs_pointer pointers[GS_N_POINTERS];
    unsigned n_pointers; /* GS_N_FIELDS and those to entities */
    char *default_source;
};

/* The values found in one record. */
struct gs_found {
    struct gs_json_value values[GS_N_FIELDS];
    unsigned present;     /* bits of fields that are there and not null */
    unsigned wrong_type;  /* bits */
    struct gs_str *named; /* [GS_MAX_NAMED] names of entities; NULL until the first */
    size_t n_named;
    struct gs_str *unknown; /* spans of members, key to value; NULL when extra is not kept */
    size_t n_unknown, max_unknown;
    size_t unknown_bytes;
    bool valid; /* the whole record is UTF-8 */
};

static inline enum gs_reject gs_message_refuse(enum gs_reject why, struct gs_error *err,
                                               const char *message)
{
    (void)gs_fail(err, GS_BAD_FORMAT, "%s", message);
    return why;
}

/* Makes the message of what was found. */
enum gs_reject gs_message_make(const struct gs_decoder *decoder, const struct gs_record *record,
                               const struct gs_found *found, int64_t now_ms, struct gs_arena *arena,
                               struct gs_message *ret, struct gs_error *err);

#endif
