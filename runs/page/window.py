"""What the browser tells of its window: dark or light, narrow or wide.

`solara.lab.use_dark_effective` stays False on Vue 2 where the browser's own preference is followed (solara 1.64.1): the theme's
model and the page have a Vuetify each. So the page's own class is looked at.
"""

from collections.abc import Callable
from typing import Any

import solara

dark = solara.reactive(False)
"""Whether the page is dark; Solara keeps one for each browser tab."""

narrow = solara.reactive(False)
"""Whether the window has no room for the controls beside the page; one for each browser tab."""


@solara.component_vue("window.vue")
def _Window(event_looks: Callable[[dict[str, Any]], None]) -> None:
    """Report the window's looks, once and at each change."""


@solara.component
def Window() -> None:
    """Listen to the browser; shows nothing."""

    def looks(told: dict[str, Any]) -> None:
        dark.set(bool(told["dark"]))
        narrow.set(bool(told["narrow"]))

    _Window(event_looks=looks)
