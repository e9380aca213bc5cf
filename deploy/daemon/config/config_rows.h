/* For config_table.c alone: what its rows are written with, and the rows of notify. A table in C is
 * one initializer; a group that would make its file too long is a macro here. */
#ifndef GS_DEPLOY_CONFIG_ROWS_H
#define GS_DEPLOY_CONFIG_ROWS_H

#include "deploy/daemon/config/config.h"
#include "deploy/daemon/config/options.h"

/* Where a row's field is, and how large. */
#define AT(field) offsetof(struct gs_config, field), sizeof(((struct gs_config *)NULL)->field)

#define SECOND 1000.0
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define KIB 1024.0
#define MIB (1024 * KIB)

/* The rows of notify, without the comma behind the last; laid out as those of the table. */
// clang-format off
#define GS_NOTIFY_ROWS                                                                             \
    {"notify.external_url", GS_OPT_STRING, AT(notify.external_url), 0, 0, "",                      \
     "Where people reach the status page, such as https://desk.example/groundswell/: what is told "\
     "links to it.",                                                                               \
     NULL, GS_OPT_OPTIONAL},                                                                       \
    {"notify.ca_file", GS_OPT_PATH, AT(notify.ca_file), 0, 0, "",                                  \
     "The certificates (PEM) that receivers' own are verified against. Not set: the system's.",    \
     NULL, GS_OPT_OPTIONAL},                                                                       \
    {"notify.timeout", GS_OPT_DURATION, AT(notify.timeout_ms), 100, 5 * MINUTE, "10s",             \
     "How long one request may take, in all.", NULL, 0},                                           \
    {"notify.alertmanager.urls", GS_OPT_URLS, AT(notify.alertmanager.urls), 0, 0, "",              \
     "Base addresses, such as http://alertmanager:9093: all of a cluster, not a balancer before "  \
     "it. "                                                                                        \
     "Each gets every alert.",                                                                     \
     NULL, 0},                                                                                     \
    {"notify.alertmanager.resend", GS_OPT_DURATION, AT(notify.alertmanager.resend_ms), SECOND, HOUR,\
     "1m",                                                                                         \
     "How often an alert that goes on is sent again. It ends by itself three of these after the "  \
     "last time.",                                                                                 \
     NULL, 0},                                                                                     \
    {"notify.alertmanager.username", GS_OPT_STRING, AT(notify.alertmanager.login.username), 0, 0,  \
     "", "The user of basic authentication.", NULL, GS_OPT_OPTIONAL},                              \
    {"notify.alertmanager.password_file", GS_OPT_PATH, AT(notify.alertmanager.login.password_file),\
     0, 0, "", "The file that holds its password; read anew for each request.", NULL,              \
     GS_OPT_OPTIONAL},                                                                             \
    {"notify.alertmanager.bearer_token_file", GS_OPT_PATH,                                         \
     AT(notify.alertmanager.login.bearer_token_file), 0, 0, "",                                    \
     "The file that holds a bearer token; read anew for each request.", NULL, GS_OPT_OPTIONAL},    \
    {"notify.webhook.urls", GS_OPT_URLS, AT(notify.webhook.urls), 0, 0, "",                        \
     "Whole addresses. \"@path\" is an address in a file, for those that are a secret as chats' "  \
     "are.",                                                                                       \
     NULL, GS_OPT_SECRET},                                                                         \
    {"notify.webhook.shape", GS_OPT_ENUM, AT(notify.webhook.shape), 0, 0, "groundswell",           \
     "What is posted. groundswell: the record of the incidents topic. The others: a text of "      \
     "severity, title, numbers and link, as the incoming webhooks of that chat take it.",          \
     gs_notify_shape_names, 0},                                                                    \
    {"notify.webhook.secret_file", GS_OPT_PATH, AT(notify.webhook.secret_file), 0, 0, "",          \
     "The file that holds the secret with which requests are signed (groundswell, feishu and "     \
     "dingtalk); read anew for each request.",                                                     \
     NULL, GS_OPT_OPTIONAL},                                                                       \
    {"notify.webhook.bearer_token_file", GS_OPT_PATH, AT(notify.webhook.login.bearer_token_file), 0,\
     0, "", "The file that holds a bearer token; read anew for each request.", NULL,               \
     GS_OPT_OPTIONAL},                                                                             \
    {"notify.webhook.give_up", GS_OPT_DURATION, AT(notify.webhook.give_up_ms), SECOND, 7 * DAY,    \
     "1h", "How long a notice is tried again that a receiver does not take.", NULL, 0},            \
    {"notify.webhook.max_waiting", GS_OPT_UINT, AT(notify.webhook.max_waiting), 1, 10000, "256",   \
     "Notices that wait for a receiver at most (and 8 MiB). Past it a new one takes the place of " \
     "the "                                                                                        \
     "oldest of its incident, or of the oldest of all.",                                           \
     NULL, 0}
// clang-format on

#endif
