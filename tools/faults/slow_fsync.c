/* Put in front of libc (LD_PRELOAD): every fsync and fdatasync takes REGULARS_FSYNC_MS longer,
   as the memory card of a small board does. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static void wait_as_a_card_does(void)
{
    const char *said = getenv("REGULARS_FSYNC_MS");
    long us = said ? (long) (atof(said) * 1000.0) : 0;
    struct timespec left = {us / 1000000, (us % 1000000) * 1000};
    while (us > 0 && nanosleep(&left, &left) != 0) {
    }
}

int fsync(int fd)
{
    static int (*real)(int);
    if (!real)
        real = (int (*)(int)) dlsym(RTLD_NEXT, "fsync");
    wait_as_a_card_does();
    return real(fd);
}

int fdatasync(int fd)
{
    static int (*real)(int);
    if (!real)
        real = (int (*)(int)) dlsym(RTLD_NEXT, "fdatasync");
    wait_as_a_card_does();
    return real(fd);
}
