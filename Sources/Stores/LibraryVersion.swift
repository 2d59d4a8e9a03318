import SQLite

/// The library that a store is kept by, and its version.
package let storeLibrary = (name: "sqlite", version: sqliteVersion)
