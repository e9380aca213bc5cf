/* Han characters: traditional ones folded to simplified, and the script that a character belongs
 * to.
 *
 * 騰訊 and 腾讯 are one name, and a model that has read 亏损 should know 虧損. The fold is by character,
 * one for one: the traditional form becomes the simplified one that OpenCC puts first, and all
 * others stay. Both have three bytes in UTF-8, so that a folded text keeps the offsets of the one
 * it was made from. What takes more than a character (頭髮 and 發展 both fold to 发, 乾淨 and 乾坤 both to
 * 干) is not decided: for comparing it need not be, as both sides are folded. 著 stays: simplified
 * Chinese writes it too (著名), and for 着 only traditional Chinese does.
 *
 * Data: ingest/base/han_pairs.h, from OpenCC (Apache License 2.0).
 *
 * Threads: tables are made at the first call and constant from then on. */
#ifndef GS_BASE_HAN_H
#define GS_BASE_HAN_H

#include "ingest/base/str.h"

#include <stdint.h>

enum { GS_HAN_FIRST = 0x4E00, GS_HAN_N = 0xA000 - GS_HAN_FIRST };

/* For each character from GS_HAN_FIRST the one that it is folded to; itself, mostly. [GS_HAN_N] */
const uint16_t *gs_han_folds(void);

/* The place of a character in the table; GS_HAN_N or more when it is not in the table. */
static inline uint32_t gs_han_at(uint32_t cp)
{
    return cp - GS_HAN_FIRST;
}

static inline uint32_t gs_han_fold(const uint16_t *folds, uint32_t cp)
{
    return gs_han_at(cp) < GS_HAN_N ? folds[gs_han_at(cp)] : cp;
}

/* Folds text into to, which has room for text.len bytes and may be text itself. Any bytes will do:
 * what is not UTF-8 is copied. */
void gs_han_fold_text(struct gs_str text, char *to);

/* The script that a character belongs to. */
enum gs_han_kind {
    GS_HAN_SHARED,     /* written by several of them, or unknown */
    GS_HAN_SIMPLIFIED, /* simplified Chinese alone: 发 业 电 */
    GS_HAN_TRADITIONAL, /* not simplified Chinese; traditional Chinese, often Japanese too: 東 減 */
    GS_HAN_JAPANESE,    /* Japanese alone: 円 込 気 */
};
const uint8_t *gs_han_kinds(void); /* enum gs_han_kind by character from GS_HAN_FIRST */

#endif
