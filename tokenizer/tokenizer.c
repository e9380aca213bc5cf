/* Loads a tokenizer folder (tokenizer.json, or vocab.txt with tokenizer_config.json), puts its
 * parts together and answers questions about it. Encoding is in encode.c.
 *
 * finish() decides what may be done quickly: the one-pass BERT way is dropped where an added token
 * has to be found in normalized text, and a long text may be cut at a space only where no token
 * could be torn. */
#include "tokenizer/tokenizer_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { MAX_PATH = 4096 };

void gs_tokenizer_free(struct gs_tokenizer *tokenizer)
{
    if (tokenizer == NULL) {
        return;
    }
    gs_bert_free(tokenizer->bert);
    gs_wordpiece_free(tokenizer->wordpiece);
    gs_unigram_free(tokenizer->unigram);
    gs_bpe_free(tokenizer->bpe);
    gs_normalizer_done(&tokenizer->normalizer);
    gs_added_tokens_free(tokenizer->added);
    gs_vocab_free(tokenizer->vocab);
    free(tokenizer);
}

static int32_t find_token(const struct gs_tokenizer *tokenizer, struct gs_str name)
{
    const int32_t added = gs_added_tokens_find(tokenizer->added, name);

    return added >= 0 ? added : gs_vocab_find(tokenizer->vocab, name.bytes, name.len);
}

/* By its name, or by one of the two that most files use. */
static int32_t find_special(const struct gs_tokenizer *tokenizer, struct gs_str name,
                            const char *bert, const char *roberta)
{
    if (name.bytes != NULL) {
        return find_token(tokenizer, name);
    }
    const int32_t id = find_token(tokenizer, gs_str(bert));
    return id >= 0 ? id : find_token(tokenizer, gs_str(roberta));
}

static enum gs_status check_post_processor(const struct gs_tokenizer *tokenizer,
                                           struct gs_error *err)
{
    const struct gs_post_processor *post_processor = &tokenizer->post_processor;
    int32_t highest = -1;

    for (size_t i = 0; i < post_processor->n_before; i++) {
        highest = post_processor->before[i] > highest ? post_processor->before[i] : highest;
    }
    for (size_t i = 0; i < post_processor->n_after; i++) {
        highest = post_processor->after[i] > highest ? post_processor->after[i] : highest;
    }
    if (highest >= 0 && (size_t)highest >= tokenizer->info.n_vocab) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "post_processor adds the token %d of a vocabulary of %zu", (int)highest,
                       tokenizer->info.n_vocab);
    }
    return GS_OK;
}

static size_t memory_of(const struct gs_tokenizer *tokenizer)
{
    size_t bytes = sizeof *tokenizer + gs_vocab_memory(tokenizer->vocab) +
                   gs_added_tokens_memory(tokenizer->added);

    if (tokenizer->wordpiece != NULL) {
        bytes += gs_wordpiece_memory(tokenizer->wordpiece);
    }
    if (tokenizer->bert != NULL) {
        bytes += gs_bert_memory(tokenizer->bert);
    }
    if (tokenizer->unigram != NULL) {
        bytes += gs_unigram_memory(tokenizer->unigram);
    }
    if (tokenizer->bpe != NULL) {
        bytes += gs_bpe_memory(tokenizer->bpe);
    }
    for (size_t i = 0; i < tokenizer->normalizer.n; i++) {
        if (tokenizer->normalizer.steps[i].map != NULL) {
            bytes += gs_charsmap_memory(tokenizer->normalizer.steps[i].map);
        }
    }
    return bytes;
}

