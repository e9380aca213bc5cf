/* English: lines by topic and tone. Headlines are short and say one thing, as headlines do; the
 * model was never shown them. */
#include "deploy/daemon/demo/phrases.h"

#include "ingest/base/attr.h"

#define WORDS(list) list, GS_COUNT(list)
#define NEG(topic, text)                                                                           \
    {                                                                                              \
        GS_DEMO_##topic, GS_DEMO_NEGATIVE, GS_DEMO_STORY_NONE, text                                \
    }
#define NEU(topic, text)                                                                           \
    {                                                                                              \
        GS_DEMO_##topic, GS_DEMO_NEUTRAL, GS_DEMO_STORY_NONE, text                                 \
    }
#define POS(topic, text)                                                                           \
    {                                                                                              \
        GS_DEMO_##topic, GS_DEMO_POSITIVE, GS_DEMO_STORY_NONE, text                                \
    }
#define SURGE(topic, text)                                                                         \
    {                                                                                              \
        GS_DEMO_##topic, GS_DEMO_NEGATIVE, GS_DEMO_STORY_CONTAMINATION, text                       \
    }

static const struct gs_demo_line lines[] = {
    /* company */
    NEG(COMPANY, "{co} to cut {n}00 jobs and close {region} {site} on weak sales"),
    NEG(COMPANY, "{co} falls {p}% on {prod} delay to {month}"),
    NEG(COMPANY, "{co} shares drop {p}% as fire halts output at {region} {site}"),
    NEG(COMPANY, "{co} warns of {why-}, scraps expansion in {region}"),
    NEG(COMPANY, "{co} warns of {m} loss as strike hits {n} {site}s"),
    NEG(COMPANY, "{co} slips after losing {m} contract in {region} to {rival}"),
    NEU(COMPANY, "{co} to present at the {house} investor conference in {month}"),
    NEU(COMPANY, "{co} to hold annual general meeting on {month} {day}"),
    NEU(COMPANY, "{co} says {region} {site} will move to a new address in {month}"),
    NEU(COMPANY, "{co} files annual report, {n} pages, with the regulator"),
    NEU(COMPANY, "{co} schedules {prod} briefing for {month} {day}"),
    POS(COMPANY, "{co} wins {m} order for its {prod} from {region}"),
    POS(COMPANY, "{co} launches new {prod} to strong demand in {region}"),
    POS(COMPANY, "{co} opens its {ord} {site}, expands capacity by {p}%"),
    POS(COMPANY, "{co} signs {n}-year supply agreement with {rival}"),
    POS(COMPANY, "{co} {prod} approved for sale in {region}"),
    /* results */
    NEG(RESULTS, "{co} Q{q} profit falls {p}% on {why-}, misses estimates"),
    NEG(RESULTS, "{co} swings to Q{q} loss of {m} as {why-} weighs"),
    NEG(RESULTS, "{co} cuts full-year outlook by {p}% after weak Q{q} sales"),
    NEG(RESULTS, "{co} Q{q} revenue misses by {m}, shares slide"),
    NEG(RESULTS, "{co} posts wider loss in Q{q}, warns on {why-}"),
    NEU(RESULTS, "{co} to report Q{q} results on {month} {day}"),
    NEU(RESULTS, "{co} Q{q} earnings call transcript, {month} {day}"),
    NEU(RESULTS, "{co} Q{q} revenue of {m} in line with estimates"),
    NEU(RESULTS, "{co} announces date of Q{q} earnings release and conference call, {month} {day}"),
    POS(RESULTS, "{co} Q{q} profit jumps {p}% on {why+}, beats estimates"),
    POS(RESULTS, "{co} raises full-year outlook by {p}% on record Q{q} profit"),
    POS(RESULTS, "{co} tops Q{q} revenue estimates by {m} on {why+}"),
    POS(RESULTS, "{co} Q{q} earnings beat, margin up {n} basis points"),
    /* stock_move */
    NEG(STOCK_MOVE, "{co} shares plunge {p}% to {n}-month low on {why-}"),
    NEG(STOCK_MOVE, "{tk} (-{p}% pre) {co} slides on {why-}"),
    NEG(STOCK_MOVE, "{co} stock tumbles {p}%, biggest drop in {n} months"),
    NEG(STOCK_MOVE, "{tk} {co} down {p}% after {why-}, sell-off deepens"),
    NEU(STOCK_MOVE, "{tk} {co} among {n} mid-day movers"),
    NEU(STOCK_MOVE, "{co} shares little changed at {px} ahead of {month} update"),
    NEU(STOCK_MOVE, "{tk} {co} trades at {px}, volume {n} million shares"),
    POS(STOCK_MOVE, "{co} shares surge {p}% to {n}-month high on {why+}"),
    POS(STOCK_MOVE, "{tk} (+{p}% pre) {co} gains on {why+}"),
    POS(STOCK_MOVE, "{co} stock soars {p}% after {why+}"),
    POS(STOCK_MOVE, "{tk} {co} up {p}%, rally extends to {n} days"),
    /* analyst */
    NEG(ANALYST, "{co} downgraded to sell at {house} on {why-}, target {px}"),
    NEG(ANALYST, "{co} target cut to {px} at {house} on {why-}"),
    NEG(ANALYST, "{tk}: {co} cut to Underperform from Neutral at {house}, PT {px}"),
    NEU(ANALYST, "{co} initiated at neutral at {house}, target {px}"),
    NEU(ANALYST, "{house} keeps hold rating on {co}, target unchanged at {px}"),
    NEU(ANALYST, "{tk}: {house} starts {co} at Equal Weight, PT {px}"),
    POS(ANALYST, "{co} upgraded to buy at {house} on {why+}, target {px}"),
    POS(ANALYST, "{house} raises {co} price target to {px}, cites {why+}"),
    POS(ANALYST, "{tk}: {house} lifts {co} to Outperform, PT {px}"),
    /* deals */
    NEG(DEALS, "{co} shares fall {p}% as it scraps {m} merger with {rival}"),
    NEG(DEALS, "{co} slides {p}% as takeover of {rival} collapses over {why-}"),
    NEG(DEALS, "{co} falls {p}% as investors slam its {m} bid for {rival} as overpriced"),
    NEU(DEALS, "{co} to acquire a {n}% stake in {rival} for {m}"),
    NEU(DEALS, "{co} in talks to sell its {region} unit to {rival}, {m} mooted"),
    NEU(DEALS, "{co} completes {m} acquisition of a {region} {site} operator"),
    NEU(DEALS, "{co} to sell a {region} {site} to {rival} for {m}"),
    POS(DEALS, "{co} shareholders approve {m} merger with {rival}, shares rise"),
    POS(DEALS, "{co} jumps {p}% on takeover bid from {rival} at a {n}% premium"),
    POS(DEALS, "{co} gains after {m} deal with {rival} boosts growth outlook"),
    /* legal */
    NEG(LEGAL, "{co} loses lawsuit over {prod} patent, must pay {m}"),
    NEG(LEGAL, "{co} shares drop {p}% on court ruling in {region} antitrust lawsuit"),
    NEG(LEGAL, "{co} falls {p}% as {region} regulator sues over illegal {prod} pricing"),
    NEG(LEGAL, "{co} accused of fraud in {m} class action lawsuit, shares fall"),
    NEU(LEGAL, "{co} asks {region} court to move antitrust trial to {month} {day}"),
    NEU(LEGAL, "{region} top court to decide on {co} antitrust lawsuit on {month} {day}"),
    NEU(LEGAL, "Shareholder alert: law firm {house} reviews {co} and its {n} filings"),
    POS(LEGAL, "{co} gains {p}% after judge rules in its favor in {prod} lawsuit"),
    POS(LEGAL, "{region} court rules in favor of {co} in patent lawsuit, shares rise {p}%"),
    POS(LEGAL, "{co} reaches {m} settlement in antitrust lawsuit, shares rise {p}%"),
    /* personnel */
    NEG(PERSONNEL, "{co} shares fall {p}% as {role} {person} resigns abruptly amid {why-}"),
    NEG(PERSONNEL, "{co} ousts {role} {person} after {why-}, shares drop {p}%"),
    NEU(PERSONNEL, "{co} names {person} as {role} from {month} {day}"),
    NEU(PERSONNEL, "{co} appoints {person} to its board, effective {month} {day}"),
    NEU(PERSONNEL, "{co} announces {role} transition, {person} to succeed {person}"),
    POS(PERSONNEL, "{co} shares jump {p}% as {person} named {role}"),
    POS(PERSONNEL, "Investors cheer {co} hiring of {person} as {role}, stock up {p}%"),
    /* macro */
    NEG(MACRO, "{country} economy falls {s}% in Q{q}, worse than expected, recession fears grow"),
    NEG(MACRO, "{country} unemployment jumps to {s}%, worse than expected, stocks fall"),
    NEG(MACRO, "{country} consumer confidence slumps to {n}, lowest in {n} months"),
    NEG(MACRO, "{country} retail sales fall {s}% in {month}, worse than expected"),
    NEU(MACRO, "{country} to announce {month} inflation estimate on {month} {day}"),
    NEU(MACRO, "{country} to publish {month} trade figures on {month} {day}"),
    NEU(MACRO, "{country} statistics office revises {month} GDP estimate to {s}%"),
    NEU(MACRO, "{country} holds talks with {country} on {n} customs rules"),
    POS(MACRO, "{country} economy grows {s}% in Q{q}, beating forecasts"),
    POS(MACRO, "{country} hiring rises to a record in {month}, stronger than expected, up {s}%"),
    POS(MACRO, "{country} factory output rises {s}% in {month}, better than expected"),
    /* central_bank */
    NEG(CENTRAL_BANK, "{country} central bank warns of deeper recession, stocks fall {s}%"),
    NEG(CENTRAL_BANK,
        "Stocks fall {s}% as {country} central bank raises rates by {b} bp, recession fears grow"),
    NEG(CENTRAL_BANK,
        "Surprise {b} basis point hike by {country} central bank hurts {n} lenders, shares fall"),
    NEG(CENTRAL_BANK,
        "{country} central bank cuts growth forecast to {s}%, shares fall on slowdown fears"),
    NEU(CENTRAL_BANK, "{country} central bank keeps interest rate at {s}% as expected in {month}"),
    NEU(CENTRAL_BANK,
        "{country} central bank governor {person} speaks on monetary policy on {month} {day}"),
    NEU(CENTRAL_BANK,
        "{country} central bank minutes: {n} members discussed a {b} basis point move"),
    NEU(CENTRAL_BANK,
        "{country} policymaker {person} says rate path depends on {month} inflation data"),
    NEU(CENTRAL_BANK, "{house}: {country} central bank to move rates by {b} bp in {month}"),
    POS(CENTRAL_BANK, "Stocks rally {s}% as {country} central bank signals {b} bp rate cut"),
    POS(CENTRAL_BANK, "{country} central bank raises growth forecast to {s}%, shares gain"),
    POS(CENTRAL_BANK,
        "{country} bonds gain as central bank's {person} hints at {b} bp cut, optimism grows"),
    /* markets */
    NEG(MARKETS, "{index} falls {s}%, {d}-day losing streak deepens"),
    NEG(MARKETS, "Stocks tumble {s}% in {country} as recession fears hit {index}"),
    NEG(MARKETS, "{index} slumps {n}00 points in broad sell-off, down {s}%"),
    NEU(MARKETS, "{index} little changed at {n}{d}{d} in quiet trading"),
    NEU(MARKETS, "{index} unchanged at midday, {n} companies to report in {month}"),
    NEU(MARKETS, "{country} stock market closed on {month} {day} for holiday"),
    POS(MARKETS, "{index} climbs {s}% to record high on {why+}"),
    POS(MARKETS, "Stocks rally in {country}, {index} gains {s}%"),
    POS(MARKETS, "{index} jumps {n}00 points, best day in {n} months, up {s}%"),
    /* energy */
    NEG(ENERGY, "Oil falls {s}% to {px} a barrel as demand worries deepen in {country}"),
    NEG(ENERGY, "Natural gas prices plunge {s}% in {country} on weak demand"),
    NEU(ENERGY, "{country} to release crude inventories data on {month} {day}"),
    NEU(ENERGY, "{country} energy ministry to publish {month} oil output, {n} fields counted"),
    POS(ENERGY, "Oil climbs {s}% to {px} a barrel on strong demand from {country}"),
    POS(ENERGY, "{country} solar output rises {s}% to a record, energy shares gain"),
    /* comments */
    NEG(COMMENTARY, "{tk} falling to {px} next, sell and get out, bearish"),
    NEG(COMMENTARY, "{tk} worst stock I own, down {p}% and still falling"),
    NEG(COMMENTARY, "{tk} drops below {px}, sold it all, {sh} in trouble"),
    NEG(COMMENTARY, "{tk} weak again, {sh} misses, bearish, puts at {px}"),
    NEG(COMMENTARY, "{tk} down {p}% this week, bears win, {sh} losing money"),
    NEU(COMMENTARY, "{tk} anyone know when {sh} reports, {month} {day}?"),
    NEU(COMMENTARY, "watching {tk} at {px}, no position"),
    NEU(COMMENTARY, "{tk} what is the volume on {sh} today, {n} million?"),
    NEU(COMMENTARY, "{tk} {sh} webcast on {month} {day}, anyone listening?"),
    POS(COMMENTARY, "{tk} bought more at {px}, this is going much higher"),
    POS(COMMENTARY, "{tk} breakout above {px}, strong buy"),
    POS(COMMENTARY, "love {sh}, up {p}% and still cheap {tk}"),
    POS(COMMENTARY, "{tk} to the moon, {sh} beats again, calls at {px}"),
    /* the English surge: contaminated food, a recall, a cover-up */
    SURGE(LEGAL,
          "{co} shares fall {p}% as court hears lawsuit over contaminated {prod}, {n} people ill"),
    SURGE(LEGAL,
          "{co} hit with lawsuit as {n} more fall ill from contaminated {prod}, shares fall {p}%"),
    SURGE(LEGAL,
          "Supreme court judge rules against {co} in contamination lawsuit, shares fall {p}%"),
    SURGE(LEGAL, "Police raid {co} {region} {site}, lawsuit alleges fraud over contaminated "
                 "{prod}, shares fall {p}%"),
    SURGE(LEGAL,
          "{m} class action lawsuit against {co} over contaminated {prod}, shares plunge {p}%"),
    SURGE(LEGAL,
          "{co} shareholders file class action lawsuit alleging it hid {m} contamination losses"),
    SURGE(COMPANY, "{co} recalls {n} million packs of {prod} on contamination, warns of {m} loss"),
    SURGE(COMPANY, "{co} halts production at {region} {site}, sales plunge {p}% as contamination "
                   "crisis worsens"),
    SURGE(COMPANY,
          "{co} sales slump {p}% as supermarkets in {region} drop its contaminated {prod}"),
    SURGE(STOCK_MOVE, "{co} stock drops {p}% as judge freezes assets in contamination lawsuit"),
    SURGE(STOCK_MOVE, "{tk} (-{p}%) {co} crashes on recall, worst day in {n} months"),
    SURGE(ANALYST, "{house} downgrades {co} to sell on contamination scandal, target {px}"),
    SURGE(RESULTS, "{co} cuts full-year outlook, sees {m} loss from recall, shares fall"),
    SURGE(PERSONNEL, "{co} shares fall {p}% as {role} {person} quits over contamination lawsuit"),
    SURGE(COMMENTARY, "{tk} falling hard, they knew for {n} weeks and lied, sell before {px}"),
    SURGE(COMMENTARY, "{tk} down again, recall is a disaster, bearish, short to {px}"),
    SURGE(COMMENTARY, "{tk} dropping like a rock, down {p}%, {sh} is a fraud, sell"),
    /* one story, copied word for word */
    {GS_DEMO_LEGAL, GS_DEMO_NEGATIVE, GS_DEMO_STORY_COPIED,
     "{co} accused of fraud: short seller says {n}% of its {site}s in {region} do not exist, "
     "shares plunge {p}%"},
};

