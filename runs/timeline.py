"""Who read, chose, deposited, was refused, and when: the log of a run as a text table."""

from typing import Final

import numpy as np
import pandas as pd

from environment.horizon import Horizon

QUIET: Final = ("forecast", "report")
"""Kinds that tell nothing of EVs."""


def timeline(log: pd.DataFrame, horizon: Horizon) -> str:
    """Return a line for every message between transformers and EVs, in the order of sending.

    Parameters
    ----------
    log
        As in a `Result` of a run with ``channel.log``.
    horizon
        Tells the clock.

    Returns
    -------
    str
        Columns: sent, arrived ("lost" if nobody heard it), message, sender, receiver, what it says (slots by number and
        their power in kW).
    """
    rows = [("sent", "arrived", "message", "sender", "receiver", "says")]
    told = log[~log.kind.isin(QUIET)]
    clock_h = {at: horizon.start_clock_h + horizon.wall_h(told[at].to_numpy()) for at in ("sent_h", "arrives_h")}
    for each in told.assign(**clock_h).to_dict("records"):
        of = each["receivers"]
        heard = of - each["lost"] - each["late"]
        arrived = "lost" if np.isnan(each["arrives_h"]) else _clock(each["arrives_h"])
        receiver = each["receiver"] + (f" ({heard} of {of})" if 0 < heard < of else "")
        rows.append((_clock(each["sent_h"]), arrived, each["kind"], each["sender"], receiver, each["text"]))
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines) + "\n"


def _clock(clock_h: float) -> str:
    day, rest = divmod(clock_h * 3600, 86_400)
    text = f"{int(rest // 3600):02d}:{int(rest % 3600 // 60):02d}:{rest % 60:05.2f}"
    return text if day == 0 else f"{text}+{int(day)}"
