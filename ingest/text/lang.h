/* Which language a text is in, as far as the later stages care. */
#ifndef GS_INGEST_LANG_H
#define GS_INGEST_LANG_H

#include "base/str.h"

enum gs_lang { GS_LANG_EN, GS_LANG_ZH, GS_LANG_MIXED, GS_LANG_OTHER, GS_N_LANGS };

const char *gs_lang_name(enum gs_lang lang); /* "en", "zh", "mixed", "other" */

/* Counts scripts and common words of normalised text. Pure Latin text is English only when it
 * looks English (function words, n-gram profile or finance vocabulary); a headline of names and
 * tickers without any evidence against it counts as English. Han text with kana or Hangul is
 * "other". "mixed": both Han and Latin words carry a real share of the text. Empty: other. */
enum gs_lang gs_lang_detect(struct gs_str text);

#endif
