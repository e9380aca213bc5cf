/* The test fixture's own hands on Kafka: what it writes and reads shares no code with the program
 * under test. One file per group of commands; kafkatool.c says how each is called. */
#ifndef GS_TESTS_KAFKATOOL_H
#define GS_TESTS_KAFKATOOL_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>

struct tool {
    const char *brokers;
    int argc; /* what follows the command */
    char **argv;
};

/* Prints to stderr and ends the process with 1: a fixture that limps on hides faults. */
void tool_die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* A client with these properties ("name", "value", … NULL) on top of what every command needs. The
 * callback of delivery reports may be NULL. */
rd_kafka_t *tool_client(const struct tool *tool, rd_kafka_type_t type,
                        void (*delivered)(rd_kafka_t *, const rd_kafka_message_t *, void *),
                        void *opaque, const char *const *properties);

/* How many partitions a topic has. */
int tool_partitions(rd_kafka_t *client, const char *topic);

/* A positive number, or death. */
long tool_number(const char *text, const char *what);

/* Base64 (RFC 4648, with padding). Encoding returns a new string; decoding new bytes, or NULL when
 * malformed. */
char *tool_base64(const void *bytes, size_t len);
void *tool_unbase64(const char *text, size_t *ret_len);

int tool_fill(struct tool *tool);
int tool_dump(struct tool *tool);

#endif
