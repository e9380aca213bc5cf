/* A training's whole state in one file, from which it goes on to the same numbers: weights,
 * moments, averages, the best weights so far, and where in which epoch it is. What the order of
 * rows and dropout need beside that is the seed.
 *
 * checkpoint.bin: 8 bytes "GSTUNE01", the state, the arrays one after the other, and a checksum of
 * all of it. Numbers are the machine's own: a checkpoint does not travel to another architecture.
 *
 * Internal to the encoder's trainer. */
#ifndef GS_CLASSIFIER_TRAIN_ENCODER_CHECKPOINT_H
#define GS_CLASSIFIER_TRAIN_ENCODER_CHECKPOINT_H

#include "ingest/base/error.h"

#include <stddef.h>
#include <stdint.h>

#define GS_CHECKPOINT_FILE "checkpoint.bin"

struct gs_checkpoint_state {
    uint64_t fingerprint;       /* of data, options and base: another training's is refused */
    uint64_t epoch, step;       /* the next one to do; step counts within the epoch */
    uint64_t done;              /* steps that the optimizer made */
    uint64_t best_epoch, worse; /* worse: epochs since the best one */
    double best, ema_log;
    double loss, parts[4]; /* sums of the epoch so far */
    uint64_t tokens, counted[4];
};

struct gs_checkpoint_part {
    void *at; /* NULL: left out */
    size_t bytes;
};

/* GS_IO: then an older checkpoint is still whole. */
GS_MUST_CHECK
enum gs_status gs_checkpoint_write(const char *dir, const struct gs_checkpoint_state *state,
                                   const struct gs_checkpoint_part *parts, size_t n,
                                   struct gs_error *err);

/* GS_CLOSED: there is none. GS_BAD_FORMAT: cut short, damaged. GS_BAD_CONFIG: another training's.
 * Parts are then of no use. */
GS_MUST_CHECK
enum gs_status gs_checkpoint_read(const char *dir, uint64_t fingerprint,
                                  struct gs_checkpoint_state *state,
                                  const struct gs_checkpoint_part *parts, size_t n,
                                  struct gs_error *err);

/* Mixes bytes into a hash: FNV's, eight bytes at a time. */
uint64_t gs_checkpoint_hash(uint64_t hash, const void *bytes, size_t n);

#endif
