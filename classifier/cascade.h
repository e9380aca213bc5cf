/* An answer has a sureness from 0 to 1, which the gates of a cascade are compared with.
 *
 *   sentiment      p of the best label less p of the second
 *   single label   the same
 *   many labels    the least, over the labels, of |p - threshold| as a share of what is possible on
 *                  that side of the threshold: one label close to its threshold makes the whole
 *                  answer unsure
 *
 * A gate is chosen per head and language on validation data: the least sureness at which the fast
 * tier is as good as the encoder. */
#ifndef GS_CLASSIFIER_CASCADE_H
#define GS_CLASSIFIER_CASCADE_H

#include "classifier/model.h"

/* 0 for a head that the model has not, and for a sentiment that it has not in the language. */
float gs_cascade_sureness(const struct gs_model *model, const struct gs_prediction *prediction,
                          enum gs_head head);

#endif
