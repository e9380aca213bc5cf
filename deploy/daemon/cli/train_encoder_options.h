/* The command line of train --kind encoder. */
#ifndef GS_DEPLOY_TRAIN_ENCODER_OPTIONS_H
#define GS_DEPLOY_TRAIN_ENCODER_OPTIONS_H

#include "classifier/train/encoder/tune.h"

/* Strings are borrowed from argv, and folder. */
struct gs_train_encoder_options {
    const char *out, *base, *labels; /* labels NULL: as the data has them */
    const char *rejects;             /* NULL: no file */
    const char *specs[GS_TUNE_MAX_SETS];
    size_t n_specs;
    double holdout;
    bool quiet;
    char folder[64]; /* the name of out */
    struct gs_tune_options tune;
};

/* Below 0: read; else the exit code: the usage was shown, or what is wrong said on stderr. ret
 * stays where it is: tune points into it. */
int gs_train_encoder_parse(int argc, char **argv, struct gs_train_encoder_options *ret);

/* Tells whether the command line asks for an encoder. */
bool gs_train_encoder_asked(int argc, char **argv);

/* The command with such a command line; the value is its exit code. */
int gs_train_encoder(int argc, char **argv);

#endif
