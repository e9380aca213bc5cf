/* The consumer groups of a configuration, for the commands that look at topics and groups. */
#ifndef GS_DEPLOY_GROUP_OPTIONS_H
#define GS_DEPLOY_GROUP_OPTIONS_H

#include "deploy/daemon/config/config.h"

struct gs_group_options {
    char name[256];     /* of the group */
    char component[16]; /* of the clients' lines in the log */
    const char *input;
    struct gs_kafka_options kafka;
};

/* Fills in *ret with what a lane of the stage would be given; it must stay where it is. The strings
 * are the configuration's. */
void gs_group_options(const struct gs_config *config, bool watch, struct gs_group_options *ret);
/* For a command that reads topics from outside: a group that is never joined nor committed to, and
 * the clients' lines in the log. */
void gs_group_options_reader(const struct gs_config *config, const char *command,
                             struct gs_group_options *ret);

#endif
