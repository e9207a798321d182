"""Contests being filled in as forms, kept whatever is still wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from quizengine.store.connection import Executor
from quizengine.store.tables import ContestFormRow


@dataclass(frozen=True, slots=True)
class StoredForm:
    """A form as it was saved last."""

    public_id: str
    data: Mapping[str, Any]
    saved_by: str
    saved_at: datetime


_FORM = (
    ContestFormRow.public_id,
    ContestFormRow.data,
    ContestFormRow.saved_by,
    ContestFormRow.saved_at,
)


def insert_form(executor: Executor, form: StoredForm) -> None:
    """Write a new form."""
    executor.execute(
        insert(ContestFormRow).values(
            public_id=form.public_id,
            data=form.data,
            saved_by=form.saved_by,
            saved_at=form.saved_at,
        )
    )


def update_form(executor: Executor, form: StoredForm) -> None:
    """Write a form in place of what was saved of it before."""
    executor.execute(
        update(ContestFormRow)
        .where(ContestFormRow.public_id == form.public_id)
        .values(data=form.data, saved_by=form.saved_by, saved_at=form.saved_at)
    )


def find_form(executor: Executor, public_id: str, *, for_update: bool = False) -> StoredForm | None:
    """Return a form, its row locked when asked (PostgreSQL), or None."""
    query = select(*_FORM).where(ContestFormRow.public_id == public_id)
    row = executor.execute(query.with_for_update() if for_update else query).first()
    return StoredForm(*row) if row else None


def list_forms(executor: Executor) -> tuple[StoredForm, ...]:
    """Return every form, the one saved last first."""
    query = select(*_FORM).order_by(ContestFormRow.saved_at.desc(), ContestFormRow.id.desc())
    return tuple(StoredForm(*row) for row in executor.execute(query))


def delete_form(executor: Executor, public_id: str) -> None:
    """Delete a form."""
    executor.execute(delete(ContestFormRow).where(ContestFormRow.public_id == public_id))
