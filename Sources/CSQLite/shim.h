#pragma once
#include <linux/stat.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* statx(2), which Swift's Glibc lacks: the number of a file, and when it came to be in nanoseconds, 0 where the file
   system does not know. 0 on success. */
static inline int rota_file_identity(const char *path, uint64_t *inode, int64_t *born) {
    struct statx facts;
    if (syscall(SYS_statx, -100 /* AT_FDCWD */, path, 0, STATX_INO | STATX_BTIME, &facts) != 0) return -1;
    *inode = facts.stx_ino;
    *born = facts.stx_mask & STATX_BTIME ? facts.stx_btime.tv_sec * 1000000000LL + facts.stx_btime.tv_nsec : 0;
    return 0;
}

/* sqlite3_db_config is variadic, which Swift cannot call. */
static inline int rota_sqlite_db_config_int(sqlite3 *db, int option, int value, int *now) {
    return sqlite3_db_config(db, option, value, now);
}

/* sqlite3_config is variadic, too. */
static inline int rota_sqlite_config_int(int option, int value) {
    return sqlite3_config(option, value);
}

/* SQLITE_TRANSIENT is a cast macro, which Swift does not import: SQLite copies the bytes. */
static inline int rota_sqlite_bind_text_copy(sqlite3_stmt *s, int index, const char *bytes, int count) {
    return sqlite3_bind_text(s, index, bytes, count, SQLITE_TRANSIENT);
}
static inline int rota_sqlite_bind_blob_copy(sqlite3_stmt *s, int index, const void *bytes, int count) {
    return sqlite3_bind_blob(s, index, bytes, count, SQLITE_TRANSIENT);
}

/* The header of the WAL-index, in memory that all connections to a database share (its layout is in the chapter
   "WAL-Index Format" of SQLite's "WAL-mode File Format"): every commit of anybody writes it anew. It is asked of
   SQLite's own file object, since another descriptor of that file would free all its locks when it is closed. NULL
   where there is none; else it stays for as long as the connection is open. */
static inline const volatile void *rota_sqlite_wal_header(sqlite3 *db) {
    sqlite3_file *file = NULL;
    volatile void *start = NULL;
    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK || !file || !file->pMethods
        || file->pMethods->iVersion < 2)
        return NULL;
    return file->pMethods->xShmMap(file, 0, 32768, 0, &start) == SQLITE_OK ? start : NULL;
}

/* It is there twice, 48 bytes each; a writer changes the second copy first. False while they differ, and before anybody
   has read. */
typedef struct {
    unsigned long long words[6];
} rota_sqlite_wal_state;

static inline int rota_sqlite_read_wal_header(const volatile void *header, rota_sqlite_wal_state *state) {
    const volatile unsigned long long *words = header;
    unsigned long long differences = 0;
    for (int i = 0; i < 6; i++) state->words[i] = words[i];
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    for (int i = 0; i < 6; i++) differences |= state->words[i] ^ words[6 + i];
    return differences == 0 && state->words[0] != 0;
}
