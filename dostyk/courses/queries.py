"""What pages read about programmes and courses."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload
from sqlalchemy.sql import ColumnElement

from dostyk.core.database import db
from dostyk.courses.models import Course, Programme, Project
from dostyk.courses.rules import SLUG

# A course with its project, programme and donor: one statement.
HEAD = (
    joinedload(Course.project, innerjoin=True).joinedload(Project.programme, innerjoin=True),
    joinedload(Course.project, innerjoin=True).joinedload(Project.donor),
)


def is_public() -> ColumnElement[bool]:
    """The courses that visitors see."""
    return sa.and_(Course.public, Course.archived_at.is_(None))


def public_courses(limit: int | None = None) -> Sequence[Course]:
    """The courses that visitors see, by programme and title. One statement."""
    return db.session.scalars(
        sa.select(Course).join(Course.project).join(Project.programme).where(is_public()).options(*HEAD)
        .order_by(Programme.code, Course.search, Course.id).limit(limit)
    ).all()  # fmt: skip


def by_slug(slug: str) -> Course | None:
    """The course with its project, programme and donor, public or not."""
    if not SLUG.fullmatch(slug):  # nothing that is no address reaches the database, which may not even be able to read it
        return None
    return db.session.scalar(sa.select(Course).where(Course.slug == slug).options(*HEAD))


def by_id(course_id: int) -> Course | None:
    """The course with its project, programme and donor, by number."""
    return db.session.scalar(sa.select(Course).where(Course.id == course_id).options(*HEAD))


def slugs_like(slug: str) -> set[str]:
    """The addresses that begin with this one: to find a free one."""
    return set(db.session.scalars(sa.select(Course.slug).where(Course.slug.startswith(slug, autoescape=True))))


def offered(including: int | None = None) -> Sequence[Course]:
    """The courses of which a cohort can be made, and the one numbered `including`, by title."""
    return db.session.scalars(
        sa.select(Course)
        .where(sa.or_(Course.archived_at.is_(None), Course.id == including))
        .options(*HEAD)
        .order_by(Course.search, Course.id)
    ).all()


# --- Programmes and projects ----------------------------------------------------------------------------------------


def programmes(*, archived: bool = True) -> Sequence[Programme]:
    """All programmes by code; without those archived when told."""
    select = sa.select(Programme).order_by(Programme.code)
    return db.session.scalars(select if archived else select.where(Programme.archived_at.is_(None))).all()


def programme_by_code(code: str) -> Programme | None:
    """The programme with this code."""
    if not (code.isascii() and code.isalnum()):
        return None
    return db.session.scalar(sa.select(Programme).where(Programme.code == code.upper()))


def projects_of(programme: Programme) -> Sequence[Project]:
    """The projects of a programme with their donors, the latest first."""
    return db.session.scalars(
        sa.select(Project)
        .where(Project.programme_id == programme.id)
        .options(joinedload(Project.donor))
        .order_by(Project.starts_on.desc(), Project.id.desc())
    ).all()


def project_of(programme: Programme, project_id: int) -> Project | None:
    """A project of this programme; None when the number belongs to another."""
    return db.session.scalar(
        sa.select(Project).where(Project.programme_id == programme.id, Project.id == project_id).options(joinedload(Project.donor))
    )


def projects(including: int | None = None) -> Sequence[Project]:
    """The projects to which a course can belong, and the one numbered `including`, with their programmes."""
    open_ = sa.and_(Project.archived_at.is_(None), Programme.archived_at.is_(None))
    return db.session.scalars(
        sa.select(Project).join(Project.programme).where(sa.or_(open_, Project.id == including))
        .options(joinedload(Project.programme, innerjoin=True)).order_by(Programme.code, Project.id)
    ).all()  # fmt: skip


def courses_of(programme: Programme) -> Sequence[Course]:
    """The courses of a programme, archived ones last."""
    return db.session.scalars(
        sa.select(Course).join(Course.project).where(Project.programme_id == programme.id)
        .order_by(Course.archived_at.is_not(None), Course.search, Course.id)
    ).all()  # fmt: skip
