/* Model folders for the tests: the golden ones as they are, and one with both tiers made of links.
 */
#ifndef GS_TESTS_DAEMON_FOLDER_FIXTURE_H
#define GS_TESTS_DAEMON_FOLDER_FIXTURE_H

#include "tests/unit/gs_test.h"

#include "deploy/daemon/inference/model_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define GOLDEN_SENTIMENT "golden/folders/sentiment"
#define GOLDEN_TOPICS "golden/folders/topics"
#define SHIPPED_FAST "../classifier/models/finance-zh-en-fast"

static const char *const cascade_files[] = {"config.json", "model.safetensors", "tokenizer.json"};

static inline void cascade_path(char to[4200], const char *folder, const char *name)
{
    assert_true(snprintf(to, 4200, "%s/%s", folder, name) < 4200);
}

static inline void cascade_write(const char *folder, const char *json)
{
    char path[4200];
    cascade_path(path, folder, "groundswell.json");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(json, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static inline void cascade_link(const char *target, const char *folder, const char *name)
{
    char path[4200];
    char here[2048];
    char whole[4200];
    assert_non_null(getcwd(here, sizeof here));
    cascade_path(whole, here, target);
    cascade_path(path, folder, name);
    assert_int_equal(symlink(whole, path), 0);
}

/* folder: "/tmp/…XXXXXX", made here. json: groundswell.json. */
static inline void cascade_make(char *folder, const char *encoder, const char *json)
{
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < GS_COUNT(cascade_files); i++) {
        char from[4200];
        cascade_path(from, encoder, cascade_files[i]);
        cascade_link(from, folder, cascade_files[i]);
    }
    cascade_link(SHIPPED_FAST, folder, "fast");
    cascade_write(folder, json);
}

static inline void cascade_remove(const char *folder)
{
    static const char *const more[] = {"fast", "groundswell.json"};
    char path[4200];
    for (size_t i = 0; i < GS_COUNT(cascade_files); i++) {
        cascade_path(path, folder, cascade_files[i]);
        (void)unlink(path);
    }
    for (size_t i = 0; i < GS_COUNT(more); i++) {
        cascade_path(path, folder, more[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(folder), 0);
}

static inline struct gs_model_folder *folder_load(const char *dir, enum gs_tier tier)
{
    const struct gs_model_choice choice = {.tier = tier};
    struct gs_model_folder *folder = NULL;
    struct gs_error err = {0};
    if (gs_model_folder_load(dir, &choice, &folder, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
    return folder;
}

#endif
