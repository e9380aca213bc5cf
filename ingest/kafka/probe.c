/* The sockets of a probe (probe.h). */
#include "ingest/kafka/probe.h"

#include "ingest/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_BYTES = 1 << 16 };

/* Correlation ids are "grwd"; the client is called "doctor". */
static const unsigned char ask_versions[] = {
    0,   0, 0,  34,  0,   18,  0,   3,   'g', 'r', 'w', 'd', 0,   6,   'd', 'o', 'c', 't', 'o',
    'r', 0, 12, 'g', 'r', 'o', 'u', 'n', 'd', 's', 'w', 'e', 'l', 'l', 4,   '1', '.', '0', 0};

/* With a mechanism that there is not: "?". */
static const unsigned char ask_sasl[] = {0, 0, 0,   19,  0,   17,  0,   1,   'g', 'r', 'w', 'd',
                                         0, 6, 'd', 'o', 'c', 't', 'o', 'r', 0,   1,   '?'};

/* TLS 1.2 with the suites that every server of the last ten years has one of. A server that wants
 * others answers with an alert, which is TLS as well. */
static const unsigned char client_hello[] = {0x16, 3,  1,    0,    87,   1,    0,    0,    83,
                                             3,    3, /* record, handshake, version */
                                             1,    2,  3,    4,    5,    6,    7,    8,    9,
                                             10,   11, 12,   13,   14,   15,   16,   17,   18,
                                             19,   20, 21,   22,   23,   24,   25,   26,   27,
                                             28,   29, 30,   31,   32,   0, /* random, no session */
                                             0,    12, 0xc0, 0x2f, 0xc0, 0x30, 0xc0, 0x2b, 0xc0,
                                             0x2c, 0,  0x9c, 0,    0x2f, /* suites */
                                             1,    0,  0,    30,         /* no compression */
                                             0,    10, 0,    8,    0,    6,    0,    23,   0,
                                             24,   0,  29,                  /* groups */
                                             0,    11, 0,    2,    1,    0, /* point formats */
                                             0,    13, 0,    8,    0,    6,    4,    1,    4,
                                             3,    8,  4}; /* signatures */

/* ---- sockets ---- */

static bool wait_until(int fd, short what, int64_t deadline_ns)
{
    struct pollfd one = {.fd = fd, .events = what};
    const int64_t left_ms = (deadline_ns - gs_clock_monotonic_ns()) / 1000000;

    return left_ms > 0 && poll(&one, 1, (int)left_ms) == 1;
}

static int connect_one(const struct addrinfo *info, int64_t deadline_ns, struct gs_probe *probe)
{
    int failure = 0;
    socklen_t size = sizeof failure;
    const int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0) {
        (void)gs_fail_errno(&probe->why, errno, "socket");
        return -1;
    }
    if (connect(fd, info->ai_addr, info->ai_addrlen) != 0 && errno != EINPROGRESS) {
        failure = errno;
    } else if (!wait_until(fd, POLLOUT, deadline_ns)) {
        failure = ETIMEDOUT;
    } else {
        (void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size);
    }
    if (failure == 0) {
        return fd;
    }
    (void)gs_fail_errno(&probe->why, failure, "connect");
    (void)close(fd);
    return -1;
}

static int connect_any(const struct addrinfo *list, int timeout_ms, struct gs_probe *probe)
{
    int fd = -1;

    for (const struct addrinfo *info = list; info != NULL && fd < 0; info = info->ai_next) {
        const int64_t start = gs_clock_monotonic_ns();
        (void)getnameinfo(info->ai_addr, info->ai_addrlen, probe->address, sizeof probe->address,
                          NULL, 0, NI_NUMERICHOST);
        fd = connect_one(info, start + timeout_ms * INT64_C(1000000), probe);
        probe->connect_ms = (int)((gs_clock_monotonic_ns() - start) / 1000000);
    }
    return fd;
}

static bool send_all(int fd, const unsigned char *bytes, size_t n)
{
    return send(fd, bytes, n, MSG_NOSIGNAL) == (ssize_t)n; /* a new connection has room for it */
}

/* Reads until there are n bytes; how many there are. */
static size_t receive(int fd, char *to, size_t n, int64_t deadline_ns)
{
    size_t have = 0;

    while (have < n && wait_until(fd, POLLIN, deadline_ns)) {
        const ssize_t got = recv(fd, to + have, n - have, 0);
        if (got <= 0) {
            break;
        }
        have += (size_t)got;
    }
    return have;
}

/* ---- questions ---- */

/* An answer of Kafka's: a length and so many bytes. What is there instead is told from its first four.
 * False: it is no such answer. */
static bool take_answer(int fd, int64_t deadline_ns, char *room, struct gs_str *ret,
                        enum gs_probe_speaks *ret_speaks)
{
    unsigned char head[4];
    const size_t n = receive(fd, (char *)head, sizeof head, deadline_ns);

