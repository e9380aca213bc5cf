/* SIGINT, SIGTERM and SIGHUP: asked for, not acted on. SIGPIPE is ignored. */
#ifndef GS_DEPLOY_SIGNALS_H
#define GS_DEPLOY_SIGNALS_H

#include <stdbool.h>

struct gs_lane;

void gs_signals_catch(void);        /* once, at the start of a command that runs for long */
bool gs_signals_stop(void);         /* whether SIGINT or SIGTERM has come */
void gs_signals_catch_reload(void); /* SIGHUP asks for a reload, instead of ending the process */
bool gs_signals_reload(void);       /* whether one has come since this was asked last */
void gs_signals_lane(void *unused,
                     struct gs_lane *lane); /* this lane is stopped by a signal; NULL: none */

/* Waits for a signal, at most timeout_ms; true when one has come. */
bool gs_signals_wait(int timeout_ms);

#endif
