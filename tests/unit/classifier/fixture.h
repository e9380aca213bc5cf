/* A small world for the tests: rows of invented hashes whose labels follow from single n-grams. */
#ifndef GS_TESTS_CLASSIFIER_FIXTURE_H
#define GS_TESTS_CLASSIFIER_FIXTURE_H

#include "tests/unit/gs_test.h"

#include "classifier/ngram/ngram_internal.h"
#include "classifier/train/train.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIXTURE_ROWS = 160, FIXTURE_NOISE = 6 };

static uint32_t fixture_random(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

/* Hash 100 + s tells the sentiment, 200 + l the topic; the rest is noise. */
static size_t fixture_hashes(uint32_t *random, uint32_t bits, size_t sentiment, size_t topic,
                             uint32_t *hashes)
{
    hashes[0] = bits | (100U + (uint32_t)sentiment);
    hashes[1] = bits | (200U + (uint32_t)topic);
    for (size_t i = 0; i < FIXTURE_NOISE; i++) {
        hashes[2 + i] = bits | (1000U + fixture_random(random) % 50U);
    }
    return 2 + FIXTURE_NOISE;
}

static inline void fixture_add(struct gs_trainer *trainer, size_t set, uint32_t bits, bool binary,
                               bool topics)
{
    uint32_t random = 1 + (uint32_t)set;
    for (size_t i = 0; i < FIXTURE_ROWS; i++) {
        uint32_t hashes[16];
        const size_t sentiment = binary ? 2 * (i % 2) : i % 3;
        const size_t topic = i % 4;
        struct gs_train_row row = {.hashes = hashes,
                                   .lang = bits != 0 ? 1 : 0,
                                   .sentiment = (int)sentiment,
                                   .binary = binary};
        row.n = fixture_hashes(&random, bits, sentiment, topic, hashes);
        row.has[GS_HEAD_TOPICS] = topics;
        row.labels[GS_HEAD_TOPICS] = (uint64_t)1 << topic;
        assert_int_equal(gs_trainer_add(trainer, set, &row, NULL), GS_OK);
    }
}

static inline void fixture_labels(struct gs_trainer *trainer)
{
    static const char *const ids[] = {"company", "macro", "energy", "policy"};
    for (size_t l = 0; l < GS_COUNT(ids); l++) {
        size_t number = 99;
        assert_int_equal(gs_trainer_label(trainer, GS_HEAD_TOPICS, ids[l], "", &number, NULL),
                         GS_OK);
        assert_int_equal(number, l);
    }
}

static inline size_t fixture_set(struct gs_trainer *trainer, const char *registr)
{
    const struct gs_train_set set = {.name = registr, .registr = registr, .cost = {1, 1, 1}};
    size_t number = 99;
    assert_int_equal(gs_trainer_set(trainer, &set, &number, NULL), GS_OK);
    return number;
}

/* Tweets with three classes and topics, posts with two classes, Chinese forum rows. */
static inline struct gs_trainer *fixture_trainer(uint64_t seed)
{
    struct gs_train_options options = gs_train_defaults();
    struct gs_trainer *trainer = NULL;
    options.name = "small";
    options.seed = seed;
    assert_int_equal(gs_trainer_new(&options, &trainer, NULL), GS_OK);
    fixture_labels(trainer);
    fixture_add(trainer, fixture_set(trainer, "tweet"), 0, false, true);
    fixture_add(trainer, fixture_set(trainer, "post"), 0, true, false);
    fixture_add(trainer, fixture_set(trainer, "forum"), GS_HASH_HAN, false, true);
    return trainer;
}

static inline struct gs_model *fixture_model(uint64_t seed)
{
    struct gs_trainer *trainer = fixture_trainer(seed);
    struct gs_model *model = NULL;
    struct gs_error err = {0};
    if (gs_trainer_run(trainer, NULL, &model, &err) != GS_OK) {
        print_error("%s\n", err.message);
        fail();
    }
    gs_trainer_free(trainer);
    return model;
}

static inline void fixture_folder(char path[64])
{
    (void)snprintf(path, 64, "/tmp/gs-model-XXXXXX");
    assert_non_null(mkdtemp(path));
}

static inline void fixture_remove(const char *folder)
{
    static const char *const files[] = {"groundswell.json", "model.safetensors.gz"};
    char path[4200];
    for (size_t i = 0; i < GS_COUNT(files); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(folder), 0);
}

/* A whole file, NUL behind it; the caller frees. */
static inline char *fixture_read(const char *folder, const char *name, size_t *ret_len)
{
    char path[4200];
    struct stat info;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &info), 0);
    char *bytes = malloc((size_t)info.st_size + 1);
    assert_non_null(bytes);
    *ret_len = fread(bytes, 1, (size_t)info.st_size, file);
    bytes[*ret_len] = '\0';
    (void)fclose(file);
    return bytes;
}

static inline void fixture_write(const char *folder, const char *name, const char *bytes, size_t n)
{
    char path[4200];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

#endif