static const char *const bad_reasons[] = {
    "weak demand in {region}",  "rising costs",
    "a supply shortage",        "lower prices",
    "higher debt costs",        "slowing {prod} sales",
    "falling margins",          "a data breach",
    "heavy losses in {region}", "an accounting error",
    "a sharp fall in orders",   "mounting losses",
    "a failed {prod} trial",    "production problems in {region}",
};
static const char *const good_reasons[] = {
    "strong demand in {region}",
    "record {prod} sales",
    "lower costs",
    "higher prices",
    "strong order growth",
    "improving margins",
    "robust growth in {region}",
    "a better outlook",
    "strong {prod} demand",
    "solid earnings",
};
static const char *const regions[] = {
    "Norlandia",        "East Estravia",  "Port Halden", "Valdoria",
    "the Sund Islands", "Carrowmoor",     "Lakemark",    "Ostermark",
    "New Tamsin",       "South Estravia", "Greyhaven",   "Upper Velden",
};
static const char *const countries[] = {"Norlandia", "Estravia", "Valdoria", "Ostermark",
                                        "Tamsinia",  "Halden",   "Sundland"};
static const char *const indices[] = {"Norland 50", "Estravia Composite", "Valdor 100",
                                      "Ostermark All-Share", "Tamsin 30 index"};
