"""The base of every value."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A frozen pydantic model; unknown keys are ignored, so that newer JSON can still be read."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)
