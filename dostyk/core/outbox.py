"""Work that takes time: a row written in the same transaction, carried out by the worker.

`enqueue()` adds a `Job` inside the business transaction; after the commit its number is sent to the queue; the worker
claims it by one conditional UPDATE, so that sending twice is harmless; the sweeper sends again what was lost. Killing
the worker loses nothing: a job whose heartbeat stopped is taken up again, and every job can be run twice.
"""

from __future__ import annotations

import logging
import sqlite3
import time
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import psycopg
import sqlalchemy as sa
from flask import Flask, current_app
from huey import MemoryHuey, PostgresHuey, RedisHuey, SqliteHuey, crontab
from huey.api import Huey
from redis.exceptions import RedisError
from sqlalchemy import event
from sqlalchemy.orm import Mapped, Session, mapped_column

from dostyk.config import BadSettings
from dostyk.core.clock import utcnow
from dostyk.core.database import Instant, Model, changed, db, work

log = logging.getLogger(__name__)

ATTEMPTS = 5
STALE = timedelta(seconds=60)  # longer than any job is silent: jobs tell their progress at least that often


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job(Model):
    """Something to be done outside the request, and how far it is. `total` is 0 when that is not known."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    subject: Mapped[str | None] = mapped_column(sa.String(120), index=True)
    payload: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    state: Mapped[JobState] = mapped_column(default=JobState.QUEUED, index=True)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(sa.Text)
    created_at: Mapped[Instant]
    beat_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
    by_id: Mapped[int | None]


Progress = Callable[[int, int], None]
Handler = Callable[..., None]
HANDLERS: dict[str, Handler] = {}
HOURLY: list[str] = []
MINUTELY: list[Callable[[datetime], None]] = []


def job(name: str) -> Callable[[Handler], Handler]:
    """Mark a function as the handler of jobs called `name`.

    It gets `progress(done, total)` and the payload, opens its own `with work():` and must bear being run twice.
    """

    def mark(handler: Handler) -> Handler:
        HANDLERS[name] = handler
        return handler

    return mark


def hourly(name: str) -> Callable[[Handler], Handler]:
    """`job(name)` for work that is due by the clock: it is queued every hour, unless one is waiting or running.

    What is to be done is found in the tables, so that an hour without a worker loses nothing.
    """
    HOURLY.append(name)
    return job(name)


def every_minute(look: Callable[[datetime], None]) -> Callable[[datetime], None]:
    """Mark a function of the present moment that looks for what is due and queues it: one cheap statement, in a unit of work."""
    MINUTELY.append(look)
    return look


def look_around(now: datetime) -> None:
    """What is due now, queued."""
    for look in MINUTELY:
        with work():
            look(now)


def enqueue_hourly() -> None:
    """Queue the hourly jobs that are not under way, in the present unit of work."""
    under_way = sa.select(Job.name).where(Job.name.in_(HOURLY), Job.state.in_((JobState.QUEUED, JobState.RUNNING)))
    busy = set(db.session.scalars(under_way))
    for name in HOURLY:
        if name not in busy:
            enqueue(name)


def enqueue(name: str, *, subject: str | None = None, by_id: int | None = None, total: int = 0, **payload: Any) -> Job:
    """Ask for a job, inside the unit of work that is its reason. `subject` lets a page find it again."""
    now = utcnow()
    row = Job(
        name=name,
        subject=subject,
        payload=payload,
        created_at=now,
        beat_at=now,
        by_id=by_id,
        total=total,
        done=0,
        attempts=0,
        state=JobState.QUEUED,
    )
    db.session.add(row)
    return row


def again(job_id: int) -> bool:
    """Queue a job that failed once more, with all its attempts; False when it has not failed. Inside a unit of work."""
    now = utcnow()
    failed = sa.update(Job).where(Job.id == job_id, Job.state == JobState.FAILED)
    values = {"state": JobState.QUEUED, "attempts": 0, "error": None, "beat_at": now, "ended_at": None}
    if changed(db.session.execute(failed.values(**values).execution_options(synchronize_session=False))) != 1:
        return False
    row = db.session.get_one(Job, job_id, populate_existing=True)
    db.session.info.setdefault("jobs", []).append(row)  # sent to the queue after the commit, as a new one is
    return True


def latest(subject: str) -> Job | None:
    """The newest job about `subject`."""
    return db.session.scalar(sa.select(Job).where(Job.subject == subject).order_by(Job.id.desc()).limit(1))


def run(job_id: int) -> bool:
    """Carry out one queued job; False when somebody else has it or it is done. Raises what the handler raised, for a retry."""
    now = utcnow()
    with work():
        claimed = db.session.execute(
            sa.update(Job)
            .where(Job.id == job_id, Job.state == JobState.QUEUED)
            .values(state=JobState.RUNNING, attempts=Job.attempts + 1, beat_at=now)
            .execution_options(synchronize_session=False)
        )
    if changed(claimed) != 1:
        return False
    db.session.expire_all()
    row = db.session.get_one(Job, job_id)
    beat = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal beat
        if done != total and time.monotonic() - beat < 0.5:  # a page asks once a second: more would only cost
            return
        beat = time.monotonic()
        with work():
            db.session.execute(sa.update(Job).where(Job.id == job_id).values(done=done, total=total, beat_at=utcnow()))

    try:
        HANDLERS[row.name](progress, **row.payload)
    except Exception:
        _finish(job_id, JobState.QUEUED if row.attempts < ATTEMPTS else JobState.FAILED, traceback.format_exc(limit=-3))
        log.exception("job failed", extra={"job": job_id, "name_of_job": row.name, "attempt": row.attempts})
        if row.attempts < ATTEMPTS:
            raise
        return True
    _finish(job_id, JobState.DONE, None)
    return True


def _finish(job_id: int, state: JobState, error: str | None) -> None:
    db.session.rollback()
    ended = utcnow() if state in (JobState.DONE, JobState.FAILED) else None
    with work():
        db.session.execute(sa.update(Job).where(Job.id == job_id).values(state=state, error=error, beat_at=utcnow(), ended_at=ended))


def sweep(now: datetime, stale: timedelta = STALE) -> list[int]:
    """Queue again what was lost: running jobs whose heartbeat stopped, queued ones nobody took. Returns their numbers."""
    limit = now - stale
    with work():
        db.session.execute(sa.update(Job).where(Job.state == JobState.RUNNING, Job.beat_at < limit).values(state=JobState.QUEUED))
        lost = list(db.session.scalars(sa.select(Job.id).where(Job.state == JobState.QUEUED, Job.beat_at < limit).order_by(Job.id)))
        db.session.execute(sa.update(Job).where(Job.id.in_(lost)).values(beat_at=now))
    return lost


def make_queue(url: str, *, immediate: bool = False) -> Huey:
    """The queue behind `QUEUE_URL`: sqlite:///file, postgresql://…, redis://…; memory:// for tests."""
    options: dict[str, Any] = {"name": "dostyk", "results": False, "utc": True}
    if url.startswith("sqlite:///"):
        return SqliteHuey(filename=url.removeprefix("sqlite:///"), **options)
    if url.startswith("postgres"):
        return PostgresHuey(dsn=url.replace("+psycopg", ""), **options)
    if url.startswith("redis"):
        return RedisHuey(url=url, **options)
    return MemoryHuey(immediate=immediate, **options)


