"""Uploaded files: read apart, kept, put right, loaded all or nothing, dropped."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from quizengine.core.banks import Kind, mask_of
from quizengine.core.units import Unit, UnitTree
from quizengine.errors import Conflict, InvalidFile, InvalidInput, NotFound, TooLarge, Unavailable
from quizengine.formats.reading import MAX_PACKED
from quizengine.formats.registry import write_bank
from quizengine.formats.unit_file import write_units
from quizengine.services import banks, units, upkeep, uploads
from quizengine.services.uploads import KEPT_DAYS, MAX_WAITING, BankUpload
from quizengine.store import uploads as kept_uploads
from quizengine.store.audit import Sought, find_entries
from quizengine.store.uploads import Purpose
from tests.services.desk import ACTOR, BANK, OPENS, Desk, make_bank, make_units

TEXT = "\n".join(
    (
        "Câu 1. Một câu có đáp án?",
        "A. Một",
        "B. Hai",
        "Đáp án: A",
        "Câu 2. Một câu quên đáp án?",
        "A. Ba",
        "B. Bốn",
        "C. Năm",
    )
).encode()


def keep(desk: Desk, content: bytes, name: str, purpose: Purpose = "bank") -> str:
    """Return the id of a file that was read and kept."""
    found = uploads.read_file(content, name, purpose)
    return desk.do(
        lambda session: uploads.keep_file(
            session, content, name, purpose=purpose, found=found, now=OPENS, actor=ACTOR
        )
    )


def upload_of(desk: Desk, public_id: str) -> BankUpload:
    return desk.look(lambda session: uploads.bank_upload(session, public_id))


def codes(upload: BankUpload) -> list[tuple[int | None, str]]:
    assert upload.preview
    return [
        (one.index, one.problem.code)
        for one in upload.preview.findings
        if one.problem.severity == "error"
    ]


def load(desk: Desk, public_id: str, name: str = "moi", seen: int | None = None) -> bool:
    """Load a file; return whether a version was made."""
    loaded = desk.do(
        lambda session: uploads.load_bank(
            session, public_id, name=name, seen=seen, now=OPENS, actor=ACTOR
        )
    )
    return loaded.is_new


def test_a_key_is_put_right_and_the_file_loaded_with_the_change_on_record(desk: Desk) -> None:
    public_id = keep(desk, TEXT, "C:\\tệp của tôi\\Câu hỏi vòng 2.txt")
    upload = upload_of(desk, public_id)
    assert upload.title.file_name == "Câu hỏi vòng 2.txt"
    assert codes(upload) == [(1, "bank.key_missing")]
    with pytest.raises(InvalidInput):
        load(desk, public_id)
    fixed = desk.do(lambda session: uploads.fix_key(session, public_id, 1, mask_of("C")))
    assert upload_of(desk, public_id) == fixed
    assert not codes(fixed)
    assert fixed.fixes == {1: {"was": "", "now": "C"}}
    assert load(desk, public_id)
    bank = desk.look(lambda session: banks.bank_of(session, "moi"))
    assert [question.key for question in bank.questions] == [mask_of("A"), mask_of("C")]
    entry = desk.look(
        lambda session: find_entries(session, Sought(subject="moi"), offset=0, limit=1)
    )[0]
    assert entry.details["file"] == "Câu hỏi vòng 2.txt"
    assert entry.details["fixed"] == "2: – → C"
    with pytest.raises(NotFound):
        upload_of(desk, public_id)


def test_a_key_put_back_is_no_change(desk: Desk) -> None:
    public_id = keep(desk, TEXT, "tệp.txt")
    desk.do(lambda session: uploads.fix_key(session, public_id, 0, mask_of("B")))
    assert upload_of(desk, public_id).fixes == {0: {"was": "A", "now": "B"}}
    desk.do(lambda session: uploads.fix_key(session, public_id, 0, mask_of("A")))
    assert upload_of(desk, public_id).fixes == {}


def test_several_right_answers_need_the_kind_that_has_them(desk: Desk) -> None:
    public_id = keep(desk, TEXT, "tệp.txt")
    both = mask_of("AB")
    one_only = desk.do(lambda session: uploads.fix_key(session, public_id, 1, both))
    assert codes(one_only) == [(1, "bank.key_several")]
    fixed = desk.do(
        lambda session: uploads.fix_key(session, public_id, 1, both, kind=Kind.MULTIPLE)
    )
    assert not codes(fixed)


@pytest.mark.parametrize(("index", "key"), [(1, 0), (1, mask_of("D")), (2, 1), (-1, 1)])
def test_a_key_or_question_that_is_not_there_changes_nothing(
    desk: Desk, index: int, key: int
) -> None:
    public_id = keep(desk, TEXT, "tệp.txt")
    before = upload_of(desk, public_id)
    with pytest.raises(InvalidInput):
        desk.do(lambda session: uploads.fix_key(session, public_id, index, key))
    assert upload_of(desk, public_id) == before


def test_the_preview_that_is_kept_is_the_one_that_was_read(desk: Desk) -> None:
    content = write_bank(make_bank(), "xlsx")
    upload = upload_of(desk, keep(desk, content, "b.xlsx"))
    assert upload.preview
    assert upload.preview.bank == make_bank()
    assert upload.preview.places[0]["question"].kind == "cell"


def test_the_same_content_again_makes_no_version(desk: Desk) -> None:
    content = write_bank(make_bank(), "native")
    assert not load(desk, keep(desk, content, "b.yaml"), BANK, seen=1)
    page = desk.look(lambda session: banks.bank_page(session, BANK))
    assert [one.version.number for one in page.versions] == [1]


def test_nothing_is_loaded_over_a_version_whose_changes_were_not_seen(desk: Desk) -> None:
    public_id = keep(desk, write_bank(make_bank(title="Khác"), "native"), "b.yaml")
    with pytest.raises(Conflict) as unseen:
        load(desk, public_id, BANK)
    assert unseen.value.code == "upload.changes_unseen"
    assert load(desk, public_id, BANK, seen=1)
    again = keep(desk, write_bank(make_bank(title="Khác nữa"), "native"), "b.yaml")
    with pytest.raises(Conflict) as changed:
        load(desk, again, BANK, seen=1)
    assert changed.value.code == "upload.version_changed"


@pytest.mark.parametrize("name", ["", " ", "a/b", "..", "nap", "x" * 81, "dòng\nmới"])
def test_a_name_that_no_address_can_have_is_refused(desk: Desk, name: str) -> None:
    public_id = keep(desk, write_bank(make_bank(), "native"), "b.yaml")
    with pytest.raises(InvalidInput):
        load(desk, public_id, name)
    assert upload_of(desk, public_id)


def test_a_file_is_taken_for_the_bank_that_has_most_of_its_questions(desk: Desk) -> None:
    known = upload_of(desk, keep(desk, write_bank(make_bank(), "native"), "bản cuối (2).yaml"))
    new = upload_of(desk, keep(desk, TEXT, "Câu hỏi vòng 2 – ĐÃ SỬA.docx.txt"))
    assert desk.look(lambda session: uploads.proposed_name(session, known)) == BANK
    proposed = desk.look(lambda session: uploads.proposed_name(session, new))
    assert proposed == "cau-hoi-vong-2-da-sua-docx"


@pytest.mark.parametrize(
    ("content", "name", "kind", "code"),
    [
        (b"", "", InvalidInput, "upload.no_file"),
        (b"", "a.docx", InvalidFile, "file.empty"),
        (b"\x89PNG\r\n\x1a\n\0\0", "a.docx", InvalidFile, "file.unknown"),
        (b"x" * (MAX_PACKED + 1), "a.docx", TooLarge, "file.too_large"),
        (b"format: quizengine-bank\nformat_version: 1\nquestions: []", "a.yaml", 0, 0),
    ],
)
def test_what_holds_no_question_is_refused(
    content: bytes, name: str, kind: type[InvalidInput], code: str
) -> None:
    with pytest.raises(kind or InvalidFile) as refusal:
        uploads.read_file(content, name, "bank")
    assert refusal.value.code == (code or "upload.no_questions")


def test_only_so_many_files_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "_readers", threading.BoundedSemaphore(1))
    monkeypatch.setattr(uploads, "READ_WAIT_SECONDS", 0.01)
    with uploads._readers, pytest.raises(Unavailable):
        uploads.read_file(TEXT, "tệp.txt", "bank")


def test_only_so_many_files_wait(desk: Desk) -> None:
    for _ in range(MAX_WAITING):
        desk.do(
            lambda session: uploads.keep_file(
                session, b"", "a.txt", purpose="bank", found={}, now=OPENS, actor=ACTOR
            )
        )
    with pytest.raises(Conflict):
        keep(desk, TEXT, "b.txt")


def test_a_file_that_was_kept_unread_is_read_once(desk: Desk) -> None:
    public_id = desk.do(
        lambda session: uploads.keep_file(
            session, TEXT, "a.txt", purpose="bank", found={}, now=OPENS, actor=ACTOR
        )
    )
    assert upload_of(desk, public_id).preview is None
    with pytest.raises(Conflict):
        load(desk, public_id)
    found = desk.look(lambda session: uploads.read_kept(session, public_id, "bank"))
    desk.do(lambda session: uploads.save_found(session, public_id, found))
    desk.do(lambda session: uploads.fix_key(session, public_id, 1, 1))
    desk.do(lambda session: uploads.save_found(session, public_id, found))
    assert upload_of(desk, public_id).fixes == {1: {"was": "", "now": "A"}}


def test_files_that_waited_for_a_week_are_swept(desk: Desk) -> None:
    public_id = keep(desk, TEXT, "a.txt")
    week = OPENS + timedelta(days=KEPT_DAYS)
    assert desk.do(lambda session: upkeep.sweep(session, now=week)).dropped_uploads == 0
    upload_of(desk, public_id)
    late = week + timedelta(seconds=1)
    assert desk.do(lambda session: upkeep.sweep(session, now=late)).dropped_uploads == 1
    assert not desk.look(lambda session: uploads.list_uploads(session, "bank"))


def test_a_file_is_dropped_by_its_own_purpose_only(desk: Desk) -> None:
    public_id = keep(desk, TEXT, "a.txt")
    with pytest.raises(NotFound):
        desk.do(lambda session: uploads.drop_upload(session, public_id, "units"))
    desk.do(lambda session: uploads.drop_upload(session, public_id, "bank"))
    assert desk.look(kept_uploads.count_uploads) == 0


def test_a_unit_list_takes_the_place_of_the_tree(desk: Desk) -> None:
    tree = UnitTree((*make_units().units, Unit("Q-3", "Công đoàn Bệnh viện", "union", "Q")))
    public_id = keep(desk, write_units(tree.units), "đơn vị.xlsx", "units")
    read = desk.look(lambda session: uploads.units_upload(session, public_id)).read
    assert read
    assert read.units == tree.units
    count = desk.do(lambda session: uploads.load_units(session, public_id, now=OPENS, actor=ACTOR))
    assert count == len(tree.units)
    assert desk.look(units.unit_tree) == tree


def test_a_unit_with_people_in_it_cannot_be_left_out(desk: Desk) -> None:
    desk.register("an")
    used = desk.look(units.count_people)
    assert sum(used.values()) == 1
    left = [unit for unit in make_units().units if unit.code not in used]
    public_id = keep(desk, write_units(left), "đơn vị.xlsx", "units")
    with pytest.raises(Conflict):
        desk.do(lambda session: uploads.load_units(session, public_id, now=OPENS, actor=ACTOR))
    assert desk.look(units.unit_tree) == make_units()


def test_a_unit_list_with_errors_is_shown_and_not_loaded(desk: Desk) -> None:
    content = "Mã,Tên,Mã cấp trên\nA,Một,\nB,Hai,X\n".encode()
    public_id = keep(desk, content, "đơn vị.csv", "units")
    read = desk.look(lambda session: uploads.units_upload(session, public_id)).read
    assert read
    assert [(one.code, one.place.at) for one in read.problems] == [("unit.parent_unknown", "C3")]
    with pytest.raises(InvalidInput):
        desk.do(lambda session: uploads.load_units(session, public_id, now=OPENS, actor=ACTOR))


def test_a_list_without_units_is_not_kept() -> None:
    with pytest.raises(InvalidFile):
        uploads.read_file("Mã,Tên\n".encode(), "a.csv", "units")


def test_versions_name_who_loaded_them_and_the_rounds_that_use_them(desk: Desk) -> None:
    assert load(desk, keep(desk, write_bank(make_bank(title="Mới"), "native"), "b"), BANK, seen=1)
    page = desk.look(lambda session: banks.bank_page(session, BANK))
    assert [one.version.number for one in page.versions] == [2, 1]
    assert {one.loaded_by for one in page.versions} == {ACTOR}
    assert [(one.round_code, one.number) for one in page.uses] == [("vong-1", 1)]
    assert [len(one.uses) for one in page.versions] == [0, 1]
    assert page.version(2).questions == len(make_bank().questions)
    with pytest.raises(NotFound):
        page.version(3)
