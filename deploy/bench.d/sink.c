// The receiver of the webhooks: answers each POST with 200 and notes in the ledger which endpoint got which event.
// usage: sink PORT LEDGER_FOLDER. Endpoints are POST /<sub-client index>/<endpoint index>; it runs until it is killed.
#define _GNU_SOURCE
#include "ledger.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { BUFFER = 64 * 1024, MOST_RUNS = 4096, MOST_EVENTS = 256 };

struct connection {
    int socket;
    size_t filled;
    char bytes[BUFFER];
};

static const char *ledgers;
static struct ledger *runs[MOST_RUNS];
static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

// The event's number out of `EventId":"xxxxxxxx-xxxx-xxxx-...`; the name's other spelling is upstreamEventId.
static int find_event(const char *body, size_t length, uint32_t *run, uint32_t *number) {
    static const char name[] = "EventId\":\"";
    const char *found = memmem(body, length, name, sizeof name - 1);
    if (!found || found + sizeof name - 1 + 18 > body + length) return 0;
    const char *text = found + sizeof name - 1;
    uint64_t bits = 0;
    for (int digits = 0; digits < 16; text++) {
        if (*text == '-') continue;
        int value = *text >= '0' && *text <= '9' ? *text - '0' : (*text | 32) - 'a' + 10;
        if (value < 0 || value > 15) return 0;
        bits = bits << 4 | (uint64_t)value;
        digits++;
    }
    bits = unscramble(bits);
    *run = (uint32_t)(bits >> 32), *number = (uint32_t)bits;
    return 1;
}

static void note(const char *head, const char *body, size_t length) {
    uint32_t run, number, client, endpoint;
    if (!find_event(body, length, &run, &number) || run >= MOST_RUNS) return;
    if (!runs[run] && !(runs[run] = ledger_open(ledgers, run))) return;
    struct ledger *ledger = runs[run];
    if (sscanf(head, "POST /%u/%u ", &client, &endpoint) != 2 || endpoint >= FAN_OUT || number >= ledger->rows
        || ledger->row[number].client != client) {
        ledger->misrouted++;
        return;
    }
    struct ledger_row *row = &ledger->row[number];
    if (row->copies[endpoint] < 255) row->copies[endpoint]++;
    if (row->copies[endpoint] > 1) {
        ledger->repeated++;
        return;
    }
    row->received[endpoint] = now_ns();
    __atomic_fetch_add(&ledger->delivered, 1, __ATOMIC_RELEASE);
}

// Answers the whole requests in the buffer. Returns 0 when the connection is of no more use.
static int serve(struct connection *c) {
    size_t used = 0;
    int answers = 0;
    for (;;) {
        char *head = c->bytes + used;
        char *end = memmem(head, c->filled - used, "\r\n\r\n", 4);
        if (!end) break;
        *end = 0;
        char *field = strcasestr(head, "\r\nContent-Length:");
        size_t body = field ? strtoul(field + 17, NULL, 10) : 0;
        *end = '\r';
        size_t size = (size_t)(end - head) + 4 + body;
        if (size > BUFFER) return 0;
        if (used + size > c->filled) break;
        note(head, end + 4, body);
        used += size;
        answers++;
    }
    memmove(c->bytes, c->bytes + used, c->filled - used);
    c->filled -= used;
    while (answers-- > 0)
        if (send(c->socket, answer, sizeof answer - 1, MSG_NOSIGNAL) < 0) return 0;
    return c->filled < BUFFER;
}

static void receive(struct connection *c) {
    ssize_t count = recv(c->socket, c->bytes + c->filled, BUFFER - c->filled, 0);
    if (count > 0) {
        c->filled += (size_t)count;
        if (serve(c)) return;
    }
    close(c->socket);
    free(c);
}

static int listen_on(uint16_t port) {
    int on = 1, server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in loopback = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(server, (struct sockaddr *)&loopback, sizeof loopback) < 0 || listen(server, 4096) < 0)
        die("sink: listen");
    return server;
}

int main(int count, char **arguments) {
    if (count != 3) return fprintf(stderr, "usage: sink PORT LEDGER_FOLDER\n"), 2;
    ledgers = arguments[2];
    int server = listen_on((uint16_t)atoi(arguments[1])), poll = epoll_create1(EPOLL_CLOEXEC), on = 1;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[MOST_EVENTS];
    epoll_ctl(poll, EPOLL_CTL_ADD, server, &event);
    for (;;) {
        int ready = epoll_wait(poll, events, MOST_EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr) {
                receive(events[i].data.ptr);
                continue;
            }
            struct connection *fresh = malloc(sizeof *fresh);
            if (!fresh) die("sink: malloc");
            fresh->filled = 0;
            fresh->socket = accept4(server, NULL, NULL, SOCK_CLOEXEC);
            if (fresh->socket < 0) { free(fresh); continue; }
            setsockopt(fresh->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            event.data.ptr = fresh;
            epoll_ctl(poll, EPOLL_CTL_ADD, fresh->socket, &event);
        }
    }
}
