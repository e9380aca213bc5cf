/* Shared by the files of the byte-level BPE model. Internal to the tokenizer. */
#ifndef GS_TOKENIZER_BPE_H
#define GS_TOKENIZER_BPE_H

#include "ingest/base/map.h"
#include "tokenizer/models/pieces.h"

/* Two neighbours that become one. */
struct gs_bpe_merge {
    uint64_t pair; /* left id << 32 | right id */
    uint32_t rank;
    int32_t id; /* what they become */
};

struct gs_bpe {
    uint32_t number;       /* in caches of words */
    int32_t byte_ids[256]; /* -1: the byte alone is no piece */
    int32_t unk_id;        /* -1: what is unknown is left out */
    bool fuse_unk, ignore_merges;
    struct gs_bpe_merge *merges; /* open addressing, [merges_mask + 1] */
    uint8_t *tags;               /* of each merge, 0 where there is none: most pairs end here */
    size_t merges_mask;
    int32_t *ids_by_rank; /* [n_ranks] */
    size_t n_ranks;
    struct gs_map *pieces; /* raw bytes → id, where whole words are looked up; else NULL */
    char *texts;           /* the keys of it */
    size_t texts_len;
};

static inline uint64_t gs_bpe_hash(uint64_t pair)
{
    return pair * 0x9E3779B97F4A7C15U;
}

static inline uint8_t gs_bpe_tag(uint64_t hash)
{
    return (uint8_t)(hash >> 57 | 0x80U);
}

/* The merge of two ids, or NULL. */
static inline const struct gs_bpe_merge *gs_bpe_merge(const struct gs_bpe *bpe, int32_t left,
                                                      int32_t right)
{
    const uint64_t pair = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
    const uint64_t hash = gs_bpe_hash(pair);
    const uint8_t tag = gs_bpe_tag(hash);

    for (size_t i = (size_t)(hash >> 20) & bpe->merges_mask; bpe->tags[i] != 0;
         i = (i + 1) & bpe->merges_mask) {
        if (bpe->tags[i] == tag && bpe->merges[i].pair == pair) {
            return &bpe->merges[i];
        }
    }
    return NULL;
}

/* How many bytes the printable character has that stands for this byte. */
static inline size_t gs_bpe_printable_len(unsigned char byte)
{
    return byte >= 0x21 && byte <= 0x7E ? 1 : 2;
}

#endif
