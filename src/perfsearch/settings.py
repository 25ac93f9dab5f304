"""Every setting of perfsearch, with unit and bounds, read from file and environment in this one place."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from perfsearch.errors import UsageError

ENVIRONMENT_PREFIX = "PERFSEARCH_"
CONFIG_VARIABLE = f"{ENVIRONMENT_PREFIX}CONFIG"
"""Names a settings file (TOML), which may also hold the options of the service."""


class Settings(BaseModel):
    """Frozen settings; pass them in, never read them as a global."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    library: Path = Field(Path("index"), description="Directory of the library.")
    file_size_bytes_max: int = Field(
        200_000_000, ge=1_000, description="A larger input file is rejected before it is read."
    )
    line_length_max: int = Field(
        2_000_000, ge=10_000, description="A text file with a longer line (in characters) is rejected as junk."
    )
    filings_per_file_max: int = Field(
        10_000, ge=1, description="A document with more filings is rejected; a `.jsonl` of filings has no such limit."
    )
    pdf_pages_max: int = Field(5_000, ge=1, description="A PDF with more pages is rejected.")
    ocr_pages_max: int = Field(
        300, ge=1, description="Scanned pages of one file whose text is recognised; further ones are left out."
    )
    ocr_threads: int = Field(1, ge=1, le=64, description="Processor threads that recognise one page.")
    image_pixels_max: int = Field(100_000_000, ge=10_000, description="An image with more pixels is rejected.")
    table_cells_max: int = Field(
        1_000_000, ge=100, description="Cells of one table or sheet; further ones are left out."
    )
    unpacked_bytes_max: int = Field(
        500_000_000,
        ge=1_000,
        description="A compressed document or archive that unpacks to more is rejected as a bomb.",
    )
    archive_files_max: int = Field(20_000, ge=1, description="An archive with more files is rejected.")
    filings_bytes_max: int = Field(
        200_000_000, ge=10_000, description="A file whose filings take more, as JSON, is rejected."
    )
    reading_seconds_max: float = Field(
        300.0, ge=0.1, le=86_400.0, description="A document that takes longer to read is rejected; in an archive, each."
    )
    reading_memory_bytes_max: int = Field(
        2_000_000_000,
        ge=200_000_000,
        description="A document that needs more memory to be read is rejected. Each reading process may take so much.",
    )
    reading_workers: int = Field(
        0, ge=0, le=256, description="Processes that read files at once; 0 is one for each processor core."
    )
    lock_wait_seconds: float = Field(
        30.0, ge=0.0, le=3600.0, description="How long a second writer waits before it says who holds the lock."
    )
    query_length_max: int = Field(2_000, ge=10, description="A longer query is cut to this many characters.")
    limit_max: int = Field(1_000, ge=1, description="The most hits one answer holds.")
    rules_off: str = Field(
        "", description="Rules of the review that are switched off: codes or families, separated by commas."
    )

    def rules_off_names(self) -> tuple[str, ...]:
        """The names in `rules_off`."""
        return tuple(name.strip() for name in self.rules_off.replace("，", ",").split(",") if name.strip())


def load_settings(environment: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Settings from the file that `PERFSEARCH_CONFIG` names, then `PERFSEARCH_*`, then overrides that are not None.

    Raises:
        UsageError: the file can't be read, or a value is not of its kind or out of its bounds.
    """
    environment = os.environ if environment is None else environment
    config = environment.get(CONFIG_VARIABLE)
    given = read_config(Path(config)) if config else {}
    values = {name: value for name, value in given.items() if name in Settings.model_fields}
    for name in Settings.model_fields:
        variable = ENVIRONMENT_PREFIX + name.upper()
        if environment.get(variable):
            values[name] = environment[variable]
    values.update({name: value for name, value in overrides.items() if value is not None})
    try:
        return Settings(**values)
    except ValueError as error:
        raise UsageError(f"settings: {error}") from error


def read_config(path: Path) -> dict[str, Any]:
    """The names and values of a settings file.

    Raises:
        UsageError: it can't be read.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: the settings can't be read: {error}") from error
