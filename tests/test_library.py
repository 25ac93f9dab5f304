from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from perfsearch.errors import EncoderError, LibraryError, LibraryVersion, NotFound, UsageError
from perfsearch.indexes import phrases
from perfsearch.library import Library
from perfsearch.model import Filing, Filters, Source
from perfsearch.settings import Settings
from tests.indexes.samples import HashingEncoder, make_filing

ENCODER = HashingEncoder()


def opened(directory: Path, **options: Any) -> Library:
    return Library.open(directory, **{"encoder": ENCODER, **options})


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with opened(tmp_path / "library") as found:
        yield found


def by_words(library: Library, text: str) -> list[str]:
    """Ids of the filings that a text's words find, best first."""
    view = library.view()
    ids, _ = view.lexical.search(view.tokens(text), 50)
    return list(dict.fromkeys(summary.id for summary in view.summaries(view.filing_of(ids))))


def by_meaning(library: Library, filing: Filing) -> str:
    view = library.view()
    ids, _ = view.vectors.search(ENCODER.encode([f"{filing.project_name}。{filing.sections['overview']}"])[0], 1)
    return view.summaries(view.filing_of(ids))[0].id


def test_added_filings_are_found_by_words_and_by_meaning_at_once(library: Library) -> None:
    forms = [make_filing(number) for number in range(20)]
    report = library.add_filings(forms)
    assert (report.added, report.updated, report.unchanged, report.rejected) == (20, 0, 0, ())
    assert report.filings == tuple(form.id for form in forms)
    for form in forms[::5]:
        assert by_words(library, form.project_name or "")[0] == form.id
        assert by_meaning(library, form) == form.id
        assert library.get(form.id) == form


def test_what_one_process_adds_another_that_is_open_finds(library: Library) -> None:
    with opened(library.directory, readonly=True) as other:
        assert by_words(other, "科普") == []
        form = make_filing(1, project_name="独木桥改造")
        library.add_filings([form])
        assert by_words(other, "独木桥") == [form.id]
        library.remove([form.id])
        assert by_words(other, "独木桥") == []


def test_the_same_content_again_is_unchanged(library: Library) -> None:
    form = make_filing(1)
    library.add_filings([form])
    for again in (
        form,
        form.model_copy(update={"id": "", "source": Source(file="copy.pdf")}),
        form.model_copy(update={"id": "2020-ffffffffff"}),
    ):
        report = library.add_filings([again])
        assert (report.added, report.unchanged, report.filings) == (0, 1, (form.id,))
    assert library.count() == 1
    assert library.view().seq == 1


def test_a_new_version_replaces_the_old_which_stays_readable(library: Library) -> None:
    old = make_filing(1, sections={"overview": "修建独木桥。"})
    new = make_filing(1, sections={"overview": "修建石拱桥。"})
    library.add_filings([old, make_filing(2)])
    report = library.add_filings([new])
    assert (report.added, report.updated, report.filings) == (0, 1, (old.id,))
    assert library.get(old.id) == new
    assert library.versions(old.id) == [new, old]
    assert by_words(library, "独木桥") == []
    assert by_words(library, "石拱桥") == [old.id]
    assert library.list()[0].version in (1, 2)
    assert {summary.id: summary.version for summary in library.list()}[old.id] == 2
    library.add_filings([old])
    assert library.versions(old.id) == [old, new, old]
    assert library.verify().problems == ()


def test_versions_and_copies_within_one_add_are_told_apart(library: Library) -> None:
    first, second = make_filing(1), make_filing(1, category="改")
    report = library.add_filings([first, second, second, make_filing(2), first])
    assert (report.added, report.updated, report.unchanged) == (2, 2, 1)
    assert len(library.versions(first.id)) == 3
    assert library.get(first.id) == first


def test_a_filing_read_again_from_its_place_under_a_corrected_name_is_a_new_version(library: Library) -> None:
    source = Source(file="a.txt", index=0, path="/somewhere/a.txt")
    old = make_filing(1, id="2020-aaaaaaaaaa", source=source, project_name="科普大讲唐")
    corrected = old.model_copy(update={"id": "2020-bbbbbbbbbb", "project_name": "科普大讲堂"})
    library.add_filings([old])
    report = library.add_filings([corrected])
    assert (report.updated, report.filings) == (1, (old.id,))
    assert [form.project_name for form in library.versions(old.id)] == ["科普大讲堂", "科普大讲唐"]
    another = make_filing(2, source=source)
    report = library.add_filings([another])  # another filing in the place of the old one
    assert (report.added, report.updated) == (1, 0)


def test_filings_that_only_changed_places_in_their_file_keep_their_ids(library: Library) -> None:
    def place(number: int, index: int) -> Filing:
        return make_filing(number, source=Source(file="a.txt", index=index, path="/somewhere/a.txt"))

    library.add_filings([place(1, 0), place(2, 1)])
    report = library.add_filings([place(3, 0), place(1, 1), place(2, 2)])
    assert (report.added, report.updated, report.unchanged) == (1, 0, 2)


