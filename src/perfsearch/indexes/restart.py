"""Whether the machine was started anew since the indexes were last known to be whole.

Indexes are not forced onto the disk, so a power cut can leave a file shorter or older than its manifest says. The
library keeps the number of the boot in which its indexes were written or last checked; in another boot they are
checked whole, once.
"""

from __future__ import annotations

from pathlib import Path

from perfsearch.indexes.arrays import write_atomically

BOOT_FILE = "boot"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """The number of this boot; "" on systems without one, where `perfsearch verify` does the check."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def checked_in_this_boot(directory: Path) -> bool:
    """Whether the library's indexes were written or checked since the machine was started."""
    try:
        return (directory / BOOT_FILE).read_text(encoding="ascii", errors="replace") == boot_id()
    except OSError:
        return boot_id() == ""


def note_checked(directory: Path) -> None:
    """Write down that they are whole now; under the library's lock."""
    write_atomically(directory / BOOT_FILE, boot_id().encode("ascii"))
