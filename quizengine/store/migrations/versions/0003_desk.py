"""What an organiser's desk keeps: uploads, forms, amendments, decisions, more roles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ROLES = "role IN ('participant', 'owner', 'organiser', 'jury', 'reporter', 'auditor')"
FIRST_ROLES = "role IN ('participant', 'organiser')"


def upgrade() -> None:
    """Add the columns and tables, and allow the new roles."""
    op.add_column("quiz_round", sa.Column("paused_at", sa.BigInteger(), nullable=True))
    for name, kind in (("paused_ms", sa.BigInteger()), ("extra_ms", sa.Integer())):
        column = sa.Column(name, kind, server_default=sa.text("0"), nullable=False)
        op.add_column("quiz_attempt", column)
    _allow_roles(ROLES)
    op.create_table(
        "quiz_upload",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.Column("fixes", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("purpose IN ('bank', 'units')", name="ck_quiz_upload_purpose"),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_upload"),
        sa.UniqueConstraint("public_id", name="uq_quiz_upload_public_id"),
    )
    op.create_table(
        "quiz_contest_form",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("saved_by", sa.String(length=200), nullable=False),
        sa.Column("saved_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_contest_form"),
        sa.UniqueConstraint("public_id", name="uq_quiz_contest_form_public_id"),
    )
    op.create_table(
        "quiz_amendment",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("contest_id", ROW_ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('extend', 'pause', 'resume', 'extra_time')", name="ck_quiz_amendment_kind"
        ),
        sa.ForeignKeyConstraint(
            ["contest_id"], ["quiz_contest.id"], name="fk_quiz_amendment_contest_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_amendment"),
        sa.UniqueConstraint("contest_id", "number", name="uq_quiz_amendment_number"),
    )
    op.create_table(
        "quiz_match_decision",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("essay_a_id", ROW_ID, nullable=False),
        sa.Column("essay_b_id", ROW_ID, nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("copied", sa.String(length=8), nullable=True),
        sa.Column("sha256_a", sa.String(length=64), nullable=False),
        sa.Column("sha256_b", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "decision IN ('upheld', 'dismissed')", name="ck_quiz_match_decision_decision"
        ),
        sa.CheckConstraint("copied IN ('a', 'b', 'both')", name="ck_quiz_match_decision_copied"),
        sa.ForeignKeyConstraint(["essay_a_id"], ["quiz_essay.id"], name="fk_quiz_match_decision_a"),
        sa.ForeignKeyConstraint(["essay_b_id"], ["quiz_essay.id"], name="fk_quiz_match_decision_b"),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_match_decision"),
        sa.UniqueConstraint("essay_a_id", "essay_b_id", name="uq_quiz_match_decision_pair"),
    )


def downgrade() -> None:
    """Drop the tables and columns; accounts with a new role become participants."""
    for table in ("quiz_match_decision", "quiz_amendment", "quiz_contest_form", "quiz_upload"):
        op.drop_table(table)
    accounts = sa.table("quiz_account", sa.column("role", sa.String))
    known = accounts.c.role.in_(("participant", "organiser"))
    op.execute(accounts.update().where(~known).values(role="participant"))
    _allow_roles(FIRST_ROLES)
    op.drop_column("quiz_attempt", "extra_ms")
    op.drop_column("quiz_attempt", "paused_ms")
    op.drop_column("quiz_round", "paused_at")


def _allow_roles(condition: str) -> None:
    # SQLite cannot change a constraint: Alembic copies the table.
    with op.batch_alter_table("quiz_account") as table:
        table.drop_constraint("ck_quiz_account_role", type_="check")
        table.create_check_constraint("ck_quiz_account_role", condition)
