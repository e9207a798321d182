"""Taking part: starting an attempt, answering, checking, submitting, the receipt."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import jsonify, redirect, request, url_for
from sqlalchemy import Connection
from werkzeug.datastructures import MultiDict

from quizengine.core.clock import from_ms, to_ms
from quizengine.core.contest import Reveal, Round
from quizengine.core.sheets import Outcome
from quizengine.errors import Conflict, InvalidInput
from quizengine.services import answers as answering
from quizengine.services import attempts, contests, essays, people, receipts, results
from quizengine.services.answers import Answer, Reply, Situation, Stored
from quizengine.services.attempts import Exam
from quizengine.services.contests import ContestPage
from quizengine.services.transaction import transaction
from quizengine.web.blueprint import Page, page, quiz, render
from quizengine.web.board import refusal, visible_contest
from quizengine.web.forms import StartForm, require_fields
from quizengine.web.host import arrival, require_participant, session, wiring, write_answer
from quizengine.web.languages import clock, described, number, say
from quizengine.web.security import token

LETTERS = "ABCDEFGHIJ"
LARGEST_PREDICTION = 2**32 - 1
END_OF_CLOCKS_MS = to_ms(datetime(9999, 1, 1, tzinfo=UTC))
NUMBER = re.compile("[0-9]+|[0-9]{1,3}(?:([ .,\u00a0\u202f])[0-9]{3})(?:\\1[0-9]{3})*")
"""A whole number, with one kind of mark between its thousands or none."""


@dataclass(frozen=True, slots=True)
class Flags:
    """The whole set of flagged slots, as a page sent it."""

    slots: frozenset[int]
    sequence: int


@quiz.route("/<slug>/<round_code>/bat-dau", methods=["GET", "POST"])
def start(slug: str, round_code: str) -> Page:
    """State the real deadline of an attempt started now, and start it."""
    person = require_participant()
    shown = visible_contest(slug)
    rules = shown.round(round_code).rules
    if people.participant_of(session(), slug, person.id) is None:
        return redirect(url_for("quiz.register", slug=slug), 303)
    standing = attempts.standing(session(), slug, round_code, person.id, now=arrival())
    if standing.open_attempt:
        return redirect(url_for("quiz.exam", public_id=standing.open_attempt), 303)
    form = StartForm(request.form)
    short = _is_short(rules, standing)
    if request.method == "GET" or (short and not form.short_time.data) or not standing.may_start:
        return _start_page(shown, rules, standing, short, form)
    now, papers = arrival(), wiring().papers
    started = write_answer(
        lambda connection: attempts.start_attempt(
            connection, slug, round_code, person=person.id, now=now, papers=papers
        )
    )
    return redirect(url_for("quiz.exam", public_id=started.public_id), 303)


def _is_short(rules: Round, standing: attempts.RoundStanding) -> bool:
    """Return whether an attempt started now has less time than the limit."""
    deadline = standing.deadline_if_started_now
    if deadline is None:
        return False
    return to_ms(deadline) - to_ms(arrival()) < rules.time_limit_ms


def _start_page(
    shown: ContestPage, rules: Round, standing: attempts.RoundStanding, short: bool, form: StartForm
) -> Page:
    status = 200
    if request.method == "POST":
        status = 422 if standing.may_start else 409
    deadline = standing.deadline_if_started_now
    available_ms = to_ms(deadline) - to_ms(arrival()) if deadline else 0
    return page(
        "start",
        status,
        contest=shown.contest,
        rules=rules,
        standing=standing,
        short=short,
        available_ms=available_ms,
        reason=refusal(standing, rules.id),
        is_unconfirmed=request.method == "POST" and standing.may_start,
        form=form,
    )


@quiz.get("/lam-bai/<public_id>")
def exam(public_id: str) -> Page:
    """Show the questions of an attempt with the answers saved so far."""
    found = _open_exam(public_id)
    if found.state != "open":
        return redirect(url_for("quiz.receipt", public_id=public_id), 303)
    return _exam_page(found)


def _open_exam(public_id: str) -> Exam:
    return attempts.exam(
        session(),
        public_id,
        person=require_participant().id,
        now=arrival(),
        papers=wiring().papers,
    )


def _exam_page(
    found: Exam,
    status: int = 200,
    *,
    typed: Mapping[int, frozenset[int]] | None = None,
    flagged: frozenset[int] | None = None,
    prediction: str | None = None,
    **context: Any,
) -> Page:
    chosen = {question.slot: question.chosen for question in found.questions} | dict(typed or {})
    stored = "" if found.prediction is None else str(found.prediction)
    return page(
        "exam",
        status,
        contest=contests.contest_page(session(), found.slug).contest,
        exam=found,
        chosen=chosen,
        flagged=found.flagged if flagged is None else flagged,
        letters=LETTERS,
        prediction=stored if prediction is None else prediction,
        left_ms=_left_ms(found.deadline_at, found.clock_at),
        kept=_numbers("giu"),
        is_saved="luu" in request.args,
        **context,
    )


def _numbers(name: str) -> list[int]:
    """Return the question numbers in a parameter of the address, like ``?giu=3,7``."""
    parts = request.args.get(name, "").split(",")[:300]
    return [int(part) for part in parts if part.isdecimal() and len(part) < 4]


@quiz.get("/lam-bai/<public_id>/luu")
@quiz.get("/lam-bai/<public_id>/nop")
@quiz.get("/lam-bai/<public_id>/mo-lai")
def back_to_exam(public_id: str) -> Page:
    """Lead back to the questions from an address that only takes what is sent to it."""
    return redirect(url_for("quiz.exam", public_id=public_id), 303)


@quiz.get("/lam-bai/<public_id>/tinh-hinh")
def situation(public_id: str) -> Page:
    """Tell a script how an attempt stands: the time left, what is stored, where to go when over.

    JSON out: ``{"state", "paused", "left_ms", "over_ms", "until", "answers": [{"slot", "sequence",
    "positions" or "number"}], "flags": [slot], "sequence", "token", "leave": null or address,
    "words": {name: sentence}}``.
    ``left_ms`` is the time shown to people; ``over_ms`` ends with the grace, after which no answer
    is taken any more; both stand while the round is ``paused``. ``sequence`` is one that no save
    has used.
    """
    found = _situation(public_id)
    is_over = found.state != "open"
    return jsonify(
        state=found.state,
        paused=found.is_paused,
        left_ms=_left_ms(found.deadline_at, found.clock_at),
        over_ms=_left_ms(found.accepts_until, found.clock_at),
        until=clock(found.deadline_at, found.time_zone),
        answers=[_json_of(stored) for stored in found.answers],
        flags=sorted(found.flagged),
        sequence=found.next_sequence,
        token=token(),
        leave=url_for("quiz.receipt", public_id=public_id) if is_over else None,
        words=_words(found),
    )


def _words(found: Situation) -> dict[str, str]:
    """Return what a script may have to say once it has reached the server, or what has changed."""
    until = clock(found.deadline_at, found.time_zone)
    return {
        "back": say("Connected again. Everything is saved."),
        "changed": say("Changed on another device"),
        "ends": say("paused") if found.is_paused else say("until {deadline}", deadline=until),
        "held": say(
            "Kept on this device: {questions}. They go out as soon as possible; what reaches the "
            "server before {deadline} counts.",
            questions="#",
            deadline=until,
        ),
        "keys": say(
            "Keys: 1–9 choose, F marks to look again, N and P go to the next and the previous "
            "question."
        ),
        "minutes": say("Minutes left: {count}.", count="#"),
        "out": say("You are logged out. Log in again to send what you answered."),
        "over": say("The time is over. What was saved by then counts."),
        "why": say(
            "Submitting needs a connection. What the server has at {deadline} counts, submitted "
            "or not.",
            deadline=until,
        ),
    }


def _situation(public_id: str) -> Situation:
    return answering.situation(
        session(),
        public_id,
        person=require_participant().id,
        now=arrival(),
        papers=wiring().papers,
    )


def _left_ms(until: datetime, clock_at: datetime) -> int:
    return max(0, to_ms(until) - to_ms(clock_at))


def _json_of(stored: Stored) -> dict[str, Any]:
    if stored.number is None:
        value: dict[str, Any] = {"positions": sorted(stored.positions)}
    else:
        value = {"number": stored.number}
    return {"slot": stored.slot, "sequence": stored.sequence, **value}


@quiz.post("/lam-bai/<public_id>/luu")
def save_answers(public_id: str) -> Page:
    """Save answers and flags: all of a form, or those that a script sends as JSON.

    JSON in: ``{"answers": [{"slot", "positions" or "number", "sequence", "seen", "at"}], "flags":
    {"slots", "sequence"}}``, of which ``seen``, ``at`` and ``flags`` may be left out. ``seen`` is
    the sequence number that the page last knew to be stored for the slot: what came after it is not
    replaced. ``at`` is the device's own clock, in milliseconds since 1970.

    Out: one reply an answer, ``saved``, ``superseded`` or ``refused``, which all take the answer
    out of the sender's queue; a refusal has its reason and a ``message``; ``stored`` is the answer
    that stays, where the sender has not seen it, with a ``choice``: a note that asks which counts.
    """
    if request.is_json:
        return jsonify(replies=_save_json(public_id))
    return _save_form(public_id)


def _replies(
    public_id: str, answers: tuple[Answer, ...], replies: tuple[Reply, ...]
) -> list[dict[str, Any]]:
    zone = ""
    if any(reply.stored for reply in replies):
        zone = _situation(public_id).time_zone
    return [
        {
            "slot": reply.slot,
            "sequence": reply.sequence,
            "outcome": reply.outcome,
            "reason": reply.reason,
            "message": described(Conflict(reply.reason))[0] if reply.reason else None,
            "stored": _stored_elsewhere(reply.stored, answer, zone) if reply.stored else None,
        }
        for answer, reply in zip(answers, replies, strict=True)
    ]


def _stored_elsewhere(stored: Stored, own: Answer, zone: str) -> dict[str, Any]:
    time = clock(stored.saved_at, zone)
    choice = render("two", theirs=_shown(stored), own=_shown(own), time=time)
    return {**_json_of(stored), "time": time, "choice": choice}


def _shown(answer: Stored | Answer) -> str:
    """Return an answer as people read it: letters, or the number predicted; empty for none."""
    if answer.number is not None:
        return number(answer.number)
    return ", ".join(LETTERS[one] for one in sorted(answer.positions))


def _save_json(public_id: str) -> list[dict[str, Any]]:
    try:
        document = _json()
        answers = tuple(_answers_of_json(document))
        return _replies(public_id, answers, _save(public_id, answers, _flags_of_json(document)))
    except InvalidInput:
        _check_own(public_id)
        raise


def _check_own(public_id: str) -> None:
    """Raise ``NotFound`` for a foreign attempt before anything is said about the answers.

    Only where nothing is saved: a save asks no question twice, its statement decides.
    """
    receipts.own_attempt(session(), public_id, require_participant().id)


def _save(
    public_id: str, answers: tuple[Answer, ...], flags: Flags | None = None
) -> tuple[Reply, ...]:
    """Return what became of the answers, once they and the flags are committed together."""
    person, now, papers = require_participant(), arrival(), wiring().papers

    def work(connection: Connection) -> tuple[Reply, ...]:
        if flags is not None:
            answering.save_flags(
                connection,
                public_id,
                person=person.id,
                slots=flags.slots,
                sequence=flags.sequence,
                now=now,
                papers=papers,
            )
        return answering.save_answers(
            connection, public_id, person=person.id, answers=answers, now=now, papers=papers
        )

    if not answers and flags is None:
        _check_own(public_id)
        return ()
    return write_answer(work)


def _json() -> object:
    """Return the document of a script; ``InvalidInput`` when it is nested without end."""
    try:
        return request.get_json()
    except RecursionError as error:
        raise InvalidInput("web.bad_answers") from error


def _answers_of_json(document: object) -> Iterator[Answer]:
    if not isinstance(document, dict) or not isinstance(document.get("answers"), list):
        raise InvalidInput("web.bad_answers")
    for item in document["answers"]:
        try:
            is_number = "number" in item
            yield Answer(
                _whole(item["slot"]),
                _whole(item["sequence"]),
                frozenset() if is_number else _wholes(item["positions"]),
                number=_whole(item["number"]) if is_number else None,
                seen=_whole(item["seen"]) if "seen" in item else None,
                device_at=_device_instant(_whole(item["at"])) if "at" in item else None,
            )
        except (KeyError, TypeError) as error:
            raise InvalidInput("web.bad_answers") from error


def _device_instant(at_ms: int) -> datetime | None:
    """Return what a device's clock says; None for an instant that no clock should say."""
    return from_ms(at_ms) if 0 <= at_ms < END_OF_CLOCKS_MS else None


