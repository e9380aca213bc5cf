/* Incidents go out to people, without a Prometheus in between.
 *
 *     incident desk ──gs_notify_incident()──► what is to be told ──► one thread ──► receivers
 *                      (never waits for a receiver)                  (libcurl multi)
 *
 * Alertmanagers (API v2) are told the state of things: every alert that is on, again and again, with an
 * end that lies three resends ahead. One that was away for an hour is told what is true when it is
 * back; when this process dies its alerts end late, not at once; and when it stops it ends nothing.
 * Every Alertmanager gets every alert, since they tell each other nothing but what they have told.
 *
 * Webhooks are told each notice once: when an incident opens, gets worse or ends, and of reminders. What
 * one has not taken waits in a bounded queue of its own, in order.
 *
 * A receiver that is dead, slow or refuses holds nobody up but itself: it has one request in flight,
 * a bounded time for it, and is asked again after a pause that grows.
 *
 * Source: prometheus/alertmanager 0.25, api/v2/openapi.yaml and types/types.go (Alert.Validate,
 * Alert.Merge); deploy/docs/notify.md has what goes over the wire.
 *
 * Threads: gs_notify_incident() and gs_notify_forget() from any; new and free from one. Hooks are
 * called under the lock, from whichever thread it is: one at a time. */
#ifndef GS_ALERTING_NOTIFY_H
#define GS_ALERTING_NOTIFY_H

#include "alerting/incidents/incidents.h"

enum { GS_NOTIFY_RECEIVERS = 16, GS_NOTIFY_URL_BYTES = 2048 };

enum gs_notify_kind { GS_NOTIFY_ALERTMANAGER, GS_NOTIFY_WEBHOOK, GS_N_NOTIFY_KINDS };
const char *gs_notify_kind_name(enum gs_notify_kind kind); /* "alertmanager", "webhook" */

/* What webhooks are sent: the incident's record, or a text in the shape of a chat's. */
enum gs_notify_shape {
    GS_SHAPE_GROUNDSWELL,
    GS_SHAPE_SLACK,
    GS_SHAPE_FEISHU,
    GS_SHAPE_WECOM,
    GS_SHAPE_DINGTALK,
    GS_N_NOTIFY_SHAPES
};
/* "groundswell", …; NULL behind the last. */
extern const char *const gs_notify_shape_names[GS_N_NOTIFY_SHAPES + 1];

/* Why a request did not do what it should. */
enum gs_notify_failure {
    GS_NOTIFY_FINE,
    GS_NOTIFY_CREDENTIALS, /* their file cannot be read or holds something else */
    GS_NOTIFY_CONNECT,     /* no such host, nobody listens, the connection broke */
    GS_NOTIFY_TIMEOUT,
    GS_NOTIFY_TLS,       /* the certificate is not to be trusted, or no common protocol */
    GS_NOTIFY_AUTH,      /* 401, 403 */
    GS_NOTIFY_THROTTLED, /* 429 */
    GS_NOTIFY_REFUSED,   /* any other 4xx; of a chat, an error in its answer */
    GS_NOTIFY_SERVER,    /* 5xx, or an answer that is not HTTP */
    GS_NOTIFY_REDIRECT,  /* 3xx: never followed */
    GS_N_NOTIFY_FAILURES
};
const char *gs_notify_failure_name(enum gs_notify_failure failure); /* "connect" … */

/* Why something was never told, or not by this receiver. */
enum gs_notify_drop {
    GS_NOTIFY_DROP_REFUSED, /* the receiver will not have it */
    GS_NOTIFY_DROP_FULL,    /* no room, or no memory */
    GS_NOTIFY_DROP_REPLACED, /* the receiver's queue was full: a newer one of the incident has its place */
    GS_NOTIFY_DROP_LATE,    /* the receiver took nothing for too long */
    GS_NOTIFY_DROP_STOPPED, /* it waited when the program stopped */
    GS_N_NOTIFY_DROPS
};
const char *gs_notify_drop_name(enum gs_notify_drop drop); /* "refused" … */

