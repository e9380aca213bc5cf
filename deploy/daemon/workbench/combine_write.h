/* Writes the folder of format "groundswell-combined": the tiers' folders copied in, groundswell.json
 * with what was fitted, and the table of figures. */
#ifndef GS_DEPLOY_COMBINE_WRITE_H
#define GS_DEPLOY_COMBINE_WRITE_H

#include "deploy/daemon/workbench/combine_rows.h"
#include "ingest/base/buf.h"

struct gs_combine_result {
    const char *out, *name, *version;
    const struct gs_combine_tiers *tiers;
    const struct gs_combine_data *data;
    const struct gs_combine_fit *fit;
    double loss;
    const char *const *specs; /* [n_specs] the files that it was fitted on */
    size_t n_specs;
    bool marks_entities;
    float entity_temperature[GS_N_MODEL_LANGS];
};

/* Each tier alone, the sum and the cascade, per head and language, as text. GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_combine_put_table(const struct gs_combine_result *result, struct gs_buf *ret,
                                    struct gs_error *err);

/* The last member of groundswell.json and its end. As above. */
GS_MUST_CHECK
enum gs_status gs_combine_put_provenance(const struct gs_combine_result *result, struct gs_buf *out,
                                         struct gs_error *err);

/* Says why out cannot become a new folder: GS_BAD_CONFIG, something is there. */
GS_MUST_CHECK
enum gs_status gs_combine_check_out(const char *out, struct gs_error *err);

/* The whole folder, or none: it is made beside out and takes its name at the end. GS_IO,
 * GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_combine_write(const struct gs_combine_result *result, struct gs_error *err);

#endif
