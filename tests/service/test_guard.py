"""Who may do what: keys and roles, sessions and forms, hosts, the headers of every answer, the audit log."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from perfsearch.errors import LibraryError, NotFound, UsageError
from perfsearch.service.folder import ServiceFolder
from perfsearch.service.guard.audit import AuditLog
from perfsearch.service.guard.gate import Gate
from perfsearch.service.guard.keys import KeyRing, Principal, key_ring
from perfsearch.service.guard.limits import OwnBuckets, RateLimit, SharedBuckets
from perfsearch.service.guard.sessions import COOKIE, Sessions
from perfsearch.service.options import ServiceOptions
from perfsearch.service.running import check_reach
from perfsearch.settings import Settings


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def token_of(page: Any) -> str:
    found = re.search(r'name="csrf" (?:content|value)="([^"]+)"', page.text)
    assert found
    return found[1]


@pytest.fixture
def ring(library_copy: Path) -> KeyRing:
    return key_ring(library_copy)


# -- keys


def test_a_key_is_kept_as_a_hash_only_and_readable_by_its_owner_only(ring: KeyRing, library_copy: Path) -> None:
    token = ring.make("分析科", "reader")
    path = library_copy / "service" / "keys.json"
    assert token.split("_", 2)[2] not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    key_id = ring.check(token)
    assert key_id is not None
    assert ring.holder(key_id).name == "分析科"  # type: ignore[union-attr]


def test_a_wrong_or_revoked_key_is_none(ring: KeyRing) -> None:
    token = ring.make("a", "admin")
    assert ring.check(token[:-1] + ("A" if token[-1] != "A" else "B")) is None
    assert ring.check("") is None
    assert ring.check("ps_zz_short") is None
    other = KeyRing(ring._folder)  # another process
    key_id = other.listed()[0]["id"]
    assert ring.check(token) == key_id
    other.revoke(key_id)
    assert ring.check(token) is None
    with pytest.raises(NotFound):
        other.revoke(key_id)


def test_keys_that_cannot_be_read_lock_the_service_instead_of_opening_it(ring: KeyRing, library_copy: Path) -> None:
    ring.make("a", "reader")
    (library_copy / "service" / "keys.json").write_text("{broken")
    with pytest.raises(LibraryError, match="can't be read"):
        len(ring)


def test_roles_allow_what_they_say(make_client: Any, ring: KeyRing, draft_file: Path) -> None:
    tokens = {role: ring.make(role, role) for role in ("reader", "editor", "admin")}  # type: ignore[arg-type]
    client: TestClient = make_client()
    data = {"file": (draft_file.name, draft_file.read_bytes() + b"\n")}
    expected = {"reader": (200, 403, 403), "editor": (200, (200, 201), 403), "admin": (200, (200, 201), 202)}
    for role, (ask, add, rebuild) in expected.items():
        headers = bearer(tokens[role])
        assert client.get("/api/v1/search?q=河道", headers=headers).status_code == ask
        allowed = add if isinstance(add, tuple) else (add,)
        assert client.post("/api/v1/filings", files=data, headers=headers).status_code in allowed
        assert client.post("/api/v1/jobs", json={"kind": "verify"}, headers=headers).status_code == rebuild
    who = [json.loads(line)["who"] for line in (Path(ring._path).parent / "audit.jsonl").read_text().splitlines()]
    assert set(who) == {"editor", "admin"}


def test_without_a_key_programs_get_a_401_and_browsers_the_sign_in(make_client: Any, ring: KeyRing) -> None:
    ring.make("a", "reader")
    client: TestClient = make_client()
    refused = client.get("/api/v1/search?q=x")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert client.get("/api/v1/search?q=x", headers=bearer("ps_00000000_" + "a" * 32)).status_code == 401
    page = client.get("/policies?q=x", follow_redirects=False)
    assert (page.status_code, page.headers["location"]) == (303, "/login?next=%2Fpolicies%3Fq%3Dx")
    assert client.get("/metrics").status_code == 401
    assert client.get("/healthz").status_code == 200


# -- sessions


def test_a_browser_signs_in_with_a_key_and_out_again(make_client: Any, ring: KeyRing) -> None:
    token = ring.make("审核科", "reader")
    client: TestClient = make_client()
    page = client.get("/login?next=/policies")
    wrong = client.post("/login", data={"csrf": token_of(page), "key": "ps_no", "next": "/policies"})
    assert wrong.status_code == 401
    done = client.post(
        "/login", data={"csrf": token_of(page), "key": token, "next": "/policies"}, follow_redirects=False
    )
    assert (done.status_code, done.headers["location"]) == (303, "/policies")
    cookie = done.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    signed_in = client.get("/policies")
    assert signed_in.status_code == 200
    client.post("/logout", data={"csrf": token_of(signed_in)})
    assert client.get("/policies", follow_redirects=False).status_code == 303


def test_a_sign_in_leads_to_no_other_site(make_client: Any, ring: KeyRing) -> None:
    token = ring.make("a", "reader")
    client: TestClient = make_client()
    for target in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        page = client.get("/login")
        done = client.post(
            "/login", data={"csrf": token_of(page), "key": token, "next": target}, follow_redirects=False
        )
        assert done.headers["location"] == "/"


def test_a_session_that_was_changed_or_has_ended_is_none() -> None:
    sessions = Sessions(b"s" * 32, 1.0)
    session = sessions.start("key1")
    cookie = sessions.to_cookie(session)
    assert sessions.from_cookie(cookie) == session
    assert sessions.from_cookie(cookie.replace("key1", "key2")) is None
    assert sessions.from_cookie("") is None
    assert Sessions(b"t" * 32, 1.0).from_cookie(cookie) is None
    assert (
        Sessions(b"s" * 32, -1.0).from_cookie(Sessions(b"s" * 32, -1.0).to_cookie(Sessions(b"s" * 32, -1.0).start()))
        is None
    )


def test_a_form_without_its_token_changes_nothing(make_client: Any, draft_file: Path) -> None:
    client: TestClient = make_client()
    page = client.get("/add")
    files = {"files": (draft_file.name, draft_file.read_bytes())}
    assert client.post("/add", files=files).status_code == 403
    assert client.post("/add", files=files, data={"csrf": "x" * 32}).status_code == 403
    answer = client.post("/add", files=files, data={"csrf": token_of(page)}, follow_redirects=False)
    assert answer.status_code == 303
    client.cookies.clear()
    assert client.post("/add", files=files, data={"csrf": token_of(page)}).status_code == 403


def test_a_page_of_another_site_changes_nothing(make_client: Any) -> None:
    client: TestClient = make_client()
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        refused = client.post("/api/v1/jobs", json={"kind": "verify"}, headers=headers)
        assert refused.status_code == 403
        assert refused.json()["type"].endswith("cross-site")
    assert (
        client.post("/api/v1/jobs", json={"kind": "verify"}, headers={"Origin": "http://127.0.0.1"}).status_code == 202
    )


def test_a_signed_in_browser_needs_the_token_for_the_api_too(make_client: Any, ring: KeyRing) -> None:
    token = ring.make("a", "admin")
    client: TestClient = make_client()
    page = client.get("/login")
    client.post("/login", data={"csrf": token_of(page), "key": token})
    inside = client.get("/add")
    assert client.post("/api/v1/jobs", json={"kind": "verify"}).status_code == 403
    headers = {"X-CSRF-Token": token_of(inside)}
    assert client.post("/api/v1/jobs", json={"kind": "verify"}, headers=headers).status_code == 202


def test_a_revoked_key_ends_its_sessions(make_client: Any, ring: KeyRing) -> None:
    token = ring.make("a", "reader")
    ring.make("b", "reader")
    client: TestClient = make_client()
    client.post("/login", data={"csrf": token_of(client.get("/login")), "key": token})
    assert client.get("/add").status_code == 200
    ring.revoke(token.split("_")[1])
    assert client.get("/add", follow_redirects=False).status_code == 303
    assert COOKIE in client.cookies


# -- reach


def test_it_refuses_to_be_reached_by_others_without_keys(library_copy: Path, ring: KeyRing) -> None:
    settings = Settings(library=library_copy)
    check_reach(settings, ServiceOptions())
    with pytest.raises(UsageError, match="no API keys"):
        check_reach(settings, ServiceOptions(host="0.0.0.0"))
    check_reach(settings, ServiceOptions(host="0.0.0.0", insecure=True))
    ring.make("a", "reader")
    check_reach(settings, ServiceOptions(host="0.0.0.0"))


def test_a_name_that_is_not_served_is_refused(client: TestClient) -> None:
    refused = client.get("/api/v1/stats", headers={"Host": "rebound.example"})
    assert refused.status_code == 400
    assert refused.json()["type"].endswith("unknown-host")


def test_every_page_forbids_scripts_and_frames_of_others(client: TestClient) -> None:
    for path in ("/", "/?q=河道", "/policies", "/nothing", "/api/v1/stats", "/static/app.js"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("shared", [False, True])
def test_a_caller_gets_a_burst_and_then_the_rate(tmp_path: Path, shared: bool) -> None:
    now = [100.0]
    buckets = SharedBuckets(tmp_path / "rates") if shared else OwnBuckets()
    limit = RateLimit(60, buckets, clock=lambda: now[0])
    assert [limit.wait_seconds("a") for _ in range(30)] == [0.0] * 30
    assert limit.wait_seconds("a") == pytest.approx(1.0)
    assert limit.wait_seconds("b", spend=False) == 0.0
    now[0] += 1.0
    assert limit.wait_seconds("a", spend=False) == 0.0
    assert limit.wait_seconds("a") == 0.0
    assert limit.wait_seconds("a") > 0.0
    assert RateLimit(0).wait_seconds("a") == 0.0


def test_processes_that_share_a_file_count_together(tmp_path: Path) -> None:
    one, other = (RateLimit(60, SharedBuckets(tmp_path / "rates"), clock=lambda: 5.0) for _ in range(2))
    assert [(one, other)[n % 2].wait_seconds("a") for n in range(30)] == [0.0] * 30
    assert one.wait_seconds("a") > 0
    assert other.wait_seconds("a") > 0
    # The machine was started again, and its clock with it.
    assert RateLimit(60, SharedBuckets(tmp_path / "rates"), clock=lambda: 1.0).wait_seconds("a") == 0.0


def test_many_callers_share_the_table_and_none_is_let_off(tmp_path: Path) -> None:
    limit = RateLimit(2, SharedBuckets(tmp_path / "rates"), clock=lambda: 5.0)
    assert all(limit.wait_seconds(str(n)) == 0.0 for n in range(2_000))
    assert sum(limit.wait_seconds(str(n)) > 0.0 for n in range(2_000)) > 1_990


def test_an_address_gets_so_many_wrong_keys(make_client: Any, ring: KeyRing) -> None:
    token = ring.make("a", "reader")
    client: TestClient = make_client(wrong_keys_per_minute=8)
    assert client.get("/api/v1/stats", headers=bearer(token)).status_code == 200
    wrong = bearer(token[:-1] + ("A" if token[-1] != "A" else "B"))
    assert [client.get("/api/v1/stats", headers=wrong).status_code for _ in range(6)] == [401] * 4 + [429] * 2
    page = client.get("/login")
    refused = client.post("/login", data={"csrf": token_of(page), "key": "ps_no"}, headers={"accept": "text/html"})
    assert (refused.status_code, "请求太频繁" in refused.text) == (429, True)
    # Whoever asks with a key that is known goes on.
    assert client.get("/api/v1/stats", headers=bearer(token)).status_code == 200


def test_a_name_is_of_one_key(ring: KeyRing) -> None:
    ring.make("分析科", "reader")
    with pytest.raises(UsageError, match="take another"):
        ring.make(" 分析科 ", "admin")


def test_more_requests_than_a_process_holds_are_refused_until_there_is_room(make_client: Any) -> None:
    client: TestClient = make_client(requests_at_once_max=1)
    gate = client.app.middleware_stack  # type: ignore[attr-defined]
    while not isinstance(gate, Gate):
        gate = gate.app
    gate._at_once = 1
    refused = client.get("/api/v1/stats")
    assert refused.status_code == 503
    assert refused.json()["type"].endswith("overloaded")
    assert int(refused.headers["retry-after"]) > 0
    assert "暂时不能回答" in client.get("/", headers={"accept": "text/html"}).text
    assert client.get("/readyz").status_code == 200
    gate._at_once = 0
    assert client.get("/api/v1/stats").status_code == 200


def test_a_rate_is_set_beyond_this_machine_unless_another_is() -> None:
    assert ServiceOptions().rate == 0
    assert ServiceOptions(host="0.0.0.0").rate > 0
    assert ServiceOptions(host="0.0.0.0", rate_per_minute=0).rate == 0


def test_the_audit_log_gives_its_last_entries_however_long_it_is(tmp_path: Path) -> None:
    log = AuditLog(ServiceFolder(tmp_path))
    assert log.entries() == []
    for n in range(2_000):
        log.note(Principal("分析科", "editor"), "add", n=n, file="名" * 30)
    assert [one["n"] for one in log.entries(700)] == list(range(1_999, 1_299, -1))
    assert len(log.entries(5_000)) == 2_000
