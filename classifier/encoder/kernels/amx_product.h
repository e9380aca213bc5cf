/* A product by tiles. The file that includes this one has defined
 *
 *   TILE_SHAPES(p)           sets the shapes of the tiles (ldtilecfg), which zeroes them
 *   TILE_RELEASE()           gives the tiles back
 *   TILE_ZERO(t)
 *   TILE_LOAD(t, p, stride)  rows of tile t from p, stride bytes apart
 *   TILE_STORE(t, p, stride)
 *   TILE_DOT(c, a, b)        c += a × b
 *   TILE_FINISH              a function like gs_tile_finish_avx512
 *
 * Tiles 0 to 3 hold sums, 4 and 5 activations, 6 and 7 weights. Blocks are 2 × 2 tiles: 32 rows by
 * 32 columns, four loads for four products; a last lone tile of rows takes 64 columns, five loads
 * for four. A tile of fewer rows costs about what a whole one does.
 *
 * While the tiles work on a block, the vector units finish the block before it: some of its rows
 * after each step, all of them by the last. So one buffer of sums is enough. */
#ifndef GS_CLASSIFIER_ENCODER_AMX_PRODUCT_H
#define GS_CLASSIFIER_ENCODER_AMX_PRODUCT_H

#include "classifier/encoder/kernels/amx.h"

enum {
    TILE_ROWS = 16,
    PAIR_ROWS = 2 * TILE_ROWS,
    TILE_BYTES = 64,   /* of a row */
    TILE_COLUMNS = 16, /* of sums */
    PANEL_COLUMNS = 4 * TILE_COLUMNS,
    BLOCK_SUMS = 4 * TILE_ROWS * TILE_COLUMNS,
    PANEL_LINES = 64 /* cache lines of a panel's weights that 64 inputs take */
};

struct tiles {
    const struct gs_tile_out *out;
    struct gs_tile_block before; /* being finished */
    size_t finished, share;      /* rows of it done, and to do after each step */
    int32_t *sums;               /* [BLOCK_SUMS] the block before's, until it is finished */
    const char *ahead;           /* weights to fetch, next_lines after each step */
    size_t next_lines;
};

static void finish_rows(struct tiles *t, size_t n)
{
    const size_t left = t->before.n_rows - t->finished;
    const size_t rows = n < left ? n : left;
    if (rows > 0) {
        TILE_FINISH(t->out, &t->before, t->finished, t->finished + rows);
        t->finished += rows;
    }
}

/* The vector units' share, done beside the tiles' work on 64 inputs. */
static void beside(struct tiles *t)
{
    for (size_t i = 0; i < t->next_lines; i++) {
        __builtin_prefetch(t->ahead + i * TILE_BYTES);
    }
    t->ahead += t->next_lines * TILE_BYTES;
    finish_rows(t, t->share);
}

static void begin_block(struct tiles *t, size_t steps)
{
    t->share = (t->before.n_rows + steps - 1) / steps;
}

/* The block that was just stored is the next one to finish. */
static void end_block(struct tiles *t, struct gs_tile_block made)
{
    t->before = made;
    t->finished = 0;
}

/* 17 to 32 rows by 32 columns. */
static void block_2x2(struct tiles *t, size_t row, size_t column, size_t n_rows)
{
    const size_t k = t->out->w->k_padded;
    const uint8_t *a = t->out->x->q + row * k;
    const int8_t *b = t->out->w->packed + column * k;
    const size_t next_16 = k * TILE_COLUMNS; /* columns' weights further */
    int32_t *sums = t->sums;

    begin_block(t, k / TILE_BYTES);
    TILE_ZERO(0);
    TILE_ZERO(1);
    TILE_ZERO(2);
    TILE_ZERO(3);
    for (size_t i = 0; i < k; i += TILE_BYTES) {
        TILE_LOAD(6, b + i * TILE_COLUMNS, TILE_BYTES);
        TILE_LOAD(4, a + i, k);
        TILE_DOT(0, 4, 6);
        TILE_LOAD(7, b + next_16 + i * TILE_COLUMNS, TILE_BYTES);
        TILE_DOT(1, 4, 7);
        TILE_LOAD(5, a + TILE_ROWS * k + i, k);
        TILE_DOT(2, 5, 6);
        TILE_DOT(3, 5, 7);
        beside(t);
    }
    const size_t ld = 2 * (size_t)TILE_COLUMNS;
    TILE_STORE(0, sums, ld * sizeof *sums);
    TILE_STORE(1, sums + TILE_COLUMNS, ld * sizeof *sums);
    TILE_STORE(2, sums + TILE_ROWS * ld, ld * sizeof *sums);
    TILE_STORE(3, sums + TILE_ROWS * ld + TILE_COLUMNS, ld * sizeof *sums);
    end_block(t, (struct gs_tile_block){sums, row, column, n_rows, ld});
}

