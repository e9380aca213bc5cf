/* Does what 'groundswell demo' is asked for by its options. Both return the exit code and say on
 * stderr why it is not 0. */
#ifndef GS_DEMO_SESSION_H
#define GS_DEMO_SESSION_H

#include "deploy/daemon/demo/stream.h"

struct gs_demo_session {
    struct gs_demo_options stream;
    bool start_given; /* else the stream ends now */
    int for_s;        /* ends by itself after this; 0: a signal ends it */
    int port;         /* -1: the usual one, or any when it is taken */
    bool browser;
    const char *model; /* folder, or NULL */
    const char
        *write; /* --write, --truth, --watchlist: paths, "-" is stdout; NULL: not asked for */
    const char *truth, *watchlist;
};

/* The pipeline on the embedded broker. */
int gs_demo_run(const struct gs_demo_session *session);

/* The stream, its truth and its watchlist to files; nothing runs. */
int gs_demo_write(const struct gs_demo_session *session);

#endif
