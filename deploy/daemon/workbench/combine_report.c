/* What a fit is worth, as a table for people and as the provenance of the folder's
 * groundswell.json. */
#include "deploy/daemon/workbench/combine_write.h"

#include <string.h>

static const char *micro_name(size_t head)
{
    return head == GS_HEAD_SENTIMENT ? "accuracy" : "micro_f1";
}

/* All systems of one head and language, as rows of the table or as JSON. */
static enum gs_status put_figures(const struct gs_combine_result *r, size_t head, size_t lang,
                                  bool json, struct gs_buf *out, struct gs_error *err)
{
    for (size_t s = 0; s < GS_N_COMBINE_SYSTEMS; s++) {
        struct gs_combine_figures f;
        const enum gs_status status = gs_combine_measure(r->data, r->fit, (enum gs_head)head, lang,
                                                         (enum gs_combine_system)s, &f, err);
        if (status != GS_OK) {
            return status;
        }
        if (json) {
            gs_buf_printf(out,
                          "%s\n      {\"head\": \"%s\", \"lang\": \"%s\", \"tiers\": \"%s\", "
                          "\"rows\": %zu, \"%s\": %.4f, \"macro_f1\": %.4f, \"ece\": %.4f}",
                          out->bytes[out->len - 1] == '[' ? "" : ",",
                          gs_head_name((enum gs_head)head), gs_lang_name((enum gs_lang)lang),
                          gs_combine_system_names[s], f.n, micro_name(head), f.micro, f.macro,
                          f.ece);
        } else {
            gs_buf_printf(out, "%-10s %-6s %-8s %6zu %9.4f %9.4f %9.4f\n",
                          gs_head_name((enum gs_head)head), gs_lang_name((enum gs_lang)lang),
                          gs_combine_system_names[s], f.n, f.micro, f.macro, f.ece);
        }
    }
    return GS_OK;
}

static enum gs_status put_all_figures(const struct gs_combine_result *r, bool json,
                                      struct gs_buf *out, struct gs_error *err)
{
    enum gs_status status = GS_OK;
    for (size_t h = 0; h < GS_N_HEADS; h++) {
        for (size_t lang = 0; lang < GS_N_MODEL_LANGS && status == GS_OK; lang++) {
            if (r->data->n_labels[h] > 0 && r->data->encodes[lang] &&
                r->fit->heads[h][lang].n > 0) {
                status = put_figures(r, h, lang, json, out, err);
            }
        }
    }
    return status;
}

static double share_alone(const struct gs_combine_fit *fit, size_t lang)
{
    return fit->n[lang] > 0 ? (double)fit->n_alone[lang] / (double)fit->n[lang] : 0.0;
}

enum gs_status gs_combine_put_table(const struct gs_combine_result *r, struct gs_buf *out,
                                    struct gs_error *err)
{
    gs_buf_printf(out, "%-10s %-6s %-8s %6s %9s %9s %9s\n", "head", "lang", "tiers", "rows",
                  "acc|micro", "macro_f1", "ece");
    const enum gs_status status = put_all_figures(r, false, out, err);
    gs_buf_putc(out, '\n');
    for (size_t h = 0; h < GS_N_HEADS && status == GS_OK; h++) {
        for (size_t lang = 0; lang < GS_N_MODEL_LANGS; lang++) {
            const struct gs_combine_head *c = &r->fit->heads[h][lang];
            if (r->data->n_labels[h] > 0 && r->data->encodes[lang]) {
                gs_buf_printf(out, "%-10s %-6s fast tier weighs %.2f, temperature %.3f, gate ",
                              gs_head_name((enum gs_head)h), gs_lang_name((enum gs_lang)lang),
                              (double)c->fast, (double)c->temperature);
                gs_buf_printf(out, c->gate >= 0.0F ? "%.4f" : "none", (double)c->gate);
                gs_buf_printf(out,
                              c->few ? ": not fitted, %zu rows are too few or of one class\n"
                                     : " (%zu rows)\n",
                              c->n);
            }
        }
    }
    for (size_t lang = 0; lang < GS_N_MODEL_LANGS && status == GS_OK; lang++) {
        if (r->data->encodes[lang]) {
            gs_buf_printf(out, "%-17s the fast tier answers %zu of %zu rows alone (%.1f %%)\n",
                          gs_lang_name((enum gs_lang)lang), r->fit->n_alone[lang], r->fit->n[lang],
                          100.0 * share_alone(r->fit, lang));
        }
    }
    return status == GS_OK && !gs_buf_ok(out) ? gs_fail(err, GS_NO_MEMORY, "the table") : status;
}

enum gs_status gs_combine_put_provenance(const struct gs_combine_result *r, struct gs_buf *out,
                                         struct gs_error *err)
{
    const char *comma = "";
    gs_buf_puts(out, "  \"provenance\": {\n    \"kind\": \"combined\", \"data\": [");
    for (size_t i = 0; i < r->n_specs; i++) {
        const char *slash = strrchr(r->specs[i], '/');
        gs_buf_puts(out, i > 0 ? ", " : "");
        gs_buf_json_str(out, gs_str(slash == NULL ? r->specs[i] : slash + 1));
    }
    gs_buf_puts(out, "], ");
    gs_buf_puts(out, "\"loss\": ");
    gs_buf_json_number(out, r->loss);
    gs_buf_puts(out, ",\n    \"fast_tier_alone\": {");
    for (size_t lang = 0; lang < GS_N_MODEL_LANGS; lang++) {
        if (r->data->encodes[lang]) {
            gs_buf_printf(out, "%s\"%s\": {\"rows\": %zu, \"share\": %.4f}", comma,
                          gs_lang_name((enum gs_lang)lang), r->fit->n[lang],
                          share_alone(r->fit, lang));
            comma = ", ";
        }
    }
    gs_buf_puts(out, "},\n    \"figures_are_of\": \"the rows that it was fitted on\",\n"
                     "    \"figures\": [");
    const enum gs_status status = put_all_figures(r, true, out, err);
    gs_buf_puts(out, "\n    ]\n  }\n}\n");
    return status;
}
