"""MCP: the tools say that they only read, and answer what the library answers, to the SDK's own client."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from perfsearch.library import Library
from perfsearch.service.cursors import Cursors
from perfsearch.service.mcp import make_server

TOOLS = {"search", "similar", "indicators", "policies", "duplicates", "review", "get"}


def with_client(sample: Library, act: Callable[[Client], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        server = make_server(lambda: sample, Cursors(b"s" * 32))
        async with Client(server) as client:
            return await act(client)

    return anyio.run(run)


def call(sample: Library, tool: str, **arguments: Any) -> dict[str, Any]:
    result = with_client(sample, lambda client: client.call_tool(tool, arguments))
    assert not result.is_error, result.content
    found: dict[str, Any] = result.structured_content
    return found


def test_every_tool_only_reads_and_describes_its_answer(sample: Library) -> None:
    listed = with_client(sample, lambda client: client.list_tools()).tools
    assert {tool.name for tool in listed} == TOOLS
    for tool in listed:
        assert tool.annotations.read_only_hint, tool.name
        assert tool.annotations.destructive_hint is False
        assert tool.description
        assert {"coverage", "next_cursor"} <= set(tool.output_schema["properties"])
        for argument in tool.input_schema["properties"].values():
            assert argument.get("description") or "anyOf" in argument or "default" in argument


def test_search_answers_what_the_library_answers_and_goes_on(sample: Library) -> None:
    whole = [hit.filing_id for hit in sample.search("河道养护", limit=8).hits]
    first = call(sample, "search", query="河道养护", limit=4)
    assert "library of" in first["coverage"]
    second = call(sample, "search", query="河道养护", limit=4, cursor=first["next_cursor"])
    assert [hit["filing_id"] for part in (first, second) for hit in part["result"]["hits"]] == whole


def test_a_filing_and_a_draft_are_compared_and_reviewed(sample: Library, corpus: Path) -> None:
    filing_id = sample.search("河道养护", limit=1).hits[0].filing_id
    assert call(sample, "get", filing_id=filing_id)["filing"]["id"] == filing_id
    draft = (corpus / "linjiang-hedao-yanghu-2018.txt").read_text(encoding="utf-8")
    for given in (filing_id, draft):
        assert call(sample, "similar", filing=given)["result"]["hits"]
        assert call(sample, "duplicates", filing=given)["result"]["matches"]
        assert "rules" in call(sample, "review", filing=given)["coverage"]
        assert "similar filings compared" in call(sample, "indicators", like=given)["coverage"]


def test_long_answers_come_in_parts_that_make_the_whole(sample: Library, corpus: Path) -> None:
    draft = (corpus / "linjiang-hedao-yanghu-2018.txt").read_text(encoding="utf-8")
    bad = draft.replace("2018-12-31", "2017-12-31").replace("=118.4", "=100").replace("520", "530")
    for tool, path, key in (("duplicates", "matches", "source_filing_id"), ("review", "findings", "code")):
        whole = call(sample, tool, filing=bad, limit=50)["result"][path]
        parts, cursor = [], None
        while True:
            answer = call(sample, tool, filing=bad, limit=2, cursor=cursor)
            assert len(json.dumps(answer, ensure_ascii=False)) < 16_000, tool
            parts += answer["result"][path]
            cursor = answer["next_cursor"]
            if cursor is None:
                break
        assert [one[key] for one in parts] == [one[key] for one in whole], tool
        assert len(parts) > 1, tool


def test_policies_and_indicators_are_found(sample: Library) -> None:
    found = call(sample, "policies", query="科普法")["result"]["policies"]
    page = call(sample, "policies", policy=found[0]["policy_id"])["policy"]
    assert page["citations"]
    assert call(sample, "indicators", query="满意度")["result"]["indicators"]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [("get", {"filing_id": "none"}), ("search", {"query": "x", "cursor": "A" * 30}), ("search", {"query": "x", "year": "z"}),
     ("search", {"query": ""}), ("duplicates", {"filing": "没有\n表格"})],
)  # fmt: skip
def test_a_wrong_call_says_what_is_wrong(sample: Library, tool: str, arguments: dict[str, Any]) -> None:
    result = with_client(sample, lambda client: client.call_tool(tool, arguments))
    assert result.is_error
    assert result.content[0].text


def test_it_answers_over_http_behind_the_same_gate(make_client: Any) -> None:
    client = make_client(mcp=True)
    asked = {
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    }  # fmt: skip
    headers = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    answer = client.post("/mcp", content=json.dumps(asked), headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["result"]["serverInfo"]["name"] == "perfsearch"
    call = {
        "jsonrpc": "2.0",
        "id": 2,
        "method": "tools/call",
        "params": {"name": "search", "arguments": {"query": "河道"}},
    }
    found = client.post("/mcp", content=json.dumps(call), headers=headers).json()["result"]["structuredContent"]
    assert found["result"]["hits"]
    assert client.post("/mcp", content="{}", headers={**headers, "Origin": "https://evil.example"}).status_code == 403


def test_it_answers_on_stdin_and_stdout(sample_directory: Path) -> None:
    import sys

    async def run() -> Any:
        server = StdioServerParameters(
            command=sys.executable,
            args=["-c", "from perfsearch.service.cli import main; main()", "mcp", "--library", str(sample_directory)],
        )
        async with Client(stdio_client(server)) as client:
            return await client.call_tool("search", {"query": "河道养护", "limit": 1})

    assert anyio.run(run).structured_content["result"]["hits"]
