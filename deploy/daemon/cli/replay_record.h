/* What was recorded of an alert or an incident, held against what is computed now: JSON lines as
 * they went out, each change against its counterpart.
 *
 * Threads: any. */
#ifndef GS_DEPLOY_REPLAY_RECORD_H
#define GS_DEPLOY_REPLAY_RECORD_H

#include "ingest/base/error.h"
#include "ingest/base/str.h"

#include <stdbool.h>
#include <stddef.h>

enum { GS_RECORD_DIFFERENCES = 64 };

struct gs_record_difference {
    char change[64];                   /* "firing at 2026-11-21T09:30:00.000Z" */
    char member[128];                  /* "evidence[2].weight" */
    char recorded[256], computed[256]; /* as JSON, cut; "" : not there */
};

struct gs_record_verdict {
    const char *path;  /* of the record; NULL: there is none */
    size_t n_recorded; /* changes of the id in it */
    size_t n_same;     /* byte for byte */
    size_t n_alike;    /* every member is the same, the bytes are not */
    size_t
        n_answered; /* the same but for what people answered (told, silence, acknowledged, muted) */
    size_t n_different;
    size_t n_missing; /* nothing was computed that they could be */
    struct gs_record_difference differences[GS_RECORD_DIFFERENCES];
    size_t n_differences; /* may be more than are kept */
};

/* Reads path ("-" is not stdin), JSON lines; lines of other ids and those that are no JSON are passed
 * over. computed: the changes, as JSON. GS_IO, GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_record_compare(const char *path, const char *id, const struct gs_str *computed,
                                 size_t n_computed, struct gs_record_verdict *ret,
                                 struct gs_error *err);
/* The same on what path holds. */
GS_MUST_CHECK
enum gs_status gs_record_compare_text(struct gs_str text, const char *id,
                                      const struct gs_str *computed, size_t n_computed,
                                      struct gs_record_verdict *ret, struct gs_error *err);
/* Every recorded change is computed, and there is one. */
bool gs_record_holds(const struct gs_record_verdict *verdict);

#endif
