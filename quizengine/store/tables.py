"""The tables of the engine, on a base of its own so that hosts keep theirs.

Every constraint and index has its final name, so that a host's naming convention changes nothing.
Instants and durations are integer milliseconds; public ids are random: sequences leak counts.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.sql.elements import conv

from quizengine.core.clock import from_ms, to_ms

#: SQLite only counts rows up by itself in a column of exactly this type.
RowId = BigInteger().with_variant(Integer(), "sqlite")


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime, kept as integer milliseconds since 1970; naive values raise."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Return the milliseconds to store."""
        return None if value is None else to_ms(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Return the stored instant."""
        return None if value is None else from_ms(value)


class Base(DeclarativeBase):
    """Base of the engine's tables; hosts receive copies through ``Table.to_metadata``."""

    #: Primary keys stand in the columns, where they cannot be given a name.
    metadata = MetaData(naming_convention={"pk": "pk_%(table_name)s"})
    type_annotation_map = {datetime: Instant, dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012


def _reference(column: str, table: str) -> ForeignKey:
    """Return the reference that a column's name tells: ``round_id`` is a row of ``quiz_round``."""
    return ForeignKey(f"quiz_{column.removesuffix('_id')}.id", name=f"fk_quiz_{table}_{column}")


class BankRow(Base):
    """A named bank; its content lives in immutable versions."""

    __tablename__ = "quiz_bank"
    __table_args__ = (UniqueConstraint("name", name="uq_quiz_bank_name"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    #: The name contests refer to.
    name: Mapped[str] = mapped_column(String(80))


class BankVersionRow(Base):
    """One immutable version of a bank; going back to earlier content makes a version again."""

    __tablename__ = "quiz_bank_version"
    __table_args__ = (UniqueConstraint("bank_id", "number", name="uq_quiz_bank_version_number"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    bank_id: Mapped[int] = mapped_column(_reference("bank_id", "bank_version"))
    #: 1, 2, 3 … in order of loading.
    number: Mapped[int] = mapped_column(Integer)
    #: Hex SHA-256 of the canonical form; secret until the reveal, because it covers the keys.
    sha256: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(16))
    #: The day the facts of the bank stand as of.
    as_of: Mapped[date | None] = mapped_column(Date)
    loaded_at: Mapped[datetime]


class QuestionRow(Base):
    """What participants may see of a question; the key is in a table of its own."""

    __tablename__ = "quiz_question"
    __table_args__ = (
        UniqueConstraint("version_id", "ordinal", name="uq_quiz_question_ordinal"),
        UniqueConstraint("version_id", "code", name="uq_quiz_question_code"),
        CheckConstraint(
            "kind IN ('single', 'multiple', 'true_false')", name="ck_quiz_question_kind"
        ),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    version_id: Mapped[int] = mapped_column(
        ForeignKey("quiz_bank_version.id", name="fk_quiz_question_version_id")
    )
    #: Position in the bank, from 0; papers name questions by it.
    ordinal: Mapped[int] = mapped_column(Integer)
    #: The question's id in the bank file.
    code: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(16))
    stem: Mapped[str] = mapped_column(Text)
    #: The choices in canonical order.
    choices: Mapped[list[Any]]
    topic: Mapped[str] = mapped_column(Text)
    level: Mapped[str] = mapped_column(String(16))
    #: Mask of the choices that keep their position.
    pinned: Mapped[int] = mapped_column(Integer)


class KeyRow(Base):
    """The key of a question, apart from it: no participant path reads it before the reveal."""

    __tablename__ = "quiz_key"

    question_id: Mapped[int] = mapped_column(
        ForeignKey("quiz_question.id", name="fk_quiz_key_question_id"), primary_key=True
    )
    #: Mask of the right choices in canonical order.
    mask: Mapped[int] = mapped_column(Integer)
    source: Mapped[str] = mapped_column(Text)
    explanation: Mapped[str] = mapped_column(Text)


class ContestRow(Base):
    """A contest: its file, and where it stands between draft and publication."""

    __tablename__ = "quiz_contest"
    __table_args__ = (
        UniqueConstraint("slug", name="uq_quiz_contest_slug"),
        CheckConstraint(
            "state IN ('draft', 'open', 'closed', 'published')", name="ck_quiz_contest_state"
        ),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    slug: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(16))
    #: The contest file in its canonical TOML form.
    file: Mapped[str] = mapped_column(Text)
    #: Hex SHA-256 of the file, frozen at opening.
    sha256: Mapped[str] = mapped_column(String(64))
    loaded_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]


class ContestFormRow(Base):
    """A contest file being filled in as a form: kept whatever is still wrong with it."""

    __tablename__ = "quiz_contest_form"
    __table_args__ = (UniqueConstraint("public_id", name="uq_quiz_contest_form_public_id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(26))
    #: The nested mappings of a contest file, as far as they are filled in.
    data: Mapped[dict[str, Any]]
    saved_by: Mapped[str] = mapped_column(String(200))
    saved_at: Mapped[datetime]


class AmendmentRow(Base):
    """A change of an open contest that its rules allow, published with its reason."""

    __tablename__ = "quiz_amendment"
    __table_args__ = (
        UniqueConstraint("contest_id", "number", name="uq_quiz_amendment_number"),
        CheckConstraint(
            "kind IN ('extend', 'pause', 'resume', 'extra_time')", name="ck_quiz_amendment_kind"
        ),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    contest_id: Mapped[int] = mapped_column(_reference("contest_id", "amendment"))
    #: 1, 2, 3 … of this contest.
    number: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(16))
    #: What was changed, from what and to what, by the kind.
    details: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class RoundRow(Base):
    """A round of an opened contest: its window, its bank version, its secrets."""

    __tablename__ = "quiz_round"
    __table_args__ = (UniqueConstraint("contest_id", "code", name="uq_quiz_round_code"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    contest_id: Mapped[int] = mapped_column(_reference("contest_id", "round"))
    #: The round's id in the contest file.
    code: Mapped[str] = mapped_column(String(40))
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    version_id: Mapped[int] = mapped_column(
        ForeignKey("quiz_bank_version.id", name="fk_quiz_round_version_id")
    )
    #: 256 bits that every paper is drawn from; published after the reveal.
    seed: Mapped[bytes] = mapped_column(LargeBinary)
    #: 256 bits behind the pseudonyms; committed to, never published.
    pseudonym_secret: Mapped[bytes] = mapped_column(LargeBinary)
    #: Since when the round's clock stands and nobody may start; null while it is not paused.
    paused_at: Mapped[datetime | None]


class UnitRow(Base):
    """A unit of the tree during one span of days."""

    __tablename__ = "quiz_unit"
    __table_args__ = (
        UniqueConstraint("code", name="uq_quiz_unit_code"),
        Index("ix_quiz_unit_parent", "parent"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(80))
    #: Code of the unit above; empty at the top.
    parent: Mapped[str] = mapped_column(String(40))
    #: The category of units it is ranked among.
    table: Mapped[str] = mapped_column(String(80))
    aliases: Mapped[list[Any]]
    #: Name, code and aliases as ``core.search`` folds them, for the search of people.
    search_key: Mapped[str] = mapped_column(Text, server_default=text("''"))
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)


class HeadcountRow(Base):
    """How many people of a category a unit had on a day."""

    __tablename__ = "quiz_headcount"
    __table_args__ = (
        UniqueConstraint("unit_id", "category", "day", name="uq_quiz_headcount_day"),
        CheckConstraint("people >= 0", name="ck_quiz_headcount_people"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    unit_id: Mapped[int] = mapped_column(_reference("unit_id", "headcount"))
    category: Mapped[str] = mapped_column(String(40))
    day: Mapped[date] = mapped_column(Date)
    people: Mapped[int] = mapped_column(Integer)


class ParticipantRow(Base):
    """One person's registration in one contest; the person is an opaque string of the host."""

    __tablename__ = "quiz_participant"
    __table_args__ = (
        UniqueConstraint("contest_id", "person", name="uq_quiz_participant_person"),
        UniqueConstraint("contest_id", "person_key", name="uq_quiz_participant_person_key"),
        Index("ix_quiz_participant_person", "person"),
        Index("ix_quiz_participant_sort", "contest_id", "sort_key"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    contest_id: Mapped[int] = mapped_column(_reference("contest_id", "participant"))
    #: The host's name for the person; never a foreign key.
    person: Mapped[str] = mapped_column(String(200))
    #: The folded value of the contest's declared person key; one person, one row.
    person_key: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(Text)
    #: The name in the order of the alphabet, given name first.
    sort_key: Mapped[str] = mapped_column(Text)
    #: Name, phone and staff number as ``core.search`` folds them, for the search of people.
    search_key: Mapped[str] = mapped_column(Text, server_default=text("''"))
    #: Code of the unit chosen.
    unit: Mapped[str] = mapped_column(String(40))
    #: The unit as the person typed it when it was not listed; counted under ``unit`` meanwhile.
    unit_typed: Mapped[str | None] = mapped_column(Text)
    #: The other declared fields.
    fields: Mapped[dict[str, Any]]
    #: Ids of the consents given.
    consents: Mapped[list[Any]]
    #: Staff may try the contest; they never count.
    is_staff: Mapped[bool] = mapped_column(Boolean)
    registered_at: Mapped[datetime]


class AttemptRow(Base):
    """One attempt with its paper and its answer sheet: the row an answer is written to."""

    __tablename__ = "quiz_attempt"
    __table_args__ = (
        UniqueConstraint("public_id", name="uq_quiz_attempt_public_id"),
        UniqueConstraint("round_id", "participant_id", "number", name="uq_quiz_attempt_number"),
        Index(
            "uq_quiz_attempt_open",
            "round_id",
            "participant_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "ix_quiz_attempt_due",
            "deadline_at",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_quiz_attempt_participant", "participant_id"),
        CheckConstraint(
            "state IN ('open', 'submitted', 'expired', 'void')", name="ck_quiz_attempt_state"
        ),
        CheckConstraint(
            "(state = 'submitted') <= (submitted_at IS NOT NULL)",
            name="ck_quiz_attempt_submitted_at",
        ),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(26))
    round_id: Mapped[int] = mapped_column(_reference("round_id", "attempt"))
    participant_id: Mapped[int] = mapped_column(_reference("participant_id", "attempt"))
    #: 1, 2, 3 … of this person in this round.
    number: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(String(16))
    started_at: Mapped[datetime]
    #: The end of the attempt without grace; extra time and extensions move it.
    deadline_at: Mapped[datetime]
    #: How long after the deadline an answer still counts, for the network's sake.
    grace_ms: Mapped[int] = mapped_column(Integer)
    #: How long its clock stood, in pauses of the round or until it was opened again; the deadline
    #: has it in it, the duration has not.
    paused_ms: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    #: Extra time given to this attempt; the deadline has it in it.
    extra_ms: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    submitted_at: Mapped[datetime | None]
    #: Questions, points and choice order, packed by ``core.drawing``.
    paper: Mapped[bytes] = mapped_column(LargeBinary)
    #: The answers, packed by ``core.sheets``.
    sheet: Mapped[bytes] = mapped_column(LargeBinary)
    #: The questions marked to be looked at again, packed by ``core.sheets``; null until one is.
    flags: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: Why a void attempt does not count.
    void_reason: Mapped[str | None] = mapped_column(Text)


class LateAnswerRow(Base):
    """The last answer to a question that came too late: kept apart from the sheet, never marked."""

    __tablename__ = "quiz_late_answer"
    __table_args__ = (UniqueConstraint("attempt_id", "slot", name="uq_quiz_late_answer_slot"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    attempt_id: Mapped[int] = mapped_column(_reference("attempt_id", "late_answer"))
    slot: Mapped[int] = mapped_column(Integer)
    sequence: Mapped[int] = mapped_column(BigInteger)
    #: The mask of the choices in canonical order, or the number predicted.
    value: Mapped[int] = mapped_column(BigInteger)
    arrived_at: Mapped[datetime]
    #: When it was given by the sender's own clock, which proves nothing.
    device_at: Mapped[datetime | None]


class EssayRow(Base):
    """A person's one essay: the draft that the browser keeps, and the text handed in."""

    __tablename__ = "quiz_essay"
    __table_args__ = (
        UniqueConstraint("public_id", name="uq_quiz_essay_public_id"),
        UniqueConstraint("participant_id", name="uq_quiz_essay_participant"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(26))
    participant_id: Mapped[int] = mapped_column(_reference("participant_id", "essay"))
    draft: Mapped[str] = mapped_column(Text)
    #: The browser's number of the draft; a lower one never replaces a higher.
    sequence: Mapped[int] = mapped_column(BigInteger)
    drafted_at: Mapped[datetime]
    #: The text handed in; null until then.
    text: Mapped[str | None] = mapped_column(Text)
    words: Mapped[int | None] = mapped_column(Integer)
    #: Hex SHA-256 of the text handed in, printed on the receipt.
    sha256: Mapped[str | None] = mapped_column(String(64))
    submitted_at: Mapped[datetime | None]


class EssayFileRow(Base):
    """A file that a person handed over as their essay, as it came; its text became the draft."""

    __tablename__ = "quiz_essay_file"
    __table_args__ = (UniqueConstraint("essay_id", "sha256", name="uq_quiz_essay_file_content"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    essay_id: Mapped[int] = mapped_column(_reference("essay_id", "essay_file"))
    #: The name on the person's device.
    name: Mapped[str] = mapped_column(String(200))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    #: Hex SHA-256 of the content.
    sha256: Mapped[str] = mapped_column(String(64))
    uploaded_at: Mapped[datetime]


class MatchRow(Base):
    """Evidence that two essays share text; a person decides what it means."""

    __tablename__ = "quiz_match"
    __table_args__ = (
        UniqueConstraint("essay_a_id", "essay_b_id", name="uq_quiz_match_pair"),
        Index("ix_quiz_match_b", "essay_b_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    essay_a_id: Mapped[int] = mapped_column(ForeignKey("quiz_essay.id", name="fk_quiz_match_a"))
    essay_b_id: Mapped[int] = mapped_column(ForeignKey("quiz_essay.id", name="fk_quiz_match_b"))
    kind: Mapped[str] = mapped_column(String(16))
    similarity: Mapped[float] = mapped_column(Double)
    share_a: Mapped[float] = mapped_column(Double)
    share_b: Mapped[float] = mapped_column(Double)
    #: Pairs of spans in the original texts.
    passages: Mapped[list[Any]]


class MatchDecisionRow(Base):
    """What a person decided about two essays that share text; it outlives new comparisons."""

    __tablename__ = "quiz_match_decision"
    __table_args__ = (
        UniqueConstraint("essay_a_id", "essay_b_id", name="uq_quiz_match_decision_pair"),
        CheckConstraint(
            "decision IN ('upheld', 'dismissed')", name="ck_quiz_match_decision_decision"
        ),
        CheckConstraint("copied IN ('a', 'b', 'both')", name="ck_quiz_match_decision_copied"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    essay_a_id: Mapped[int] = mapped_column(
        ForeignKey("quiz_essay.id", name="fk_quiz_match_decision_a")
    )
    essay_b_id: Mapped[int] = mapped_column(
        ForeignKey("quiz_essay.id", name="fk_quiz_match_decision_b")
    )
    #: ``upheld``: one was copied from the other or both from elsewhere; ``dismissed``: it is fine.
    decision: Mapped[str] = mapped_column(String(16))
    #: Which essay is the copy where it was upheld; the other author loses nothing.
    copied: Mapped[str | None] = mapped_column(String(8))
    #: The texts that were decided on: another text asks for another decision.
    sha256_a: Mapped[str] = mapped_column(String(64))
    sha256_b: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class ResultVersionRow(Base):
    """One computation of a round's result; older ones stay readable."""

    __tablename__ = "quiz_result_version"
    __table_args__ = (UniqueConstraint("round_id", "number", name="uq_quiz_result_version"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    round_id: Mapped[int] = mapped_column(_reference("round_id", "result_version"))
    number: Mapped[int] = mapped_column(Integer)
    made_at: Mapped[datetime]
    #: Version of the scoring rules that made it.
    scoring: Mapped[int] = mapped_column(Integer)
    #: The number that predictions were compared with.
    actual: Mapped[int | None] = mapped_column(BigInteger)
    participants: Mapped[int] = mapped_column(Integer)
    attempts: Mapped[int] = mapped_column(Integer)
    #: Attempts that ended without an answer; they are in no other count.
    abandoned: Mapped[int] = mapped_column(Integer)


class ResultRow(Base):
    """One person's place in one version of a round's result."""

    __tablename__ = "quiz_result"
    __table_args__ = (
        UniqueConstraint("version_id", "participant_id", name="uq_quiz_result_participant"),
        Index("ix_quiz_result_place", "version_id", "place", "pseudonym"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    version_id: Mapped[int] = mapped_column(
        ForeignKey("quiz_result_version.id", name="fk_quiz_result_version_id")
    )
    participant_id: Mapped[int] = mapped_column(_reference("participant_id", "result"))
    attempt_id: Mapped[int] = mapped_column(_reference("attempt_id", "result"))
    #: The person's name in public packages; lists end in it, so that pages repeat.
    pseudonym: Mapped[str] = mapped_column(String(64))
    place: Mapped[int] = mapped_column(Integer)
    #: How many people share the place.
    shared: Mapped[int] = mapped_column(Integer)
    points: Mapped[int] = mapped_column(Integer)
    prediction: Mapped[int | None] = mapped_column(BigInteger)
    prediction_error: Mapped[int | None] = mapped_column(BigInteger)
    duration_ms: Mapped[int] = mapped_column(BigInteger)
    finished_at: Mapped[datetime]


class AuditRow(Base):
    """One entry of the record, sealed to the entry before it."""

    __tablename__ = "quiz_audit"

    number: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(200))
    details: Mapped[dict[str, Any]]
    #: Hex SHA-256 over this entry and the seal before it.
    seal: Mapped[str] = mapped_column(String(64))


class AccountRow(Base):
    """A log-in of the reference deployment; hosts with their own users leave it empty."""

    __tablename__ = "quiz_account"
    __table_args__ = (
        UniqueConstraint("login", name="uq_quiz_account_login"),
        UniqueConstraint("person", name="uq_quiz_account_person"),
        CheckConstraint(
            "role IN ('participant', 'owner', 'organiser', 'jury', 'reporter', 'auditor')",
            name="ck_quiz_account_role",
        ),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    #: The opaque string the engine knows the person by.
    person: Mapped[str] = mapped_column(String(26))
    login: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(String(16))
    #: Argon2id; null for an account that cannot log in by password.
    password: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]


class SessionRow(Base):
    """A log-in that lasts until it ends or is revoked; only a hash of its token is kept."""

    __tablename__ = "quiz_session"
    __table_args__ = (Index("ix_quiz_session_account", "account_id"),)

    #: Hex SHA-256 of the token in the cookie.
    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(_reference("account_id", "session"))
    #: Secret behind the CSRF tokens of this log-in.
    nonce: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    #: Until when it may set a password without the old one, as after a log-in by code.
    resets_until: Mapped[datetime | None]


class LoginCodeRow(Base):
    """The one code by which somebody may log in once without the password; staff gave it."""

    __tablename__ = "quiz_login_code"

    account_id: Mapped[int] = mapped_column(
        ForeignKey("quiz_account.id", name="fk_quiz_login_code_account_id"), primary_key=True
    )
    #: Hex SHA-256 of the code.
    code_sha256: Mapped[str] = mapped_column(String(64))
    #: The person of the organiser who gave it.
    made_by: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class ThrottleRow(Base):
    """How often something was tried within a span of time, as wrong passwords are."""

    __tablename__ = "quiz_throttle"

    #: What is counted, hashed where it would name a person.
    subject: Mapped[str] = mapped_column(String(120), primary_key=True)
    tries: Mapped[int] = mapped_column(Integer)
    until: Mapped[datetime]


class UploadRow(Base):
    """A file that an organiser handed over, kept until what it holds is loaded or dropped."""

    __tablename__ = "quiz_upload"
    __table_args__ = (
        UniqueConstraint("public_id", name="uq_quiz_upload_public_id"),
        CheckConstraint("purpose IN ('bank', 'units')", name="ck_quiz_upload_purpose"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(26))
    purpose: Mapped[str] = mapped_column(String(16))
    #: The name on the organiser's device.
    file_name: Mapped[str] = mapped_column(String(200))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    #: What was read of it, with the problems; empty until it has been read.
    found: Mapped[dict[str, Any]]
    #: What the organiser put right on the page, by question.
    fixes: Mapped[dict[str, Any]]
    made_by: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime]


class LeaseRow(Base):
    """Which process may do a job for the moment, so that a second one is harmless."""

    __tablename__ = "quiz_lease"

    job: Mapped[str] = mapped_column(String(80), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80))
    until: Mapped[datetime]


def _make_names_final() -> None:
    """Mark the names of the constraints as they are to stay.

    SQLAlchemy puts a host's convention around an explicit name too where the convention asks for
    the constraint's name (``ck_%(table_name)s_%(constraint_name)s``), unless it is marked so.
    """
    for table in Base.metadata.tables.values():
        for constraint in table.constraints:
            if isinstance(constraint.name, str):
                constraint.name = conv(constraint.name)


_make_names_final()
