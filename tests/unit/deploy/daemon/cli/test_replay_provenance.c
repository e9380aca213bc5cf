/* The files that decide what is computed: listed with their hashes, and looked at again. */
#include "deploy/daemon/cli/replay_provenance.h"

#include "tests/unit/gs_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/groundswell-test-XXXXXX";

static const char *path_of(const char *name)
{
    static char paths[4][256];
    static size_t next;
    char *to = paths[next++ % 4];

    (void)snprintf(to, sizeof paths[0], "%s/%s", folder, name);
    return to;
}

static void write_text(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void files_are_listed_and_a_change_is_noticed(void **state)
{
    (void)state;
    static const struct {
        enum gs_provenance_part part;
        const char *name;
    } want[] = {{GS_PART_CONFIGURATION, "c.yaml"},
                {GS_PART_MODEL, "m/en/model.safetensors"},
                {GS_PART_MODEL, "m/groundswell.json"},
                {GS_PART_INPUT, "in.jsonl"}};
    struct gs_config *config = NULL;
    struct gs_provenance provenance;
    struct gs_error err = {0};

    assert_int_equal(mkdir(path_of("m"), 0700), 0);
    assert_int_equal(mkdir(path_of("m/en"), 0700), 0);
    write_text("c.yaml", "");
    write_text("in.jsonl", "{}\n");
    write_text("m/groundswell.json", "{}");
    write_text("m/README.md", "for people");
    write_text("m/en/model.safetensors", "abc");
    char input[256];
    char path[256];
    char model[256];
    (void)snprintf(input, sizeof input, "%s", path_of("in.jsonl"));
    (void)snprintf(path, sizeof path, "%s", path_of("c.yaml"));
    (void)snprintf(model, sizeof model, "%s", path_of("m"));
    const char *const files[] = {input};
    assert_int_equal(gs_config_defaults(&config, NULL), GS_OK);
    config->model.path = model;
    const struct gs_provenance_options options = {
        .config = config, .config_path = path, .files = files, .n_files = 1};
    if (gs_provenance_take(&options, &provenance, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(provenance.n_files, 1 + GS_COUNT(want));
    assert_int_equal(provenance.files[0].part, GS_PART_PROGRAM);
    for (size_t i = 0; i < GS_COUNT(want); i++) {
        assert_int_equal(provenance.files[1 + i].part, want[i].part);
        assert_string_equal(provenance.files[1 + i].path, path_of(want[i].name));
    }
    assert_string_equal(provenance.files[2].sha256,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(gs_provenance_check(&provenance, &err), GS_OK);
    write_text("in.jsonl", "{}\n{}\n");
    assert_int_equal(gs_provenance_check(&provenance, &err), GS_BAD_FORMAT);
    assert_non_null(strstr(err.message, "in.jsonl was changed"));
    gs_provenance_done(&provenance);
    assert_int_equal(unlink(path_of("c.yaml")), 0);
    assert_int_equal(gs_provenance_take(&options, &provenance, &err), GS_IO);
    gs_config_free(config);
}

static void only_what_bears_on_alerts_is_shown(void **state)
{
    (void)state;
    assert_true(gs_provenance_override_bears("watch.bin=10m"));
    assert_true(gs_provenance_override_bears("model.path=x"));
    assert_false(gs_provenance_override_bears("log.level=error"));
    assert_false(gs_provenance_override_bears("kafka.brokers=b:9092"));
    assert_true(gs_provenance_override_bears("unknown=1"));
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"in.jsonl", "m/groundswell.json", "m/README.md",
                                        "m/en/model.safetensors"};
    (void)state;
    for (size_t i = 0; i < GS_COUNT(names); i++) {
        (void)unlink(path_of(names[i]));
    }
    (void)rmdir(path_of("m/en"));
    (void)rmdir(path_of("m"));
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_listed_and_a_change_is_noticed),
        cmocka_unit_test(only_what_bears_on_alerts_is_shown),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
