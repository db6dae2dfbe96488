// The upstream: posts Mesh webhooks, each with an event id of its own and a valid signature, and notes in the ledger
// when each was sent and acknowledged. One thread.
// usage: load PORT PATH SECRET SESSIONS LEDGER_FOLDER RUN EVENTS CONNECTIONS PER_SECOND WINDOW SECONDS
//   SESSIONS    a file of lines `<sub-client index> <transaction reference>`
//   EVENTS      how many to send at most
//   PER_SECOND  at this pace, times counted from when an event was to be sent; 0: each connection as fast as answered
//   WINDOW      send on only while fewer than this many events are not yet delivered; 0: do not look
//   SECONDS     stop sending after this time; 0: after EVENTS
#define _GNU_SOURCE
#include "ledger.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

// A transfer's two events are this many events apart, so that they are not on their way together.
enum { APART = 4096, BUFFER = 8192, MOST_EVENTS = 256, LOOK_AGAIN_NS = 100000 };

struct session { uint32_t client; char reference[64]; };
struct connection { int socket; int64_t event; size_t filled; char bytes[BUFFER]; };

static struct ledger *ledger;
static struct session *sessions;
static struct connection *connections, **idle;
static size_t session_count, connection_count, idle_count;
static const char *path, *secret;
static uint32_t run, port;
static int timer;
static uint64_t wanted, pace, window, start, first_sent, last_answer, sent, answered, refused;

static void write_uuid(char *to, uint64_t high, uint64_t low) {
    sprintf(to, "%08x-%04x-%04x-%04x-%012llx", (uint32_t)(high >> 32), (uint32_t)(high >> 16) & 0xffff,
        (uint32_t)high & 0xffff, (uint32_t)(low >> 48), (unsigned long long)(low & 0xffffffffffff));
}

static const char body_format[] =
    "{\"Id\":\"%s\",\"EventId\":\"%s\",\"SentTimestamp\":1720532648,\"UserId\":\"user-%u\",\"TransactionId\":\"%s\","
    "\"TransferId\":\"%s\",\"TransferStatus\":\"%s\",\"TxHash\":%s,\"Chain\":\"Ethereum\",\"Token\":\"USDC\","
    "\"SourceAccountProvider\":\"Binance\",\"SourceAddress\":\"0x1Ff0000f0A0f0000F0F000000000ffFf00f0F0f1\","
    "\"SourceAmount\":25.004786046226555188,\"DestinationAmount\":25.000000000000000001,"
    "\"DestinationAddress\":\"0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0\","
    "\"RefundAddress\":\"0x2Ff0000f0A0f0000F0F000000000ffFf00f0F0f2\",\"RefundType\":null,\"TransferSteps\":["
    "{\"step\":1,\"chain\":\"Ethereum\",\"token\":\"USDC\",\"amount\":25.004786046226555188,\"txHash\":null,"
    "\"from\":\"0x1Ff0000f0A0f0000F0F000000000ffFf00f0F0f1\",\"to\":\"0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0\"}],"
    "\"Timestamp\":1715175519038}";

// The webhook of one event, as Mesh writes it, about 1 KB. A transfer is pending first and succeeded later.
static int write_body(char *to, uint64_t number) {
    uint64_t block = number / (2 * APART), place = number % (2 * APART), transfer = block * APART + place % APART;
    uint64_t bits = scramble((uint64_t)run << 32 | 0x80000000u | transfer);
    int is_last = place >= APART;
    struct session *session = &sessions[scramble(transfer) % session_count];
    char event_id[40], transfer_id[40], sent_id[40], hash[80] = "null";
    ledger->row[number].client = session->client;
    write_uuid(event_id, scramble((uint64_t)run << 32 | number), 0x8000000000000b5eu);
    write_uuid(transfer_id, bits, 0x8000000000000b5eu);
    write_uuid(sent_id, bits ^ number, 0x8000000000000b5fu);
    if (is_last) sprintf(hash, "\"0x%032llx%032llx\"", (unsigned long long)bits, (unsigned long long)~bits);
    return sprintf(to, body_format, sent_id, event_id, session->client, session->reference, transfer_id,
        is_last ? "Succeeded" : "Pending", hash);
}

static void post(struct connection *c, uint64_t number, uint64_t due) {
    char body[4096], request[8192], signature[48];
    unsigned char digest[32];
    unsigned int digest_size = sizeof digest;
    int size = write_body(body, number);
    HMAC(EVP_sha256(), secret, (int)strlen(secret), (unsigned char *)body, (size_t)size, digest, &digest_size);
    EVP_EncodeBlock((unsigned char *)signature, digest, 32);
    int total = sprintf(request,
        "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Type: application/json\r\nX-Mesh-Signature-256: %s\r\n"
        "Content-Length: %d\r\n\r\n", path, port, signature, size);
    memcpy(request + total, body, (size_t)size);
    total += size;
    c->event = (int64_t)number;
    ledger->row[number].sent = due;
    sent++;
    if (send(c->socket, request, (size_t)total, MSG_NOSIGNAL) != total) die("load: send");
}

