"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "quiz_account",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("login", sa.String(length=200), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("role IN ('participant', 'organiser')", name="ck_quiz_account_role"),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_account"),
        sa.UniqueConstraint("login", name="uq_quiz_account_login"),
        sa.UniqueConstraint("person", name="uq_quiz_account_person"),
    )
    op.create_table(
        "quiz_audit",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_quiz_audit"),
    )
    op.create_table(
        "quiz_bank",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_bank"),
        sa.UniqueConstraint("name", name="uq_quiz_bank_name"),
    )
    op.create_table(
        "quiz_contest",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("loaded_at", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'open', 'closed', 'published')", name="ck_quiz_contest_state"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_contest"),
        sa.UniqueConstraint("slug", name="uq_quiz_contest_slug"),
    )
    op.create_table(
        "quiz_lease",
        sa.Column("job", sa.String(length=80), nullable=False),
        sa.Column("holder", sa.String(length=80), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("job", name="pk_quiz_lease"),
    )
    op.create_table(
        "quiz_throttle",
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_quiz_throttle"),
    )
    op.create_table(
        "quiz_unit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("parent", sa.String(length=40), nullable=False),
        sa.Column("table", sa.String(length=80), nullable=False),
        sa.Column("aliases", sa.JSON(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_unit"),
        sa.UniqueConstraint("code", name="uq_quiz_unit_code"),
    )
    op.create_index("ix_quiz_unit_parent", "quiz_unit", ["parent"], unique=False)
    op.create_table(
        "quiz_bank_version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("bank_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=True),
        sa.Column("loaded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["bank_id"], ["quiz_bank.id"], name="fk_quiz_bank_version_bank_id"),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_bank_version"),
        sa.UniqueConstraint("bank_id", "number", name="uq_quiz_bank_version_number"),
    )
    op.create_table(
        "quiz_headcount",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.CheckConstraint("people >= 0", name="ck_quiz_headcount_people"),
        sa.ForeignKeyConstraint(["unit_id"], ["quiz_unit.id"], name="fk_quiz_headcount_unit_id"),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_headcount"),
        sa.UniqueConstraint("unit_id", "category", "day", name="uq_quiz_headcount_day"),
    )
    op.create_table(
        "quiz_participant",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "contest_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("person_key", sa.String(length=200), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sort_key", sa.Text(), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("consents", sa.JSON(), nullable=False),
        sa.Column("is_staff", sa.Boolean(), nullable=False),
        sa.Column("registered_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contest_id"], ["quiz_contest.id"], name="fk_quiz_participant_contest_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_participant"),
        sa.UniqueConstraint("contest_id", "person", name="uq_quiz_participant_person"),
        sa.UniqueConstraint("contest_id", "person_key", name="uq_quiz_participant_person_key"),
    )
    op.create_index("ix_quiz_participant_person", "quiz_participant", ["person"], unique=False)
    op.create_table(
        "quiz_session",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column(
            "account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["quiz_account.id"], name="fk_quiz_session_account_id"
        ),
        sa.PrimaryKeyConstraint("token_sha256", name="pk_quiz_session"),
    )
    op.create_index("ix_quiz_session_account", "quiz_session", ["account_id"], unique=False)
    op.create_table(
        "quiz_essay",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column(
            "participant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("drafted_at", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("words", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("submitted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["quiz_participant.id"], name="fk_quiz_essay_participant_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_essay"),
        sa.UniqueConstraint("participant_id", name="uq_quiz_essay_participant"),
        sa.UniqueConstraint("public_id", name="uq_quiz_essay_public_id"),
    )
    op.create_table(
        "quiz_question",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("stem", sa.Text(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("pinned", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('single', 'multiple', 'true_false')", name="ck_quiz_question_kind"
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["quiz_bank_version.id"], name="fk_quiz_question_version_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_question"),
        sa.UniqueConstraint("version_id", "code", name="uq_quiz_question_code"),
        sa.UniqueConstraint("version_id", "ordinal", name="uq_quiz_question_ordinal"),
    )
    op.create_table(
        "quiz_round",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "contest_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("opens_at", sa.BigInteger(), nullable=False),
        sa.Column("closes_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("seed", sa.LargeBinary(), nullable=False),
        sa.Column("pseudonym_secret", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contest_id"], ["quiz_contest.id"], name="fk_quiz_round_contest_id"
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["quiz_bank_version.id"], name="fk_quiz_round_version_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_round"),
        sa.UniqueConstraint("contest_id", "code", name="uq_quiz_round_code"),
    )
    op.create_table(
        "quiz_attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("round_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "participant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("deadline_at", sa.BigInteger(), nullable=False),
        sa.Column("grace_ms", sa.Integer(), nullable=False),
        sa.Column("submitted_at", sa.BigInteger(), nullable=True),
        sa.Column("paper", sa.LargeBinary(), nullable=False),
        sa.Column("sheet", sa.LargeBinary(), nullable=False),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'submitted') <= (submitted_at IS NOT NULL)",
            name="ck_quiz_attempt_submitted_at",
        ),
        sa.CheckConstraint(
            "state IN ('open', 'submitted', 'expired', 'void')", name="ck_quiz_attempt_state"
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["quiz_participant.id"], name="fk_quiz_attempt_participant_id"
        ),
        sa.ForeignKeyConstraint(["round_id"], ["quiz_round.id"], name="fk_quiz_attempt_round_id"),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_attempt"),
        sa.UniqueConstraint("public_id", name="uq_quiz_attempt_public_id"),
        sa.UniqueConstraint("round_id", "participant_id", "number", name="uq_quiz_attempt_number"),
    )
    op.create_index(
        "ix_quiz_attempt_due",
        "quiz_attempt",
        ["deadline_at"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("ix_quiz_attempt_participant", "quiz_attempt", ["participant_id"], unique=False)
    op.create_index(
        "uq_quiz_attempt_open",
        "quiz_attempt",
        ["round_id", "participant_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "quiz_key",
        sa.Column(
            "question_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("mask", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["question_id"], ["quiz_question.id"], name="fk_quiz_key_question_id"
        ),
        sa.PrimaryKeyConstraint("question_id", name="pk_quiz_key"),
    )
    op.create_table(
        "quiz_match",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "essay_a_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "essay_b_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("similarity", sa.Double(), nullable=False),
        sa.Column("share_a", sa.Double(), nullable=False),
        sa.Column("share_b", sa.Double(), nullable=False),
        sa.Column("passages", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["essay_a_id"], ["quiz_essay.id"], name="fk_quiz_match_a"),
        sa.ForeignKeyConstraint(["essay_b_id"], ["quiz_essay.id"], name="fk_quiz_match_b"),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_match"),
        sa.UniqueConstraint("essay_a_id", "essay_b_id", name="uq_quiz_match_pair"),
    )
    op.create_index("ix_quiz_match_b", "quiz_match", ["essay_b_id"], unique=False)
    op.create_table(
        "quiz_result_version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("round_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("scoring", sa.Integer(), nullable=False),
        sa.Column("actual", sa.BigInteger(), nullable=True),
        sa.Column("participants", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("abandoned", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id"], ["quiz_round.id"], name="fk_quiz_result_version_round_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_result_version"),
        sa.UniqueConstraint("round_id", "number", name="uq_quiz_result_version"),
    )
    op.create_table(
        "quiz_result",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "participant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "attempt_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("pseudonym", sa.String(length=64), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("shared", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("prediction", sa.BigInteger(), nullable=True),
        sa.Column("prediction_error", sa.BigInteger(), nullable=True),
        sa.Column("duration_ms", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["quiz_attempt.id"], name="fk_quiz_result_attempt_id"
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["quiz_participant.id"], name="fk_quiz_result_participant_id"
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["quiz_result_version.id"], name="fk_quiz_result_version_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_result"),
        sa.UniqueConstraint("version_id", "participant_id", name="uq_quiz_result_participant"),
    )
    op.create_index(
        "ix_quiz_result_place", "quiz_result", ["version_id", "place", "pseudonym"], unique=False
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_index("ix_quiz_result_place", table_name="quiz_result")
    op.drop_table("quiz_result")
    op.drop_table("quiz_result_version")
    op.drop_index("ix_quiz_match_b", table_name="quiz_match")
    op.drop_table("quiz_match")
    op.drop_table("quiz_key")
    op.drop_index(
        "uq_quiz_attempt_open",
        table_name="quiz_attempt",
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.drop_index("ix_quiz_attempt_participant", table_name="quiz_attempt")
    op.drop_index(
        "ix_quiz_attempt_due",
        table_name="quiz_attempt",
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.drop_table("quiz_attempt")
    op.drop_table("quiz_round")
    op.drop_table("quiz_question")
    op.drop_table("quiz_essay")
    op.drop_index("ix_quiz_session_account", table_name="quiz_session")
    op.drop_table("quiz_session")
    op.drop_index("ix_quiz_participant_person", table_name="quiz_participant")
    op.drop_table("quiz_participant")
    op.drop_table("quiz_headcount")
    op.drop_table("quiz_bank_version")
    op.drop_index("ix_quiz_unit_parent", table_name="quiz_unit")
    op.drop_table("quiz_unit")
    op.drop_table("quiz_throttle")
    op.drop_table("quiz_lease")
    op.drop_table("quiz_contest")
    op.drop_table("quiz_bank")
    op.drop_table("quiz_audit")
    op.drop_table("quiz_account")
