"""What a participant's evening keeps: flags, late answers, unlisted units, files, log-in codes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the columns and tables."""
    op.add_column("quiz_attempt", sa.Column("flags", sa.LargeBinary(), nullable=True))
    op.add_column("quiz_participant", sa.Column("unit_typed", sa.Text(), nullable=True))
    op.create_table(
        "quiz_late_answer",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("attempt_id", ROW_ID, nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("arrived_at", sa.BigInteger(), nullable=False),
        sa.Column("device_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["quiz_attempt.id"], name="fk_quiz_late_answer_attempt_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_late_answer"),
        sa.UniqueConstraint("attempt_id", "slot", name="uq_quiz_late_answer_slot"),
    )
    op.create_table(
        "quiz_essay_file",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("essay_id", ROW_ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("uploaded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["essay_id"], ["quiz_essay.id"], name="fk_quiz_essay_file_essay_id"),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_essay_file"),
        sa.UniqueConstraint("essay_id", "sha256", name="uq_quiz_essay_file_content"),
    )
    op.create_table(
        "quiz_login_code",
        sa.Column("account_id", ROW_ID, nullable=False),
        sa.Column("code_sha256", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["quiz_account.id"], name="fk_quiz_login_code_account_id"
        ),
        sa.PrimaryKeyConstraint("account_id", name="pk_quiz_login_code"),
    )


def downgrade() -> None:
    """Drop the tables and columns."""
    for table in ("quiz_login_code", "quiz_essay_file", "quiz_late_answer"):
        op.drop_table(table)
    op.drop_column("quiz_participant", "unit_typed")
    op.drop_column("quiz_attempt", "flags")
