"""Commands about the policies that filings cite."""

from __future__ import annotations

import click

from perfsearch.model import PolicyPage, PolicySummary
from perfsearch.service.cli.context import Context, json_option, library_option, print_json
from perfsearch.service.wording import KIND_NAMES, SECTION_NAMES, STATUS_NAMES

_limit = click.option("--limit", type=click.IntRange(1, 1000), default=20, help="At most so many.")
_offset = click.option("--offset", type=click.IntRange(min=0), default=0, help="Skip so many.")


@click.command()
@click.argument("query", required=False)
@_limit
@_offset
@library_option
@json_option
@click.pass_obj
def policies(
    context: Context, /, query: str | None, limit: int, offset: int, library: str | None, as_json: bool
) -> int:
    """Cited policies that match a title, a short name or a number; most cited first without QUERY."""
    with context.at(library).read() as opened:
        result = opened.policies(query, limit=limit, offset=offset)
    if as_json:
        print_json(result)
        return 0
    if not result.policies:
        click.echo(result.message or "没有相符的政策文件。")
    for item in result.policies:
        click.echo(_describe(item))
    return 0


@click.command()
@click.argument("policy", metavar="POLICY")
@_limit
@_offset
@library_option
@json_option
@click.pass_obj
def policy(context: Context, /, policy: str, limit: int, offset: int, library: str | None, as_json: bool) -> int:
    """One policy, by title, short name, number or id: who cites it, where, since when, and what is cited with it."""
    with context.at(library).read() as opened:
        page = opened.policy(policy, limit=limit, offset=offset)
    if as_json:
        print_json(page)
    else:
        click.echo("\n".join(_describe_page(page)))
    return 0


def _describe(item: PolicySummary) -> str:
    title = click.style(f"《{item.title}》" if item.title else item.document_number or item.policy_id, bold=True)
    about = [item.document_number if item.title else None, item.issuer, KIND_NAMES.get(item.kind, item.kind)]
    if item.status:
        about.append(STATUS_NAMES.get(item.status, item.status))
    counts = f"{item.filings} 份申报表引用 {item.mentions} 处" if item.filings else "库中无申报表引用"
    return f"{title}  {' · '.join(part for part in about if part)}\n   {counts} · {item.policy_id}"


def _describe_page(page: PolicyPage) -> list[str]:
    lines = [_describe(page)]
    if page.facts:
        dates = [("发布", page.facts.published), ("施行", page.facts.effective), ("废止", page.facts.repealed)]
        lines += [f"   {name} {date}" for name, date in dates if date]
        if page.facts.replaced_by:
            lines.append(f"   由《{page.facts.replaced_by}》取代")
    if page.by_year:
        lines.append("   按年度：" + "，".join(f"{year} {count}" for year, count in page.by_year.items()))
    for name, count in list(page.by_applicant.items())[:5]:
        lines.append(f"   {name} {count}")
    if page.citations:
        lines += ["", "引用处："]
    for citation in page.citations:
        where = f"{citation.fiscal_year or '----'} {citation.applicant or '—'} · {citation.project_name or '—'}"
        lines.append(f"  {where} · {SECTION_NAMES.get(citation.section, citation.section)} · {citation.filing_id}")
        lines.append(f"      {citation.sentence or citation.text}")
    if page.co_cited:
        lines += ["", "常与它同引："]
        lines += [f"  {other.filings} 份  《{other.title or other.document_number}》" for other in page.co_cited[:10]]
    return lines


COMMANDS = (policies, policy)
