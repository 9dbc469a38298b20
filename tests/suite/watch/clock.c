/* Loaded before the C library, it lets an hour pass in seconds: it cuts the watcher's waits for the end of the
   command short, and sets the monotonic clock forward by what was cut off. */
#define _GNU_SOURCE
#include <poll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL

static long long ahead;

int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && clock == CLOCK_MONOTONIC) {
        long long time = now->tv_sec * SECOND + now->tv_nsec + ahead;
        now->tv_sec = time / SECOND;
        now->tv_nsec = time % SECOND;
    }
    return result;
}

int poll(struct pollfd *descriptors, nfds_t count, int timeout) {
    int is_wait = count == 1 && timeout > 10000;
    int shorter = is_wait ? timeout / 1000 : timeout;
    struct timespec limit = {shorter / 1000, shorter % 1000 * 1000000L};
    int result = ppoll(descriptors, count, shorter < 0 ? NULL : &limit, NULL);
    if (is_wait && result == 0) ahead += (timeout - shorter) * 1000000LL;
    return result;
}
