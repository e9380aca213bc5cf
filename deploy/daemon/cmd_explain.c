#include "deploy/daemon/command.h"
#include "deploy/daemon/explain.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static const char usage[] =
    "usage: groundswell explain --model DIR [options] [TEXT|FILE]\n"
    "\n"
    "Why the model says what it says: the exact weight of each n-gram in one label's logit, folded "
    "onto\n"
    "characters and words. One JSON object a text on stdout; bias + the sum of weights = logit.\n"
    "FILE holds lines, plain or JSON; without TEXT or FILE, or as \"-\", stdin is read.\n"
    "\n"
    "  -m, --model DIR      model folder\n"
    "      --head H         sentiment (default), topics or risks\n"
    "      --label L        which label (the best one)\n"
    "      --method M       grad-input or integrated: for a linear model both are the exact "
    "weights\n"
    "      --html FILE      a page to look at\n"
    "      --quiet          nothing on stderr but errors\n"
    "\n"
    "Each character has start and end (bytes of the cleaned text) and from (byte of the text as "
    "given).\n"
    "\n"
    "Exit codes: 0 done, 1 some lines were refused, 2 usage, 3 a failure.\n"
    "\n"
    "example:\n"
    "  groundswell explain --model classifier/models/finance-zh-en-fast \"Profit warning sends "
    "shares down\"\n";

enum { OPT_HEAD = 256, OPT_LABEL, OPT_METHOD, OPT_HTML, OPT_QUIET, OPT_LOG };

static const struct option longs[] = {{"model", required_argument, NULL, 'm'},
                                      {"head", required_argument, NULL, OPT_HEAD},
                                      {"label", required_argument, NULL, OPT_LABEL},
                                      {"method", required_argument, NULL, OPT_METHOD},
                                      {"html", required_argument, NULL, OPT_HTML},
                                      {"quiet", no_argument, NULL, OPT_QUIET},
                                      {"log-format", required_argument, NULL, OPT_LOG},
                                      {"help", no_argument, NULL, 'h'},
                                      {0}};

struct options {
    const char *model, *label, *html, *input;
    enum gs_head head;
};

static int wrong(const char *what, const char *value)
{
    (void)fprintf(stderr, "groundswell explain: %s: %s (--help shows how)\n", what, value);
    return GS_EXIT_USAGE;
}

static int set_option(struct options *options, int option, const char *value)
{
    static const char *const heads[GS_N_HEADS] = {"sentiment", "topics", "risks"};
    switch (option) {
    case 'm':
        options->model = value;
        return GS_EXIT_OK;
    case OPT_LABEL:
        options->label = value;
        return GS_EXIT_OK;
    case OPT_HTML:
        options->html = value;
        return GS_EXIT_OK;
    case OPT_METHOD:
        return strcmp(value, "grad-input") == 0 || strcmp(value, "integrated") == 0
                   ? GS_EXIT_OK
                   : wrong("--method is grad-input or integrated", value);
    case OPT_HEAD:
        for (size_t head = 0; head < GS_N_HEADS; head++) {
            if (strcmp(value, heads[head]) == 0) {
                options->head = (enum gs_head)head;
                return GS_EXIT_OK;
            }
        }
        return wrong("--head is sentiment, topics or risks", value);
    default:
        return GS_EXIT_OK;
    }
}

/* -1: go on. */
static int parse(int argc, char **argv, struct options *options)
{
    int option = 0;
    optind = 1;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet
    while ((option = getopt_long(argc, argv, "m:h", longs, NULL)) != -1) {
        if (option == 'h') {
            (void)fputs(usage, stdout);
            return GS_EXIT_OK;
        }
        const int code = option == '?' ? GS_EXIT_USAGE : set_option(options, option, optarg);
        if (code != GS_EXIT_OK) {
            return code;
        }
    }
    if (options->model == NULL) {
        return wrong("--model", "missing");
    }
    if (optind + 1 < argc) {
        return wrong("one text or file", argv[optind + 1]);
    }
    options->input = optind < argc ? argv[optind] : "-";
    return -1;
}