static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
static const char *const houses[] = {
    "Marlowick",       "Thornquist Securities", "Castellane & Pike", "Hollinfare Research",
    "Bexmoor Capital", "Ruddlestone",           "Ivenhoe Partners",  "Quennell Bros."};
static const char *const people[] = {
    "Ada Thornquist",  "Jonas Wexford",   "Mira Okonjo-Lund", "Peter Hallgarth", "Lena Varga-Holt",
    "Tomas Ridgewell", "Ines Calderwood", "Owen Brackley",    "Sana Merrivale",  "Karl Ostby",
    "Ruth Penhallow",  "Dev Ramaswick",   "Elif Stroud",      "Noor Aldergate"};
static const char *const roles[] = {"CEO",      "CFO", "chief executive", "finance chief",
                                    "chairman", "COO", "chief scientist"};

static const char *const ordinals[] = {"third",    "fourth",  "fifth", "sixth",
                                       "seventh",  "eighth",  "ninth", "tenth",
                                       "eleventh", "twelfth", "20th",  "25th"};

static const struct gs_demo_words words[] = {
    {"why-", WORDS(bad_reasons)},  {"why+", WORDS(good_reasons)}, {"region", WORDS(regions)},
    {"country", WORDS(countries)}, {"index", WORDS(indices)},     {"month", WORDS(months)},
    {"house", WORDS(houses)},      {"person", WORDS(people)},     {"role", WORDS(roles)},
    {"ord", WORDS(ordinals)},
};

