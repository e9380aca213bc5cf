/* The list of a published folder's files beside the weights, and what is done with all of them. */
#include "classifier/encoder/folder_copy.h"

#include "classifier/encoder/folder.h"
#include "ingest/base/file.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_FILE = 1 << 30 };

static const char pooling_folder[] = "1_Pooling";

static const char *const settings[] = {"config.json",
                                       "modules.json",
                                       "1_Pooling/config.json",
                                       "sentence_bert_config.json",
                                       "config_sentence_transformers.json",
                                       "tokenizer.json",
                                       "tokenizer_config.json",
                                       "special_tokens_map.json",
                                       "added_tokens.json",
                                       "vocab.txt",
                                       "vocab.json",
                                       "merges.txt",
                                       "sentencepiece.bpe.model"};
static const char *const of_a_tier[] = {"groundswell.json", "model.safetensors.gz",
                                        "model.safetensors"};

enum gs_status gs_folder_make(const char *path, struct gs_error *err)
{
    return mkdir(path, 0777) == 0 || errno == EEXIST ? GS_OK
                                                     : gs_fail_errno(err, errno, "%s", path);
}

enum gs_status gs_folder_copy_file(const char *dir, const char *out, const char *name,
                                   struct gs_error *err)
{
    char from[GS_FOLDER_PATH];
    char to[GS_FOLDER_PATH];
    struct gs_file file = {0};

    if (!gs_folder_has(dir, name)) {
        return GS_OK;
    }
    enum gs_status status = gs_folder_path(dir, name, from, err);
    if (status == GS_OK) {
        status = gs_folder_path(out, name, to, err);
    }
    if (status == GS_OK) {
        status = gs_file_read(from, MAX_FILE, &file, err);
    }
    if (status == GS_OK) {
        status = gs_file_write(to, file.bytes, GS_FILE_FOR_ALL, err);
    }
    gs_file_done(&file);
    return status;
}

enum gs_status gs_folder_copy_settings(const char *dir, const char *out, struct gs_error *err)
{
    char pooling[GS_FOLDER_PATH];
    enum gs_status status = GS_OK;

    if (gs_folder_has(dir, "1_Pooling/config.json")) {
        status = gs_folder_path(out, pooling_folder, pooling, err);
        status = status == GS_OK ? gs_folder_make(pooling, err) : status;
    }
    for (size_t i = 0; i < GS_COUNT(settings) && status == GS_OK; i++) {
        status = gs_folder_copy_file(dir, out, settings[i], err);
    }
    return status;
}

static void remove_all(const char *dir, const char *const *names, size_t n)
{
    char path[GS_FOLDER_PATH];

    for (size_t i = 0; i < n; i++) {
        if (gs_folder_path(dir, names[i], path, NULL) == GS_OK) {
            (void)unlink(path);
        }
    }
}

void gs_folder_remove(const char *dir)
{
    char pooling[GS_FOLDER_PATH];

    remove_all(dir, settings, GS_COUNT(settings));
    remove_all(dir, of_a_tier, GS_COUNT(of_a_tier));
    if (gs_folder_path(dir, pooling_folder, pooling, NULL) == GS_OK) {
        (void)rmdir(pooling);
    }
    (void)rmdir(dir);
}
