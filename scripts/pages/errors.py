"""Every error, as the tree that it hangs in."""

from collections.abc import Iterator

from pages.markdown import code, first_sentences, table

from pipefy_exports_dagster.errors import PermanentError, PipefyExportsError, TransientError


def errors_table() -> str:
    rows = []
    for class_ in error_classes():
        assert class_.__doc__, f"{class_.__name__} has no docstring"
        assert len(class_.__bases__) == 1
        rows.append([code(class_.__name__), code(class_.__bases__[0].__name__), first_sentences(class_)])
    return table(("error", "is a", "when"), rows)


def error_classes(of: type[PipefyExportsError] = PipefyExportsError) -> Iterator[type[PipefyExportsError]]:
    """Yield every class of error below one, the permanent before the transient."""
    order = [PermanentError, TransientError]
    for class_ in sorted(
        of.__subclasses__(), key=lambda c: (order.index(c) if c in order else 9, c.__name__)
    ):
        if class_.__module__.startswith("pipefy_exports_dagster."):
            yield class_
            yield from error_classes(class_)
