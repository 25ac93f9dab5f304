"""Options: where they come from, and the page that lists them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from perfsearch.errors import UsageError
from perfsearch.service.cli import cli
from perfsearch.service.options import ServiceOptions, load_options, reference
from perfsearch.settings import Settings, load_settings

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "settings.md"


def test_a_flag_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    config = tmp_path / "perfsearch.toml"
    config.write_text('port = 1\nworkers = 3\nlibrary = "a"\nmcp = true\n', encoding="utf-8")
    environment = {"PERFSEARCH_CONFIG": str(config), "PERFSEARCH_PORT": "2", "PERFSEARCH_LIBRARY": "b"}
    settings, options = load_options(environment, port=3, host=None)
    assert (options.port, options.workers, options.mcp, options.host) == (3, 3, True, "127.0.0.1")
    assert settings.library == Path("b")
    assert load_options(environment)[1].port == 2
    assert load_options({}, config)[1].port == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [("prot = 1", "prot"), ("port = 99999", "port"), ("port = ", "can't be read"), ("[service]\nport=1", "service")],
)
def test_a_wrong_file_says_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    config = tmp_path / "perfsearch.toml"
    config.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=said):
        load_options({}, config)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be read"):
        load_options({}, tmp_path / "none.toml")


def test_every_option_has_a_flag_that_reads_what_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[Settings, ServiceOptions]] = []
    monkeypatch.setattr("perfsearch.service.running.run", lambda *found: given.append(found))
    values = {
        "host": "127.0.0.2", "port": 1, "workers": 2, "threads": 3, "insecure": True, "allowed_hosts": "a,b",
        "rate_per_minute": 4, "wrong_keys_per_minute": 5, "requests_at_once_max": 6, "upload_size_bytes_max": 7_000,
        "body_size_bytes_max": 8_000, "session_hours": 0.5, "jobs_kept": 9, "graceful_seconds": 10, "mcp": True,
        "log_format": "console", "log_level": "error",
    }  # fmt: skip
    assert set(values) == set(ServiceOptions.model_fields), "the new option too"
    flags = [
        part
        for name, value in values.items()
        for part in ("--" + name.replace("_", "-"), *([] if value is True else [str(value)]))
    ]
    assert CliRunner().invoke(cli, ["serve", *flags], standalone_mode=False).exception is None
    assert given[0][1].model_dump() == values


def test_every_command_reads_the_settings_file(tmp_path: Path) -> None:
    config = tmp_path / "perfsearch.toml"
    config.write_text(f'library = "{tmp_path / "library"}"\nlimit_max = 7\nport = 1\n', encoding="utf-8")
    found = load_settings({"PERFSEARCH_CONFIG": str(config)})
    assert (found.library, found.limit_max) == (tmp_path / "library", 7)
    assert load_settings({"PERFSEARCH_CONFIG": str(config), "PERFSEARCH_LIMIT_MAX": "8"}).limit_max == 8


def test_hosts_are_those_of_this_machine_unless_said_otherwise() -> None:
    assert ServiceOptions().host_names
    assert "localhost" in ServiceOptions().host_names
    assert ServiceOptions(host="0.0.0.0").host_names == ()
    assert ServiceOptions(allowed_hosts="filings.example, x").host_names[:2] == ("filings.example", "x")
    assert ServiceOptions(allowed_hosts="*").host_names == ()


def test_the_committed_reference_is_current() -> None:
    assert REFERENCE.read_text(encoding="utf-8") == reference(), (
        "python -m perfsearch.service.options > docs/settings.md"
    )
