/* A combined folder for the tests: a small fast tier that is trained here, and two golden encoders
 * whose groundswell.json gives their outputs other names. */
#ifndef GS_TESTS_CLASSIFIER_COMBINED_FIXTURE_H
#define GS_TESTS_CLASSIFIER_COMBINED_FIXTURE_H

#include "tests/unit/classifier/fixture.h"

/* Labels of the fast tier: company, macro, energy, policy. The encoder has two of them, in another
 * order, and sentiments; of its four outputs 2 is read twice. */
#define COMBINED_EN                                                                                \
    "{\"format\":\"groundswell-encoder\",\"format_version\":1,\"name\":\"en\",\"version\":\"1\","  \
    "\"heads\":{\"sentiment\":{\"temperature\":{\"en\":2},\"labels\":["                            \
    "{\"id\":\"negative\",\"native\":3},{\"id\":\"neutral\",\"native\":1},"                        \
    "{\"id\":\"positive\",\"native\":2}]},"                                                        \
    "\"topics\":{\"kind\":\"multi\",\"temperature\":{\"en\":0.5},\"labels\":["                     \
    "{\"id\":\"energy\",\"native\":0,\"threshold\":0.9},{\"id\":\"company\",\"native\":2}]}}}"

/* Three outputs, no topics, and it does not know neutral. */
#define COMBINED_ZH                                                                                \
    "{\"format\":\"groundswell-encoder\",\"format_version\":1,\"name\":\"zh\",\"version\":\"1\","  \
    "\"chinese\":\"simplified\",\"heads\":{\"sentiment\":{\"temperature\":{\"zh\":4},\"labels\":[" \
    "{\"id\":\"negative\",\"native\":\"Bearish\"},{\"id\":\"neutral\",\"native\":null},"           \
    "{\"id\":\"positive\",\"native\":\"Bullish\"}]}}}"

#define COMBINED                                                                                   \
    "{\"format\":\"groundswell-combined\",\"name\":\"pair\",\"version\":\"7\",\"fast\":\"fast\","  \
    "\"encoders\":{\"en\":\"en\",\"zh\":\"zh\",\"mixed\":\"zh\"},"                                 \
    "\"heads\":{\"sentiment\":{"                                                                   \
    "\"en\":{\"encoder\":1,\"fast\":0.35,\"temperature\":1.25,\"margin\":0.3,\"gate\":0.75},"      \
    "\"zh\":{\"encoder\":0.5,\"fast\":2,\"gate\":null},"                                           \
    "\"mixed\":{\"encoder\":3,\"fast\":0}},"                                                       \
    "\"topics\":{"                                                                                 \
    "\"en\":{\"encoder\":1.5,\"fast\":0.25,\"temperature\":0.8,\"gate\":0.5,"                      \
    "\"thresholds\":[0.1,0.2,0.3,0.4]},"                                                           \
    "\"zh\":{\"encoder\":1,\"fast\":1,\"thresholds\":[0.5,0.5,0.5,0.5]},"                          \
    "\"mixed\":{\"encoder\":1,\"fast\":1,\"thresholds\":[0.5,0.5,0.5,0.5]}}},"                     \
    "\"entities\":{\"open\":\"«\",\"close\":\"»\",\"temperature\":{\"en\":0.5}},"                \
    "\"provenance\":{\"rows\":[1,2]}}"

static const char *const combined_files[] = {"config.json", "model.safetensors", "tokenizer.json"};

static inline void combined_encoder(const char *folder, const char *name, const char *golden,
                                    const char *json)
{
    char path[256];
    char manifest[64];
    char here[2048];
    char from[4200];

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(mkdir(path, 0777), 0);
    assert_non_null(getcwd(here, sizeof here));
    for (size_t i = 0; i < GS_COUNT(combined_files); i++) {
        assert_true(snprintf(from, sizeof from, "%s/golden/folders/%s/%s", here, golden,
                             combined_files[i]) < (int)sizeof from);
        (void)snprintf(path, sizeof path, "%s/%s/%s", folder, name, combined_files[i]);
        assert_int_equal(symlink(from, path), 0);
    }
    assert_true(snprintf(manifest, sizeof manifest, "%s/groundswell.json", name) <
                (int)sizeof manifest);
    fixture_write(folder, manifest, json, strlen(json));
}

static inline void combined_make(char folder[64])
{
    struct gs_model *fast = fixture_model(1);
    char path[128];

    fixture_folder(folder);
    (void)snprintf(path, sizeof path, "%s/fast", folder);
    assert_int_equal(mkdir(path, 0777), 0);
    assert_int_equal(gs_trainer_write(fast, path, (struct gs_str){"", 0}, NULL), GS_OK);
    gs_model_free(fast);
    combined_encoder(folder, "en", "topics", COMBINED_EN);
    combined_encoder(folder, "zh", "sentiment", COMBINED_ZH);
    fixture_write(folder, "groundswell.json", COMBINED, strlen(COMBINED));
}

static inline void combined_remove(const char *folder)
{
    static const char *const encoders[] = {"en", "zh"};
    char path[256];

    for (size_t e = 0; e < GS_COUNT(encoders); e++) {
        for (size_t i = 0; i < GS_COUNT(combined_files); i++) {
            (void)snprintf(path, sizeof path, "%s/%s/%s", folder, encoders[e], combined_files[i]);
            (void)unlink(path);
        }
        (void)snprintf(path, sizeof path, "%s/%s", folder, encoders[e]);
        fixture_remove(path);
    }
    (void)snprintf(path, sizeof path, "%s/fast", folder);
    fixture_remove(path);
    fixture_remove(folder);
}

/* text with the first from in it replaced; the caller frees. */
static inline char *fixture_replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    assert_non_null(at);
    const size_t size = strlen(text) + strlen(to) + 1;
    char *out = malloc(size);
    assert_non_null(out);
    (void)snprintf(out, size, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return out;
}

#endif
