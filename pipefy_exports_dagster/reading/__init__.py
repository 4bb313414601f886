"""From a file of any kind to a typed Parquet file, losslessly, in a process of its own; and what is asked of that file.

`runner.py` starts and watches that process, `worker.py` is it. It imports this package each time, so nothing is
imported here.
"""