def init_app(app: Flask) -> None:
    """Give the application its queue and, through it, the tasks that the worker knows. Raises BadSettings when it does not answer."""
    try:
        queue = make_queue(app.config["QUEUE_URL"])
        queue.pending_count()
    except (OSError, sqlite3.Error, psycopg.Error, RedisError) as error:
        raise BadSettings(f"the queue cannot be used ({str(error).strip().splitlines()[0]}). Check QUEUE_URL.") from error
    app.extensions["queue"] = queue

    @queue.task(name="run_job", retries=ATTEMPTS - 1, retry_delay=2, retry_backoff=2)
    def run_job(job_id: int) -> None:
        with app.app_context():
            run(job_id)

    @queue.periodic_task(crontab(minute="*"), name="sweep_jobs")
    def sweep_jobs() -> None:
        with app.app_context():
            for job_id in sweep(utcnow()):
                run_job(job_id)
            look_around(utcnow())

    @queue.periodic_task(crontab(minute="7"), name="hourly_jobs")
    def hourly_jobs() -> None:
        with app.app_context(), work():
            enqueue_hourly()

    app.extensions["run_job"] = run_job


@event.listens_for(Session, "after_flush")
def _collect(session: Session, _context: Any) -> None:
    session.info.setdefault("jobs", []).extend(row for row in session.new if isinstance(row, Job))


@event.listens_for(Session, "after_commit")
def _send(session: Session) -> None:
    for row in session.info.pop("jobs", []):
        try:
            current_app.extensions["run_job"](row.id)
        except Exception:  # the sweeper sends it again; the work is committed and must not look failed
            log.exception("could not send a job to the queue", extra={"job": row.id})


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop("jobs", None)
