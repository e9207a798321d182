"""Forms of contests to start from: what most contests of a federation are like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from quizengine.formats.contest_form import Form, slug_of
from quizengine.formats.contest_rows import sections_of

ZONE = "Asia/Ho_Chi_Minh"
OPENS, CLOSES, RESULTS = time(8), time(22), time(9)
DAYS = 7


@dataclass(frozen=True, slots=True)
class Preset:
    """How many questions in how many minutes, and how many attempts, of which the best counts."""

    questions: int
    minutes: int
    attempts: int


PRESETS: Mapping[str, Preset] = {
    "20-20-2": Preset(20, 20, 2),
    "10-10-1": Preset(10, 10, 1),
    "30-30-1": Preset(30, 30, 1),
}


@dataclass(frozen=True, slots=True)
class Beginning:
    """What somebody says of a contest when beginning it."""

    title: str
    organiser: str
    contact: str
    bank: str


def preset_form(
    preset: Preset, beginning: Beginning, topics: Mapping[str, int], today: datetime
) -> Form:
    """Return a contest of seven days from tomorrow on; ``today`` is a reading of its clock.

    ``topics`` are the pools of the bank, over which the questions are spread.
    """
    first = today.date() + timedelta(days=1)
    last = first + timedelta(days=DAYS - 1)
    return {
        "slug": slug_of(beginning.title),
        "languages": ["vi"],
        "time_zone": ZONE,
        "title": {"vi": beginning.title},
        "summary": {"vi": f"{preset.questions} câu trắc nghiệm trong {preset.minutes} phút."},
        "organiser": {"vi": beginning.organiser},
        "contact": beginning.contact,
        "results_at": _instant(last + timedelta(days=2), RESULTS),
        "complaint_days": "3",
        "as_of": "",
        "eligibility": {"minimum_age": "", "excluded": {}, "roles": []},
        "registration": _registration(),
        "rounds": [
            {
                "id": "vong-1",
                "title": {"vi": "Vòng 1"},
                "bank": beginning.bank,
                "opens_at": _instant(first, OPENS),
                "closes_at": _instant(last, CLOSES),
                "time_limit": str(preset.minutes),
                "grace": "5",
                "clock": "attempt_start",
                "attempts": str(preset.attempts),
                "counts": "best",
                "close_policy": "cut",
                "reopen": "until_deadline",
                "shuffle_questions": "true",
                "shuffle_choices": "true",
                "scoring": "all_or_nothing",
                "reveal": "nothing",
                "sections": sections_of(preset.questions, topics),
            }
        ],
        "ranking": {"keys": ["points", "duration", "submitted_at"], "ties": "shared"},
        "results": {"shows": ["full_name", "unit", "phone"]},
        "awards": [],
        "materials": [],
        "events": [],
    }


def _registration() -> Form:
    return {
        "person_key": "phone",
        "fields": {
            "full_name": "required",
            "phone": "required",
            "birth_year": "off",
            "staff_code": "off",
            "role": "off",
            "unit": "required",
        },
        "consents": [
            {
                "id": "hien-ket-qua",
                "required": "false",
                "purpose": "public_results",
                "text": {
                    "vi": "Hiện họ tên, đơn vị và ba số cuối điện thoại trên bảng kết quả",
                    "en": "Show my name, my unit and the last three digits of my phone number "
                    "in the results",
                },
            }
        ],
    }


def _instant(day: object, clock: time) -> str:
    return f"{day}T{clock:%H:%M}"
