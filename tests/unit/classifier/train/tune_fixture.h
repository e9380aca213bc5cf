/* Small trainings for the tests of the encoder's trainer: the tiny models of tests/golden/encoder
 * as bases, rows of random ids. */
#ifndef GS_TESTS_CLASSIFIER_TUNE_FIXTURE_H
#define GS_TESTS_CLASSIFIER_TUNE_FIXTURE_H

#include "tests/unit/classifier/encoder/golden_fixture.h"

#include "classifier/train/encoder/tune.h"

#include <string.h>

static inline uint64_t draw(uint64_t *state)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return *state >> 33;
}

/* n rows to train on of 3 to 12 tokens, every fourth of another set that knows sentiment without a
 * neutral class and nothing else; a fifth of n more for validation. */
static inline void add_rows(struct gs_tune_data *data, size_t n, size_t vocab)
{
    static const char *const topics[] = {"earnings", "rates", "merger", "people"};
    uint64_t state = 3;
    int32_t ids[12];
    size_t label = 0;

    data->n_sets = 2;
    data->sets[0] = (struct gs_tune_set){.name = "all", .weight = 1.0};
    data->sets[1] = (struct gs_tune_set){.name = "binary", .weight = 1.0};
    for (size_t l = 0; l < 4; l++) {
        assert_int_equal(gs_tune_label(data, GS_HEAD_TOPICS, topics[l], &label, NULL), GS_OK);
    }
    assert_int_equal(gs_tune_label(data, GS_HEAD_RISKS, "fraud", &label, NULL), GS_OK);
    assert_int_equal(gs_tune_label(data, GS_HEAD_RISKS, "default", &label, NULL), GS_OK);
    for (size_t i = 0; i < n + n / 5; i++) {
        const bool binary = i % 4 == 3;
        const struct gs_tune_row row = {
            .n = (uint32_t)(3 + draw(&state) % 10),
            .set = binary,
            .binary = binary,
            .valid = i >= n,
            .lang = (uint8_t)(i % 2),
            .sentiment = (int8_t)(binary ? 2 * (draw(&state) % 2) : draw(&state) % 3),
            .has = {false, !binary, !binary},
            .labels = {0, 1 + draw(&state) % 15, draw(&state) % 4},
        };
        for (size_t t = 0; t < row.n; t++) {
            ids[t] = (int32_t)(draw(&state) % vocab);
        }
        assert_int_equal(gs_tune_add(data, &row, ids, NULL, NULL), GS_OK);
    }
}

static inline struct gs_tune_options tune_options(const char *base, const char *out)
{
    return (struct gs_tune_options){
        .base = base,
        .out = out,
        .name = "tiny",
        .version = "1",
        .seed = 11,
        .epochs = 2,
        .batch = 16,
        .threads = 1,
        .shards = 2,
        .batch_tokens = 64,
        .max_tokens = 16,
        .frozen_layers = SIZE_MAX,
        .bucket = 4,
        .pooling = GS_NET_CLS_MEAN,
        .optimizer = {.lr = 1e-3,
                      .head_lr = 1e-2,
                      .beta1 = 0.9,
                      .beta2 = 0.98,
                      .eps = 1e-6,
                      .decay = 0.01,
                      .clip = 1.0,
                      .layer_decay = 0.9,
                      .ema = 0.9},
        .dropout = {.hidden = 0.1, .attention = 0.1, .pooled = 0.1},
        .targets = {.smoothing = 0.1, .temperature = 1.0, .factors = {1.0, 0.3, 0.3}},
        .warm_up = 0.1,
        .checkpoint_s = 1e9,
    };
}

/* The run's weights, hashed: the same bits, the same number. */
static inline uint64_t hash_weights(const struct gs_tuner *tuner)
{
    const struct gs_net *net = gs_tuner_net(tuner);
    const size_t words = net->shape.vocab * net->shape.hidden;
    const unsigned char *parts[] = {(const unsigned char *)net->values,
                                    (const unsigned char *)net->words};
    const size_t sizes[] = {net->layout.n * sizeof(float), words * sizeof(float)};
    uint64_t hash = 0xcbf29ce484222325U;

    for (size_t p = 0; p < 2; p++) {
        for (size_t i = 0; i < sizes[p]; i++) {
            hash = (hash ^ parts[p][i]) * 0x100000001B3U;
        }
    }
    return hash;
}

#endif
