#pragma once
#include <sqlite3.h>

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
