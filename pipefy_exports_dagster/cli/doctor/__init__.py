"""`pipefy-exports doctor`: whether everything is right, without creating an export.

Each module looks at one part and yields findings; `examination` puts them in order. Dagster is not imported: that
alone would take seconds.
"""
