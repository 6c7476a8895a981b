"""Numbers in sentences."""


def counted(count: int, thing: str) -> str:
    """Return a number of things in words: ``1 slot``, ``2,000 slots``."""
    return f"{count:,} {thing}{'s' * (count != 1)}"