def _flags_of_json(document: object) -> Flags | None:
    if not isinstance(document, dict) or "flags" not in document:
        return None
    try:
        flags = document["flags"]
        return Flags(_wholes(flags["slots"]), _whole(flags["sequence"]))
    except (KeyError, TypeError) as error:
        raise InvalidInput("web.bad_answers") from error


def _wholes(value: object) -> frozenset[int]:
    if not isinstance(value, list):
        raise TypeError
    return frozenset(map(_whole, value))


def _whole(value: object) -> int:
    """Return a whole number of a JSON document; ``TypeError`` for anything near one."""
    # A boolean is an int to isinstance, and to save 0.9 as 0 would be to answer for somebody.
    if type(value) is not int:
        raise TypeError
    return value


def _save_form(public_id: str) -> Page:
    found = _open_exam(public_id)
    require_fields("sequence")
    typed = _typed(request.form, found)
    prediction = request.form.get("prediction", "").strip()
    flagged = _flagged(found)
    if found.state == "open" and not is_prediction(prediction):
        return _exam_page(
            found,
            422,
            typed=typed,
            flagged=flagged,
            prediction=prediction,
            bad_prediction=True,
        )
    flags = Flags(flagged, found.next_sequence) if flagged != found.flagged else None
    return _after_save(public_id, _save(public_id, _changed(found, typed, prediction), flags))