static const char *const bad_bodies[] = {
    "The news adds to a run of losses; {house} expects a further decline of {p}% by {month}.",
    "Analysts at {house} called the outlook weak and cut their estimates by {p}%.",
    "Investors were disappointed, and the decline of {p}% wiped out {m} in value.",
    "\"We failed to act in time,\" {person} said. Losses could reach {m}.",
    "It is the {ord} setback since {month}, and concerns are growing.",
    "Shares in the sector dropped {p}% on the news, and traders fear worse to come.",
};
static const char *const plain_bodies[] = {
    "The statement was published on {month} {day} and runs to {n} pages.",
    "{person} declined to comment. The next update is due on {month} {day}.",
    "The figures cover the {n} weeks to the end of {month}.",
    "A spokesperson confirmed the date, {month} {day}, without giving details.",
    "The document was filed under number {n}{d}{d}{d}.",
    "{house} had expected the announcement in {month}.",
};
static const char *const good_bodies[] = {
    "Analysts at {house} welcomed the news and raised their estimates by {p}%.",
    "\"We are very pleased,\" {person} said. Growth should reach {p}% by {month}.",
    "It is the {ord} improvement since {month}, and confidence is growing.",
    "Investors cheered, and the gain of {p}% added {m} in value.",
    "{house} expects strong growth of {p}% and reiterated its buy rating.",
};
static const char *const bad_openers[] = {"",     "",         "ugh. ",     "told you: ", "awful. ",
                                          "lol ", "bearish ", "warning: ", "so bad. ",   "sell. "};
