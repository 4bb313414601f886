"""What an error could give away: its text, its repr, its arguments, and those of all it came from."""


def told_by(error: BaseException) -> str:
    """Return everything that a log, a debugger's summary or an error tracker would print of an error."""
    seen: list[BaseException] = []
    texts: list[str] = []
    todo: list[BaseException | None] = [error]
    while todo:
        current = todo.pop()
        if current is None or current in seen:
            continue
        seen.append(current)
        texts += [str(current), repr(current), repr(current.args), repr(vars(current))]
        texts += getattr(current, "__notes__", [])
        todo += [current.__cause__, current.__context__]
    return "\n".join(texts)
