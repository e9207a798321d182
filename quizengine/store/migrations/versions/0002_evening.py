"""What a participant's evening keeps: flags, late answers, unlisted units, files, log-in codes, search."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from quizengine.core.text import fold

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the columns and tables."""
    op.add_column("quiz_attempt", sa.Column("flags", sa.LargeBinary(), nullable=True))
    op.add_column("quiz_participant", sa.Column("unit_typed", sa.Text(), nullable=True))
    op.add_column("quiz_session", sa.Column("resets_until", sa.BigInteger(), nullable=True))
    for table in ("quiz_participant", "quiz_unit"):
        key = sa.Column("search_key", sa.Text(), server_default=sa.text("''"), nullable=False)
        op.add_column(table, key)
    op.create_index("ix_quiz_participant_sort", "quiz_participant", ["contest_id", "sort_key"])
    _fill_search_keys()
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
        sa.ForeignKeyConstraint(
            ["essay_id"], ["quiz_essay.id"], name="fk_quiz_essay_file_essay_id"
        ),
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


def _fill_search_keys() -> None:
    """Let people and units that are there already be found."""
    connection = op.get_bind()
    people = sa.table(
        "quiz_participant",
        sa.column("id"),
        sa.column("name"),
        sa.column("fields", sa.JSON),
        sa.column("search_key"),
    )
    for person in connection.execute(sa.select(people)).all():
        given = (person.fields.get(name, "") for name in ("phone", "staff_code"))
        key = _search_key(person.name, *given)
        connection.execute(people.update().where(people.c.id == person.id).values(search_key=key))
    units = sa.table(
        "quiz_unit",
        sa.column("id"),
        sa.column("code"),
        sa.column("name"),
        sa.column("aliases", sa.JSON),
        sa.column("search_key"),
    )
    for unit in connection.execute(sa.select(units)).all():
        key = _search_key(unit.name, unit.code, *unit.aliases)
        connection.execute(units.update().where(units.c.id == unit.id).values(search_key=key))


def _search_key(*texts: str) -> str:
    """Return the key as this revision makes it, whatever later ones look for."""
    words: list[str] = []
    for text in texts:
        folded = fold(text).split()
        words += folded
        if len(folded) > 1 and any(map(str.isdigit, "".join(folded))):
            words.append("".join(folded))
    return "".join(f" {word}" for word in dict.fromkeys(words))


def downgrade() -> None:
    """Drop the tables and columns."""
    for table in ("quiz_login_code", "quiz_essay_file", "quiz_late_answer"):
        op.drop_table(table)
    op.drop_index("ix_quiz_participant_sort", "quiz_participant")
    for table in ("quiz_participant", "quiz_unit"):
        op.drop_column(table, "search_key")
    op.drop_column("quiz_session", "resets_until")
    op.drop_column("quiz_participant", "unit_typed")
    op.drop_column("quiz_attempt", "flags")
