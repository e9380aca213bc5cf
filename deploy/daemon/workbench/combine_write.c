/* The combined folder's files. What a tier's folder has beside them (its card, logs, checkpoints,
 * reports) stays where it is. */
#include "deploy/daemon/workbench/combine_write.h"

#include "classifier/encoder/folder.h"
#include "classifier/encoder/folder_copy.h"
#include "ingest/base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_MANIFEST = 1 << 20 };

static const char manifest_file[] = "groundswell.json";

/* ---- files ---- */

static enum gs_status copy_folder(const char *from, const char *to, struct gs_error *err)
{
    static const char *const files[] = {"groundswell.json", "model.safetensors.gz",
                                        "model.safetensors"};
    enum gs_status status = gs_folder_make(to, err);

    if (status == GS_OK) {
        status = gs_folder_copy_settings(from, to, err);
    }
    for (size_t i = 0; i < GS_COUNT(files) && status == GS_OK; i++) {
        status = gs_folder_copy_file(from, to, files[i], err);
    }
    return status;
}

/* What a failure has left of a folder that was being made. */
static void remove_folder(const char *dir)
{
    static const char *const folders[] = {"fast", "en", "zh", "mixed", "other"};
    char path[GS_FOLDER_PATH];

    for (size_t f = 0; f < GS_COUNT(folders); f++) {
        if (gs_folder_path(dir, folders[f], path, NULL) == GS_OK) {
            gs_folder_remove(path);
        }
    }
    gs_folder_remove(dir);
}

/* ---- the manifest ---- */

/* The subfolder of a language's encoder: the name of the first language that it reads. */
static const char *subfolder(const struct gs_combine_tiers *tiers, size_t lang)
{
    size_t first = 0;
    while (tiers->encoders[first] != tiers->encoders[lang]) {
        first++;
    }
    return gs_lang_name((enum gs_lang)first);
}

static void put_encoders(const struct gs_combine_result *r, struct gs_buf *out)
{
    const char *comma = "";
    gs_buf_puts(out, "  \"encoders\": {");
    for (size_t lang = 0; lang < GS_N_MODEL_LANGS; lang++) {
        if (r->tiers->encoders[lang] != NULL) {
            gs_buf_printf(out, "%s\"%s\": \"%s\"", comma, gs_lang_name((enum gs_lang)lang),
                          subfolder(r->tiers, lang));
            comma = ", ";
        }
    }
    gs_buf_puts(out, "},\n");
}

static void put_number(struct gs_buf *out, const char *name, double value)
{
    gs_buf_printf(out, "\"%s\": ", name);
    gs_buf_json_number(out, value);
}

static void put_head(const struct gs_combine_result *r, size_t head, size_t lang,
                     struct gs_buf *out)
{
    const struct gs_combine_head *c = &r->fit->heads[head][lang];
    gs_buf_printf(out, "\"%s\": {\"encoder\": 1, ", gs_lang_name((enum gs_lang)lang));
    put_number(out, "fast", (double)c->fast);
    gs_buf_puts(out, ", ");
    put_number(out, "temperature", (double)c->temperature);
    if (c->gate >= 0.0F) {
        gs_buf_puts(out, ", ");
        put_number(out, "gate", (double)c->gate);
    }
    if (head == GS_HEAD_SENTIMENT) {
        gs_buf_puts(out, ", ");
        put_number(out, "margin", (double)c->margin);
        gs_buf_putc(out, '}');
        return;
    }
    gs_buf_puts(out, ", \"thresholds\": [");
    for (size_t l = 0; l < r->data->n_labels[head]; l++) {
        gs_buf_puts(out, l > 0 ? ", " : "");
        gs_buf_json_number(out, (double)c->thresholds[l]);
    }
    gs_buf_puts(out, "]}");
}

static void put_heads(const struct gs_combine_result *r, struct gs_buf *out)
{
    const char *next_head = "  \"heads\": {\n";
    for (size_t h = 0; h < GS_N_HEADS; h++) {
        const char *comma = "\n      ";
        if (r->data->n_labels[h] == 0) {
            continue;
        }
        gs_buf_printf(out, "%s    \"%s\": {", next_head, gs_head_name((enum gs_head)h));
        for (size_t lang = 0; lang < GS_N_MODEL_LANGS; lang++) {
            if (r->data->encodes[lang]) {
                gs_buf_puts(out, comma);
                put_head(r, h, lang, out);
                comma = ",\n      ";
            }
        }
        gs_buf_puts(out, "\n    }");
        next_head = ",\n";
    }
    gs_buf_puts(out, "\n  },\n");
}

