"""Numbers in sentences."""


def counted(count: float, thing: str) -> str:
    """Return a number of things in words: ``1 slot``, ``2,000 slots``, ``1.5 days``."""
    return f"{count:,.10g} {thing}{'s' * (count != 1)}"


def counted_evs(vehicles: int, stays: int) -> str:
    """Return a number of EVs in words, with their stays where some have several: ``2 EVs``, ``2 EVs with 5 stays``."""
    return counted(vehicles, "EV") + (f" with {counted(stays, 'stay')}" if stays > vehicles else "")