def _typed(form: MultiDict[str, str], found: Exam) -> dict[int, frozenset[int]]:
    """Return the ticked positions by slot, without what is no position of it."""
    return {
        question.slot: frozenset(
            position
            for position in range(len(question.choices))
            if str(position) in form.getlist(f"q{question.slot}")
        )
        for question in found.questions
    }


def is_prediction(typed: str) -> bool:
    """Return whether a typed prediction is empty or a number that fits."""
    digits = digits_of(typed)
    # Python reads no number of some thousand digits, and raises.
    is_short = 0 < len(digits) <= len(str(LARGEST_PREDICTION))
    return not typed or (is_short and int(digits) <= LARGEST_PREDICTION)


def digits_of(typed: str) -> str:
    """Return a typed number without the marks between its thousands; empty when it is none.

    Marks elsewhere are no thousands: 1.5 must not be saved as 15.
    """
    return re.sub(r"\D", "", typed) if NUMBER.fullmatch(typed) else ""


def _changed(
    found: Exam, typed: Mapping[int, frozenset[int]], prediction: str
) -> tuple[Answer, ...]:
    """Return the answers that the page changed, all under the page's sequence number.

    An untouched question is not sent, so that it keeps the time at which it was answered; nor is
    one that is empty on a page older than its answer, because it was not answered there.
    """
    sequence = _page_sequence(found)
    changed = [
        Answer(question.slot, sequence, typed[question.slot])
        for question in found.questions
        if typed[question.slot] != question.chosen
        and (typed[question.slot] or question.sequence < sequence)
    ]
    digits = digits_of(prediction)
    if found.prediction_prompt and digits and int(digits) != found.prediction:
        changed.append(Answer(len(found.questions), sequence, number=int(digits)))
    return tuple(changed)


