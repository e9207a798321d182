"""A contest as data: the values that a contest file or form is read into.

Every value is what the file states; nothing here is filled in silently. Instants are aware UTC,
durations integer milliseconds. Texts shown to people are mappings from language code to text.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from quizengine.core.banks import Level

FORMAT_VERSION = 1
MAX_GRACE_MS = 60_000
"""Grace is for answers already on the way; more would be a longer time limit in disguise."""
MAX_QUESTIONS = 200
MAX_POINTS = 10_000
"""The most a question may be worth; a hundred keeps partial credit whole."""
Texts = Mapping[str, str]


class Need(StrEnum):
    """Whether registration asks for a field."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


class Counts(StrEnum):
    """Which of a person's attempts counts; the best is the best by the whole ranking."""

    BEST = "best"
    FIRST = "first"
    LAST = "last"


class ClosePolicy(StrEnum):
    """What the close of a round does to an attempt still open."""

    CUT = "cut"
    """The attempt ends at the close."""
    LAST_START = "last_start"
    """The close is the last moment to start; an attempt then has its whole time."""


class Clock(StrEnum):
    """When the clock of an attempt starts; it is always the server's."""

    ATTEMPT_START = "attempt_start"
    """At the moment the server opens the attempt."""


class Scoring(StrEnum):
    """How a question earns its points."""

    ALL_OR_NOTHING = "all_or_nothing"
    PARTIAL = "partial"


class Reveal(StrEnum):
    """What a participant sees after submitting and before publication."""

    NOTHING = "nothing"
    SCORE = "score"
    KEY_AFTER_CLOSE = "key_after_close"


class Reopen(StrEnum):
    """Whether somebody may open an attempt again after submitting it."""

    NEVER = "never"
    UNTIL_DEADLINE = "until_deadline"
    """Until the time of the attempt is over; the last hand-in is the one that counts."""


class Target(StrEnum):
    """The number a prediction is compared with."""

    PARTICIPANTS = "participants"
    """Persons with a finished attempt that has an answer."""
    PERFECT_PARTICIPANTS = "perfect_participants"
    """Persons with a finished attempt that earned every point."""
    ATTEMPTS = "attempts"
    """Finished attempts that have an answer."""


class Population(StrEnum):
    """Whose attempts the prediction's target counts."""

    ELIGIBLE = "eligible"
    """Only persons who may be given an award."""
    EVERYONE = "everyone"
    """Every participant but staff."""


class Freeze(StrEnum):
    """When the number that predictions are compared with is fixed."""

    ROUND_END = "round_end"
    """When the round has closed and its last attempt has ended."""


class EssayRole(StrEnum):
    """What the essay is for."""

    NONE = "none"
    REQUIRED_FOR_AWARD = "required_for_award"
    ADDED_POINTS = "added_points"
    OWN_RANKING = "own_ranking"


class RankingKey(StrEnum):
    """A column that orders the ranking, the best first."""

    POINTS = "points"
    ESSAY_MARK = "essay_mark"
    PREDICTION = "prediction"
    DURATION = "duration"
    SUBMITTED_AT = "submitted_at"


class Ties(StrEnum):
    """What happens to people equal in every ranking key."""

    SHARED = "shared"
    DRAW = "draw"


class Shown(StrEnum):
    """What public results may show of a person; the names are those of registration fields."""

    FULL_NAME = "full_name"
    UNIT = "unit"
    PHONE = "phone"
    """The last three digits."""


class Purpose(StrEnum):
    """What a consent is for, where the engine acts on it."""

    PUBLIC_RESULTS = "public_results"
    """Public results may show what the contest declares of the person."""


@dataclass(frozen=True, slots=True)
class Section:
    """A row of the blueprint: how many questions of which topic and level, each worth what."""

    count: int
    points: int
    topic: str | None = None
    level: Level | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """The number participants foretell; compared with the actual number once that is frozen."""

    target: Target
    population: Population
    prompt: Texts
    freeze: Freeze = Freeze.ROUND_END


