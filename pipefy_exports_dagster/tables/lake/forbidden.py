"""Functions that a person's SQL may not call on a lake, although the connection only reads."""

_BROUGHT = {
    "ducklake_add_data_files",
    "ducklake_cleanup_old_files",
    "ducklake_commit",
    "ducklake_delete_orphaned_files",
    "ducklake_expire_snapshots",
    "ducklake_flush_inlined_data",
    "ducklake_merge_adjacent_files",
    "ducklake_rewrite_data_files",
    "ducklake_scan",
    "ducklake_set_commit_message",
    "ducklake_set_option",
    "pg_clear_cache",
    "postgres_attach",
    "postgres_configure_pool",
    "postgres_execute",
    "postgres_query",
    "postgres_scan",
    "postgres_scan_pushdown",
    "sqlite_attach",
    "sqlite_query",
    "sqlite_scan",
}
"""Functions of the extensions (DuckDB 1.5.5) that write, or reach another database. Those that show snapshots stay."""
FORBIDDEN = frozenset(_BROUGHT | {name.removeprefix("ducklake_") for name in _BROUGHT})
"""A lake's functions are there with and without the prefix."""
