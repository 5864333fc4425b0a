"""Handing in, applying and throwing away. Nothing here commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from dostyk.core.audit import Actor, record
from dostyk.core.database import changed, db
from dostyk.core.errors import Refused
from dostyk.core.i18n import language
from dostyk.core.outbox import Job, JobState, enqueue
from dostyk.core.outbox import latest as latest_job
from dostyk.core.text import clean_name
from dostyk.core.uploads.kinds import Kind
from dostyk.core.uploads.models import DOING, RowOutcome, Upload, UploadRow, UploadState

KEPT_DAYS = 30  # cells are personal data: after that only the counts stay
UNDER_WAY = (JobState.QUEUED, JobState.RUNNING)


def subject_of(upload_id: int) -> str:
    """Under which name the jobs of an upload are found again."""
    return f"upload:{upload_id}"


def hand_in(kind: Kind, subject: str, name: str, content: bytes, *, by: Actor, now: datetime, cohort: str | None = None) -> Upload:
    """Take a file; the worker checks it. Raises Refused (field `file`) for an empty one."""
    if not content:
        raise Refused(_("The file is empty. Choose another one."), field="file")
    row = Upload(
        kind=kind.name, subject=subject, name=clean_name(name)[-200:] or "?", content=content, state=UploadState.CHECKING,
        report={}, at=now, by_id=by.id,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    record("upload.handed_in", subject_of(row.id), by=by, cohort=cohort, kind=kind.name, about=subject, size=len(content))
    enqueue("uploads.check", subject=subject_of(row.id), by_id=by.id, upload_id=row.id, language=language())
    return row


def check_again(upload: Upload, *, by: Actor, cohort: str | None = None) -> None:
    """Have a file checked anew, because something else has changed since. Raises Refused unless it is checked and not applied."""
    checked = sa.update(Upload).where(Upload.id == upload.id, Upload.state == UploadState.CHECKED)
    if changed(db.session.execute(checked.values(state=UploadState.CHECKING), execution_options={"synchronize_session": False})) != 1:
        raise Refused(_("This file is being checked or applied already."))
    db.session.refresh(upload, ["state"])
    record("upload.checked_again", subject_of(upload.id), by=by, cohort=cohort, about=upload.subject)
    enqueue("uploads.check", subject=subject_of(upload.id), by_id=by.id, upload_id=upload.id, language=language())


def apply(upload: Upload, *, by: Actor, now: datetime, cohort: str | None = None, **options: Any) -> Job:
    """Have the worker do what the check showed; pressed again while it does, the same job.

    After a technical failure it goes on where it was; when it is through, it tries those again that were refused.
    Raises Refused while another file about the same thing is being applied, and when there is nothing (left) to do.
    """
    # All of them, in one order: two coordinators who apply two files at the same moment wait here for each other.
    about = sa.select(Upload.id, Upload.state).where(Upload.kind == upload.kind, Upload.subject == upload.subject)
    states = dict(db.session.execute(about.order_by(Upload.id).with_for_update()).all())
    job = job_of(upload)
    match states.get(upload.id):
        case UploadState.APPLYING if job is not None and job.state in UNDER_WAY:
            return job
        case UploadState.CHECKED | UploadState.APPLYING | UploadState.APPLIED:
            pass
        case _:
            raise Refused(_("This file is not checked yet, or cannot be read: there is nothing to apply."))
    applying = [subject_of(n) for n, state in states.items() if state is UploadState.APPLYING and n != upload.id]
    if db.session.scalar(sa.select(Job.id).where(Job.subject.in_(applying), Job.state.in_(UNDER_WAY)).limit(1)) is not None:
        raise Refused(_("Another file is being applied at this moment. Wait until that is done, then apply this one."))
    rows = sa.update(UploadRow).where(UploadRow.upload_id == upload.id, UploadRow.outcome == RowOutcome.REFUSED)
    db.session.execute(rows.values(outcome=None, said=None), execution_options={"synchronize_session": False})
    count = sa.select(sa.func.count()).where(UploadRow.upload_id == upload.id, UploadRow.result.in_(DOING), UploadRow.outcome.is_(None))
    if not (total := db.session.scalar(count) or 0):
        raise Refused(_("There is nothing to apply: no row is new or changed."))
    upload.state = UploadState.APPLYING
    record("upload.applied", subject_of(upload.id), by=by, cohort=cohort, about=upload.subject, rows=total)
    payload = {"upload_id": upload.id, "by": by.id, "language": language(), "options": options}
    return enqueue("uploads.apply", subject=subject_of(upload.id), by_id=by.id, total=total, **payload)


def throw_away(upload: Upload, *, by: Actor, cohort: str | None = None) -> None:
    """Delete a file that has changed nothing, with its rows. Raises Refused for one that is being checked or was applied."""
    db.session.refresh(upload, ["state"], with_for_update=True)
    job = job_of(upload)
    if upload.state in (UploadState.APPLYING, UploadState.APPLIED):
        raise Refused(_("This file was applied: its report stays. Its rows are deleted after %(days)s days.", days=KEPT_DAYS))
    if upload.state is UploadState.CHECKING and job is not None and job.state in UNDER_WAY:
        raise Refused(_("This file is being checked at this moment. Wait until that is done."))
    db.session.execute(sa.delete(UploadRow).where(UploadRow.upload_id == upload.id))
    db.session.execute(sa.delete(Upload).where(Upload.id == upload.id))
    record("upload.thrown_away", subject_of(upload.id), by=by, cohort=cohort, about=upload.subject)


# --- What pages read ------------------------------------------------------------------------------------------------


def job_of(upload: Upload) -> Job | None:
    """The newest job of an upload."""
    return latest_job(subject_of(upload.id))


def running(upload: Upload, job: Job | None) -> bool:
    """Whether the worker has the file, or is about to."""
    return upload.state in (UploadState.CHECKING, UploadState.APPLYING) and job is not None and job.state in UNDER_WAY


def one(kind: Kind, subject: str, upload_id: int) -> Upload | None:
    """An upload about `subject`; None when the number belongs to something else."""
    return db.session.scalar(sa.select(Upload).where(Upload.id == upload_id, Upload.kind == kind.name, Upload.subject == subject))


def latest(kind: Kind, subject: str, limit: int = 20) -> Sequence[Upload]:
    """The newest uploads about `subject`."""
    mine = sa.select(Upload).where(Upload.kind == kind.name, Upload.subject == subject)
    return db.session.scalars(mine.order_by(Upload.id.desc()).limit(limit)).all()
