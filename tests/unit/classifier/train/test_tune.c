/* Whole trainings of tiny models: that they learn, repeat to the bit, go on where they were
 * stopped, and refuse what cannot be. */
#include "tests/unit/classifier/train/tune_fixture.h"

#include "classifier/model.h"

#include <signal.h>
#include <sys/resource.h>

struct seen {
    size_t steps, epochs, warnings;
    double first_loss, loss, figure;
    char warning[320];
    bool stop;
    size_t stop_at; /* 0: never */
};

static void on_step(void *arg, const struct gs_tune_progress *p)
{
    struct seen *seen = arg;
    seen->first_loss = seen->steps == 0 ? p->loss : seen->first_loss;
    seen->loss = p->loss;
    seen->steps++;
    if (seen->steps == seen->stop_at) {
        seen->stop = true;
    }
}

static void on_epoch(void *arg, const struct gs_tune_epoch *epoch)
{
    struct seen *seen = arg;
    seen->epochs++;
    seen->figure = epoch->quality.figure;
}

static void on_warning(void *arg, const char *line)
{
    struct seen *seen = arg;
    seen->warnings++;
    (void)snprintf(seen->warning, sizeof seen->warning, "%s", line);
}

static bool on_stop(void *arg)
{
    return ((const struct seen *)arg)->stop;
}

static struct gs_tune_events events_of(struct seen *seen)
{
    return (struct gs_tune_events){on_step, on_epoch, on_warning, on_stop, seen};
}

static const char bert[] = "golden/encoder/bert-base";

struct bed {
    struct gs_tune_data data;
    struct gs_tune_options options;
    struct gs_tuner *tuner;
    struct seen seen;
    char out[64];
};

static void make(struct bed *bed, size_t n)
{
    *bed = (struct bed){.tuner = NULL};
    make_folder(bed->out);
    add_rows(&bed->data, n, 50);
    assert_int_equal(gs_tune_data_finish(&bed->data, NULL), GS_OK);
    bed->options = tune_options(bert, bed->out);
}

static enum gs_status run(struct bed *bed, struct gs_error *err)
{
    gs_tuner_free(bed->tuner);
    bed->tuner = NULL;
    bed->seen = (struct seen){.stop_at = bed->seen.stop_at};
    const struct gs_tune_events events = events_of(&bed->seen);
    const enum gs_status status = gs_tuner_new(&bed->options, &bed->data, &bed->tuner, err);
    return status == GS_OK ? gs_tuner_run(bed->tuner, &events, err) : status;
}

static void done(struct bed *bed)
{
    gs_tuner_free(bed->tuner);
    gs_tune_data_done(&bed->data);
    remove_folder(bed->out);
}

static void a_batch_is_learnt_by_heart(void **unused)
{
    struct bed bed;
    (void)unused;
    make(&bed, 16);
    bed.options.epochs = 150;
    bed.options.dropout = (struct gs_net_dropout){0};
    bed.options.targets.smoothing = 0.0;
    bed.options.optimizer.ema = 0.0;
    bed.options.optimizer.lr = 4e-3;
    assert_int_equal(run(&bed, NULL), GS_OK);
    assert_true(bed.seen.first_loss > 1.5);
    assert_true(bed.seen.loss < 0.01);
    done(&bed);
}

static void threads_do_not_change_bits(void **unused)
{
    struct bed bed;
    (void)unused;
    make(&bed, 60);
    bed.options.r_drop = 0.5;
    assert_int_equal(run(&bed, NULL), GS_OK);
    const uint64_t one = hash_weights(bed.tuner);
    assert_int_equal(run(&bed, NULL), GS_OK);
    assert_true(hash_weights(bed.tuner) == one);
    bed.options.threads = 2;
    assert_int_equal(run(&bed, NULL), GS_OK);
    assert_true(hash_weights(bed.tuner) == one);
    bed.options.seed = 12;
    assert_int_equal(run(&bed, NULL), GS_OK);
    assert_true(hash_weights(bed.tuner) != one);
    done(&bed);
}

/* At a rate of 0 the weights stay, so two epochs of one batch differ by what was dropped. */
static void dropout_draws_anew_at_each_step(void **unused)
{
    struct bed bed;
    (void)unused;
    make(&bed, 16);
    bed.options.optimizer.lr = bed.options.optimizer.head_lr = 0.0;
    assert_int_equal(run(&bed, NULL), GS_OK);
    assert_int_equal(bed.seen.steps, 2);
    assert_true(fabs(bed.seen.first_loss - bed.seen.loss) > 1e-4);
    done(&bed);
}

