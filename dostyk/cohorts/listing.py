"""The lists of this room, and what their exports hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import contains_eager
from sqlalchemy.sql import ColumnElement

from dostyk.cohorts import queries
from dostyk.cohorts.labels import PHASES, STATES
from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.cohorts.rules import EnrolmentState, Phase, SeatTable
from dostyk.core.access import Permission
from dostyk.core.countries import country_name
from dostyk.core.i18n import label, language
from dostyk.core.tables import Filter, Listing, listing
from dostyk.core.text import fold, localized
from dostyk.courses.models import Course, Programme, Project
from dostyk.courses.queries import programmes
from dostyk.people.models import Person
from dostyk.people.queries import found, in_chunks, organisations
from dostyk.people.rules import OrganisationKind


def _anywhere(*columns: Any) -> Callable[[str], ColumnElement[bool]]:
    """Every word that was typed stands in one of the folded columns; what has a hyphen is a code, or a part of one."""

    def condition(typed: str) -> ColumnElement[bool]:
        words = [fold(typed)] if "-" in typed else fold(typed).split()
        if not any(words):
            return sa.false()
        return sa.and_(*(sa.or_(*(column.contains(word, autoescape=True) for column in columns)) for word in words))

    return condition


def cohorts(now: datetime) -> Listing[Cohort]:
    """The cohorts that whoever is signed in may see; those archived only when asked for."""
    lang = language()
    phases = [("", _l("All but archived")), *((phase.value, word) for phase, word in PHASES.items())]
    select = queries.visible(Permission.SEE_COHORT).join(Cohort.course).join(Course.project).join(Project.programme)
    if request.args.get("phase") != Phase.ARCHIVED:
        select = select.where(Cohort.archived_at.is_(None))
    return listing(
        select,
        sorts={
            "dates": [Cohort.starts_on, Cohort.id],
            "code": [Cohort.code],
            "title": [Course.search, Cohort.starts_on, Cohort.id],
            "taken": [Cohort.taken, Cohort.id],
        },
        default="-dates",
        search=_anywhere(Cohort.search, Course.search),
        filters=[
            Filter("phase", _l("Phase"), phases, lambda chosen: queries.phase_is(Phase(chosen), now)),
            Filter(
                "programme",
                _l("Programme"),
                [(p.code, localized(p.title, lang)) for p in programmes()],
                lambda code: Programme.code == code,
            ),
            Filter(
                "host",
                _l("Host"),
                [(str(host.id), host.short_name or localized(host.name, lang)) for host in organisations(OrganisationKind.HOST)],
                lambda chosen: Cohort.host_id == int(chosen),
            ),
        ],
        load=queries.HEAD,
    )


def cohort_head() -> list[object]:
    return [
        _("Code"),
        _("Course"),
        _("Programme"),
        _("Host"),
        _("City"),
        _("First day"),
        _("Last day"),
        _("Phase"),
        _("Seats in all"),
        _("Seats taken"),
    ]


def cohort_lines(select: sa.Select[Any], now: datetime) -> Iterator[list[object]]:
    """Seats only of those cohorts whose figures one may see."""
    lang = language()
    counted = sa.case((queries.seen(Permission.SEE_FIGURES), True), else_=False)
    for c, figures in in_chunks(select.add_columns(counted)):
        seats = [c.capacity, c.taken] if figures else ["", ""]
        yield [
            c.code,
            localized(c.course.title, lang),
            localized(c.course.project.programme.title, lang),
            localized(c.host.name, lang),
            localized(c.city, lang),
            c.starts_on.isoformat(),
            c.ends_on.isoformat(),
            label(c.phase(now)),
            *seats,
        ]


# --- Participants ---------------------------------------------------------------------------------------------------


SHOWN = (EnrolmentState.ENROLLED,)  # unless others are asked for


def participants(cohort: Cohort) -> Listing[Enrolment]:
    """The participants of a cohort; those who wait, withdrew or were declined only when asked for."""
    lang = language()
    # Translators: which participants a list shows
    states = [("", _l("Enrolled")), *((state.value, STATES[state]) for state in EnrolmentState if state not in SHOWN), ("all", _l("All"))]
    select = sa.select(Enrolment).join(Person, Person.id == Enrolment.person_id).where(Enrolment.cohort_id == cohort.id)
    if request.args.get("state") not in {value for value, _word in states if value}:
        select = select.where(Enrolment.state == EnrolmentState.ENROLLED)
    countries = sorted((country_name(code, lang), code) for code in queries.countries_in(cohort))
    return listing(
        select,
        sorts={
            "name": [Person.sort_name, Person.id],
            "country": [Person.country, Person.sort_name, Person.id],
            "enrolled": [Enrolment.enrolled_at, Enrolment.id],
            "employer": [sa.func.lower(Person.employer), Person.sort_name, Person.id],
        },
        default="name",
        search=found(Person.search),
        filters=[
            Filter("country", _l("Country"), [(code, name) for name, code in countries], lambda code: Person.country == code),
            Filter(
                "state",
                _l("State"),
                states,
                lambda chosen: sa.true() if chosen == "all" else Enrolment.state == EnrolmentState(chosen),
            ),
        ],
        load=[contains_eager(Enrolment.person)],
    )


def participant_head(addresses: bool) -> list[object]:
    contact = [_("E-mail"), _("Phone")] if addresses else []
    return [
        _("Name as in the passport"),
        _("Name in own script"),
        _("Country"),
        _("Employer"),
        _("Post"),
        *contact,
        _("Seat of"),
        _("Enrolled on"),
        _("State"),
        _("Withdrawn on"),
        _("Reason"),
    ]


def participant_lines(select: sa.Select[Any], addresses: bool) -> Iterator[list[object]]:
    """Addresses only for who may see people; days in UTC, ISO."""
    lang = language()
    for (e,) in in_chunks(select):
        p = e.person
        contact = [p.email, p.phone] if addresses else []
        yield [
            p.full_name,
            p.own_name,
            country_name(p.country, lang) if p.country else "",
            p.employer,
            p.post,
            *contact,
            country_name(e.country, lang) if e.country else "",
            e.enrolled_at.date().isoformat(),
            label(e.state),
            e.withdrawn_at.date().isoformat() if e.withdrawn_at else "",
            e.withdrawn_reason or "",
        ]


# --- Seats ----------------------------------------------------------------------------------------------------------


def seat_head() -> list[object]:
    """The head of a file of seats."""
    return [_("Country"), _("Held"), _("Enrolled"), _("Reserved"), _("Free")]


def seat_lines(table: SeatTable) -> Iterator[list[object]]:
    """The seats of each country, of the common pool and in total."""
    named = sorted(((country_name(code, language()), row) for code, row in table.countries.items()), key=lambda pair: pair[0])
    for name, row in [*named, (_("Common pool"), table.pool), (_("In total"), table.total)]:
        yield [name, row.held, row.taken, row.reserved, row.free]
