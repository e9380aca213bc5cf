/* Model folders for the tests of the encoder: those of tests/golden/encoder, as they are or
 * changed, and some whose weights a formula gives. */
#ifndef GS_TESTS_CLASSIFIER_GOLDEN_FIXTURE_H
#define GS_TESTS_CLASSIFIER_GOLDEN_FIXTURE_H

#include "tests/unit/gs_test.h"

#include "classifier/encoder/encoder.h"
#include "classifier/format/safetensors.h"
#include "ingest/base/file.h"

#include <dirent.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char golden_root[] = "golden/encoder"; /* tests run in tests/ */

static inline void make_folder(char path[64])
{
    (void)snprintf(path, 64, "/tmp/gs-encoder-XXXXXX");
    assert_non_null(mkdtemp(path));
}

/* Calls each for what is in the folder, hidden files left out. */
static inline void for_each(const char *folder, void (*each)(const char *path))
{
    DIR *dir = opendir(folder);
    for (struct dirent *e = dir == NULL ? NULL : readdir(dir); e != NULL; e = readdir(dir)) {
        char path[4200];
        (void)snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (e->d_name[0] != '.') {
            each(path);
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
}

static inline void remove_path(const char *path)
{
    if (unlink(path) != 0) {
        (void)rmdir(path);
    }
}

static inline void remove_tree(const char *path)
{
    for_each(path, remove_path);
    remove_path(path);
}

/* The folder and what is in it, folders of one level among it. */
static inline void remove_folder(const char *folder)
{
    for_each(folder, remove_tree);
    assert_int_equal(rmdir(folder), 0);
}

static inline void remove_file(const char *folder, const char *name)
{
    char path[4200];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    remove_path(path);
}

static inline void write_bytes(const char *folder, const char *name, const char *bytes, size_t n)
{
    char path[4200];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static inline void write_text(const char *folder, const char *name, const char *text)
{
    write_bytes(folder, name, text, strlen(text));
}

/* A golden model's file, whole; the caller's, end it with gs_file_done(). */
static inline struct gs_file golden_file(const char *model, const char *name)
{
    char path[4200];
    struct gs_file file = {0};
    struct gs_error err = {0};
    (void)snprintf(path, sizeof path, "%s/%s/%s", golden_root, model, name);
    if (gs_file_read(path, SIZE_MAX - 1, &file, &err) != GS_OK) {
        print_error("%s\n", err.message);
        fail();
    }
    return file;
}

static inline void copy_golden(const char *model, const char *name, const char *folder)
{
    struct gs_file file = golden_file(model, name);
    write_bytes(folder, name, file.bytes.bytes, file.bytes.len);
    gs_file_done(&file);
}

static inline json_t *golden_json(const char *name)
{
    char path[4200];
    json_error_t where;
    (void)snprintf(path, sizeof path, "%s/%s", golden_root, name);
    json_t *root = json_load_file(path, 0, &where);
    if (root == NULL) {
        print_error("%s: %s\n", path, where.text);
        fail();
    }
    return root;
}

/* A number in [-1, 1) from a tensor's name and an index: weight() of golden/encoder/make.py. */
static inline float formula_weight(const char *name, uint32_t index)
{
    uint32_t x = 0x811C9DC5U;
    for (const char *c = name; *c != '\0'; c++) {
        x = (x ^ (unsigned char)*c) * 0x01000193U;
    }
    x += index * 0x9E3779B1U;
    x = (x ^ (x >> 16)) * 0x85EBCA6BU;
    x = (x ^ (x >> 13)) * 0xC2B2AE35U;
    x ^= x >> 16;
    return (float)((double)(x >> 8) / 8388608.0 - 1.0);
}

static inline struct gs_encoder *load(const char *folder, enum gs_arithmetic arithmetic)
{
    struct gs_encoder *encoder = NULL;
    struct gs_error err = {0};
    if (gs_encoder_load(folder, arithmetic, &encoder, &err) != GS_OK) {
        print_error("%s\n", err.message);
        fail();
    }
    return encoder;
}

static inline struct gs_encoder_workspace *work_for(const struct gs_encoder *encoder,
                                                    size_t messages)
{
    struct gs_encoder_workspace *work = NULL;
    const size_t most = gs_encoder_info(encoder)->config->max_tokens;
    assert_int_equal(gs_encoder_workspace_new(encoder, messages * most, messages, &work, NULL),
                     GS_OK);
    return work;
}

#endif
