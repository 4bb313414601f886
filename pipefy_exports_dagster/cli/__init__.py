"""The command line: a command is a module, or a package where it is large, and one line in `main`.

How each ends, a promise to scripts: 0 done; 1 an error, in one line on stderr (and, with `--json`, as
`{"error": {"class", "message"}}` on stdout); 2 wrong usage; 130 Ctrl-C; 143 SIGTERM.
"""