/* 1 to 16 rows by 64 columns. */
static void block_1x4(struct tiles *t, size_t row, size_t column, size_t n_rows)
{
    const size_t k = t->out->w->k_padded;
    const uint8_t *a = t->out->x->q + row * k;
    const int8_t *b = t->out->w->packed + column * k;
    const size_t next_16 = k * TILE_COLUMNS;
    int32_t *sums = t->sums;

    begin_block(t, k / TILE_BYTES);
    TILE_ZERO(0);
    TILE_ZERO(1);
    TILE_ZERO(2);
    TILE_ZERO(3);
    for (size_t i = 0; i < k; i += TILE_BYTES) {
        const int8_t *step = b + i * TILE_COLUMNS;
        TILE_LOAD(4, a + i, k);
        TILE_LOAD(6, step, TILE_BYTES);
        TILE_DOT(0, 4, 6);
        TILE_LOAD(7, step + next_16, TILE_BYTES);
        TILE_DOT(1, 4, 7);
        TILE_LOAD(6, step + 2 * next_16, TILE_BYTES);
        TILE_DOT(2, 4, 6);
        TILE_LOAD(7, step + 3 * next_16, TILE_BYTES);
        TILE_DOT(3, 4, 7);
        beside(t);
    }
    const size_t ld = PANEL_COLUMNS;
    TILE_STORE(0, sums, ld * sizeof *sums);
    TILE_STORE(1, sums + TILE_COLUMNS, ld * sizeof *sums);
    TILE_STORE(2, sums + 2 * (size_t)TILE_COLUMNS, ld * sizeof *sums);
    TILE_STORE(3, sums + 3 * (size_t)TILE_COLUMNS, ld * sizeof *sums);
    end_block(t, (struct gs_tile_block){sums, row, column, n_rows, ld});
}

/* Shapes for blocks whose upper tiles have the first number of rows and whose lower ones the
 * second; for lone tiles both are the same. */
static void set_shapes(size_t upper, size_t lower)
{
    struct gs_tile_shapes shapes = {.palette = 1};
    for (size_t t = 0; t < 8; t++) {
        shapes.row_bytes[t] = TILE_BYTES;
        shapes.rows[t] = TILE_ROWS;
    }
    shapes.rows[0] = shapes.rows[1] = shapes.rows[4] = (uint8_t)upper;
    shapes.rows[2] = shapes.rows[3] = shapes.rows[5] = (uint8_t)lower;
    TILE_SHAPES(&shapes);
}

/* All columns of the rows [from, to), which are whole pairs of tiles, or one pair or one tile. */
static void all_columns(struct tiles *t, size_t from, size_t to)
{
    const struct gs_q8_linear *w = t->out->w;
    const size_t rows = to - from;
    const size_t pairs = (rows + PAIR_ROWS - 1) / PAIR_ROWS;

    if (rows <= TILE_ROWS) {
        set_shapes(rows, rows);
    } else {
        set_shapes(TILE_ROWS, rows % PAIR_ROWS == 0 ? TILE_ROWS : rows % PAIR_ROWS - TILE_ROWS);
    }
    for (size_t j = 0; j < w->n_padded; j += PANEL_COLUMNS) {
        t->ahead = (const char *)(w->packed + (j + PANEL_COLUMNS) * w->k_padded);
        if (rows <= TILE_ROWS) {
            t->next_lines = PANEL_LINES;
            block_1x4(t, from, j, rows);
            continue;
        }
        t->next_lines = (PANEL_LINES / 2 + pairs - 1) / pairs;
        for (size_t i = from; i < to; i += PAIR_ROWS) {
            const size_t n = to - i < PAIR_ROWS ? to - i : PAIR_ROWS;
            block_2x2(t, i, j, n);
            block_2x2(t, i, j + 2 * (size_t)TILE_COLUMNS, n);
        }
    }
}

/* Whole pairs of tiles first, then the rest: shapes are set at most twice. */
static void product_by_tiles(const struct gs_tile_out *out, size_t m)
{
    _Alignas(64) int32_t sums[BLOCK_SUMS];
    struct tiles t = {.out = out, .sums = sums};
    const size_t whole = m / PAIR_ROWS * PAIR_ROWS;

    if (whole > 0) {
        all_columns(&t, 0, whole);
    }
    if (whole < m) {
        all_columns(&t, whole, m);
    }
    TILE_RELEASE();
    finish_rows(&t, t.before.n_rows);
}

#endif
