/* An explanation as one line of JSON, and as a section of a page: characters shaded by weight. */
#include "deploy/daemon/workbench/explain_internal.h"
#include "ingest/base/escape.h"

#include <math.h>

enum { TOP_NGRAMS = 20, SHADES = 4 /* of a class in report_page.c */ };

static void put_piece(struct gs_buf *out, const struct gs_features *features, size_t start,
                      size_t end, double weight, bool first)
{
    gs_buf_puts(out, first ? "{\"text\":" : ",{\"text\":");
    gs_buf_json_str(out, (struct gs_str){features->text.bytes + start, end - start});
    gs_buf_printf(out, ",\"start\":%zu,\"end\":%zu,\"from\":%u,\"weight\":%.9g}", start, end,
                  features->origin[start], weight);
}

static void put_chars(const struct gs_explanation *e, struct gs_buf *out)
{
    for (size_t i = 0; i < e->n_chars; i++) {
        const struct gs_explained_char *c = &e->chars[i];
        put_piece(out, &e->features, c->start, c->end, c->weight, i == 0);
    }
}

/* Behind the word that begins at char `first`, and what its chars weigh together. */
static size_t word_end(const struct gs_explanation *e, size_t first, double *ret_weight)
{
    size_t end = first + 1;

    *ret_weight = e->chars[first].weight;
    for (; end < e->n_chars && !e->chars[end].begins_word; end++) {
        *ret_weight += e->chars[end].weight;
    }
    return end;
}

static void put_words(const struct gs_explanation *e, struct gs_buf *out)
{
    for (size_t i = 0; i < e->n_chars;) {
        double weight = 0.0;
        const size_t end = word_end(e, i, &weight);
        put_piece(out, &e->features, e->chars[i].start, e->chars[end - 1].end, weight, i == 0);
        i = end;
    }
}

/* The n-grams with the largest weights; those put are zeroed. */
static void put_ngrams(struct gs_explanation *e, struct gs_buf *out)
{
    for (size_t k = 0; k < TOP_NGRAMS; k++) {
        size_t top = 0;
        for (size_t i = 1; i < e->n_ngrams; i++) {
            top = fabsf(e->ngrams[i]) > fabsf(e->ngrams[top]) ? i : top;
        }
        if (e->n_ngrams == 0 || e->ngrams[top] == 0.0F) {
            return;
        }
        const struct gs_feature *f = &e->features.features[top];
        put_piece(out, &e->features, f->start, f->end, (double)e->ngrams[top], k == 0);
        e->ngrams[top] = 0.0F;
    }
}

/* Without those of the template. */
static void put_tokens(const struct gs_explanation *e, struct gs_buf *out)
{
    bool first = true;
    for (size_t t = 0; t < e->text.n; t++) {
        if (e->text.starts[t] < e->text.ends[t]) {
            put_piece(out, &e->features, e->text.starts[t], e->text.ends[t], e->tokens[t], first);
            first = false;
        }
    }
}

void gs_explanation_json(struct gs_explanation *e, struct gs_buf *out)
{
    gs_buf_puts(out, "{\"text\":");
    gs_buf_json_str(out, e->features.text);
    gs_buf_printf(out, ",\"head\":\"%s\",\"label\":", gs_head_name(e->head));
    gs_buf_json_str(out, gs_str(e->label));
    gs_buf_printf(out,
                  ",\"tier\":\"%s\",\"method\":\"%s\",\"p\":%.6g,\"logit\":%.9g,\"bias\":%.9g,"
                  "\"residual\":%.9g,\"tokens\":[",
                  e->tier, e->method, e->p, e->logit, e->bias, e->residual);
    put_chars(e, out);
    gs_buf_puts(out, "],\"words\":[");
    put_words(e, out);
    gs_buf_puts(out, "],\"ngrams\":[");
    put_ngrams(e, out);
    gs_buf_puts(out, "],\"encoder_tokens\":[");
    put_tokens(e, out);
    gs_buf_puts(out, "]}\n");
}

/* The word that weighs most, for or against; false: no word has a weight. */
static bool heaviest(const struct gs_explanation *e, size_t *ret_first, size_t *ret_end,
                     double *ret_weight)
{
    *ret_weight = 0.0;
    for (size_t i = 0; i < e->n_chars;) {
        double weight = 0.0;
        const size_t end = word_end(e, i, &weight);
        if (fabs(weight) > fabs(*ret_weight)) {
            *ret_first = i;
            *ret_end = end;
            *ret_weight = weight;
        }
        i = end;
    }
    return *ret_weight != 0.0;
}

void gs_explanation_words(struct gs_explanation *e, size_t most, struct gs_buf *out)
{
    double rest = e->logit - e->bias - e->residual;
    size_t first = 0;
    size_t end = 0;
    double weight = 0.0;

    gs_buf_puts(out, "{\"label\":");
    gs_buf_json_str(out, gs_str(e->label));
    gs_buf_printf(out,
                  ",\"tier\":\"%s\",\"method\":\"%s\",\"logit\":%.9g,\"bias\":%.9g,"
                  "\"residual\":%.9g,\"weights\":[",
                  e->tier, e->method, e->logit, e->bias, e->residual);
    for (size_t k = 0; k < most && heaviest(e, &first, &end, &weight); k++) {
        const uint32_t start = e->chars[first].start;
        const uint32_t stop = e->chars[end - 1].end;
        gs_buf_puts(out, k == 0 ? "{\"text\":" : ",{\"text\":");
        gs_buf_json_str(out, (struct gs_str){e->features.text.bytes + start, stop - start});
        gs_buf_printf(out, ",\"start\":%u,\"end\":%u,\"weight\":%.9g}", start, stop, weight);
        rest -= weight;
        for (size_t i = first; i < end; i++) {
            e->chars[i].weight = 0.0;
        }
    }
    gs_buf_printf(out, "],\"rest\":%.9g}", rest);
}

void gs_explanation_html(const struct gs_explanation *e, struct gs_buf *out)
{
    double most = 1e-9;
    for (size_t i = 0; i < e->n_chars; i++) {
        most = fmax(most, fabs(e->chars[i].weight));
    }
    gs_buf_puts(out, "<section><p>");
    for (size_t i = 0; i < e->n_chars; i++) {
        const struct gs_explained_char *c = &e->chars[i];
        const int shade = (int)lrint(SHADES * fabs(c->weight) / most);
        gs_buf_printf(out, "<span class=\"%s%d\" title=\"%.4f\">",
                      c->weight >= 0 ? "for" : "against", shade, c->weight);
        gs_buf_html(out, (struct gs_str){e->features.text.bytes + c->start, c->end - c->start});
        gs_buf_puts(out, "</span>");
    }
    gs_buf_puts(out, "</p><small>");
    gs_buf_html(out, gs_str(e->label));
    gs_buf_printf(out, ": p = %.4f, logit %.4f, by %s (%s)</small></section>\n", e->p, e->logit,
                  e->tier, e->method);
}