enum gs_status gs_tokenizer_finish(struct gs_tokenizer *tokenizer,
                                   const struct gs_token_names *names, struct gs_error *err)
{
    static const char *const kinds[] = {"wordpiece", "unigram", "bpe"};
    struct gs_tokenizer_info *info = &tokenizer->info;

    const enum gs_status status =
        gs_added_tokens_finish(tokenizer->added, &tokenizer->normalizer, err);
    if (status != GS_OK) {
        return status;
    }
    if (tokenizer->bert != NULL && (gs_added_tokens_any_normalized(tokenizer->added) ||
                                    gs_added_tokens_has_replacement(tokenizer->added))) {
        gs_bert_free(tokenizer->bert);
        tokenizer->bert = NULL;
    }
    tokenizer->may_end_at_space =
        tokenizer->pretokenizer.cuts_at_space && !gs_added_tokens_tears_at_space(tokenizer->added);
    info->kind = kinds[tokenizer->kind];
    info->n_vocab = gs_vocab_n_ids(tokenizer->vocab);
    if (gs_added_tokens_n_ids(tokenizer->added) > info->n_vocab) {
        info->n_vocab = gs_added_tokens_n_ids(tokenizer->added);
    }
    info->n_special = tokenizer->post_processor.n_before + tokenizer->post_processor.n_after;
    info->pad = find_special(tokenizer, names->pad, "[PAD]", "<pad>");
    info->cls = find_special(tokenizer, names->cls, "[CLS]", "<s>");
    info->sep = find_special(tokenizer, names->sep, "[SEP]", "</s>");
    info->mask = find_special(tokenizer, names->mask, "[MASK]", "<mask>");
    if (info->unk < 0) {
        info->unk = find_special(tokenizer, names->unk, "[UNK]", "<unk>");
    }
    info->memory_bytes = memory_of(tokenizer);
    return check_post_processor(tokenizer, err);
}

/* A file that is there but cannot be read is not passed over. */
static bool is_there(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0;
}

enum gs_status gs_tokenizer_load(const char *dir, struct gs_tokenizer **ret, struct gs_error *err)
{
    char path[MAX_PATH];
    struct gs_tokenizer_config config;

    if (strlen(dir) > sizeof path - 32) {
        return gs_fail(err, GS_IO, "%.100s…: the path is too long", dir);
    }
    enum gs_status status = gs_tokenizer_config_read(dir, &config, err);
    if (status != GS_OK) {
        return status;
    }
    struct gs_tokenizer *tokenizer = calloc(1, sizeof *tokenizer);
    if (tokenizer == NULL) {
        gs_tokenizer_config_done(&config);
        return gs_fail(err, GS_NO_MEMORY, "%s: no memory for the tokenizer", dir);
    }
    tokenizer->info.unk = GS_NO_TOKEN;
    (void)snprintf(path, sizeof path, "%s/tokenizer.json", dir);
    if (is_there(path)) {
        status = gs_tokenizer_read_json(path, tokenizer, err);
    } else {
        (void)snprintf(path, sizeof path, "%s/vocab.txt", dir);
        if (is_there(path)) {
            status = gs_tokenizer_read_vocab(path, &config, tokenizer, err);
            if (status == GS_OK) {
                status = gs_tokenizer_read_added(dir, &config, tokenizer, err);
            }
        } else {
            status = gs_fail(err, GS_IO, "%s: has neither tokenizer.json nor vocab.txt", dir);
        }
    }
    if (status == GS_OK) {
        status =
            gs_tokenizer_name_file(path, gs_tokenizer_finish(tokenizer, &config.names, err), err);
    }
    gs_tokenizer_config_done(&config);
    if (status != GS_OK) {
        gs_tokenizer_free(tokenizer);
        return status;
    }
    *ret = tokenizer;
    return GS_OK;
}

void gs_tokenizer_read_simplified(struct gs_tokenizer *tokenizer, bool on)
{
    tokenizer->simplified = on;
}

const struct gs_tokenizer_info *gs_tokenizer_info(const struct gs_tokenizer *tokenizer)
{
    return &tokenizer->info;
}

struct gs_str gs_tokenizer_piece(const struct gs_tokenizer *tokenizer, int32_t id)
{
    const struct gs_str piece = gs_added_tokens_piece(tokenizer->added, id);

    return piece.bytes != NULL ? piece : gs_vocab_piece(tokenizer->vocab, id);
}
