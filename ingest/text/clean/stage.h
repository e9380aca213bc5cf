/* The stages of text cleaning, each from one text with its origins to another.
 *
 *   raw → repair → mojibake → html → nfkc → rules
 *
 * A stage is only run on a text that needs it; a text that needs none costs one scan. Stages
 * write into an out buffer that grows to the largest text met and is kept, so that the steady
 * state does not allocate. All but repair take valid UTF-8 and give valid UTF-8. */
#ifndef GS_INGEST_STAGE_H
#define GS_INGEST_STAGE_H

#include "ingest/base/error.h"
#include "ingest/text/clean/normalize.h"
#include "ingest/text/clean/scan.h"

/* A text between two stages. origin has len + 1 items: where in the raw input each byte came
 * from, never falling; the last is the end of the input. */
struct gs_view {
    const char *bytes;
    const uint32_t *origin;
    size_t len;
};

/* The buffer that a stage writes into. capacity counts bytes; origin has room for capacity + 1. */
struct gs_out {
    char *bytes;
    uint32_t *origin;
    size_t len;
    size_t capacity;
};

/* Room for n bytes beyond len. GS_NO_MEMORY. */
GS_MUST_CHECK enum gs_status gs_out_reserve(struct gs_out *out, size_t n, struct gs_error *err);
void gs_out_done(struct gs_out *out);

/* Ends the text: sets the origin behind the last byte. */
struct gs_view gs_out_view(struct gs_out *out, uint32_t end);

/* The next three need room reserved. */
static inline void gs_out_byte(struct gs_out *out, char c, uint32_t origin)
{
    out->bytes[out->len] = c;
    out->origin[out->len++] = origin;
}

static inline void gs_out_copy(struct gs_out *out, const struct gs_view *in, size_t at, size_t n)
{
    memcpy(out->bytes + out->len, in->bytes + at, n);
    memcpy(out->origin + out->len, in->origin + at, n * sizeof *in->origin);
    out->len += n;
}

/* n bytes that all came from one place. */
static inline void gs_out_put(struct gs_out *out, const char *bytes, size_t n, uint32_t origin)
{
    for (size_t i = 0; i < n; i++) {
        gs_out_byte(out, bytes[i], origin);
    }
}

/* A blank, unless the text is empty or already ends in one. */
static inline void gs_out_blank(struct gs_out *out, uint32_t origin)
{
    if (out->len > 0 && out->bytes[out->len - 1] != ' ') {
        gs_out_byte(out, ' ', origin);
    }
}

/* Where the first bad byte is; len when the text is valid UTF-8. */
size_t gs_repair_find(const struct gs_scan *scan, struct gs_str text);

/* Every maximal ill-formed part (Unicode 15, section 3.9) becomes one U+FFFD; bad counts bytes. */
GS_MUST_CHECK
enum gs_status gs_repair_run(struct gs_view in, struct gs_out *out, uint32_t *bad,
                             struct gs_error *err);

/* Says whether gs_mojibake_run() could find something; false is certain. */
bool gs_mojibake_suspect(const struct gs_scan *scan, struct gs_str text);

/* One pass of repair of UTF-8 that was read as Windows-1252, Latin-1 or GBK; adds the runs
 * repaired to *runs. A text encoded twice needs two passes. */
GS_MUST_CHECK
enum gs_status gs_mojibake_run(struct gs_view in, struct gs_out *out, uint32_t *runs,
                               struct gs_error *err);

/* HTML to text: see html.c. This is one pass; the outcome may hold tags that were escaped. With
 * defuse all that would be taken is broken up by a blank, so that neither tag nor entity is left. */
GS_MUST_CHECK
enum gs_status gs_html_run(struct gs_view in, bool defuse, struct gs_out *out,
                           struct gs_error *err);

/* The character that an entity stands for: text begins with "&". Returns the length of the
 * entity in bytes, 0 when it is none. */
size_t gs_entity_read(struct gs_str text, uint32_t *ret_cp);

/* Windows-1252's character for a byte 0x80 to 0x9F; 0 for the five it does not define. */
uint32_t gs_cp1252(uint8_t byte);

/* Code points of one segment on their way through utf8proc. */
struct gs_cps {
    int32_t *cps;
    int32_t *spare; /* for sorting */
    size_t len;
    size_t capacity;
};
void gs_cps_done(struct gs_cps *cps);

/* NFKC without drops, white space folded. fast = false sends every character through utf8proc,
 * which must not change the outcome. */
GS_MUST_CHECK
enum gs_status gs_nfkc_run(const struct gs_scan *scan, struct gs_view in, bool fast,
                           struct gs_cps *cps, struct gs_out *out, struct gs_error *err);

struct gs_rule_workspace; /* opaque: match data of one thread */

GS_MUST_CHECK
enum gs_status gs_rule_workspace_new(const struct gs_rules *rules, const struct gs_scan *scan,
                                     const struct gs_watchlist *addressed,
                                     struct gs_rule_workspace **ret, struct gs_error *err);
void gs_rule_workspace_free(struct gs_rule_workspace *work);

/* Applies all rules in order. text is what to read and what is left to read; out and spare take
 * turns, and on success text is a view of one of them or what it was. */
GS_MUST_CHECK
enum gs_status gs_rules_run(struct gs_rule_workspace *work, struct gs_view *text,
                            struct gs_out *out, struct gs_out *spare, struct gs_norm_counts *counts,
                            struct gs_error *err);

#endif
