/* Groups of a command: a stage's, named with its input as its lanes do (service_lane.c), or one that
 * is only a name. */
#include "deploy/daemon/cli/group_options.h"

#include <stdio.h>

void gs_group_options(const struct gs_config *config, bool watch, struct gs_group_options *ret)
{
    gs_config_kafka_options(config, &ret->kafka);
    (void)snprintf(ret->name, sizeof ret->name, "%s-%s", config->kafka.group_prefix,
                   watch ? "watch" : "tag");
    ret->kafka.group = ret->name;
    ret->input = config->output.topics[GS_STREAM_OBSERVATIONS];
    ret->kafka.topics = watch ? &ret->input : config->input.topics.items;
    ret->kafka.n_topics = watch ? 1 : config->input.topics.n;
}

void gs_group_options_reader(const struct gs_config *config, const char *command,
                             struct gs_group_options *ret)
{
    gs_config_kafka_options(config, &ret->kafka);
    (void)snprintf(ret->component, sizeof ret->component, "%s", command);
    gs_config_log_kafka(&ret->kafka, ret->component);
    (void)snprintf(ret->name, sizeof ret->name, "%s-%s", config->kafka.group_prefix, command);
    ret->kafka.group = ret->name;
}
