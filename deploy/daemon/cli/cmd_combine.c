/* groundswell combine: a fast tier and encoders into one folder that answers with both, fitted on
 * labelled lines (classifier/train/combine.h). */
#include "deploy/daemon/cli/command.h"
#include "deploy/daemon/cli/model_name.h"
#include "deploy/daemon/workbench/combine_write.h"

#include <stdio.h>
#include <string.h>

enum { MAX_FILES = 64, MAX_TABLE = 1 << 20 };

struct options {
    struct gs_args args;
    const char *out, *version;
    char name[GS_MODEL_NAME_SIZE];
    const char *specs[MAX_FILES], *entities[MAX_FILES];
    size_t n_specs, n_entities;
    double loss;
    struct gs_model_choice choice;
    struct gs_combine_tiers tiers;
    struct gs_refusals refusals;
};

/* LANG=DIR */
static void take_encoder(struct options *o)
{
    const char *text = o->args.value;
    const char *equals = strchr(text, '=');
    size_t lang = 0;

    while (lang < GS_N_MODEL_LANGS && equals != NULL &&
           (strncmp(text, gs_lang_name((enum gs_lang)lang), (size_t)(equals - text)) != 0 ||
            gs_lang_name((enum gs_lang)lang)[equals - text] != '\0')) {
        lang++;
    }
    if (equals == NULL || equals == text || equals[1] == '\0' || lang == GS_N_MODEL_LANGS) {
        (void)gs_args_wrong(&o->args, "--encoder %s: it is LANG=DIR, LANG en, zh, mixed or other",
                            text);
    } else if (o->tiers.encoder_dirs[lang] != NULL) {
        (void)gs_args_wrong(&o->args, "--encoder %s: the language has one already", text);
    } else {
        o->tiers.encoder_dirs[lang] = equals + 1;
    }
}

static void take_file(struct options *o, const char **files, size_t *n)
{
    if (*n == MAX_FILES) {
        (void)gs_args_wrong(&o->args, "%s: more than %d files", o->args.value, MAX_FILES);
        return;
    }
    files[(*n)++] = o->args.value;
}

static void take_name(struct options *o)
{
    if (!gs_model_name_is_fine(o->args.value)) {
        (void)gs_args_wrong(&o->args, "%s: a name has lower case, digits, '_', '-' and '.'",
                            o->args.value);
    } else if (o->args.flag == GS_FLAG_NAME) {
        (void)snprintf(o->name, sizeof o->name, "%s", o->args.value);
    } else {
        o->version = o->args.value;
    }
}

static void take(struct options *o)
{
    switch (o->args.flag) {
    case GS_FLAG_FAST:
        o->tiers.fast_dir = o->args.value;
        break;
    case GS_FLAG_ENCODER:
        take_encoder(o);
        break;
    case GS_FLAG_DATA:
        take_file(o, o->specs, &o->n_specs);
        break;
    case GS_FLAG_ENTITIES:
        take_file(o, o->entities, &o->n_entities);
        break;
    case GS_FLAG_OUT:
        o->out = o->args.value;
        break;
    case GS_FLAG_LOSS:
        (void)gs_args_number(&o->args, 0.0, 1.0, &o->loss);
        break;
    case GS_FLAG_ARITHMETIC:
        (void)gs_args_arithmetic(&o->args, &o->choice);
        break;
    default:
        take_name(o);
        break;
    }
}

static enum gs_status read_all(struct options *o, const char *const *specs, size_t n, bool entities,
                               struct gs_combine_rows *rows, struct gs_error *err)
{
    enum gs_status status = GS_OK;
    for (size_t i = 0; i < n && status == GS_OK; i++) {
        status = gs_combine_rows_read(specs[i], &o->tiers, entities, &o->refusals, rows, err);
    }
    return status == GS_OK && rows->n == 0
               ? gs_fail(err, GS_BAD_FORMAT, "%s: no line with a label", specs[0])
               : status;
}

