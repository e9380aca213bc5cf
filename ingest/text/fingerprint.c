/* The fingerprint of a story: a hash of the letters, digits and Han characters of a text, without
 * what differs between copies of it.
 *
 * One pass over the bytes. Case of ASCII is folded; blanks, punctuation, URLs, mentions and a
 * leading "RT" are passed over. The bytes that are kept are collected in a small block; only a text
 * that needs more than one block starts a streaming hash, since starting one costs more than
 * hashing a short text. */
#include "ingest/text/clean/normalize.h"

#include "ingest/base/utf8.h"
#include "ingest/text/story_text.h"

#define XXH_STATIC_LINKING_ONLY /* for a state on the stack */
#include <xxhash.h>

/* Kept bytes on their way into the hash; the stream is only begun by a text over one block. */
struct sink {
    XXH3_state_t stream;
    bool streaming;
    size_t len;
    char block[1024];
};

static void flush(struct sink *sink)
{
    if (!sink->streaming) {
        (void)XXH3_64bits_reset(&sink->stream);
        sink->streaming = true;
    }
    (void)XXH3_64bits_update(&sink->stream, sink->block, sink->len);
    sink->len = 0;
}

static void keep(struct sink *sink, const char *bytes, size_t n)
{
    if (sink->len + n > sizeof sink->block) {
        flush(sink);
    }
    memcpy(sink->block + sink->len, bytes, n);
    sink->len += n;
}

/* Bytes at the front of text that do not count. */
static size_t skipped(struct gs_str text, bool at_word, bool at_start)
{
    if (text.bytes[0] == '@') {
        return gs_story_mention_len(text);
    }
    if (!at_word) {
        return 0;
    }
    if (at_start && gs_story_is_name(text, "rt")) {
        return 2;
    }
    return gs_story_lower(text.bytes[0]) == 'h' ? gs_story_url_len(text) : 0;
}

uint64_t gs_fingerprint(struct gs_str normalized)
{
    struct sink sink;
    const struct gs_str text = normalized;
    bool at_word = true; /* no letter or digit of ASCII in front */

    sink.streaming = false;
    sink.len = 0;
    for (size_t i = 0; i < text.len;) {
        const char c = text.bytes[i];
        const bool at_start = sink.len == 0 && !sink.streaming;
        const size_t skip =
            skipped((struct gs_str){text.bytes + i, text.len - i}, at_word, at_start);
        if (skip > 0) {
            i += skip;
            at_word = true;
            continue;
        }
        if ((unsigned char)c < 0x80) {
            at_word = !gs_story_is_word(c);
            if (!at_word) {
                const char folded = gs_story_lower(c);
                keep(&sink, &folded, 1);
            }
            i++;
            continue;
        }
        const size_t n = gs_utf8_valid_len(text.bytes + i, text.len - i);
        if (n > 0 && gs_story_is_kept(gs_utf8_decode(text.bytes + i, n))) {
            keep(&sink, text.bytes + i, n);
        }
        at_word = true;
        i += n > 0 ? n : 1;
    }
    if (sink.streaming) {
        flush(&sink);
        return XXH3_64bits_digest(&sink.stream);
    }
    return sink.len == 0 ? 0 : XXH3_64bits(sink.block, sink.len);
}
