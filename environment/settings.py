"""The base of every scenario section: frozen, strict about unknown keys, described by its own docstrings."""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """A frozen section of a scenario; the docstring under a field is its description (`runs.scenario_reference` reads it)."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
