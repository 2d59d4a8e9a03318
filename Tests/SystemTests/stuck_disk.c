// Lets a program hang in each sync for as long as the file $STUCK_DISK is there, as on a disk that does not answer.
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static void hang(void) {
    while (access(getenv("STUCK_DISK"), F_OK) == 0) usleep(10000);  /* until the test takes the file away */
}

int fdatasync(int file) {
    hang();
    return syscall(SYS_fdatasync, file);
}

int fsync(int file) {
    hang();
    return syscall(SYS_fsync, file);
}
