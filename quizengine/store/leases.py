"""Leases: which process does a job for the moment."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_

from quizengine.store.connection import Executor, count_changed, upsert
from quizengine.store.tables import LeaseRow


def take_lease(executor: Executor, job: str, holder: str, now: datetime, until: datetime) -> bool:
    """Take or renew the lease of a job unless another holds it; return whether it is ours."""
    statement = upsert(executor, LeaseRow).values(job=job, holder=holder, until=until)
    return (
        count_changed(
            executor,
            statement.on_conflict_do_update(
                index_elements=[LeaseRow.job],
                set_={"holder": statement.excluded.holder, "until": statement.excluded.until},
                where=or_(LeaseRow.holder == holder, LeaseRow.until <= now),
            ),
        )
        == 1
    )
