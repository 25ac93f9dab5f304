"""What could not be read: told on the command line and over REST, and no harm to a service that reads it."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from perfsearch.library import Library
from perfsearch.parsing.pool import POOL
from perfsearch.service import terminal
from perfsearch.service.cli import cli
from perfsearch.service.guard.keys import key_ring
from tests.parsing import hostile
from tests.parsing.test_parsing import FORM
from tests.parsing.test_pool import children, eventually, ticks


def command(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, [str(one) for one in arguments], standalone_mode=False)
    return result.return_value or 0, result.stdout, result.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "good.txt").write_text(FORM)
    (tmp_path / "in" / "bad.txt").write_text("不是表\n")
    return tmp_path / "in"


def test_the_command_lists_retries_and_clears(folder: Path, tmp_path: Path) -> None:
    at = ("--library", tmp_path / "library")
    assert command("add", folder, *at)[0] == 1
    code, out, err = command("rejected", *at)
    assert code == 0
    assert str(folder / "bad.txt") in out
    assert "共 1 条" in err
    assert command("rejected", folder / "good.txt", *at)[1] == ""
    code, out, _ = command("rejected", "--retry", "--json", *at)
    assert code == 1
    assert '"rejected": [{"path": ' in out
    (folder / "bad.txt").write_text(FORM.replace("基层科普服务", "改好了"))
    assert command("rejected", "--retry", *at)[0:2] == (0, "新增 1 份，更新 0 份，未变 0 份，未能读入 0 个文件\n")
    assert command("rejected", "--json", *at)[1] == '{"total": 0, "rejected": []}\n'
    (folder / "bad.txt").write_text("不是表\n")
    command("add", folder, *at)
    assert command("rejected", "--clear", *at)[1] == "已清除 1 条\n"


def test_both_at_once_is_a_wrong_use(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["rejected", "--retry", "--clear"], standalone_mode=False)
    assert "not both" in str(result.exception)


def test_a_long_add_says_how_far_it_is_where_stderr_is_no_terminal(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "SAY_SECONDS", 0.0)
    _, out, err = command("add", folder, "--library", tmp_path / "library", "--workers", "1", "--json")
    assert out.startswith("{")
    assert "读入 1/2 个文件，0 份，未能读入 1；每秒" in err
    assert "约剩 0 分 00 秒" in err


def test_the_service_lists_what_could_not_be_read(make_client: Any, library_copy: Path, folder: Path) -> None:
    with Library.open(library_copy) as library:
        library.add(folder)
    client = make_client()
    answer = client.get("/api/v1/rejected", params={"limit": 1})
    assert answer.headers["X-Total-Count"] == "1"
    (one,) = answer.json()["rejected"]
    assert set(one) == {"path", "reason", "at"}
    assert one["path"] == str(folder / "bad.txt")
    assert client.get("/api/v1/rejected", params={"below": "/elsewhere"}).json() == {"total": 0, "rejected": []}
    assert client.get("/api/v1/rejected", params={"format": "csv"}).text.startswith("\ufeffpath")


def test_only_editors_are_told(make_client: Any, library_copy: Path) -> None:
    ring = key_ring(library_copy)
    tokens = {role: ring.make(role, role) for role in ("reader", "editor")}  # type: ignore[arg-type]
    client = make_client()
    for role, code in (("reader", 403), ("editor", 200)):
        answer = client.get("/api/v1/rejected", headers={"Authorization": f"Bearer {tokens[role]}"})
        assert answer.status_code == code


def test_an_upload_that_gave_nothing_is_told_to_who_sent_it_and_not_kept(make_client: Any) -> None:
    client = make_client()
    answer = client.post("/api/v1/filings", files={"file": ("bad.txt", "不是表\n".encode())})
    assert answer.status_code == 422
    assert client.get("/api/v1/rejected").json()["total"] == 0


def one_that_reads() -> int:
    """The process that has been at work for a while."""
    before: dict[int, int] = {}
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for pid in children(POOL._nursery.pid) if POOL._nursery is not None else ():
            spent = ticks(pid)
            if spent > before.setdefault(pid, spent) + 20:
                return pid
        time.sleep(0.02)
    raise AssertionError("none reads")


@pytest.mark.skipif(sys.platform != "linux", reason="finds the processes in /proc")
@pytest.mark.parametrize("address", ["review", "duplicates", "similar", "parse"])
def test_a_crash_in_a_reader_does_not_take_the_service_down(make_client: Any, address: str) -> None:
    client = make_client(settings={"reading_memory_bytes_max": 400_000_000})
    data = hostile.pdf_that_draws_itself()
    answer = client.post(f"/api/v1/{address}", files={"file": ("itself.pdf", data)})
    assert answer.status_code == 422
    assert "reading_memory_bytes_max" in answer.json()["detail"]
    good = client.post(f"/api/v1/{address}", files={"file": ("good.txt", FORM.encode())})
    assert good.status_code == 200


@pytest.mark.skipif(sys.platform != "linux", reason="finds the processes in /proc")
def test_a_job_whose_reader_is_killed_over_and_over_ends_with_the_reason(make_client: Any) -> None:
    client = make_client(settings={"reading_workers": 1})
    files = {"file": ("slow.pdf", hostile.slow_pdf(3_000_000))}
    job = client.post("/api/v1/filings", files=files, headers={"Prefer": "respond-async"}).json()
    address = f"/api/v1/jobs/{job['id']}"
    for _ in range(2):
        os.kill(one_that_reads(), signal.SIGKILL)
    assert eventually(lambda: client.get(address).json()["state"] == "done")
    (rejection,) = client.get(address).json()["result"]["rejected"]
    assert rejection["path"] == "slow.pdf"
    assert "killed twice" in rejection["reason"]
