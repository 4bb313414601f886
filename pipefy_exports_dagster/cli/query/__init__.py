"""`pipefy-exports query`: SQL on the loaded tables, which can change nothing, neither in the database nor beside it."""
