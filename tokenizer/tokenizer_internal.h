/* What a tokenizer is made of: filled by load.c and load_vocab.c, read by tokenizer.c. */
#ifndef GS_TOKENIZER_INTERNAL_H
#define GS_TOKENIZER_INTERNAL_H

#include "tokenizer/added_tokens.h"
#include "tokenizer/json.h"
#include "tokenizer/models/bert.h"
#include "tokenizer/models/wordpiece.h"
#include "tokenizer/normalizer/normalizer.h"
#include "tokenizer/post_processor.h"
#include "tokenizer/pretokenizer/pretokenizer.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/vocab.h"

enum gs_tokenizer_kind { GS_KIND_WORDPIECE, GS_KIND_UNIGRAM, GS_KIND_BPE };

struct gs_tokenizer {
    enum gs_tokenizer_kind kind;
    struct gs_vocab *vocab; /* of the model */
    struct gs_added_tokens *added;
    struct gs_normalizer normalizer;
    struct gs_pretokenizer pretokenizer;
    struct gs_post_processor post_processor;
    struct gs_wordpiece *wordpiece; /* the one of the kind */
    struct gs_unigram *unigram;
    struct gs_bpe *bpe;
    struct gs_bert *bert;  /* the short way; NULL: there is none */
    bool simplified;       /* traditional Chinese is read as simplified */
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
    json_t *map; /* special_tokens_map.json, read where json has no added_tokens_decoder; or NULL */
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
void gs_tokenizer_config_done(struct gs_tokenizer_config *config);

/* Fill a zeroed tokenizer from a file; the caller frees it after a failure. */
GS_MUST_CHECK
enum gs_status gs_tokenizer_read_json(const char *path, struct gs_tokenizer *tokenizer,
                                      struct gs_error *err);
GS_MUST_CHECK
enum gs_status gs_tokenizer_read_vocab(const char *path, const struct gs_tokenizer_config *config,
                                       struct gs_tokenizer *tokenizer, struct gs_error *err);

/* Once vocab.txt is read: the tokens that the files beside it add or name as special. Messages
 * begin with the file. */
GS_MUST_CHECK
enum gs_status gs_tokenizer_read_added(const char *dir, const struct gs_tokenizer_config *config,
                                       struct gs_tokenizer *tokenizer, struct gs_error *err);

/* Once everything is read: the added tokens' patterns, the short way, what info says. */
GS_MUST_CHECK
enum gs_status gs_tokenizer_finish(struct gs_tokenizer *tokenizer,
                                   const struct gs_token_names *names, struct gs_error *err);

#endif
