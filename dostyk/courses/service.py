"""What changes programmes, projects and courses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from dostyk.core.audit import record
from dostyk.core.database import LocalizedText, db
from dostyk.core.errors import Refused
from dostyk.core.text import fold, localized
from dostyk.courses import panels, queries, rules
from dostyk.courses.labels import SLUG_ERRORS
from dostyk.courses.models import Course, Programme, Project
from dostyk.courses.rules import CourseKind, ExcusedHours, LateHours
from dostyk.people.models import Person


@dataclass(frozen=True)
class ProgrammeDetails:
    """What a coordinator fills in about a programme."""

    code: str
    title: LocalizedText
    summary: LocalizedText


@dataclass(frozen=True)
class ProjectDetails:
    """What a coordinator fills in about a project."""

    title: LocalizedText
    donor_id: int | None
    starts_on: date | None
    ends_on: date | None


@dataclass(frozen=True)
class CourseDetails:
    """What a coordinator fills in about a course; an empty slug is made from the title."""

    project_id: int
    title: LocalizedText
    summary: LocalizedText
    kind: CourseKind
    academic_hours: Decimal
    minutes_per_hour: int
    languages: Sequence[str]
    least_attendance: int  # percent
    excused_hours: ExcusedHours
    late_hours: LateHours
    least_cultural_events: int
    public: bool
    slug: str
    years_of_service: int = 0
    enforced_checks: Sequence[str] = ()


@contextmanager
def unique(column: str, sentence: object) -> Iterator[None]:
    """Write what was changed inside; a value of `column` that somebody else took in the meantime becomes a refusal at its field."""
    try:
        yield
        db.session.flush()
    except IntegrityError as error:
        if column not in str(error.orig):
            raise
        raise Refused(sentence, field=column) from error


def _set(row: Any, details: Any) -> list[str]:
    """Copy the details to the row; the names of what changed."""
    names = [f.name for f in fields(details) if getattr(row, f.name) != getattr(details, f.name)]
    for name in names:
        setattr(row, name, getattr(details, name))
    return names


# --- Programmes and projects ----------------------------------------------------------------------------------------


def create_programme(details: ProgrammeDetails, by: Person, now: datetime) -> Programme:
    """A new programme. Raises Refused when its code is taken."""
    programme = Programme(code=details.code, title=details.title, summary=details.summary)
    with unique("code", _("Another programme has this code. Choose another.")):
        db.session.add(programme)
    record("programme.created", f"programme:{programme.id}", by=by, code=programme.code)
    return programme


def edit_programme(programme: Programme, details: ProgrammeDetails, by: Person, now: datetime) -> None:
    """Raises Refused when the code is taken, or printed already."""
    if details.code != programme.code and panels.programme_in_use(programme.id):
        raise Refused(_("Cohorts of this programme exist, and their codes and certificates carry its code. The code stays."), field="code")
    with unique("code", _("Another programme has this code. Choose another.")):
        changes = _set(programme, details)
    if changes:
        record("programme.edited", f"programme:{programme.id}", by=by, changed=changes)


def create_project(programme: Programme, details: ProjectDetails, by: Person, now: datetime) -> Project:
    """A new project of a programme. Raises Refused when it ends before it begins."""
    _check_period(details)
    project = Project(programme=programme, **{f.name: getattr(details, f.name) for f in fields(details)})
    db.session.add(project)
    db.session.flush()
    record("project.created", f"project:{project.id}", by=by)
    return project


def edit_project(project: Project, details: ProjectDetails, by: Person, now: datetime) -> None:
    """Raises Refused when it ends before it begins."""
    _check_period(details)
    if changes := _set(project, details):
        record("project.edited", f"project:{project.id}", by=by, changed=changes)


def _check_period(details: ProjectDetails) -> None:
    if details.starts_on and details.ends_on and details.ends_on < details.starts_on:
        raise Refused(_("The project ends before it begins. Correct one of the dates."), field="ends_on")


# --- Courses --------------------------------------------------------------------------------------------------------


def create(details: CourseDetails, by: Person, now: datetime) -> Course:
    """A new course. Raises Refused when its address is taken or no address."""
    given = {f.name: getattr(details, f.name) for f in fields(details)}
    course = Course(**{**given, "slug": details.slug or _free_slug(details.title), "search": _search(details.title)})
    _check_slug(course.slug)
    with unique("slug", _("Another course has this address. Choose another.")):
        db.session.add(course)
    record("course.created", f"course:{course.id}", by=by, slug=course.slug)
    return course


def edit(course: Course, details: CourseDetails, by: Person, now: datetime) -> None:
    """Change a course; what certificates already say stays. Raises Refused when its address is taken, no address, or known already."""
    if details.slug != course.slug:
        if panels.course_in_use(course.id):
            raise Refused(_("Cohorts of this course exist, and people know its address. The address stays."), field="slug")
        _check_slug(details.slug)
    with unique("slug", _("Another course has this address. Choose another.")):
        changes = _set(course, details)
        course.search = _search(course.title)
    if changes:
        record("course.edited", f"course:{course.id}", by=by, changed=changes)


def archive(thing: Programme | Project | Course, by: Person, now: datetime) -> None:
    """Offer it no more; what exists of it goes on. Nothing happens when it is archived already."""
    if thing.archived_at is None:
        thing.archived_at = now
        record(f"{_kind(thing)}.archived", f"{_kind(thing)}:{thing.id}", by=by)


def restore(thing: Programme | Project | Course, by: Person, now: datetime) -> None:
    """Offer it again."""
    if thing.archived_at is not None:
        thing.archived_at = None
        record(f"{_kind(thing)}.restored", f"{_kind(thing)}:{thing.id}", by=by)


def _kind(thing: Programme | Project | Course) -> str:
    return type(thing).__name__.lower()


def _search(title: LocalizedText) -> str:
    return fold(" ".join(title.values()))


def _check_slug(slug: str) -> None:
    if error := rules.slug_error(slug):
        raise Refused(SLUG_ERRORS[error], field="slug")


def _free_slug(title: LocalizedText) -> str:
    """An address from the English title, else from whatever Latin skeleton another title has."""
    text = localized(title, "en")
    base = rules.slug_from(text) or rules.slug_from(fold(text)) or "course"
    taken = queries.slugs_like(base) | rules.RESERVED_SLUGS
    return next(slug for n in range(1, len(taken) + 2) if (slug := base if n == 1 else f"{base}-{n}") not in taken)
