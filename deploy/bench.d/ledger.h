// The ledger of one run: what was sent, acknowledged and received, shared as a file in memory by the sender (load.c),
// the receiver (sink.c) and the statistics (ledger.py). Times are CLOCK_MONOTONIC nanoseconds, 0 for never.
#ifndef LEDGER_H
#define LEDGER_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FAN_OUT = 3 };

struct ledger_row {
    uint64_t sent, acknowledged, received[FAN_OUT];
    uint32_t client;           // index of the sub-client the event belongs to
    uint8_t copies[FAN_OUT];   // how often each endpoint got it
    uint8_t refused;           // answered, but not with 200
};

struct ledger {
    uint64_t rows;
    uint64_t delivered;        // first copies received
    uint64_t repeated;         // further copies
    uint64_t misrouted;        // received by another sub-client's endpoint, or of no known event
    uint64_t reserved[4];
    struct ledger_row row[];
};

static inline uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// A run's events are numbered from 0. The number and the run become 64 bits that look random, so that the database's
// indexes meet them as they meet real event ids, and come back from them.
static inline uint64_t scramble(uint64_t x) {
    x ^= x >> 32, x *= 0xd6e8feb86659fd93u;
    x ^= x >> 32, x *= 0xd6e8feb86659fd93u;
    return x ^ x >> 32;
}

static inline uint64_t unscramble(uint64_t x) {
    x ^= x >> 32, x *= 0xcfee444d8b59a89bu;
    x ^= x >> 32, x *= 0xcfee444d8b59a89bu;
    return x ^ x >> 32;
}

// Maps the file at `folder`/`run`; null if there is none.
static inline struct ledger *ledger_open(const char *folder, uint32_t run) {
    char path[512];
    struct stat info;
    snprintf(path, sizeof path, "%s/%u", folder, run);
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0 || fstat(file, &info) < 0) return NULL;
    void *bytes = mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    return bytes == MAP_FAILED ? NULL : bytes;
}

static inline void die(const char *what) {
    perror(what);
    exit(1);
}

#endif