/* Stopped in the middle of an epoch and at its end; figures of later epochs agree too. */
static void a_stopped_run_goes_on_to_the_same_bits(void **unused)
{
    struct bed bed;
    struct gs_error err = {0};
    (void)unused;
    make(&bed, 60);
    bed.options.epochs = 3;
    assert_int_equal(run(&bed, NULL), GS_OK);
    const uint64_t whole = hash_weights(bed.tuner);
    const double figure = bed.seen.figure;
    const size_t steps = bed.seen.steps;
    for (size_t at = 1; at < steps; at++) {
        bed.options.resume = false;
        bed.seen.stop_at = at;
        assert_int_equal(run(&bed, &err), GS_ABORTED);
        assert_non_null(strstr(err.message, "--resume goes on from there"));
        bed.options.resume = true;
        bed.seen.stop_at = 0;
        assert_int_equal(run(&bed, NULL), GS_OK);
        assert_int_equal(bed.seen.steps, steps - at);
        assert_true(hash_weights(bed.tuner) == whole);
        assert_true(bed.seen.figure == figure);
    }
    done(&bed);
}

/* Other options, a damaged file, a file cut short: refused by name, never half-used. */
static void a_checkpoint_is_checked(void **unused)
{
    struct bed bed;
    struct gs_error err = {0};
    char path[128];
    (void)unused;
    make(&bed, 60);
    bed.seen.stop_at = 2;
    assert_int_equal(run(&bed, NULL), GS_ABORTED);
    bed.seen.stop_at = 0;
    bed.options.resume = true;
    bed.options.optimizer.lr *= 2.0;
    assert_int_equal(run(&bed, &err), GS_BAD_CONFIG);
    assert_non_null(strstr(err.message, "other data, options or base"));
    bed.options.optimizer.lr /= 2.0;
    (void)snprintf(path, sizeof path, "%s/checkpoint.bin", bed.out);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 5000, SEEK_SET), 0);
    assert_int_equal(fwrite("damage", 1, 6, file), 6);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(run(&bed, &err), GS_BAD_FORMAT);
    assert_non_null(strstr(err.message, "damaged"));
    assert_int_equal(truncate(path, 6000), 0);
    assert_int_equal(run(&bed, &err), GS_BAD_FORMAT);
    assert_non_null(strstr(err.message, "cut short"));
    done(&bed);
}

/* As on a full disk: the training goes on, the older checkpoint stays, nothing half is left. */
static void a_checkpoint_that_does_not_fit_is_survived(void **unused)
{
    struct bed bed;
    struct rlimit before;
    (void)unused;
    make(&bed, 60);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    const struct rlimit small = {20000, before.rlim_max};
    bed.options.checkpoint_s = 0.0;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    const enum gs_status status = run(&bed, NULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, GS_OK);
    assert_true(bed.seen.warnings >= bed.seen.steps);
    assert_non_null(strstr(bed.seen.warning, "checkpoint.bin: File too large"));
    char path[128];
    (void)snprintf(path, sizeof path, "%s/checkpoint.bin", bed.out);
    assert_int_equal(access(path, F_OK), -1);
    (void)snprintf(path, sizeof path, "%s/checkpoint.bin.part", bed.out);
    assert_int_equal(access(path, F_OK), -1);
    done(&bed);
}

static void frozen_weights_stay(void **unused)
{
    struct bed bed;
    (void)unused;
    make(&bed, 60);
    bed.options.epochs = 1;
    for (size_t layers = 0; layers <= 2; layers++) {
        bed.options.frozen_layers = layers;
        struct gs_tuner *before = NULL;
        assert_int_equal(gs_tuner_new(&bed.options, &bed.data, &before, NULL), GS_OK);
        assert_int_equal(run(&bed, NULL), GS_OK);
        const struct gs_net *a = gs_tuner_net(before);
        const struct gs_net *b = gs_tuner_net(bed.tuner);
        assert_memory_equal(a->words, b->words,
                            a->shape.vocab * a->shape.hidden * sizeof *a->words);
        for (size_t s = 0; s < a->layout.n_spans; s++) {
            const struct gs_net_span *span = &a->layout.spans[s];
            const bool same = memcmp(a->values + span->from, b->values + span->from,
                                     span->n * sizeof *a->values) == 0;
            assert_true(span->n == 0 || same == (span->depth <= layers));
        }
        gs_tuner_free(before);
    }
    done(&bed);
}

static void a_loss_that_is_no_number_ends_it(void **unused)
{
    struct bed bed;
    struct gs_error err = {0};
    (void)unused;
    make(&bed, 60);
    bed.options.optimizer.lr = bed.options.optimizer.head_lr = 1e30;
    bed.options.warm_up = 0.0;
    bed.options.epochs = 8;
    assert_int_equal(run(&bed, &err), GS_BAD_FORMAT);
    assert_non_null(strstr(err.message, "the loss is not a number"));
    done(&bed);
}