/* What happens at a receiver, by its number: Alertmanagers in the order of their addresses, webhooks
 * behind them. Each may be NULL. */
struct gs_notify_hooks {
    void *arg;
    void (*sent)(void *arg, size_t receiver, size_t n); /* so many were accepted */
    /* why: one line for people, no secrets in it; n: how often in a row by now */
    void (*failed)(void *arg, size_t receiver, enum gs_notify_failure failure, unsigned n,
                   const char *why);
    /* n of them; what: the incident or more, for people */
    void (*dropped)(void *arg, size_t receiver, enum gs_notify_drop drop, size_t n,
                    const char *what);
    void (*waiting)(void *arg, size_t receiver, size_t n); /* so many are due and not accepted */
};

/* How to show who we are; each may be NULL. Files are read anew for each request, so that what is
 * rotated counts at once; a line break at their end is left out. */
struct gs_notify_login {
    const char *username, *password_file; /* basic */
    const char *bearer_token_file;
};

/* Borrowed; outlive the gs_notify. */
struct gs_notify_options {
    const char *const *alertmanagers; /* base addresses, such as http://am:9093 */
    size_t n_alertmanagers;           /* at most GS_NOTIFY_RECEIVERS in all */
    int64_t resend_ms;                /* >= 1 */
    struct gs_notify_login alertmanager_login;
    const char *const *webhooks; /* addresses that are sent to as they are */
    size_t n_webhooks;
    enum gs_notify_shape shape;
    const char *secret_file; /* what requests are signed with; NULL: they are not */
    struct gs_notify_login webhook_login;
    int64_t give_up_ms;       /* of a notice that is not taken */
    size_t max_waiting;       /* notices of a webhook; >= 1 */
    const char *ca_file;      /* PEM; NULL: those of the system */
    const char *external_url; /* of our status page; NULL: none */
    const char *user_agent;
    int64_t timeout_ms; /* of a request, in all */
    size_t max_open;    /* incidents that are open at a time */
    struct gs_notify_hooks hooks;
};

struct gs_notify; /* opaque */

/* Starts the thread. GS_BAD_CONFIG: an address or a file, as gs_notify_check() says; GS_NO_MEMORY;
 * GS_IO: no thread. */
GS_MUST_CHECK
enum gs_status gs_notify_new(const struct gs_notify_options *options, struct gs_notify **ret,
                             struct gs_error *err);
/* Tells every receiver that answers once more what is true, for at most a second, and ends no alert.
 * NULL is fine. */
void gs_notify_free(struct gs_notify *notify);

/* A change of an incident, whether people are told of it or not. muted: it is not sent, and what was
 * sent of it is not kept up. notify NULL: nothing happens. */
void gs_notify_incident(struct gs_notify *notify, const struct gs_incident *incident, bool muted);
/* The incident is somebody else's now: what was sent of it is told once more, then not kept up, and
 * not ended. */
void gs_notify_forget(struct gs_notify *notify, const char *id);

/* Tells whether a receiver's address can be used: http or https, with a host, without a user,
 * password or fragment. GS_BAD_CONFIG says what is wrong and shows nothing of the address, which may
 * be a secret. */
GS_MUST_CHECK enum gs_status gs_notify_check_url(const char *url, struct gs_error *err);
/* "host:port" of an address that was checked, without the port when it is the scheme's own. */
void gs_notify_url_host(const char *url, char *ret, size_t size);
/* Tells whether a file of credentials can be used, and one of certificates. GS_BAD_CONFIG. */
GS_MUST_CHECK enum gs_status gs_notify_check_secret(const char *path, struct gs_error *err);
GS_MUST_CHECK enum gs_status gs_notify_check_ca(const char *path, struct gs_error *err);

#endif
