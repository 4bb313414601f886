"""Servers that several machines share, from wheels, on 127.0.0.1: for tests and for `make demo-scale`.

Each picks a free port, keeps its files in a temporary folder, answers when its `with` block begins, and is gone with
its files when the block ends, or when the process that began it is killed. The wheels are the dependency group
`scale-tests`.
"""

from servers.broker import Broker
from servers.object_store import ObjectStore, SigningObjectStore
from servers.postgres import PostgresDatabase, PostgresServer
from servers.server import ServerError

__all__ = [
    "Broker",
    "ObjectStore",
    "PostgresDatabase",
    "PostgresServer",
    "ServerError",
    "SigningObjectStore",
]
