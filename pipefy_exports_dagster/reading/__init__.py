"""Read a file of any kind into a typed Parquet file, losslessly, in a separate process; and query that Parquet file.

`runner.py` starts and watches the process, and `worker.py` runs in it. The process imports this package each time, so
nothing is imported here.
"""
