/* How NFKC treats a code point, so that most never meet utf8proc. The table is filled from
 * utf8proc itself at first use: it can't disagree with the version that is linked. */
#ifndef GS_INGEST_NFKC_CLASS_H
#define GS_INGEST_NFKC_CLASS_H

#include "ingest/text/clean/stage.h"

/* "Starts": nothing before it can join with it, so that a text may be split in front of it. */
enum gs_nfkc_class {
    GS_NFKC_SLOW,   /* starts, and is changed */
    GS_NFKC_STABLE, /* starts, and stays as it is */
    GS_NFKC_BLANK,  /* white space */
    GS_NFKC_DROP,   /* control, zero-width, bidirectional mark, variation selector */
    GS_NFKC_WIDE,   /* starts; full-width form of cp - 0xFEE0 */
    GS_NFKC_JOIN,   /* combining mark or the like: may join with what is before it */
    GS_NFKC_ZWJ,    /* kept between two emoji, else dropped */
    GS_NFKC_SIGN,   /* starts; a number set high, in a circle or as a fraction: see nfkc_signs.c */
    GS_NFKC_MAPPED, /* this and above: starts; number of a row of gs_nfkc_mapped() */
};

enum { GS_NFKC_TABLE_SIZE = 0x20000 }; /* planes 0 and 1 */

extern uint8_t gs_nfkc_table[GS_NFKC_TABLE_SIZE];

void gs_nfkc_init(void); /* any thread, any number of times; before the table is read */

uint8_t gs_nfkc_high(uint32_t cp); /* class of cp >= GS_NFKC_TABLE_SIZE */

static inline uint8_t gs_nfkc_class_of(uint32_t cp)
{
    return cp < GS_NFKC_TABLE_SIZE ? gs_nfkc_table[cp] : gs_nfkc_high(cp);
}

/* The ASCII text that a code point of class >= GS_NFKC_MAPPED becomes, never longer than its own
 * UTF-8. */
const char *gs_nfkc_mapped(uint8_t cls);

/* Trade-mark signs (™ ℠ 🅪 🅫 🅬), which stay as they are: NFKC would glue "TM" to the word in front. */
static inline bool gs_nfkc_is_trade_mark(uint32_t cp)
{
    return cp == 0x2122 || cp == 0x2120 || (cp >= 0x1F16A && cp <= 0x1F16C);
}

/* Says whether cp is a sign that gs_nfkc_sign() writes. */
bool gs_nfkc_is_sign(uint32_t cp);

enum { GS_NFKC_SIGN_MAX = 24 };

/* Writes the sign that in begins with as it has to stand behind the text out: *ret_len bytes into
 * ret, at most GS_NFKC_SIGN_MAX, none when it is dropped. Returns the bytes of in that it takes. */
size_t gs_nfkc_sign(struct gs_str out, struct gs_str in, char *ret, size_t *ret_len);

/* Decomposes a code point (NFKC) to the end of cps; grows it. */
GS_MUST_CHECK
enum gs_status gs_cps_decompose(struct gs_cps *cps, int32_t cp, struct gs_error *err);

/* Canonical order, then canonical composition. */
void gs_cps_compose(struct gs_cps *cps);

#endif
