import CSQLite

/// The SQLite that is loaded, such as `3.40.1`.
package let sqliteVersion = String(cString: sqlite3_libversion())
