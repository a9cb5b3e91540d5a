/* A clock of the day that can be set back, for one process: preloaded (LD_PRELOAD), it adds the seconds
   that the file CLOCK_OFFSET holds, as eight bytes, to what the system says. What only runs on
   (CLOCK_MONOTONIC) is left alone, as it is when the clock of a machine is set.

   The embedded engine asks the kernel itself, so this is for Python only.

       cc -shared -fPIC -O2 -o clock.so clock.c -ldl */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static const volatile long long *offset;
static int (*system_gettime)(clockid_t, struct timespec *);

__attribute__((constructor)) static void find(void) {
    static const long long none = 0;
    const char *path = getenv("CLOCK_OFFSET");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *seen = file < 0 ? MAP_FAILED : mmap(0, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
    system_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    offset = seen == MAP_FAILED ? &none : seen;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    if (!system_gettime) find();
    int failed = system_gettime(clock, now);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += *offset;
    return failed;
}

int gettimeofday(struct timeval *now, void *zone) {
    struct timespec found;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &found);
    now->tv_sec = found.tv_sec;
    now->tv_usec = found.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *into) {
    struct timespec found;
    clock_gettime(CLOCK_REALTIME, &found);
    if (into) *into = found.tv_sec;
    return found.tv_sec;
}
