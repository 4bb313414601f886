"""The archive of record: downloaded files with their sidecars."""
