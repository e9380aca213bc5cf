/* The labels of topics and risks that the lines of a file know: those which one of its lines
 * carries, and those of knows=. What a model answers of the others is neither right nor wrong on
 * these lines: a set of news flashes that was labelled before there was a label `promotion` cannot
 * show where it belongs. Training masks in the same way (train_data.h). */
#ifndef GS_DEPLOY_LABEL_SPACE_H
#define GS_DEPLOY_LABEL_SPACE_H

#include "classifier/model.h"
#include "deploy/daemon/workbench/labelled.h"

enum { GS_SPACE_MAX_SPEC = 4096 };

struct gs_label_space {
    char text[GS_SPACE_MAX_SPEC]; /* the specification, cut up */
    const char *path, *name;      /* in it; name: the path where none is given */
    uint64_t knows[GS_N_HEADS];   /* bits of labels, of knows= */
    uint64_t carried[GS_N_HEADS]; /* of the lines so far */
};

/* spec: PATH[,name=NAME][,knows=HEAD/LABEL+HEAD+…]; HEAD alone is all of its labels. A label is
 * named by its id or its Chinese name. Other commas belong to the path. GS_BAD_CONFIG names what is
 * wrong. */
GS_MUST_CHECK
enum gs_status gs_label_space_read(const char *spec, const struct gs_model_info *info,
                                   struct gs_label_space *ret, struct gs_error *err);

/* What is true of a line in one head. */
struct gs_line_labels {
    bool has;        /* the line says something of the head: its list, or knows= does */
    uint64_t labels; /* bits */
    size_t first;    /* of them as the line names them; n_labels: none */
};

/* Reads the line's labels of a head, topics or risks, and remembers which there are. Labels that
 * the model does not have are counted in *n_unknown. */
struct gs_line_labels gs_label_space_add(struct gs_label_space *space,
                                         const struct gs_model_info *info, enum gs_head head,
                                         const struct gs_labelled *line, size_t *n_unknown);

/* What the file knows of a head, once all of its lines were added; 0: nothing. */
uint64_t gs_label_space_of(const struct gs_label_space *space, enum gs_head head);

/* Says on stderr, in one line, which labels of the head the file does not know; nothing where it
 * knows all. */
void gs_label_space_say(const struct gs_label_space *space, const char *command,
                        const struct gs_model_info *info, enum gs_head head);

#endif
