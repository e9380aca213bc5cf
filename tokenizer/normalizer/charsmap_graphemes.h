/* Extended grapheme clusters: Unicode 17, UAX #29 rules GB1 to GB999, as the crate that
 * `tokenizers` 0.23.3 is built with has them. Internal to the tokenizer. Threads: stateless. */
#ifndef GS_TOKENIZER_CHARSMAP_GRAPHEMES_H
#define GS_TOKENIZER_CHARSMAP_GRAPHEMES_H

#include <stddef.h>

/* Where the cluster ends that begins at from (< to). A byte that is not UTF-8 is one of its own. */
size_t gs_grapheme_end(const char *bytes, size_t from, size_t to);

#endif
