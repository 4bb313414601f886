"""What every kind of lock says when it is not free."""


class LockHeldError(Exception):
    """Another process held a lock until the deadline; the message names it."""
