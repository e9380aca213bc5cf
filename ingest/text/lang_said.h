/* The language of a record as its sender names it. */
#ifndef GS_INGEST_LANG_SAID_H
#define GS_INGEST_LANG_SAID_H

#include "ingest/base/str.h"

enum gs_said {
    GS_SAID_NOTHING, /* or nothing that means a language */
    GS_SAID_EN,
    GS_SAID_ZH,
    GS_SAID_CJK, /* Japanese or Korean: may be Han alone */
    GS_SAID_OTHER,
};

/* said: the first subtag of a language tag, or a language's English name; any case. */
enum gs_said gs_said_read(struct gs_str said);

#endif
