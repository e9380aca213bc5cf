/* Senders write language tags (RFC 5646: zh-Hant-TW), their predecessors (zh_CN, jpn), Twitter's
 * own (und, qme) and names in English. Only the first part is read, and only as far as lang.c has
 * a use for it. */
#include "ingest/text/lang_said.h"

#include "ingest/base/attr.h"

enum gs_said gs_said_read(struct gs_str said)
{
    static const struct {
        const char *names;
        enum gs_said said;
    } known[] = {
        {" en eng english ", GS_SAID_EN},
        {" zh cn zho chi cmn yue chinese ", GS_SAID_ZH},
        {" ja jp jpn japanese ko kr kor korean ", GS_SAID_CJK},
        {" und zxx mul mis qme qht qam qct qst art mixed other unknown none null ",
         GS_SAID_NOTHING},
    };
    char name[16] = " ";
    size_t n = 1;

    for (size_t i = 0; i < said.len && n < sizeof name - 2; i++) {
        const char c = (char)(said.bytes[i] | 0x20);
        if (c < 'a' || c > 'z') {
            break;
        }
        name[n++] = c;
    }
    name[n++] = ' ';
    for (size_t i = 0; i < GS_COUNT(known); i++) {
        if (strstr(known[i].names, name) != NULL) {
            return known[i].said;
        }
    }
    return n >= 4 ? GS_SAID_OTHER : GS_SAID_NOTHING; /* a tag has two letters or more */
}
