"""Contests for tests: the sample of the repository, and any contest that is free of problems."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from hypothesis import strategies as st

from quizengine.core.banks import Level
from quizengine.core.contest import (
    MAX_GRACE_MS,
    PERSON_KEYS,
    REGISTRATION_FIELDS,
    Award,
    ClosePolicy,
    Consent,
    Contest,
    Counts,
    Eligibility,
    EssayRole,
    EssayTask,
    Event,
    Material,
    Need,
    Population,
    Prediction,
    Purpose,
    Ranking,
    RankingKey,
    Registration,
    Reopen,
    Reveal,
    Round,
    Scoring,
    Section,
    Shown,
    Target,
    Texts,
    Ties,
)

SAMPLE = Path(__file__).parent.parent / "question_banks" / "cong-doan-92"
RANKING_KEYS = [key for key in RankingKey if key is not RankingKey.ESSAY_MARK]

_LETTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"])


def sample_text() -> str:
    """Return the text of the sample contest file."""
    return (SAMPLE / "contest.toml").read_text(encoding="utf-8")


def plain_texts() -> st.SearchStrategy[str]:
    """Return texts as a contest keeps them: NFC, something in them, no space around."""
    raw = st.text(_LETTERS, min_size=1, max_size=20).map(lambda text: text + "\n\t“x”\\\"'")
    return raw.map(_kept).filter(bool)


def _kept(text: str) -> str:
    import unicodedata

    return unicodedata.normalize("NFC", text).strip()


def slugs() -> st.SearchStrategy[str]:
    """Return ids that may stand in an address."""
    return st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,4})?", fullmatch=True)


def instants() -> st.SearchStrategy[datetime]:
    """Return instants of the years that a contest file accepts, to the millisecond."""
    first = datetime(2001, 1, 1, tzinfo=UTC)
    span_ms = 190 * 365 * 86_400_000
    return st.integers(0, span_ms).map(lambda ms: first + timedelta(milliseconds=ms))


@st.composite
def contests(draw: st.DrawFn) -> Contest:
    """Draw a contest that has no problem."""
    languages = draw(st.sampled_from([("vi",), ("vi", "en"), ("en", "vi", "pt-BR")]))

    def texts() -> Texts:
        return {language: draw(plain_texts()) for language in languages}

    keys = tuple(draw(st.lists(st.sampled_from(RANKING_KEYS), min_size=1, unique=True)))
    opens_at = draw(instants())
    rounds = []
    at = opens_at
    for name in draw(st.lists(slugs(), min_size=1, max_size=3, unique=True)):
        rounds.append(draw(_rounds(name, at, texts(), texts(), keys)))
        at = rounds[-1].ends_at() + timedelta(minutes=draw(st.integers(0, 90)))
    essay = None
    if draw(st.booleans()):
        least = draw(st.integers(0, 100))
        essay = EssayTask(
            title=texts(),
            prompt=texts(),
            opens_at=opens_at,
            closes_at=at + timedelta(days=1),
            min_words=least,
            max_words=draw(st.integers(max(least, 1), 5000)),
            role=draw(st.sampled_from([EssayRole.NONE, EssayRole.REQUIRED_FOR_AWARD])),
        )
    person_key = draw(st.sampled_from(PERSON_KEYS))
    fields = {name: draw(st.sampled_from(Need)) for name in REGISTRATION_FIELDS}
    fields[person_key] = Need.REQUIRED
    roles: dict[str, Texts] = {}
    if fields["role"] is not Need.OFF:
        roles = {one: texts() for one in draw(st.lists(slugs(), min_size=1, max_size=2))}
    is_aged = fields["birth_year"] is Need.REQUIRED and draw(st.booleans())
    consents = tuple(
        Consent(one, texts(), draw(st.booleans()), draw(st.sampled_from([None, *Purpose])))
        for one in draw(st.lists(slugs(), max_size=2, unique=True))
    )
    # Nobody is shown who was not asked.
    is_asked = any(one.purpose for one in consents)
    shows = draw(st.sets(st.sampled_from(Shown))) if is_asked else set()
    return Contest(
        slug=draw(slugs()),
        title=texts(),
        summary=texts(),
        time_zone=draw(st.sampled_from(["Asia/Ho_Chi_Minh", "Europe/Berlin", "UTC"])),
        languages=languages,
        organiser=texts(),
        contact=draw(plain_texts()),
        results_at=at + timedelta(days=2),
        complaint_days=draw(st.integers(0, 30)),
        eligibility=Eligibility(
            roles=roles,
            excluded=draw(st.sampled_from([{}, texts()])),
            minimum_age=draw(st.integers(0, 80)) if is_aged else None,
        ),
        registration=Registration(
            person_key=person_key,
            fields=fields,
            consents=consents,
        ),
        rounds=tuple(rounds),
        ranking=Ranking(keys, Ties.SHARED),
        essay=essay,
        awards=tuple(
            Award(one, texts(), draw(st.integers(1, 9)), texts())
            for one in draw(st.lists(slugs(), max_size=2, unique=True))
        ),
        materials=draw(st.sampled_from([(), (Material(texts(), texts(), "/tep/1.pdf"),)])),
        events=draw(st.sampled_from([(), (Event(texts(), opens_at, texts(), ""),)])),
        as_of=draw(st.none() | st.dates(date(2001, 1, 1), date(2100, 1, 1))),
        shows=tuple(one for one in Shown if one in shows),
    )


@st.composite
def _rounds(
    draw: st.DrawFn,
    name: str,
    opens_at: datetime,
    title: Texts,
    prompt: Texts,
    keys: tuple[RankingKey, ...],
) -> Round:
    is_predicted = RankingKey.PREDICTION in keys
    reveal = draw(st.sampled_from(Reveal))
    return Round(
        id=name,
        title=title,
        # A bank each, so that no key that was shown is asked again.
        bank=f"bank-{name}",
        opens_at=opens_at,
        closes_at=opens_at + timedelta(hours=draw(st.integers(8, 2000))),
        time_limit_ms=draw(st.integers(1, 7 * 3_600_000)),
        grace_ms=draw(st.integers(0, MAX_GRACE_MS)),
        attempts=draw(st.integers(1, 5)),
        counts=draw(st.sampled_from(Counts)),
        close_policy=draw(st.sampled_from(ClosePolicy)),
        shuffle_questions=draw(st.booleans()),
        shuffle_choices=draw(st.booleans()),
        scoring=draw(st.sampled_from(Scoring)),
        reveal=reveal,
        reopen=Reopen.NEVER if reveal is Reveal.SCORE else draw(st.sampled_from(Reopen)),
        sections=tuple(draw(st.lists(_sections(), min_size=1, max_size=4))),
        prediction=Prediction(
            target=draw(st.sampled_from(Target)),
            population=draw(st.sampled_from(Population)),
            prompt=prompt,
        )
        if is_predicted
        else None,
    )


def _sections() -> st.SearchStrategy[Section]:
    return st.builds(
        Section,
        count=st.integers(1, 40),
        points=st.integers(1, 100),
        topic=st.none() | plain_texts(),
        level=st.none() | st.sampled_from([Level.EASY, Level.MEDIUM, Level.HARD]),
    )
