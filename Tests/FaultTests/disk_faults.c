/* The calls by which a program changes files and sends to a server, counted, written down, and made to fail.
 *
 * Loaded by LD_PRELOAD. One count runs over all threads, so that the Nth call is one point in the life of the process;
 * strace counts for each thread by itself, and a thread with few calls would never be met. A test holds against
 * strace that no call gets past this.
 *
 *   DISK_FOLDER   only files under this folder count (sends always do)
 *   DISK_ONLY     of those, only paths that end in one of these words, separated by commas; "sync" and "write" choose
 *                 the kind of call: DISK_CALLS=sync
 *   DISK_FAULT    kill:N | eio:N | enospc:N | enospc+:N (and all after) of the calls so chosen
 *   DISK_LOG      a file that every call is written to, with its data, in the order in which they were made
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { FILES = 4096, LONGEST = 1024 };
enum kind { WRITE = 'w', SYNC = 's', TRUNCATE = 't', CREATE = 'c', RENAME = 'r', UNLINK = 'u', SEND = 'n' };

/* What a log consists of: this, the path, the second path, the data. */
struct record {
    uint8_t kind;
    uint8_t chosen;
    uint16_t path, other;
    uint16_t spare;
    int32_t error;
    uint64_t offset;
    uint32_t length;
    uint32_t spare_too;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char paths[FILES][LONGEST];
static int log_file = -1, ready;
static const char *folder, *only, *calls;
static char fault[16];
static long fault_at, count;

static void begin(void) {
    if (ready) return;
    ready = 1;
    folder = getenv("DISK_FOLDER");
    only = getenv("DISK_ONLY");
    calls = getenv("DISK_CALLS");
    const char *wanted = getenv("DISK_FAULT"), *log = getenv("DISK_LOG");
    if (wanted) sscanf(wanted, "%15[^:]:%ld", fault, &fault_at);
    if (log) {
        int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open64");
        log_file = real(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
}

static const char *path_of(int file) {
    return file >= 0 && file < FILES && paths[file][0] ? paths[file] : NULL;
}

/* Where a name below an open folder is, as a whole path. */
static void join(int at, const char *name, char *whole) {
    const char *base = name[0] == '/' ? NULL : path_of(at);
    if (base) snprintf(whole, LONGEST, "%s/%s", base, name);
    else snprintf(whole, LONGEST, "%s", name);
}

static int is_inside(const char *path) {
    return path && folder && strncmp(path, folder, strlen(folder)) == 0;
}

static int is_chosen(char kind, const char *path) {
    if (calls) {
        int isSync = kind == SYNC, wantsSync = strcmp(calls, "sync") == 0;
        if (isSync != wantsSync || (kind == SEND)) return 0;
    }
    if (!only) return 1;
    char words[256];
    snprintf(words, sizeof words, "%s", only);
    for (char *rest, *word = strtok_r(words, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
        size_t length = strlen(word), whole = path ? strlen(path) : 0;
        if (whole >= length && strcmp(path + whole - length, word) == 0) return 1;
    }
    return 0;
}

/* Before the call: dies, or answers an error that it ends with. The lock is held until `after`. */
static int before(char kind, const char *path, int *chosen) {
    *chosen = is_chosen(kind, path);
    if (!*chosen) return 0;
    long now = ++count;
    int is_time = now == fault_at || (fault[0] && strchr(fault, '+') && now >= fault_at);
    if (!is_time) return 0;
    if (strncmp(fault, "kill", 4) == 0) {
        kill(getpid(), SIGKILL);
        pause();
    }
    return strncmp(fault, "eio", 3) == 0 ? EIO : ENOSPC;
}

static void after(char kind, int chosen, const char *path, const char *other, int error, uint64_t offset,
                  const void *data, size_t length) {
    if (log_file >= 0) {
        static ssize_t (*real)(int, const void *, size_t);
        if (!real) real = dlsym(RTLD_NEXT, "write");
        struct record record = {
            .kind = kind, .chosen = chosen, .path = path ? strlen(path) : 0, .other = other ? strlen(other) : 0,
            .error = error, .offset = offset, .length = data ? length : 0};
        real(log_file, &record, sizeof record);
        if (path) real(log_file, path, record.path);
        if (other) real(log_file, other, record.other);
        if (data) real(log_file, data, length);
    }
}

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = dlsym(RTLD_NEXT, #name)

/* Runs CALL, whose result is negative when it fails, unless it is to die or fail here. */
#define GUARDED(kind, path, other, offset, data, length, CALL) \
    pthread_mutex_lock(&lock); \
    begin(); \
    int chosen, failing = before(kind, path, &chosen); \
    __typeof__(CALL) result = -1; \
    if (failing) errno = failing; \
    else result = CALL; \
    int saved = errno; \
    after(kind, chosen, path, other, result < 0 ? saved : 0, offset, data, \
          sizeof(result) == sizeof(ssize_t) && result > 0 ? (size_t)result : length); \
    pthread_mutex_unlock(&lock); \
    errno = saved; \
    return result

ssize_t write(int file, const void *data, size_t length) {
    REAL(write);
    const char *path = path_of(file);
    if (!is_inside(path)) return real(file, data, length);
    off64_t offset = lseek64(file, 0, SEEK_CUR);
    GUARDED(WRITE, path, NULL, offset, data, length, real(file, data, length));
}

ssize_t pwrite64(int file, const void *data, size_t length, off64_t offset) {
    REAL(pwrite64);
    const char *path = path_of(file);
    if (!is_inside(path)) return real(file, data, length, offset);
    GUARDED(WRITE, path, NULL, offset, data, length, real(file, data, length, offset));
}

ssize_t pwrite(int file, const void *data, size_t length, off_t offset) {
    return pwrite64(file, data, length, offset);
}

#define ON_FILE(name, kind, arguments, offset, call) \
    int name arguments { \
        REAL(name); \
        const char *path = path_of(file); \
        if (!is_inside(path)) return call; \
        GUARDED(kind, path, NULL, offset, NULL, 0, call); \
    }

ON_FILE(fsync, SYNC, (int file), 0, real(file))
ON_FILE(fdatasync, SYNC, (int file), 0, real(file))
ON_FILE(ftruncate64, TRUNCATE, (int file, off64_t length), length, real(file, length))
ON_FILE(ftruncate, TRUNCATE, (int file, off_t length), length, real(file, length))

int renameat(int old_at, const char *old, int new_at, const char *new) {
    REAL(renameat);
    char from[LONGEST], to[LONGEST];
    join(old_at, old, from);
    join(new_at, new, to);
    if (!is_inside(to)) return real(old_at, old, new_at, new);
    GUARDED(RENAME, from, to, 0, NULL, 0, real(old_at, old, new_at, new));
}

int rename(const char *old, const char *new) {
    return renameat(AT_FDCWD, old, AT_FDCWD, new);
}

int unlinkat(int at, const char *name, int flags) {
    REAL(unlinkat);
    char path[LONGEST];
    join(at, name, path);
    if (!is_inside(path)) return real(at, name, flags);
    GUARDED(UNLINK, path, NULL, 0, NULL, 0, real(at, name, flags));
}

int unlink(const char *name) {
    return unlinkat(AT_FDCWD, name, 0);
}

static void remember(int file, const char *path) {
    if (file >= 0 && file < FILES) snprintf(paths[file], LONGEST, "%s", path);
}

static int opened(int (*real)(int, const char *, int, ...), int at, const char *name, int flags, mode_t mode) {
    char path[LONGEST];
    join(at, name, path);
    struct stat64 found;
    int makes = (flags & O_CREAT) && is_inside(path) && fstatat64(at, name, &found, 0) != 0;
    if (!makes) {
        int file = real(at, name, flags, mode);
        remember(file, path);
        return file;
    }
    pthread_mutex_lock(&lock);
    begin();
    int chosen, failing = before(CREATE, path, &chosen);
    int file = -1;
    if (failing) errno = failing;
    else file = real(at, name, flags, mode);
    int saved = errno;
    remember(file, path);
    after(CREATE, chosen, path, NULL, file < 0 ? saved : 0, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = saved;
    return file;
}

#define MODE(last) \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, last); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    } \
    static int (*real)(int, const char *, int, ...); \
    if (!real) { \
        real = dlsym(RTLD_NEXT, "openat64"); \
        pthread_mutex_lock(&lock); \
        begin(); \
        pthread_mutex_unlock(&lock); \
    }

int openat64(int at, const char *name, int flags, ...) { MODE(flags) return opened(real, at, name, flags, mode); }
int openat(int at, const char *name, int flags, ...) { MODE(flags) return opened(real, at, name, flags, mode); }
int open64(const char *name, int flags, ...) { MODE(flags) return opened(real, AT_FDCWD, name, flags, mode); }
int open(const char *name, int flags, ...) { MODE(flags) return opened(real, AT_FDCWD, name, flags, mode); }

int close(int file) {
    REAL(close);
    if (file >= 0 && file < FILES) paths[file][0] = 0;
    return real(file);
}

ssize_t send(int socket, const void *data, size_t length, int flags) {
    REAL(send);
    GUARDED(SEND, NULL, NULL, 0, data, length, real(socket, data, length, flags));
}
