/* Rows of the table of settings (config_table.c): severity by consequence. */
#ifndef GS_DEPLOY_SEVERITY_ROWS_H
#define GS_DEPLOY_SEVERITY_ROWS_H

#define GS_SEVERITY_ROWS                                                                           \
    {"watch.grave_risks",                                                                          \
     GS_OPT_NAMES,                                                                                 \
     AT(watch.grave_risks),                                                                        \
     0,                                                                                            \
     0,                                                                                            \
     "default,accounting_fraud,suspected_fraud,illegal_fundraising,withdrawal_trouble,absconding", \
     "An alert of such a risk, or of such a risk of a company, is a step more severe than its "    \
     "evidence "                                                                                   \
     "says.",                                                                                      \
     NULL,                                                                                         \
     0},                                                                                           \
        {"watch.mild_topics",                                                                      \
         GS_OPT_NAMES,                                                                             \
         AT(watch.mild_topics),                                                                    \
         0,                                                                                        \
         0,                                                                                        \
         "commentary,general",                                                                     \
         "An alert of such a topic is a step less severe.",                                        \
         NULL,                                                                                     \
         0},                                                                                       \
        {"watch.tier_raises",                                                                      \
         GS_OPT_UINT,                                                                              \
         AT(watch.options.tier_raises),                                                            \
         0,                                                                                        \
         9,                                                                                        \
         "1",                                                                                      \
         "An alert of a company whose tier on the watchlist is this or a lower number is a step "  \
         "more "                                                                                   \
         "severe. 0: none is.",                                                                    \
         NULL,                                                                                     \
         0},                                                                                       \
        {"watch.tier_lowers",                                                                      \
         GS_OPT_UINT,                                                                              \
         AT(watch.options.tier_lowers),                                                            \
         0,                                                                                        \
         9,                                                                                        \
         "3",                                                                                      \
         "An alert of a company whose tier is this or a higher number is a step less severe. 0: "  \
         "none "                                                                                   \
         "is.",                                                                                    \
         NULL,                                                                                     \
         0},                                                                                       \
    {                                                                                              \
        "watch.reach_raises", GS_OPT_UINT, AT(watch.options.reach_raises), 0, 1e9, "1000",         \
            "An alert of which so many messages tell within its window, copies included, is a "    \
            "step more "                                                                           \
            "severe. 0: none is.",                                                                 \
            NULL, 0                                                                                \
    }

#endif
