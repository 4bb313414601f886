"""`pipefy-exports doctor`: whether everything is right, without creating an export.

Each module checks one part and yields findings; `examination` puts them in order. Dagster is not imported: that
alone would take seconds.
"""