def _page_sequence(found: Exam) -> int:
    """Return the sequence number that the sent page was made with."""
    sent = request.form["sequence"]
    return int(sent) if sent.isdecimal() and len(sent) < 10 else found.next_sequence


def _flagged(found: Exam) -> frozenset[int]:
    """Return the flagged slots; a page that is older than the flags takes none of them away."""
    ticked = frozenset(
        question.slot for question in found.questions if f"f{question.slot}" in request.form
    )
    return ticked if _page_sequence(found) > found.flags_sequence else ticked | found.flagged


def _after_save(public_id: str, replies: tuple[Reply, ...]) -> Page:
    kept = [reply.slot + 1 for reply in replies if reply.outcome is Outcome.SUPERSEDED]
    if any(reply.outcome is Outcome.REFUSED for reply in replies):
        return redirect(url_for("quiz.receipt", public_id=public_id), 303)
    if kept:
        return redirect(url_for("quiz.exam", public_id=public_id, giu=_list(kept)), 303)
    if request.form.get("then") == "check":
        return redirect(url_for("quiz.check", public_id=public_id), 303)
    return redirect(url_for("quiz.exam", public_id=public_id, luu=1), 303)


def _list(numbers: list[int]) -> str:
    return ",".join(map(str, numbers))


@quiz.get("/lam-bai/<public_id>/kiem-tra")
def check(public_id: str) -> Page:
    """Show what the server has, what is missing, and what submitting does."""
    found = _open_exam(public_id)
    if found.state != "open":
        return redirect(url_for("quiz.receipt", public_id=public_id), 303)
    shown = contests.contest_page(session(), found.slug)
    return page(
        "check",
        contest=shown.contest,
        rules=shown.round(found.round_code).rules,
        exam=found,
        letters=LETTERS,
        missing=[question for question in found.questions if not question.chosen],
        flagged=[question for question in found.questions if question.slot in found.flagged],
        left_over=_attempts_left(found),
        left_ms=_left_ms(found.deadline_at, found.clock_at),
    )


