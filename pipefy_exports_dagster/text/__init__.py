"""Text that is quoted: for people, and for SQL."""