    if (n < sizeof head) {
        *ret_speaks = n > 0 && head[0] == 0x15 ? GS_PROBE_TLS : GS_PROBE_NOTHING;
        return false;
    }
    const size_t len =
        (size_t)head[0] << 24U | (size_t)head[1] << 16U | (size_t)head[2] << 8U | (size_t)head[3];
    if (len > MOST_BYTES) {
        *ret_speaks = head[0] == 0x15 && head[1] == 3          ? GS_PROBE_TLS
                      : memcmp(head, "HTTP", sizeof head) == 0 ? GS_PROBE_HTTP
                                                               : GS_PROBE_OTHER;
        return false;
    }
    *ret = (struct gs_str){room, receive(fd, room, len, deadline_ns)};
    *ret_speaks = GS_PROBE_OTHER;
    return ret->len == len;
}

static enum gs_probe_speaks ask_kafka(int fd, int timeout_ms, struct gs_probe *probe)
{
    const int64_t deadline = gs_clock_monotonic_ns() + timeout_ms * INT64_C(1000000);
    enum gs_probe_speaks speaks = GS_PROBE_NOTHING;
    struct gs_str answer = {NULL, 0};
    bool sasl = false;
    char *room = malloc(MOST_BYTES);

    if (room == NULL || !send_all(fd, ask_versions, sizeof ask_versions) ||
        !take_answer(fd, deadline, room, &answer, &speaks)) {
        goto done;
    }
    speaks = GS_PROBE_OTHER;
    if (!gs_probe_read_versions(answer, &probe->metadata_version)) {
        goto done;
    }
    speaks = GS_PROBE_PLAINTEXT;
    enum gs_probe_speaks ignored = GS_PROBE_OTHER;
    if (send_all(fd, ask_sasl, sizeof ask_sasl) &&
        take_answer(fd, deadline, room, &answer, &ignored) &&
        gs_probe_read_handshake(answer, &sasl, probe->mechanisms, sizeof probe->mechanisms) &&
        sasl) {
        speaks = GS_PROBE_SASL;
    }

done:
    free(room);
    return speaks;
}

static bool answers_tls(int fd, int timeout_ms)
{
    char head[3] = "";

    return send_all(fd, client_hello, sizeof client_hello) &&
           receive(fd, head, sizeof head,
                   gs_clock_monotonic_ns() + timeout_ms * INT64_C(1000000)) == sizeof head &&
           (head[0] == 0x16 || head[0] == 0x15) && head[1] == 3;
}

static void look(const struct addrinfo *list, int timeout_ms, struct gs_probe *ret)
{
    int fd = connect_any(list, timeout_ms, ret);

    if (fd < 0) {
        ret->step = GS_PROBE_TCP;
        return;
    }
    ret->step = GS_PROBE_DONE;
    ret->speaks = ask_kafka(fd, timeout_ms, ret);
    (void)close(fd);
    if (ret->speaks == GS_PROBE_NOTHING && (fd = connect_any(list, timeout_ms, ret)) >= 0) {
        ret->speaks = answers_tls(fd, timeout_ms) ? GS_PROBE_TLS : GS_PROBE_NOTHING;
        (void)close(fd);
    }
}

void gs_probe(const char *host, const char *port, int timeout_ms, struct gs_probe *ret)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;

    *ret = (struct gs_probe){.step = GS_PROBE_DNS, .metadata_version = -1};
    const int code = getaddrinfo(host, port, &hints, &list);
    if (code != 0) {
        (void)gs_fail(&ret->why, GS_IO, "%s", gai_strerror(code));
        return;
    }
    for (const struct addrinfo *info = list; info != NULL; info = info->ai_next) {
        ret->n_addresses++;
    }
    look(list, timeout_ms, ret);
    freeaddrinfo(list);
}

/* ---- the list of addresses ---- */

static void copy(char *to, size_t size, const char *from, size_t len)
{
    (void)snprintf(to, size, "%.*s", (int)(len < size ? len : size - 1), from);
}

bool gs_probe_split(const char *brokers, size_t i, char host[256], char port[16])
{
    const char *at = brokers + strspn(brokers, ", ");

    for (; i > 0 && *at != '\0'; i--) {
        at += strcspn(at, ",");
        at += strspn(at, ", ");
    }
    if (*at == '\0') {
        return false;
    }
    size_t len = strcspn(at, ", ");
    const char *scheme = strstr(at, "://");
    if (scheme != NULL && scheme < at + len) {
        len -= (size_t)(scheme + 3 - at);
        at = scheme + 3;
    }
    const char *end = at + len;
    const char *colon = NULL;
    for (const char *c = at; c < end; c++) {
        colon = *c == ':' ? c : *c == ']' ? NULL : colon;
    }
    copy(port, 16, colon == NULL ? "9092" : colon + 1,
         colon == NULL ? 4 : (size_t)(end - colon - 1));
    end = colon == NULL ? end : colon;
    const bool bracket = at < end && *at == '[' && end[-1] == ']';
    copy(host, 256, at + bracket, (size_t)(end - at) - 2 * (size_t)bracket);
    return true;
}