def _attempts_left(found: Exam) -> int:
    """Return how many attempts the person may make beside the ones already started."""
    standing = attempts.standing(
        session(), found.slug, found.round_code, require_participant().id, now=arrival()
    )
    return standing.attempts_allowed - standing.attempts_used


@quiz.post("/lam-bai/<public_id>/mo-lai")
def reopen(public_id: str) -> Page:
    """Open a submitted attempt again, where the round's rules say so and it has time left."""
    person, now = require_participant(), arrival()
    with transaction(session()) as writing:
        attempts.reopen_attempt(writing, public_id, person=person.id, now=now)
    return redirect(url_for("quiz.exam", public_id=public_id), 303)


@quiz.post("/lam-bai/<public_id>/nop")
def submit(public_id: str) -> Page:
    """Submit an attempt; a second time changes nothing and leads to the same receipt."""
    person, now = require_participant(), arrival()
    write_answer(
        lambda connection: attempts.submit_attempt(connection, public_id, person=person.id, now=now)
    )
    return redirect(url_for("quiz.receipt", public_id=public_id), 303)


@quiz.get("/lam-bai/<public_id>/bien-nhan")
def receipt(public_id: str) -> Page:
    """Show what the server received of an ended attempt."""
    person = require_participant()
    found = _open_exam(public_id)
    if found.state == "open":
        return redirect(url_for("quiz.exam", public_id=public_id), 303)
    slip = receipts.receipt(session(), public_id, person=person.id, now=arrival())
    shown = contests.contest_page(session(), found.slug)
    has_essay = shown.contest.essay is not None
    return page(
        "receipt",
        contest=shown.contest,
        shown=shown,
        rules=shown.round(found.round_code).rules,
        slip=slip,
        essay=essays.essay_page(session(), found.slug, person.id, now=arrival())
        if has_essay
        else None,
        has_review=shown.state in ("closed", "published")
        and shown.round(found.round_code).rules.reveal is Reveal.KEY_AFTER_CLOSE,
        registered=people.participant_of(session(), found.slug, person.id),
        standing=attempts.standing(
            session(), found.slug, found.round_code, person.id, now=arrival()
        ),
        own=results.own_line(session(), found.slug, found.round_code, person.id)
        if shown.state == "published"
        else None,
    )


@quiz.get("/lam-bai/<public_id>/dap-an")
def review(public_id: str) -> Page:
    """Show one's own answers beside the key, once the contest reveals it."""
    person = require_participant()
    found = _open_exam(public_id)
    lines = receipts.key_review(
        session(), public_id, person=person.id, now=arrival(), papers=wiring().papers
    )
    shown = contests.contest_page(session(), found.slug)
    return page("review", contest=shown.contest, exam=found, lines=lines, letters=LETTERS)