static void what_cannot_be_is_refused(void **unused)
{
    struct bed bed;
    struct gs_error err = {0};
    (void)unused;
    make(&bed, 20);
    bed.options.layers = 9;
    assert_int_equal(run(&bed, &err), GS_BAD_CONFIG);
    assert_non_null(strstr(err.message, "has 2 layers, not 9"));
    bed.options.layers = 0;
    bed.options.frozen_layers = 3;
    assert_int_equal(run(&bed, &err), GS_BAD_CONFIG);
    assert_non_null(strstr(err.message, "3 cannot be frozen"));
    bed.options.frozen_layers = SIZE_MAX;
    bed.options.max_bytes = 100000;
    assert_int_equal(run(&bed, &err), GS_NO_MEMORY);
    assert_non_null(strstr(err.message, "MB are free"));
    bed.options.max_bytes = 0;
    bed.options.base = "golden/encoder";
    assert_int_equal(run(&bed, &err), GS_IO);
    done(&bed);
}

static void labels_are_checked(void **unused)
{
    struct gs_tune_data data = {.n_sets = 0};
    struct gs_error err = {0};
    size_t label = 0;
    (void)unused;
    assert_int_equal(gs_tune_data_finish(&data, &err), GS_BAD_CONFIG);
    assert_non_null(strstr(err.message, "no row to train on"));
    add_rows(&data, 20, 50);
    data.closed[GS_HEAD_TOPICS] = true;
    assert_int_equal(gs_tune_label(&data, GS_HEAD_TOPICS, "gossip", &label, &err), GS_BAD_FORMAT);
    assert_non_null(strstr(err.message, "\"gossip\" is not one of the labels given"));
    assert_int_equal(gs_tune_label(&data, GS_HEAD_RISKS, "flood", &label, &err), GS_OK);
    assert_int_equal(gs_tune_data_finish(&data, &err), GS_BAD_CONFIG);
    assert_non_null(strstr(err.message, "risks: no row to train on has the label \"flood\""));
    gs_tune_data_done(&data);
}

/* A label whose only row was drawn for validation gets it back; one set aside on purpose stays. */
static void a_rare_label_gets_its_row_back(void **unused)
{
    (void)unused;
    for (int drawn = 0; drawn < 2; drawn++) {
        struct gs_tune_data data = {.n_sets = 0};
        size_t label = 0;
        add_rows(&data, 20, 50);
        assert_int_equal(gs_tune_label(&data, GS_HEAD_RISKS, "flood", &label, NULL), GS_OK);
        struct gs_tune_row *last = &data.rows[data.n_rows - 1];
        assert_true(last->valid);
        *last = (struct gs_tune_row){.at = last->at,
                                     .n = last->n,
                                     .valid = true,
                                     .drawn = drawn != 0,
                                     .sentiment = -1,
                                     .has = {false, false, true},
                                     .labels = {0, 0, 1U << label},
                                     .teacher = SIZE_MAX};
        const enum gs_status status = gs_tune_data_finish(&data, NULL);
        assert_int_equal(status, drawn ? GS_OK : GS_BAD_CONFIG);
        assert_int_equal(last->valid, !drawn);
        gs_tune_data_done(&data);
    }
}