static void wake_at(uint64_t moment) {
    struct itimerspec when = {{0, 0}, {(time_t)(moment / 1000000000u), (long)(moment % 1000000000u)}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

// Sends what may be sent now on the connections that wait.
static void send_due(void) {
    while (idle_count > 0 && sent < wanted) {
        uint64_t now = now_ns(), due = pace ? start + (uint64_t)((double)sent * 1e9 / (double)pace) : now;
        if (due > now) return wake_at(due);
        uint64_t delivered = __atomic_load_n(&ledger->delivered, __ATOMIC_ACQUIRE);
        if (window && sent * FAN_OUT - delivered >= window * FAN_OUT) return wake_at(now + LOOK_AGAIN_NS);
        if (!first_sent) first_sent = now;
        post(idle[--idle_count], sent, due);
    }
}

// Whole answers have a Content-Length; one is expected at a time.
static void receive(struct connection *c) {
    ssize_t count = recv(c->socket, c->bytes + c->filled, BUFFER - 1 - c->filled, 0);
    if (count <= 0) die("load: the server closed a connection");
    c->filled += (size_t)count;
    c->bytes[c->filled] = 0;
    char *end = strstr(c->bytes, "\r\n\r\n"), *field = strcasestr(c->bytes, "\r\nContent-Length:");
    if (!end) return;
    size_t body = field && field < end ? strtoul(field + 17, NULL, 10) : 0;
    if (c->filled < (size_t)(end - c->bytes) + 4 + body) return;
    struct ledger_row *row = &ledger->row[c->event];
    last_answer = row->acknowledged = now_ns();
    answered++;
    if (strncmp(c->bytes, "HTTP/1.1 200", 12) != 0) {
        if (refused++ == 0) fprintf(stderr, "load: %.200s\n", c->bytes);
        row->refused = 1;
    }
    c->filled = 0, c->event = -1;
    idle[idle_count++] = c;
}

static void read_sessions(const char *name) {
    FILE *file = fopen(name, "re");
    if (!file) die(name);
    size_t room = 0;
    struct session next;
    while (fscanf(file, "%u %63s", &next.client, next.reference) == 2) {
        if (session_count == room) sessions = realloc(sessions, (room = room * 2 + 1024) * sizeof next);
        sessions[session_count++] = next;
    }
    fclose(file);
}

static void connect_all(int poll) {
    struct sockaddr_in server = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    connections = calloc(connection_count, sizeof *connections);
    idle = calloc(connection_count, sizeof *idle);
    for (size_t i = 0; i < connection_count; i++) {
        struct connection *c = &connections[i];
        c->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(c->socket, (struct sockaddr *)&server, sizeof server) < 0) die("load: connect");
        setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        epoll_ctl(poll, EPOLL_CTL_ADD, c->socket, &event);
        idle[idle_count++] = c;
    }
}

int main(int count, char **argument) {
    if (count != 12) return fprintf(stderr, "load: see load.c for its arguments\n"), 2;
    port = (uint32_t)atoi(argument[1]), path = argument[2], secret = argument[3];
    read_sessions(argument[4]);
    run = (uint32_t)atoi(argument[6]), wanted = strtoull(argument[7], NULL, 10);
    connection_count = strtoull(argument[8], NULL, 10), pace = strtoull(argument[9], NULL, 10);
    window = strtoull(argument[10], NULL, 10);
    uint64_t limit = strtoull(argument[11], NULL, 10) * 1000000000u;
    if (!(ledger = ledger_open(argument[5], run)) || ledger->rows < wanted || !session_count) die("load: ledger");
    int poll = epoll_create1(EPOLL_CLOEXEC);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    struct epoll_event events[MOST_EVENTS], tick = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(poll, EPOLL_CTL_ADD, timer, &tick);
    connect_all(poll);
    start = now_ns();
    for (;;) {
        if (limit && now_ns() - start > limit) wanted = sent;
        send_due();
        if (answered == wanted) break;
        int ready = epoll_wait(poll, events, MOST_EVENTS, 15000);
        if (ready == 0) return fprintf(stderr, "load: nothing happened for 15 s\n"), 1;
        for (int i = 0; i < ready; i++) {
            uint64_t ticks;
            if (events[i].data.ptr) receive(events[i].data.ptr);
            else if (read(timer, &ticks, sizeof ticks) < 0) continue;
        }
    }
    printf("{\"sent\":%llu,\"refused\":%llu,\"seconds\":%.6f,\"firstSent\":%llu,\"lastAnswer\":%llu}\n",
        (unsigned long long)sent, (unsigned long long)refused, (double)(last_answer - first_sent) / 1e9,
        (unsigned long long)first_sent, (unsigned long long)last_answer);
    return 0;
}