static void put_entities(const struct gs_combine_result *r, struct gs_buf *out)
{
    const char *comma = "";
    gs_buf_puts(out, "  \"entities\": {\"open\": \"«\", \"close\": \"»\", \"temperature\": {");
    for (size_t lang = 0; lang < GS_N_MODEL_LANGS; lang++) {
        if (r->data->encodes[lang]) {
            gs_buf_puts(out, comma);
            put_number(out, gs_lang_name((enum gs_lang)lang), (double)r->entity_temperature[lang]);
            comma = ", ";
        }
    }
    gs_buf_puts(out, "}},\n");
}

static enum gs_status write_manifest(const struct gs_combine_result *r, const char *dir,
                                     struct gs_error *err)
{
    char path[GS_FOLDER_PATH];
    struct gs_buf out = {.max = MAX_MANIFEST};

    gs_buf_puts(&out, "{\n  \"format\": \"groundswell-combined\",\n  \"name\": ");
    gs_buf_json_str(&out, gs_str(r->name));
    gs_buf_puts(&out, ",\n  \"version\": ");
    gs_buf_json_str(&out, gs_str(r->version));
    gs_buf_puts(&out, ",\n  \"fast\": \"fast\",\n");
    put_encoders(r, &out);
    put_heads(r, &out);
    if (r->marks_entities) {
        put_entities(r, &out);
    }
    enum gs_status status = gs_combine_put_provenance(r, &out, err);
    if (status == GS_OK && !gs_buf_ok(&out)) {
        status = gs_fail(err, GS_NO_MEMORY, "groundswell.json");
    }
    if (status == GS_OK) {
        status = gs_folder_path(dir, manifest_file, path, err);
    }
    if (status == GS_OK) {
        status = gs_file_write(path, gs_buf_str(&out), GS_FILE_FOR_ALL, err);
    }
    gs_buf_done(&out);
    return status;
}

/* ---- the folder ---- */

enum gs_status gs_combine_check_out(const char *out, struct gs_error *err)
{
    struct stat there;
    return lstat(out, &there) != 0 ? GS_OK
                                   : gs_fail(err, GS_BAD_CONFIG, "%s: it is there already", out);
}

static enum gs_status fill(const struct gs_combine_result *r, const char *dir, struct gs_error *err)
{
    char path[GS_FOLDER_PATH];
    enum gs_status status = gs_folder_path(dir, "fast", path, err);

    if (status == GS_OK) {
        status = copy_folder(r->tiers->fast_dir, path, err);
    }
    for (size_t lang = 0; lang < GS_N_MODEL_LANGS && status == GS_OK; lang++) {
        const bool first = r->tiers->encoders[lang] != NULL &&
                           strcmp(subfolder(r->tiers, lang), gs_lang_name((enum gs_lang)lang)) == 0;
        if (first) {
            status = gs_folder_path(dir, gs_lang_name((enum gs_lang)lang), path, err);
            status =
                status == GS_OK ? copy_folder(r->tiers->encoder_dirs[lang], path, err) : status;
        }
    }
    return status == GS_OK ? write_manifest(r, dir, err) : status;
}

enum gs_status gs_combine_write(const struct gs_combine_result *r, struct gs_error *err)
{
    char dir[GS_FOLDER_PATH];
    const int n = snprintf(dir, sizeof dir, "%s.XXXXXX", r->out);

    if (n < 0 || n >= (int)sizeof dir) {
        return gs_fail(err, GS_IO, "%.80s: too long a path", r->out);
    }
    if (mkdtemp(dir) == NULL) {
        return gs_fail_errno(err, errno, "%s", r->out);
    }
    enum gs_status status = fill(r, dir, err);
    if (status == GS_OK && (chmod(dir, 0755) != 0 || rename(dir, r->out) != 0)) {
        status = gs_fail_errno(err, errno, "%s", r->out);
    }
    if (status != GS_OK) {
        remove_folder(dir);
    }
    return status;
}