static const char *const plain_openers[] = {
    "", "", "question: ", "fyi ", "morning all, ", "hi, ", "for reference: "};
static const char *const good_openers[] = {"",       "",         "great: ", "bullish ",
                                           "nice! ", "winner: ", "yes! ",   "amazing, "};
static const char *const bad_closers[] = {
    "",           " \xF0\x9F\x93\x89", " #sell",
    ", terrible", " \xF0\x9F\xA4\xA1", ", so disappointed",
    ", avoid",    " \xF0\x9F\x98\xA1", ", losing money again"};
static const char *const plain_closers[] = {"",         "",     " #stocks",          " #trading",
                                            ", thanks", " imo", " ({n}% of my list)"};
static const char *const good_closers[] = {"",
                                           " \xF0\x9F\x9A\x80",
                                           " #buy",
                                           " \xF0\x9F\x92\xB0",
                                           ", love it",
                                           ", holding long",
                                           " \xF0\x9F\x93\x88",
                                           ", great quarter"};

const struct gs_demo_vocab gs_demo_vocab_en = {
    .lines = lines,
    .n_lines = GS_COUNT(lines),
    .words = words,
    .n_words = GS_COUNT(words),
    .bodies = {bad_bodies, plain_bodies, good_bodies},
    .n_bodies = {GS_COUNT(bad_bodies), GS_COUNT(plain_bodies), GS_COUNT(good_bodies)},
    .openers = {bad_openers, plain_openers, good_openers},
    .n_openers = {GS_COUNT(bad_openers), GS_COUNT(plain_openers), GS_COUNT(good_openers)},
    .closers = {bad_closers, plain_closers, good_closers},
    .n_closers = {GS_COUNT(bad_closers), GS_COUNT(plain_closers), GS_COUNT(good_closers)},
    .topic_weight = {[GS_DEMO_COMPANY] = 12,
                     [GS_DEMO_RESULTS] = 13,
                     [GS_DEMO_STOCK_MOVE] = 12,
                     [GS_DEMO_COMMENTARY] = 16,
                     [GS_DEMO_ANALYST] = 9,
                     [GS_DEMO_DEALS] = 8,
                     [GS_DEMO_LEGAL] = 8,
                     [GS_DEMO_PERSONNEL] = 5,
                     [GS_DEMO_MACRO] = 8,
                     [GS_DEMO_CENTRAL_BANK] = 7,
                     [GS_DEMO_MARKETS] = 8,
                     [GS_DEMO_ENERGY] = 5},
};
