"""What lies on the organisers' desk on a busy evening: files that wait, drafts, forms, a pause."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy.orm import Session

from quizengine.formats.contest_presets import Beginning
from quizengine.formats.registry import load_bank
from quizengine.services import amendments, banks, contest_forms, contests, essays, people, uploads
from quizengine.services.transaction import transaction
from quizengine.store.uploads import Purpose
from tests.browser import acts
from tests.browser.stage import CONSENT, Stage
from tests.web.site import ROUND, SAMPLE, SLUG, sample_contest

ACTOR = "organiser"
DRAFT = "cong-doan-93"
BROKEN_UNITS = """\
Mã,Tên,Loại,Mã cấp trên
VL,LĐLĐ quận Vĩnh Lam,LĐLĐ quận,
VL-001,CĐCS Trường Mầm non Hoa Gạo,CĐCS,VL
VL-002,CĐCS Trường Mầm non Ong Vàng,CĐCS,VX
VL-002,,CĐCS,VL
"""
ORGANISER = "Liên đoàn Lao động quận Vĩnh Lam"
UNLISTED = "CĐCS Xưởng gốm Đất Lành"
REASON = "Bão số 3: nhiều đơn vị mất điện hai ngày"
NEW_UNIT = "CĐCS Trường Mầm non Sao Khuê"
OTHERWISE = "(chọn một)"
FILE_WORDS = (
    *("Câu 1.", "Đáp án", "Chủ đề:", "Nguồn:", "Giải thích:", "Mức độ:", "Câu hỏi,"),
    *("Mã cấp trên", "Mã", "Tên khác", "Tên", "Loại", "Bảng", "Đến ngày"),
)
"""What stands in files of questions and units in Vietnamese, also when it is told in English."""
SAID = (
    ORGANISER,
    UNLISTED,
    REASON,
    NEW_UNIT,
    OTHERWISE,
    "20 câu trắc nghiệm trong 20 phút.",
    "Hiện họ tên, đơn vị và ba số cuối điện thoại trên bảng kết quả",
    "Tiếng Việt",
    *FILE_WORDS,
)
"""What stands on the desk in one language only."""
WHOLE_UNITS = (SAMPLE / "units.csv").read_bytes() + (
    f"VL-900,{NEW_UNIT},CĐCS,VL,Khối trường học,,,,1,1,5,5\n".encode()
)


def fill_desk(stage: Stage) -> None:
    """Put everything on the desk that waits for a person, and people who may judge or own."""
    stage.enrol("owner", "Phan Thị Hạnh", "vanphong", role="owner")
    stage.enrol("jury", "Lương Thế Sơn", "giamkhao", role="jury")
    keep(stage, "bank", "cau-hoi-an-toan.docx", acts.word_file())
    keep(stage, "bank", "cau-hoi-92.yaml", (SAMPLE / "bank.yaml").read_bytes())
    keep(stage, "units", "don-vi-loi.csv", BROKEN_UNITS.encode())
    keep(stage, "units", "don-vi-moi.csv", WHOLE_UNITS)
    compare_essays(stage)
    register_unlisted(stage)
    make_version(stage)
    make_draft(stage)
    amend(stage)


def keep(stage: Stage, purpose: Purpose, name: str, content: bytes) -> str:
    """Let a file wait on the desk and return its id."""
    found = uploads.read_file(content, name, purpose)
    return stage.do(
        lambda session: uploads.keep_file(
            session, content, name, purpose=purpose, found=found, now=stage.clock(), actor=ACTOR
        )
    )


def compare_essays(stage: Stage) -> None:
    """Compare the essays of the contest."""
    with Session(stage.site.engine) as session:
        scan = essays.scan_contest(session, SLUG)
        for part in scan.parts:
            with transaction(session):
                essays.store_matches(session, scan, part)
        with transaction(session):
            essays.record_scan(session, scan, now=stage.clock(), actor=ACTOR)


def register_unlisted(stage: Stage) -> None:
    """Register somebody whose unit is not listed."""
    stage.enrol("unlisted", "Tạ Thị Nhàn", "0900000799")
    fields = {
        "full_name": "Tạ Thị Nhàn",
        "phone": "0900000799",
        "unit": "VL",
        "unit_typed": UNLISTED,
        "role": "can-bo-co-so",
    }
    stage.do(
        lambda session: people.register(
            session,
            SLUG,
            person="unlisted",
            fields=fields,
            consents=[CONSENT],
            is_staff=False,
            now=stage.clock(),
        )
    )


def make_version(stage: Stage) -> None:
    """Load a second version of the bank: one question anew, one key changed, one left out."""
    bank = load_bank(SAMPLE / "bank.yaml")
    first, second, _, *rest = bank.questions
    changed = (replace(first, stem=f"{first.stem} {OTHERWISE}"), replace(second, key=2), *rest)
    later = replace(bank, questions=changed)
    stage.do(
        lambda session: banks.load_bank(session, later, name=SLUG, now=stage.clock(), actor=ACTOR)
    )


def make_draft(stage: Stage) -> None:
    """Make a form that nobody finished, and a draft that can be opened."""
    beginning = Beginning(acts.CONTEST, ORGANISER, acts.CONTACT, SLUG)
    now = stage.clock()

    def work(session: Session) -> None:
        form = contest_forms.from_preset(session, "20-20-2", beginning, now=now)
        contest_forms.begin(session, form, now=now, actor=ACTOR)
        draft = replace(sample_contest(), slug=DRAFT).shifted(timedelta(weeks=52))
        contests.load_contest(session, draft, now=now, actor=ACTOR)

    stage.do(work)


def amend(stage: Stage) -> None:
    """Close the round later, for a reason that everybody can read."""
    later = sample_contest().rounds[0].closes_at + timedelta(days=1)
    stage.do(
        lambda session: amendments.extend_round(
            session,
            SLUG,
            ROUND,
            closes_at=later,
            reason=REASON,
            actor=ACTOR,
            now=stage.clock(),
        )
    )