@dataclass(frozen=True, slots=True)
class Round:
    """One window in which attempts may be made on papers drawn from one bank."""

    id: str
    title: Texts
    bank: str
    opens_at: datetime
    closes_at: datetime
    time_limit_ms: int
    grace_ms: int
    attempts: int
    counts: Counts
    close_policy: ClosePolicy
    shuffle_questions: bool
    shuffle_choices: bool
    scoring: Scoring
    reveal: Reveal
    sections: tuple[Section, ...]
    prediction: Prediction | None = None
    clock: Clock = Clock.ATTEMPT_START
    reopen: Reopen = Reopen.NEVER

    def questions(self) -> int:
        """Return how many questions a paper has."""
        return sum(section.count for section in self.sections)

    def max_points(self) -> int:
        """Return the points of a perfect attempt."""
        return sum(section.count * section.points for section in self.sections)

    def ends_at(self) -> datetime:
        """Return the last instant at which an attempt without extra time can still be open."""
        if self.close_policy is ClosePolicy.CUT:
            return self.closes_at
        return self.closes_at + timedelta(milliseconds=self.time_limit_ms)


@dataclass(frozen=True, slots=True)
class EssayTask:
    """One essay a person, with a window of its own; it is never an attempt."""

    title: Texts
    prompt: Texts
    opens_at: datetime
    closes_at: datetime
    min_words: int
    max_words: int
    role: EssayRole


Window = TypeVar("Window", Round, EssayTask)


@dataclass(frozen=True, slots=True)
class Consent:
    """A purpose that a participant may agree to; never ticked beforehand."""

    id: str
    text: Texts
    required: bool
    purpose: Purpose | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """Which fields registration asks for, and the one that makes a person unique in the contest."""

    person_key: str
    fields: Mapping[str, Need]
    consents: tuple[Consent, ...] = ()


REGISTRATION_FIELDS = ("full_name", "phone", "birth_year", "staff_code", "role", "unit")
"""The fields a registration may ask for, in the order a form shows them."""

PERSON_KEYS = ("phone", "staff_code")
"""The fields that can tell one person from another."""


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Who may take part for awards; ``excluded`` groups take no prize, none when it is empty."""

    roles: Mapping[str, Texts]
    excluded: Texts
    minimum_age: int | None = None


@dataclass(frozen=True, slots=True)
class Award:
    """A prize for the next ``count`` places of the ranking."""

    id: str
    title: Texts
    count: int
    prize: Texts


@dataclass(frozen=True, slots=True)
class Material:
    """Something to study, with what it is in words; the address is optional."""

    title: Texts
    note: Texts
    url: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens beside the contest."""

    title: Texts
    starts_at: datetime
    note: Texts
    url: str = ""


@dataclass(frozen=True, slots=True)
class Ranking:
    """The declared order of the ranking and what happens to ties."""

    keys: tuple[RankingKey, ...]
    ties: Ties


@dataclass(frozen=True, slots=True)
class Contest:
    """Everything a contest file states."""

    slug: str
    title: Texts
    summary: Texts
    time_zone: str
    languages: tuple[str, ...]
    organiser: Texts
    contact: str
    results_at: datetime
    complaint_days: int
    eligibility: Eligibility
    registration: Registration
    rounds: tuple[Round, ...]
    ranking: Ranking
    essay: EssayTask | None = None
    awards: tuple[Award, ...] = ()
    materials: tuple[Material, ...] = ()
    events: tuple[Event, ...] = ()
    as_of: date | None = None
    shows: tuple[Shown, ...] = tuple(Shown)

    def shown(self) -> tuple[Shown, ...]:
        """Return what public results show of a person: what is declared and asked for."""
        fields = self.registration.fields
        return tuple(
            one for one in Shown if one in self.shows and fields.get(one, Need.OFF) is not Need.OFF
        )

    def publishing_consents(self) -> tuple[Consent, ...]:
        """Return the consents to being shown in public results; with none, nobody is asked."""
        consents = self.registration.consents
        return tuple(one for one in consents if one.purpose is Purpose.PUBLIC_RESULTS)

    def shown_with(self, given: Collection[str]) -> tuple[Shown, ...]:
        """Return what public results show of somebody who gave these consents."""
        is_agreed = all(one.id in given for one in self.publishing_consents())
        return self.shown() if is_agreed else ()

    def shifted(self, delta: timedelta) -> Contest:
        """Return the contest with every instant moved, as for a rehearsal or a repeat."""
        return replace(
            self,
            results_at=self.results_at + delta,
            rounds=tuple(_shifted_window(round_, delta) for round_ in self.rounds),
            essay=_shifted_window(self.essay, delta) if self.essay else None,
            events=tuple(
                replace(event, starts_at=event.starts_at + delta) for event in self.events
            ),
        )


def _shifted_window(window: Window, delta: timedelta) -> Window:
    return replace(window, opens_at=window.opens_at + delta, closes_at=window.closes_at + delta)