def test_removing_takes_filing_and_versions_away(library: Library) -> None:
    library.add_filings([make_filing(1), make_filing(1, category="改"), make_filing(2)])
    gone = make_filing(1).id
    assert library.remove([gone]) == (gone,)
    with pytest.raises(NotFound):
        library.get(gone)
    with pytest.raises(NotFound):
        library.versions(gone)
    assert [summary.id for summary in library.list()] == [make_filing(2).id]
    report = library.add_filings([make_filing(1)])
    assert report.added == 1
    assert len(library.versions(gone)) == 1
    assert library.verify().problems == ()


def test_nothing_is_removed_where_one_id_is_unknown(library: Library) -> None:
    library.add_filings([make_filing(1)])
    with pytest.raises(NotFound, match=r"nope.*nothing was removed"):
        library.remove([make_filing(1).id, "nope"])
    assert library.count() == 1


def test_the_list_is_newest_first_filtered_and_paged(library: Library) -> None:
    forms = [make_filing(number) for number in range(25)]
    library.add_filings(forms)
    years = [summary.fiscal_year for summary in library.list()]
    assert years == sorted(years, reverse=True)
    assert library.list(limit=5, offset=3) == library.list()[3:8]
    narrowed = library.list(filters=Filters(year_from=2018, year_to=2018))
    assert {s.id for s in narrowed} == {form.id for form in forms if form.fiscal_year == 2018}
    assert library.list(year_from=2018, year_to=2018, limit=1) == narrowed[:1]
    assert library.count(year_from=2018, year_to=2018) == len(narrowed)
    assert library.count() == 25
    with pytest.raises(UsageError, match="colour"):
        library.list(colour="red")
    with pytest.raises(UsageError, match="ends before it starts"):
        library.list(year_from=2020, year_to=2018)


def test_a_summary_is_the_header_of_its_filing(library: Library) -> None:
    form = make_filing(3, source=Source(file="a.pdf", index=2, pages=(4, 5), path="/x/a.pdf"), department="教育局")
    library.add_filings([form])
    summary = library.list()[0]
    for field in (
        "id",
        "form",
        "fiscal_year",
        "applicant",
        "department",
        "project_name",
        "category",
        "budget",
        "source",
    ):
        assert getattr(summary, field) == getattr(form, field), field
    assert summary.added_at is not None
    assert summary.lineage is not None
    assert json.loads(summary.model_dump_json())["source"] == {"file": "a.pdf", "index": 2, "pages": [4, 5]}


def test_one_project_over_the_years_is_one_line(library: Library) -> None:
    def year(number: int, name: str, applicant: str = "市科协") -> Filing:
        return make_filing(number, project_name=name, applicant=applicant)

    library.add_filings(
        [
            year(1, "2019年科普大讲堂"),
            year(2, "科普大讲堂（2020年度）"),
            year(3, "科普大讲堂", "区科协"),
            year(4, "校舍维修"),
        ]
    )
    lines = {summary.project_name: summary.lineage for summary in library.list(applicant="市科协")}
    assert lines["2019年科普大讲堂"] == lines["科普大讲堂（2020年度）"] != lines["校舍维修"]
    assert library.list(applicant="区科协")[0].lineage != lines["2019年科普大讲堂"]
    line = library.view().lineage_of(year(9, "2031年度科普大讲堂项目"))
    assert line == lines["2019年科普大讲堂"]
    assert library.count(lineage=line) == 2


def test_text_that_can_t_be_stored_is_rejected_and_the_rest_is_added(library: Library) -> None:
    bad = make_filing(1, sections={"overview": "坏\ud800字"})
    report = library.add_filings([bad, make_filing(2)])
    assert (report.added, len(report.rejected)) == (1, 1)
    assert report.rejected[0].path == "filing-1.txt"


def test_rare_characters_survive(library: Library) -> None:
    form = make_filing(1, sections={"overview": "𠮷野家😀\u3000①\x00末"}, project_name="㐂𠮷")
    library.add_filings([form])
    assert library.get(form.id) == form


def test_progress_counts_filings_that_are_safe(library: Library) -> None:
    seen: list[int] = []
    library.add_filings([make_filing(n) for n in range(150)], lambda done, total: seen.append(done))
    assert seen == sorted(seen)
    assert seen[-1] == 150
    assert len(seen) > 1


def test_no_library_and_none_to_be_made(tmp_path: Path) -> None:
    for options in ({"create": False}, {"readonly": True}):
        with pytest.raises(NotFound, match="perfsearch add"):
            opened(tmp_path / "absent", **options)
    assert not (tmp_path / "absent").exists()


