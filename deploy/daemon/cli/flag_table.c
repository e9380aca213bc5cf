/* The flags, and what each means wherever it is taken. A command's own words stand in its row
 * (command_table.c). */
#include "deploy/daemon/cli/command_line.h"

const struct gs_flag gs_flags[GS_N_FLAGS] = {
    [GS_FLAG_MODEL] = {"model", 'm', "DIR",
                       "Model folder, such as classifier/models/finance-zh-en-fast."},
    [GS_FLAG_CONFIG] =
        {"config", 'c', "FILE",
         "Configuration (YAML); deploy/config/groundswell.yaml explains each setting."},
    [GS_FLAG_DATA] = {"data", 'd', "FILE", "Labelled JSON lines; may be given again; - is stdin."},
    [GS_FLAG_OUT] = {"out", 'o', "DIR", "The new folder, made if absent."},
    [GS_FLAG_STAGE] = {"stage", 0, "STAGE", "Only this stage: tag or watch; both when not given."},
    [GS_FLAG_TIER] =
        {"tier", 0, "T",
         "Who answers. auto: all that the folder has, its gates deciding (default); fast: "
         "the n-grams; encoder: the encoder for every message, no gates (a combined folder still "
         "adds up both)."},
    [GS_FLAG_ARITHMETIC] = {"arithmetic", 0, "A", "Of an encoder: auto (default), fp32 or int8."},
    [GS_FLAG_THREADS] = {"threads", 0, "N", "1 to 256 (1)."},
    [GS_FLAG_FORMAT] = {"format", 0, "F",
                        "json or text; not given: a line that begins with { is JSON."},
    [GS_FLAG_ALL_LABELS] = {"all-labels", 0, NULL,
                            "Adds topics_all and risks_all: every label's probability."},
    [GS_FLAG_LOGITS] = {"logits", 0, NULL,
                        "Adds logits, in label order; null: a label that the model does not know."},
    [GS_FLAG_EXPLAIN] =
        {"explain", 0, NULL,
         "Adds the words that weigh most for the sentiment, by the tiers that answered; slow "
         "with an encoder."},
    [GS_FLAG_WATCHLIST] = {"watchlist", 0, "FILE", "Entities to look for (CSV)."},
    [GS_FLAG_SCORES] = {"scores", 0, "FILE",
                        "CSV: time,key,n,observed,expected,log10_evidence,firing whenever a bin "
                        "closes."},
    [GS_FLAG_STATE] = {"state", 0, "FILE",
                       "Goes on where the replay that wrote FILE ended, and writes it anew at the "
                       "end; lines that it has counted are passed over, and the last bins stay "
                       "open. As state.path."},
    [GS_FLAG_COUNTS] = {"counts", 0, "FILE",
                        "Counts instead of messages (volume mode): a CSV of timestamp,count rows, "
                        "each of which gets a "
                        "score from 0 to 1 in the file of --scores; no alerts, no configuration."},
    [GS_FLAG_AGAINST] =
        {"against", 0, "OTHER",
         "What if: the same data by the configuration OTHER too, in the same pass. The comparison "
         "comes on stdout instead of alerts: settings that differ, alerts and incidents of each "
         "day, "
         "rule and kind of key before and after, those of one side alone, what came nearest."},
    [GS_FLAG_SWEEP] =
        {"sweep", 0, "SETTING=V,V",
         "What if: the same data by up to 16 values of a setting, in the same pass, as --sweep "
         "watch.info_false_alarms=0.03,0.1,0.3. A row for each on stdout instead of alerts: "
         "alerts, incidents, notices, what came nearest. No output is written."},
    [GS_FLAG_ALERT] =
        {"alert", 0, "ID",
         "An exhibit of one alert or incident, by the id of its record: it is computed anew from "
         "the "
         "files; on stdout stand its records, the messages behind it as they are in the input, and "
         "SHA-256 of program, configuration, model, watchlist and input."},
    [GS_FLAG_RECORD] =
        {"record", 0, "FILE",
         "With --alert: alerts or incidents as they went out, as JSON lines. Says whether each "
         "recorded change of ID is computed byte for byte, and else in which members it differs."},
    [GS_FLAG_SPEED] = {"speed", 0, "N",
                       "N event seconds a second; as fast as it goes when not given."},
    [GS_FLAG_TASK] = {"task", 0, "T", "sentiment (default), topics or risks."},
    [GS_FLAG_JSON] = {"json", 0, NULL, "The report is one line of JSON."},
    [GS_FLAG_HTML] = {"html", 0, "FILE", "The report is written to FILE as a page."},
    [GS_FLAG_MIN] =
        {"min", 0, "M=VALUE",
         "Exit 1 when metric M is below VALUE: accuracy, macro_f1, micro_f1, weighted_f1, "
         "top1_accuracy, subset_accuracy, coverage_70, f1:LABEL."},
    [GS_FLAG_MAX] = {"max", 0, "M=VALUE", "Exit 1 when metric M is above VALUE: ece, brier."},
    [GS_FLAG_HEAD] = {"head", 0, "H", "sentiment (default), topics or risks."},
    [GS_FLAG_LABEL] = {"label", 0, "L", "Which label (the best one)."},
    [GS_FLAG_METHOD] =
        {"method", 0, "M",
         "How an encoder is explained: integrated (default; gradients along a path, "
         "which add up) or grad-input (one gradient, quicker, which do not). The fast "
         "tier's weights are exact."},
    [GS_FLAG_MAX_TOKENS] = {"max-tokens", 0, "N",
                            "Cuts behind N tokens, special ones included (no limit)."},
    [GS_FLAG_OFFSETS] = {"offsets", 0, NULL,
                         "Adds offsets: the bytes [start, end) that each token stands for."},
    [GS_FLAG_CALIBRATION] =
        {"calibration", 0, "FILE",
         "Example texts, plain or JSON lines, such as the model will read; 400 of "
         "them are drawn (a small built-in mix; a real file is better)."},
    [GS_FLAG_EVAL] =
        {"eval", 0, "FILE",
         "Texts to compare both folders on, at most 20000, with their sentiment if they "
         "have one (the calibration texts)."},
    [GS_FLAG_FAST] = {"fast", 0, "DIR", "Folder of the fast tier."},
    [GS_FLAG_ENCODER] = {"encoder", 0, "LANG=DIR",
                         "Folder of the encoder that reads a language (en, zh, mixed, other; "
                         "mixed: zh's, unless given); may be given again."},
    [GS_FLAG_LOSS] = {"loss", 0, "X",
                      "What the fast tier may cost where it answers alone: of sentiment's accuracy "
                      "and of the others' micro-F1, each (0.01)."},
    [GS_FLAG_ENTITIES] =
        {"entities", 0, "FILE",
         "Lines with one entity between « and » and the sentiment toward it, which "
         "the encoders were trained on too; may be given again."},
    [GS_FLAG_SMOOTHING] = {"smoothing", 0, "A",
                           "auto (default), none, or SmoothQuant's alpha from 0.01 to 1."},
    [GS_FLAG_SECONDS] = {"seconds", 0, "X", "Of each of the five, 0.05 to 60 (0.5)."},
    [GS_FLAG_KIND] = {"kind", 0, "KIND", "ngram: the fast tier; encoder: fine-tuning."},
    [GS_FLAG_LABELS] = {"labels", 0, "FILE",
                        "Ids and Chinese names of topics and risks, in order (JSON)."},
    [GS_FLAG_NAME] = {"name", 0, "NAME", "Of the model (the folder's)."},
    [GS_FLAG_VERSION] = {"version", 0, "V", "Of the model (1)."},
    [GS_FLAG_SEED] = {"seed", 0, "N", "Other random numbers (1)."},
    [GS_FLAG_EPOCHS] = {"epochs", 0, "N", "Most passes over a problem's rows, 1 to 256 (60)."},
    [GS_FLAG_ROWS] = {"rows", 0, "EN,ZH",
                      "N-grams kept: of alphabetic and of Han texts (130000,150000)."},
    [GS_FLAG_MIN_DF] = {"min-df", 0, "N", "Rows that an n-gram must be in (2)."},
    [GS_FLAG_SHARE] = {"share", 0, "X", "How much registers learn from each other, 0 to 1 (0.6)."},
    [GS_FLAG_WORD_WEIGHT] = {"word-weight", 0, "X", "Of words against runs of letters (3)."},
    [GS_FLAG_TOLERANCE] = {"tolerance", 0, "X", "Where a problem counts as solved (0.02)."},
    [GS_FLAG_HOLDOUT] = {"holdout", 0, "X",
                         "Part of the rows that calibration is fitted on (0.15)."},
    [GS_FLAG_BASE] = {"base", 0, "DIR",
                      "Published folder to begin from, or one that this command wrote: then its "
                      "heads are kept."},
    [GS_FLAG_POOLING] = {"pooling", 0, "P",
                         "What the heads read: cls, mean, cls_mean (default), or pooler, the "
                         "family's own layer, which transformers loads too."},
    [GS_FLAG_SCHEDULE] = {"schedule", 0, "S",
                          "How the learning rate falls: linear (default) or cosine."},
    [GS_FLAG_BATCH] = {"batch", 0, "N", "Rows of a step (32)."},
    [GS_FLAG_BATCH_TOKENS] =
        {"batch-tokens", 0, "N",
         "Tokens that go through together, of each thread: memory and speed (1024)."},
    [GS_FLAG_LAYERS] = {"layers", 0, "N", "Keeps the first N layers; 0: all (0)."},
    [GS_FLAG_FREEZE] = {"freeze", 0, "N",
                        "Embeddings and the first N layers stay as they are; all: a linear probe "
                        "(nothing is frozen)."},
    [GS_FLAG_PATIENCE] = {"patience", 0, "N",
                          "Ends after N epochs without a better figure; 0: never (0)."},
    [GS_FLAG_BUCKET] = {"bucket", 0, "N",
                        "Batches among which texts of like length come together; 0: none (16)."},
    [GS_FLAG_LR] = {"lr", 0, "X", "Highest learning rate (0.0001)."},
    [GS_FLAG_HEAD_LR] = {"head-lr", 0, "X", "That of the heads (0.001)."},
    [GS_FLAG_LAYER_DECAY] = {"layer-decay", 0, "X",
                             "Rate of a layer, as a part of that of the layer above (1)."},
    [GS_FLAG_DECAY] = {"decay", 0, "X", "Weight decay of matrices (0.01)."},
    [GS_FLAG_CLIP] = {"clip", 0, "X", "Longest gradient; 0: any (1)."},
    [GS_FLAG_WARM_UP] = {"warm-up", 0, "X", "Share of the steps in which the rate rises (0.1)."},
    [GS_FLAG_EMA] = {"ema", 0, "X",
                     "Decay of the average of weights that is kept; 0: none (0.999)."},
    [GS_FLAG_DROPOUT] = {"dropout", 0, "X", "On rows, attention and the heads' input (0.1)."},
    [GS_FLAG_R_DROP] = {"r-drop", 0, "X",
                        "Weight of the divergence of two dropouts of a row; 0: none (0)."},
    [GS_FLAG_TEMPERATURE] = {"temperature", 0, "X", "At which teachers' logits are taken (2)."},
    [GS_FLAG_TEACHER] = {"teacher", 0, "X", "Weight of a teacher beside a label (0.5)."},
    [GS_FLAG_SENTIMENT] = {"sentiment", 0, "X", "Weight of the head (1)."},
    [GS_FLAG_TOPICS] = {"topics", 0, "X", "Weight of the head (0.3)."},
    [GS_FLAG_RISKS] = {"risks", 0, "X", "Weight of the head (0.3)."},
    [GS_FLAG_CHECKPOINT] = {"checkpoint", 0, "SECONDS", "Between two checkpoints (60)."},
    [GS_FLAG_BALANCE] = {"balance", 0, NULL, "Rare classes weigh more."},
    [GS_FLAG_RESUME] = {"resume", 0, NULL, "Goes on from DIR/checkpoint.bin, to the same numbers."},
    [GS_FLAG_FOR] = {"for", 0, "TIME",
                     "Ends by itself after so many seconds (at least 20); else Ctrl-C ends it."},
    [GS_FLAG_PORT] =
        {"port", 0, "N",
         "Of the pages on 127.0.0.1; 0: any free one (9464, or any when it is taken)."},
    [GS_FLAG_NO_BROWSER] = {"no-browser", 0, NULL, "Does not open the status page."},
    [GS_FLAG_MESSAGES] = {"messages", 0, "N", "In all, at least 1000 (120000)."},
    [GS_FLAG_PLAIN] = {"plain", 0, NULL, "Nothing planted."},
    [GS_FLAG_START] = {"start", 0, "TIME", "Event time of the first message; else 36 hours ago."},
    [GS_FLAG_WRITE] = {"write", 0, "FILE",
                       "Instead of running: the stream as JSON lines; - is stdout."},
    [GS_FLAG_TRUTH] = {"truth", 0, "FILE",
                       "Instead of running: what each message was meant to be."},
    [GS_FLAG_REASON] = {"reason", 0, "CODE",
                        "Only letters of this reason, such as bad_json; may be given again."},
    [GS_FLAG_SINCE] = {"since", 0, "TIME",
                       "Only records from TIME on: 2026-01-05T08:00:00Z, or 90s, 15m, 2h, 3d ago."},
    [GS_FLAG_UNTIL] = {"until", 0, "TIME", "Only records before TIME."},
    [GS_FLAG_DRY_RUN] = {"dry-run", 0, NULL, "Says what it would do, and does nothing."},
    [GS_FLAG_MAX_REDRIVES] = {"max-redrives", 0, "N",
                              "A letter that was sent again N times is refused, 1 to 1000 (3)."},
    [GS_FLAG_RAW] = {"raw", 0, NULL, "Bytes as they are."},
    [GS_FLAG_VERDICT] = {"verdict", 0, "V",
                         "What was found: right, debatable or wrong; precision is counted of it."},
    [GS_FLAG_WHO] = {"who", 0, "NAME", "Who does it (the name of the user)."},
    [GS_FLAG_WHY] = {"why", 0, "TEXT", "Why, for those who ask later."},
    [GS_FLAG_FROM] = {"from", 0, "P",
                      "now (default), earliest, or -N: N offsets before each partition's end."},
    [GS_FLAG_WHERE] =
        {"where", 0, "M=VALUE",
         "Only records whose member M is VALUE, as sentiment.label=negative; of a list "
         "one element is enough. May be given again: all have to hold."},
    [GS_FLAG_COUNT] = {"count", 0, "N", "Ends behind N records."},
    [GS_FLAG_PRETTY] = {"pretty", 0, NULL,
                        "For people: where each record is, and a member a line."},
    [GS_FLAG_REJECTS] = {"rejects", 0, "FILE",
                         "Refused lines as JSON records; else one message each on stderr."},
    [GS_FLAG_SET] = {"set", 0, "KEY=VALUE",
                     "Overrides a setting, as --set http.port=9500; may be given again."},
    [GS_FLAG_PROGRESS] = {"progress", 0, NULL,
                          "Says how far it is also where stderr is no terminal."},
    [GS_FLAG_QUIET] = {"quiet", 'q', NULL, "Nothing on stderr but errors."},
    [GS_FLAG_LOG_FORMAT] = {"log-format", 0, "F", "What goes to stderr as text (default) or json."},
    [GS_FLAG_HELP] = {"help", 'h', NULL, "This text."},
};

const struct gs_later_command gs_later_commands[] = {
    {"prune", "a smaller model: heads and layers that carry little are taken out"},
    {"distill", "a smaller model that learns from a larger one"},
    {"select", "candidate models ranked by accuracy, latency and size"},
    {"feedback", "says of an alert or a tag whether it was right"},
};
const size_t gs_n_later_commands = GS_COUNT(gs_later_commands);
