"""The commands of `pipefy-exports` that are one module each; `load`, `demo` and `sandbox` have packages of their own.

How each ends, a promise to scripts: 0 done; 1 an error, in one line on stderr (and, with `--json`, as
`{"error": {"class", "message"}}` on stdout); 2 wrong usage; 130 Ctrl-C; 143 SIGTERM.
"""