def test_a_library_opened_to_be_read_is_not_written(library: Library) -> None:
    library.add_filings([make_filing(1)])
    with opened(library.directory, readonly=True) as reader:
        for change in (lambda: reader.add_filings([]), lambda: reader.remove([]), reader.rebuild):
            with pytest.raises(UsageError, match="read only"):
                change()
        assert reader.count() == 1


def test_an_empty_library_answers(library: Library) -> None:
    view = library.view()
    assert library.list() == []
    assert view.n_filings == 0
    assert len(view.lexical.search(["科普"], 5)[0]) == 0
    assert len(view.vectors.search(ENCODER.encode(["科普"])[0], 5)[0]) == 0
    assert library.search("科普").hits == ()
    assert library.verify().ok
    assert library.stats().filings == 0


def test_a_newer_library_is_refused(library: Library) -> None:
    library.add_filings([make_filing(1)])
    with library.view().store.write() as writing:
        writing.set_fact("schema", "999")
    with pytest.raises(LibraryVersion, match=r"999.*install the newer version"):
        opened(library.directory)


def test_another_encoder_is_refused_until_the_library_is_rebuilt_with_it(library: Library) -> None:
    form = make_filing(1)
    library.add_filings([form])
    other = HashingEncoder("other@2", dim=48)
    with opened(library.directory, encoder=other) as wrong:
        with pytest.raises(EncoderError, match=r"hashing@1.*other@2.*rebuild --model other"):
            _ = wrong.view().encoder
        with pytest.raises(EncoderError):
            wrong.add_filings([make_filing(2)])
        wrong.rebuild()
        assert wrong.view().vectors.dim == 48
        assert wrong.stats().encoder == "other@2"
        wrong.add_filings([make_filing(2)])
    with opened(library.directory, encoder=other) as right:
        assert right.count() == 2


def test_another_segmenter_is_refused_until_the_library_is_rebuilt(library: Library) -> None:
    library.add_filings([make_filing(1)])
    with library.view().store.write() as writing:
        writing.set_fact("words", "jieba/search-0/abc")
    with opened(library.directory) as found:
        with pytest.raises(LibraryError, match=r"cut with jieba/search-0/abc.*perfsearch rebuild"):
            found.search("科普")
        with pytest.raises(LibraryError, match="perfsearch rebuild"):
            found.add_filings([make_filing(2)])
        assert found.verify().ok is False
        assert found.get(make_filing(1).id) == make_filing(1)  # the records need no segmenter
        found.rebuild()
        assert by_words(found, make_filing(1).project_name or "") == [make_filing(1).id]


def test_a_library_has_words_of_its_own(library: Library, tmp_path: Path) -> None:
    form = make_filing(1, sections={"overview": "修筑云普惠驿站。"})
    library.add_filings([form, make_filing(2, sections={"overview": "普惠金融，云平台，驿站。"})])
    assert library.own_words().words == ()
    with opened(library.directory, readonly=True) as reader:
        assert "云普惠驿站" not in reader.view().tokens("云普惠驿站")
        assert library.set_own_words(["云普惠驿站"], ["修筑"]).words == ("云普惠驿站",)
        for found in (library, reader):
            assert "云普惠驿站" in found.view().tokens("云普惠驿站")
            assert by_words(found, "云普惠驿站")[0] == form.id
            assert by_words(found, "修筑") == []
    library.backup(tmp_path / "backup")
    with opened(library.directory) as again, Library.restore(tmp_path / "backup", tmp_path / "b", encoder=ENCODER) as b:
        for found in (again, b):
            assert found.own_words().stops == ("修筑",)
            found.add_filings([make_filing(3, sections={"overview": "云普惠驿站二。"})])
            assert len(by_words(found, "云普惠驿站")) >= 2
    library.set_own_words()
    assert by_words(library, "修筑")[0] == form.id


def test_a_rebuilt_library_answers_as_before_and_numbers_its_chunks_anew(library: Library) -> None:
    library.add_filings([make_filing(n) for n in range(20)])
    library.remove([make_filing(3).id])
    library.add_filings([make_filing(4, category="改")])
    with opened(library.directory, readonly=True) as reader:
        before = reader.view()
        seen: list[tuple[int, int | None]] = []
        library.rebuild(progress=lambda done, total: seen.append((done, total)))
        assert seen[-1] == (19, 19)
        # A reader goes on with the old indexes, and finds the new ones with its next question.
        assert len(before.lexical.search(before.tokens("科普"), 5)[0])
        for found in (library, reader):
            view = found.view()
            assert view.catalog.chunk_alive is None
            assert view.catalog.n_chunks == view.lexical.n_chunks == view.vectors.n_vectors
            for number in (0, 4, 19):
                assert by_words(found, make_filing(number).project_name or "")[0] == make_filing(number).id
        assert library.verify().problems == ()
    assert [path.name for path in library.directory.glob("indexes-*")] == ["indexes-1"]
    library.add_filings([make_filing(50)])
    assert by_words(library, make_filing(50).project_name or "")[0] == make_filing(50).id