/* The logits of the first rows before any step, on the base that bed's options name. */
static size_t predict_untrained(struct bed *bed, float *ret, size_t n)
{
    uint32_t rows[64];
    struct gs_error err = {0};

    gs_tuner_free(bed->tuner);
    bed->tuner = NULL;
    if (gs_tuner_new(&bed->options, &bed->data, &bed->tuner, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
    for (uint32_t r = 0; r < n; r++) {
        rows[r] = r;
    }
    gs_tuner_predict(bed->tuner, rows, n, ret);
    return gs_tuner_plan(bed->tuner)->n_kept;
}

/* A trained folder as the base: known labels answer as they did, a new one is new, and over another
 * pooling all are. */
static void a_model_is_trained_further(void **unused)
{
    enum { N = 12, OUT = 9 };
    struct bed bed;
    struct gs_tune_quality quality;
    struct gs_error err = {0};
    float before[N * OUT];
    float after[N * (OUT + 1)];
    char base[sizeof bed.out];
    size_t label = 0;
    (void)unused;
    make(&bed, 40);
    bed.options.optimizer.ema = 0.0;
    bed.options.optimizer.head_lr = 0.1;
    assert_int_equal(run(&bed, &err), GS_OK);
    assert_int_equal(gs_tuner_write(bed.tuner, "{}", &quality, &err), GS_OK);
    memcpy(base, bed.out, sizeof base);
    bed.options.base = base;
    assert_int_equal(predict_untrained(&bed, before, N), OUT);

    assert_int_equal(gs_tune_label(&bed.data, GS_HEAD_RISKS, "flood", &label, NULL), GS_OK);
    bed.data.rows[0].labels[GS_HEAD_RISKS] |= 1U << label;
    assert_int_equal(predict_untrained(&bed, after, N), OUT);
    for (size_t r = 0; r < N; r++) {
        assert_memory_equal(after + r * (OUT + 1), before + r * OUT, OUT * sizeof *before);
        assert_true(fabsf(after[r * (OUT + 1) + OUT]) > 0.0F);
    }
    bed.options.pooling = GS_NET_MEAN;
    assert_int_equal(predict_untrained(&bed, after, N), 0);
    bed.options.pooling = GS_NET_CLS_MEAN;
    bed.options.layers = 1;
    assert_int_equal(predict_untrained(&bed, after, N), 0);
    bed.options.layers = 0;
    bed.options.base = bert; /* a published classifier: its labels are others */
    assert_int_equal(predict_untrained(&bed, after, N), 0);
    done(&bed);
}

/* How far the folder's logits are from the network's, at most, and how large those are. */
static float apart(struct bed *bed, enum gs_arithmetic arithmetic, float *ret_largest)
{
    enum { N = 24, OUT = 9 };
    const struct gs_model_choice choice = {.tier = GS_TIER_AUTO, .arithmetic = arithmetic};
    struct gs_model *model = NULL;
    struct gs_model_workspace *work = NULL;
    struct gs_error err = {0};
    float mine[N * OUT];
    uint32_t rows[N];
    float most = 0.0F;

    if (gs_model_load_as(bed->out, &choice, &model, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(gs_model_workspace_new(model, &work, &err), GS_OK);
    for (uint32_t r = 0; r < N; r++) {
        rows[r] = r;
    }
    gs_tuner_predict(bed->tuner, rows, N, mine);
    for (size_t r = 0; r < N; r++) {
        const struct gs_tune_row *row = &bed->data.rows[r];
        const struct gs_model_input input = {bed->data.ids + row->at, row->n, 0};
        float logits[OUT];
        assert_int_equal(gs_model_logits(model, work, &input, 1, logits, &err), GS_OK);
        for (size_t l = 0; l < OUT; l++) {
            most = fmaxf(most, fabsf(logits[l] - mine[r * OUT + l]));
            *ret_largest = fmaxf(*ret_largest, fabsf(mine[r * OUT + l]));
        }
    }
    gs_model_workspace_free(work);
    gs_model_free(model);
    return most;
}

/* What was trained is what the folder answers, for each family and pooling. */
static void the_folder_answers_as_the_network(void **unused)
{
    static const struct {
        const char *base;
        size_t layers;
    } bases[] = {{"golden/encoder/bert-base", 1},
                 {"golden/encoder/roberta-base", 0},
                 {"golden/encoder/xlm-roberta-base", 0},
                 {"golden/encoder/distilbert-base", 2}};
    (void)unused;
    for (size_t i = 0; i < 4 * GS_COUNT(bases); i++) {
        struct bed bed;
        struct gs_tune_quality quality;
        struct gs_error err = {0};
        make(&bed, 20);
        bed.options.base = bases[i / 4].base;
        bed.options.layers = bases[i / 4].layers;
        bed.options.pooling = (enum gs_net_pooling)(i % 4);
        bed.options.epochs = 1;
        bed.options.optimizer.ema = 0.0;
        bed.options.optimizer.head_lr = 0.1;
        assert_int_equal(run(&bed, &err), GS_OK);
        assert_int_equal(gs_tuner_write(bed.tuner, "{}", &quality, &err), GS_OK);
        float largest = 0.0F;
        assert_true(apart(&bed, GS_ARITH_FP32, &largest) < 2e-4F);
        assert_true(largest > 0.5F);
        assert_true(apart(&bed, GS_ARITH_INT8, &largest) < 0.1F * largest);
        done(&bed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_is_learnt_by_heart),
        cmocka_unit_test(threads_do_not_change_bits),
        cmocka_unit_test(dropout_draws_anew_at_each_step),
        cmocka_unit_test(a_stopped_run_goes_on_to_the_same_bits),
        cmocka_unit_test(a_checkpoint_is_checked),
        cmocka_unit_test(a_checkpoint_that_does_not_fit_is_survived),
        cmocka_unit_test(frozen_weights_stay),
        cmocka_unit_test(a_loss_that_is_no_number_ends_it),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(labels_are_checked),
        cmocka_unit_test(a_rare_label_gets_its_row_back),
        cmocka_unit_test(a_model_is_trained_further),
        cmocka_unit_test(the_folder_answers_as_the_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
