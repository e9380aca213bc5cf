/* The language that a text is in, as far as the later stages care. */
#ifndef GS_INGEST_LANG_H
#define GS_INGEST_LANG_H

#include "ingest/base/str.h"
#include "ingest/base/words.h"

/* Counts scripts and telling words and characters of normalized text.
 *
 * Latin text is English only when it looks English (function words, finance vocabulary); a headline
 * of names and tickers without any evidence against it counts as English. Han text is Chinese,
 * unless kana stand beside Han or kana, or characters that only Japanese writes (円 込 気), and
 * nothing speaks for Chinese: then it is "other", as are Korean and all other scripts. "mixed":
 * both Han and Latin words carry a real share of the text. Empty: other.
 *
 * said is what the sender says ("ja", "zh-TW", "English"); empty: nothing. It decides only what the
 * text leaves open: Han without kana that is said to be Japanese or Korean, Latin words none of
 * which is a common English one. */
enum gs_lang gs_lang_detect(struct gs_str text, struct gs_str said);

#endif
