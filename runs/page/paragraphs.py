"""Prose and tables on the page. Plain HTML: Solara's Markdown asks for a formula typesetter that is not installed offline."""

from collections.abc import Sequence
from html import escape
from typing import Final

import solara

COLUMNS: Final = "display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:24px;width:100%"
PANEL: Final = "min-width:0"


def said(text: str, lead: str = "", *, tag: str = "p") -> None:
    """Show a paragraph, its lead in bold."""
    bold = f"<b>{escape(lead)}</b> " if lead else ""
    solara.HTML(tag=tag, unsafe_innerHTML=bold + escape(text), style="margin:0 0 8px 0")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Show a table whose first column names the rows."""
    cell = 'style="padding:4px 12px;text-align:{}"'
    side = [cell.format("left"), *[cell.format("right")] * (len(head) - 1)]
    lines = [
        "<tr>" + "".join(f"<{tag} {how}>{escape(text)}</{tag}>" for how, text in zip(side, row, strict=True)) + "</tr>"
        for tag, row in [("th", head), *(("td", row) for row in rows)]
    ]
    solara.HTML(tag="div", unsafe_innerHTML=f"<table>{''.join(lines)}</table>", style="overflow-x:auto;max-width:100%")
