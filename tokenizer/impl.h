/* What a tokenizer is made of: filled by load.c and load_vocab.c, read by tokenizer.c. */
#ifndef GS_TOKENIZER_IMPL_H
#define GS_TOKENIZER_IMPL_H

#include "tokenizer/added.h"
#include "tokenizer/bert.h"
#include "tokenizer/frame.h"
#include "tokenizer/json.h"
#include "tokenizer/normal.h"
#include "tokenizer/splits.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/vocab.h"
#include "tokenizer/wordpiece.h"

enum gs_tokenizer_kind { GS_KIND_WORDPIECE, GS_KIND_UNIGRAM, GS_KIND_BPE };

struct gs_tokenizer {
    enum gs_tokenizer_kind kind;
    struct gs_vocab *vocab; /* of the model */
    struct gs_added *added;
    struct gs_normaliser normaliser;
    struct gs_splitter splitter;
    struct gs_frame frame;
    struct gs_wordpiece *wordpiece; /* the one of the kind */
    struct gs_unigram *unigram;
    struct gs_bpe *bpe;
    struct gs_bert *bert;  /* the short way; NULL: there is none */
    bool may_end_at_space; /* a text may be cut before a space without its start changing */
    struct gs_tokenizer_info info;
};

/* What files call the special tokens. {NULL, 0}: not at all. */
struct gs_token_names {
    struct gs_str pad, unk, cls, sep, mask;
};

/* What tokenizer_config.json says; without the file, what it would say by default. */
struct gs_tokenizer_config {
    json_t *json; /* owns the names' bytes; NULL: no file */
    struct gs_token_names names;
    struct gs_bert_flags flags;
    size_t max_tokens; /* 0: no limit */
};

/* Messages of the parts are put behind the file's name: err->message becomes "path: message". */
enum gs_status gs_tokenizer_name_file(const char *path, enum gs_status status,
                                      struct gs_error *err);

GS_MUST_CHECK
enum gs_status gs_tokenizer_config_read(const char *dir, struct gs_tokenizer_config *ret,
                                        struct gs_error *err);

/* Fill a zeroed tokenizer from a file; the caller frees it after a failure. */
GS_MUST_CHECK
enum gs_status gs_tokenizer_read_json(const char *path, struct gs_tokenizer *tokenizer,
                                      struct gs_error *err);
GS_MUST_CHECK
enum gs_status gs_tokenizer_read_vocab(const char *path, const struct gs_tokenizer_config *config,
                                       struct gs_tokenizer *tokenizer, struct gs_error *err);

/* Once everything is read: the added tokens' patterns, the short way, what info says. */
GS_MUST_CHECK
enum gs_status gs_tokenizer_finish(struct gs_tokenizer *tokenizer,
                                   const struct gs_token_names *names, struct gs_error *err);

#endif