struct session {
    const struct options *options;
    struct gs_explainer *explainer;
    struct gs_buf json, html;
    size_t n_refused;
};

static enum gs_status explain(struct session *s, struct gs_str title, struct gs_str text,
                              struct gs_error *err)
{
    gs_buf_reset(&s->json);
    const enum gs_status status = gs_explainer_run(
        s->explainer, (struct gs_explain_what){s->options->head, s->options->label}, title, text,
        &s->json, s->options->html != NULL ? &s->html : NULL, err);
    if (status != GS_OK) {
        return status;
    }
    if (!gs_buf_ok(&s->json) || !gs_buf_ok(&s->html)) {
        return gs_fail(err, GS_NO_MEMORY, "the explanation is too long");
    }
    return fwrite(s->json.bytes, 1, s->json.len, stdout) == s->json.len
               ? GS_OK
               : gs_fail_errno(err, errno, "stdout");
}

static enum gs_status explain_lines(struct session *s, struct gs_error *err)
{
    struct gs_labelled_reader *reader = NULL;
    struct gs_labelled line;
    enum gs_status status = gs_labelled_open(s->options->input, true, &reader, err);

    while (status == GS_OK) {
        status = gs_labelled_next(reader, &line, err);
        if (status == GS_BAD_FORMAT) {
            (void)fprintf(stderr, "groundswell explain: %s\n", err->message);
            s->n_refused++;
            status = GS_OK;
        } else if (status == GS_OK) {
            status = explain(s, line.title, line.text, err);
        }
    }
    gs_labelled_close(reader);
    return status == GS_CLOSED ? GS_OK : status;
}

static enum gs_status write_html(const struct session *s, struct gs_error *err)
{
    FILE *file = fopen(s->options->html, "wb");
    if (file == NULL) {
        return gs_fail_errno(err, errno, "%s", s->options->html);
    }
    bool bad = fputs(gs_explain_page_head, file) < 0;
    bad = (s->html.len > 0 && fwrite(s->html.bytes, 1, s->html.len, file) != s->html.len) || bad;
    bad = fputs("</html>\n", file) < 0 || bad;
    bad = fclose(file) != 0 || bad;
    return bad ? gs_fail_errno(err, errno, "%s", s->options->html) : GS_OK;
}

static enum gs_status run(struct session *s, struct gs_error *err)
{
    struct stat info;
    const char *input = s->options->input;
    enum gs_status status = gs_explainer_new(s->options->model, &s->explainer, err);
    if (status == GS_OK && (strcmp(input, "-") == 0 || stat(input, &info) == 0)) {
        status = explain_lines(s, err);
    } else if (status == GS_OK) {
        status = explain(s, (struct gs_str){NULL, 0}, gs_str(input), err);
    }
    if (status == GS_OK && s->options->html != NULL) {
        status = write_html(s, err);
    }
    return status;
}

int gs_cmd_explain(int argc, char **argv)
{
    enum { MAX_JSON = 64 << 20, MAX_HTML = 256 << 20 };
    struct options options = {.head = GS_HEAD_SENTIMENT};
    struct gs_error err = {0};

    const int code = parse(argc, argv, &options);
    if (code >= 0) {
        return code;
    }
    struct session s = {.options = &options, .json = {.max = MAX_JSON}, .html = {.max = MAX_HTML}};
    const enum gs_status status = run(&s, &err);
    if (status != GS_OK) {
        (void)fprintf(stderr, "groundswell explain: %s\n", err.message);
    }
    gs_explainer_free(s.explainer);
    gs_buf_done(&s.json);
    gs_buf_done(&s.html);
    if (status != GS_OK) {
        return status == GS_BAD_CONFIG ? GS_EXIT_USAGE : GS_EXIT_FAILURE;
    }
    return s.n_refused > 0 ? GS_EXIT_FINDINGS : GS_EXIT_OK;
}
