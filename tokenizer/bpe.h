/* What the files of the byte-level BPE model share. Internal to the tokenizer. */
#ifndef GS_TOKENIZER_BPE_H
#define GS_TOKENIZER_BPE_H

#include "tokenizer/pieces.h"

/* Two neighbours that become one. */
struct gs_bpe_merge {
    uint64_t pair; /* left id << 32 | right id */
    uint32_t rank; /* GS_BPE_NONE: an empty place of the table */
    int32_t id;    /* what they become */
};

#define GS_BPE_NONE UINT32_MAX

/* A piece of the vocabulary in raw bytes, for ignore_merges. */
struct gs_bpe_piece {
    uint32_t at, len; /* in texts; len 0: an empty place */
    int32_t id;
};

struct gs_bpe {
    int32_t byte_ids[256]; /* -1: the byte alone is no piece */
    int32_t unk_id;        /* -1: what is unknown is left out */
    bool fuse_unk, ignore_merges;
    struct gs_bpe_merge *merges; /* open addressing, [merges_mask + 1] */
    size_t merges_mask;
    int32_t *ids_by_rank; /* [n_ranks] */
    size_t n_ranks;
    struct gs_bpe_piece *pieces; /* open addressing, [pieces_mask + 1] */
    size_t pieces_mask;
    char *texts;
    size_t texts_len;
};

static inline size_t gs_bpe_hash(uint64_t pair)
{
    return (size_t)((pair * 0x9E3779B97F4A7C15U) >> 20);
}

/* The merge of two ids, or NULL. */
static inline const struct gs_bpe_merge *gs_bpe_merge(const struct gs_bpe *bpe, int32_t left,
                                                      int32_t right)
{
    const uint64_t pair = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;

    for (size_t i = gs_bpe_hash(pair);; i++) {
        const struct gs_bpe_merge *merge = &bpe->merges[i & bpe->merges_mask];
        if (merge->rank == GS_BPE_NONE) {
            return NULL;
        }
        if (merge->pair == pair) {
            return merge;
        }
    }
}

/* FNV-1a, for the table of pieces. */
static inline size_t gs_bpe_hash_text(struct gs_str text)
{
    uint64_t hash = 0xCBF29CE484222325U;

    for (size_t i = 0; i < text.len; i++) {
        hash = (hash ^ (unsigned char)text.bytes[i]) * 0x100000001B3U;
    }
    return (size_t)(hash ^ (hash >> 32));
}

/* How many bytes the printable character has that stands for this byte. */
static inline size_t gs_bpe_printable_len(unsigned char byte)
{
    return byte >= 0x21 && byte <= 0x7E ? 1 : 2;
}

#endif