def test_a_backup_restores_filings_versions_and_answers(library: Library, tmp_path: Path) -> None:
    library.add_filings([make_filing(n) for n in range(10)])
    library.add_filings([make_filing(4, category="改")])
    file = tmp_path / "safe" / "library.backup"
    library.backup(file)
    library.add_filings([make_filing(11)])
    library.backup(file)
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    with Library.restore(file, tmp_path / "again", encoder=ENCODER) as again:
        assert again.count() == 11
        assert len(again.versions(make_filing(4).id)) == 2
        assert by_words(again, make_filing(7).project_name or "")[0] == make_filing(7).id
        assert again.verify().problems == ()
        again.add_filings([make_filing(12)])


def test_restoring_over_a_library_is_refused(library: Library, tmp_path: Path) -> None:
    library.add_filings([make_filing(1)])
    library.backup(tmp_path / "backup")
    with pytest.raises(UsageError, match="library already"):
        Library.restore(tmp_path / "backup", library.directory, encoder=ENCODER)
    assert library.count() == 1


def test_stats_count_what_is_there(library: Library) -> None:
    library.add_filings([make_filing(n) for n in range(5)])
    stats = library.stats()
    assert stats.filings == 5
    assert stats.chunks == stats.vectors == sum(len(library.view().catalog.chunk_range(n)) for n in range(1, 6))
    assert stats.encoder == "hashing@1"
    assert stats.dim == 32
    assert stats.terms > 20
    assert min(stats.indexes_bytes.values()) > 0
    assert json.loads(stats.model_dump_json())["changes"] == 5


def test_files_and_folders_are_read_and_bad_ones_named(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "inputs"
    folder.mkdir()
    rows = [make_filing(n).model_dump(mode="json") for n in range(3)]
    (folder / "good.jsonl").write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    (folder / "empty.txt").write_bytes(b"")
    report = library.add([folder, tmp_path / "absent.txt"])
    assert report.added == 3
    assert {Path(rejection.path).name for rejection in report.rejected} == {"empty.txt", "absent.txt"}
    assert all(rejection.reason for rejection in report.rejected)
    assert library.add(folder / "good.jsonl").unchanged == 3


def test_a_stored_filing_a_draft_file_and_a_filing_at_hand_are_compared(library: Library, tmp_path: Path) -> None:
    library.add_filings([make_filing(n) for n in range(8)])
    draft = tmp_path / "draft.jsonl"
    row = make_filing(3).model_copy(update={"id": ""}).model_dump(mode="json")
    draft.write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
    assert make_filing(3).id not in {hit.filing_id for hit in library.similar(make_filing(3).id).hits}
    assert library.similar(make_filing(3, id="x")).hits[0].filing_id == make_filing(3).id
    assert library.similar(str(draft)).query
    assert library.similar(draft).query
    with pytest.raises(NotFound, match="neither the id of a filing here nor a file"):
        library.similar("2099-0000000000")


def test_the_lock_is_waited_for_as_long_as_the_settings_say(library: Library) -> None:
    from perfsearch.errors import LibraryLocked
    from perfsearch.indexes.lock import write_lock

    with (
        opened(library.directory, settings=Settings(lock_wait_seconds=0.1)) as second,
        write_lock(library.directory, 0),
    ):
        with pytest.raises(LibraryLocked, match=r"waited 0\.1 s"):
            second.add_filings([make_filing(1)])
        assert second.count() == 0  # reading goes on
        assert second.search("科普").total == 0


def test_a_library_learns_phrases_from_its_filings_and_every_reader_knows_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("perfsearch.indexes.writing.LEARN_FROM", 100)
    filings = [make_filing(number) for number in range(260)]
    with Library.open(tmp_path / "library", encoder=ENCODER) as library:
        for start in range(0, 260, 130):
            library.add_filings(filings[start : start + 130])
    # As another process, which has not met them.
    monkeypatch.setattr(phrases.KNOWN, "_sets", {})
    monkeypatch.setattr(phrases.KNOWN, "_local", threading.local())
    with Library.open(tmp_path / "library", encoder=ENCODER) as library:
        assert [library.get(filing.id) for filing in filings[::20]] == filings[::20]
        with library._keeper.store._read() as connection:
            kinds = {row[0][:1] for row in connection.exec_driver_sql("SELECT body FROM filings")}
        assert kinds == {b"\x01", b"\x02"}
        library.backup(tmp_path / "backup")
        assert library.verify().problems == ()
    with Library.restore(tmp_path / "backup", tmp_path / "restored", encoder=ENCODER) as library:
        assert library.get(filings[-1].id) == filings[-1]
