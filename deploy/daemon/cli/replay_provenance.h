/* The hashes of all that decides what a replay computes: program, configuration, model, watchlist,
 * input. Those of files are SHA-256 of their bytes, so that sha256sum says the same. */
#ifndef GS_DEPLOY_REPLAY_PROVENANCE_H
#define GS_DEPLOY_REPLAY_PROVENANCE_H

#include "classifier/format/sha256.h"
#include "deploy/daemon/config/config.h"

enum gs_provenance_part {
    GS_PART_PROGRAM,
    GS_PART_CONFIGURATION,
    GS_PART_MODEL,
    GS_PART_WATCHLIST,
    GS_PART_INPUT,
    GS_N_PARTS
};
extern const char *const gs_provenance_part_names[GS_N_PARTS];

struct gs_provenance_file {
    enum gs_provenance_part part;
    char *path;
    uint64_t bytes;
    char sha256[GS_SHA256_HEX];
};

struct gs_provenance {
    struct gs_provenance_file *files; /* part by part */
    size_t n_files;
    /* Of "name=value\n" of every setting that can change an alert, paths aside: two files that say
     * the same in other words have one. */
    char settings_sha256[GS_SHA256_HEX];
    size_t n_settings;
    const char *const *overrides; /* --set; borrowed */
    size_t n_overrides;
};

struct gs_provenance_options {
    const struct gs_config *config;
    const char *config_path;
    const char *const *overrides;
    size_t n_overrides;
    const char *const *files; /* the input */
    size_t n_files;
};

/* GS_IO, GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_provenance_take(const struct gs_provenance_options *options,
                                  struct gs_provenance *ret, struct gs_error *err);
void gs_provenance_done(struct gs_provenance *provenance);
/* Tells whether an override can change an alert, and so is worth showing. */
bool gs_provenance_override_bears(const char *override);
/* Hashes the files again. GS_BAD_FORMAT names one that has changed; GS_IO. */
GS_MUST_CHECK
enum gs_status gs_provenance_check(const struct gs_provenance *provenance, struct gs_error *err);

#endif