/* How sure the encoders' sentiment toward a marked entity is. */
static enum gs_status fit_entities(struct options *o, struct gs_combine_result *result,
                                   struct gs_error *err)
{
    struct gs_combine_rows rows = {0};
    enum gs_status status = GS_OK;

    result->marks_entities = o->n_entities > 0;
    if (result->marks_entities) {
        status = read_all(o, o->entities, o->n_entities, true, &rows, err);
    }
    const struct gs_combine_data data = gs_combine_rows_data(&rows, &o->tiers);
    for (size_t lang = 0; lang < GS_N_MODEL_LANGS && status == GS_OK; lang++) {
        size_t n = 0;
        result->entity_temperature[lang] = gs_combine_fit_alone(&data, lang, &n);
    }
    gs_combine_rows_done(&rows);
    return status;
}

static enum gs_status print_table(const struct gs_combine_result *result, struct gs_error *err)
{
    struct gs_buf table = {.max = MAX_TABLE};
    enum gs_status status = gs_combine_put_table(result, &table, err);
    if (status == GS_OK &&
        (fwrite(table.bytes, 1, table.len, stdout) != table.len || fflush(stdout) != 0)) {
        status = gs_fail(err, GS_IO, "stdout: cannot write");
    }
    gs_buf_done(&table);
    return status;
}

static enum gs_status combine(struct options *o, struct gs_error *err)
{
    static struct gs_combine_fit fit;
    struct gs_combine_rows rows = {0};

    enum gs_status status = gs_combine_check_out(o->out, err);
    if (status == GS_OK) {
        status = gs_combine_tiers_load(&o->tiers, o->choice.arithmetic, err);
    }
    if (status == GS_OK) {
        status = read_all(o, o->specs, o->n_specs, false, &rows, err);
    }
    if (status != GS_OK) {
        goto done;
    }
    const struct gs_combine_data data = gs_combine_rows_data(&rows, &o->tiers);
    struct gs_combine_result result = {.out = o->out,
                                       .name = o->name,
                                       .version = o->version,
                                       .tiers = &o->tiers,
                                       .data = &data,
                                       .fit = &fit,
                                       .loss = o->loss,
                                       .specs = o->specs,
                                       .n_specs = o->n_specs};
    status = gs_combine_fit(&data, o->loss, &fit, err);
    if (status == GS_OK) {
        status = fit_entities(o, &result, err);
    }
    if (status == GS_OK) {
        status = gs_combine_write(&result, err);
    }
    if (status == GS_OK) {
        status = print_table(&result, err);
    }

done:
    gs_combine_rows_done(&rows);
    return status;
}

int gs_cmd_combine(int argc, char **argv)
{
    struct options o = {.loss = 0.01, .version = "1"};
    struct gs_error err = {0};
    int code = GS_EXIT_OK;

    gs_args_init(&o.args, GS_CMD_COMBINE, argc, argv);
    while (gs_args_next(&o.args)) {
        take(&o);
    }
    gs_args_done(&o.args);
    if (o.args.ends) {
        return o.args.code;
    }
    if (o.name[0] == '\0') {
        gs_model_name_after(o.out, "combined", o.name);
    }
    if (o.tiers.encoder_dirs[GS_LANG_MIXED] == NULL) {
        o.tiers.encoder_dirs[GS_LANG_MIXED] = o.tiers.encoder_dirs[GS_LANG_ZH];
    }
    enum gs_status status = gs_refusals_open(&o.refusals, "combine", o.args.rejects, &err);
    if (status == GS_OK) {
        status = combine(&o, &err);
    }
    if (gs_refusals_close(&o.refusals, status, &err) != GS_OK) {
        gs_command_say("combine", "%s", err.message);
        code = GS_EXIT_FAILURE;
    } else if (o.refusals.n > 0) {
        code = GS_EXIT_FINDINGS;
    }
    gs_combine_tiers_done(&o.tiers);
    return code;
}
