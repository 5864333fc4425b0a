"""What pages, jobs and the verification page read about certificates."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload

from dostyk.attendance import queries as attendance
from dostyk.attendance.rules import AttendanceRecord
from dostyk.certificates import rules
from dostyk.certificates.models import Certificate, Signatory
from dostyk.certificates.rules import Record, Standing, Unmet
from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.cohorts.queries import HEAD, within
from dostyk.cohorts.rules import EnrolmentState
from dostyk.core.access import Grant
from dostyk.core.audit import Event
from dostyk.core.database import db
from dostyk.core.documents import clean, missing
from dostyk.courses.rules import CompletionRule
from dostyk.people.models import Organisation, Person
from dostyk.people.rules import OrganisationKind

LATELY = timedelta(days=120)  # how long after its end a cohort asks for its certificates
UNPRINTABLE = "certificate.unprintable"  # the event that says that a name did not fit its place


@dataclass(frozen=True)
class Candidate:
    """A participant as the certificates see them: the seat, what it has to show, and what it was given."""

    enrolment: Enrolment
    record: Record
    rule: CompletionRule
    unmet: frozenset[Unmet]
    certificate: Certificate | None  # the one that is not revoked
    revoked: tuple[Certificate, ...] = ()  # the latest first

    @property
    def person(self) -> Person:
        return self.enrolment.person

    @property
    def standing(self) -> Standing:
        return rules.standing(self.unmet, issued=self.certificate is not None, revoked=bool(self.revoked))

    @property
    def latest(self) -> Certificate | None:
        """The certificate to speak of: the one that stands, else the last that was revoked."""
        return self.certificate or next(iter(self.revoked), None)


# --- Certificates ---------------------------------------------------------------------------------------------------


def by_code(code: str) -> Certificate | None:
    """The certificate with this folded verification code; one statement, its snapshot says everything."""
    return db.session.scalar(sa.select(Certificate).where(Certificate.code == code))


def by_number(number: str) -> Certificate | None:
    """The certificate with this number, with its seat, its holder and its cohort."""
    seat = joinedload(Certificate.enrolment, innerjoin=True)
    loaded = (seat.joinedload(Enrolment.person, innerjoin=True), seat.joinedload(Enrolment.cohort, innerjoin=True))
    return db.session.scalar(sa.select(Certificate).where(Certificate.number == number).options(*loaded))


def of_person(person_id: int, grants: Sequence[Grant] | None = None) -> Sequence[Certificate]:
    """The certificates of a person, revoked ones too, the latest first; only from cohorts that `grants` reach, when told.

    What they say is in their snapshots. One statement.
    """
    held = sa.select(Certificate).join(Enrolment, Certificate.enrolment_id == Enrolment.id).where(Enrolment.person_id == person_id)
    if grants is not None:
        held = held.join(Cohort, Enrolment.cohort_id == Cohort.id).where(within(grants))
    return db.session.scalars(held.order_by(Certificate.issued_at.desc(), Certificate.id.desc())).all()


def of_cohort(cohort: Cohort) -> Sequence[Certificate]:
    """All certificates of a cohort, revoked ones too, the latest first."""
    held = sa.select(Certificate).join(Enrolment, Certificate.enrolment_id == Enrolment.id).where(Enrolment.cohort_id == cohort.id)
    return db.session.scalars(held.order_by(Certificate.id.desc())).all()


def issued_count(cohort: Cohort) -> int:
    """How many certificates of a cohort stand."""
    count = sa.select(sa.func.count()).select_from(Certificate).join(Enrolment, Certificate.enrolment_id == Enrolment.id)
    return db.session.scalar(count.where(Enrolment.cohort_id == cohort.id, Certificate.revoked_at.is_(None))) or 0


def standing_since(enrolments: Collection[int]) -> dict[int, datetime]:
    """When the certificates of these enrolments that stand were issued."""
    stands = sa.select(Certificate.enrolment_id, Certificate.issued_at)
    return dict(db.session.execute(stands.where(Certificate.enrolment_id.in_(enrolments), Certificate.revoked_at.is_(None))).all())


# --- What is printed for all ----------------------------------------------------------------------------------------


def signatory_of(programme_id: int) -> Signatory | None:
    """Who signs the certificates of a programme."""
    return db.session.get(Signatory, programme_id)


def agency() -> Organisation | None:
    """The agency that issues the certificates: the first of its kind that is not archived."""
    agencies = sa.select(Organisation).where(Organisation.kind == OrganisationKind.AGENCY, Organisation.archived_at.is_(None))
    return db.session.scalar(agencies.order_by(Organisation.id).limit(1))


def cohort(cohort_id: int) -> Cohort:
    """The cohort with its course, programme and host."""
    return db.session.scalars(sa.select(Cohort).where(Cohort.id == cohort_id).options(*HEAD)).one()


# --- Who is eligible ------------------------------------------------------------------------------------------------


def candidates(cohort: Cohort, now: datetime) -> list[Candidate]:
    """Everybody who has or had a seat in the cohort, by name, with what is met and what is not. A constant number of statements."""
    seats = sa.select(Enrolment).join(Enrolment.person).where(Enrolment.cohort_id == cohort.id, Enrolment.state.in_(attendance.ATTENDED))
    people = seats.options(joinedload(Enrolment.person, innerjoin=True)).order_by(Person.sort_name, Enrolment.id)
    return _judged(db.session.scalars(people).all(), of_cohort(cohort), attendance.records(cohort, now), now)


def candidates_of(seats: Sequence[Enrolment], now: datetime) -> list[Candidate]:
    """Some seats in any cohorts, judged by the same rule. A constant number of statements.

    Their people and cohorts with the courses must be loaded.
    """
    held = sa.select(Certificate).where(Certificate.enrolment_id.in_([s.id for s in seats])).order_by(Certificate.id.desc())
    return _judged(seats, db.session.scalars(held).all(), attendance.records_of(seats, now), now)


def without_certificate(grants: Sequence[Grant], now: datetime) -> Sequence[Enrolment]:
    """The seats held without any certificate in the cohorts that `grants` reach and that ended lately, the first of them. One statement."""
    nothing = ~sa.exists().where(Certificate.enrolment_id == Enrolment.id)
    held = sa.and_(Enrolment.state == EnrolmentState.ENROLLED, nothing)
    today = now.date()
    # A day more: the calendar of the venue decides, and the rule asks it.
    ended = Cohort.ends_on.between(today - LATELY, today + timedelta(days=1))
    waiting = sa.exists().where(Enrolment.cohort_id == Cohort.id, held)
    cohorts = sa.select(Cohort.id).where(within(grants), Cohort.archived_at.is_(None), ended, waiting).order_by(Cohort.ends_on, Cohort.id)
    seats = sa.select(Enrolment).join(Enrolment.cohort).where(Enrolment.cohort_id.in_(cohorts.limit(10)), held)
    loaded = seats.options(contains_eager(Enrolment.cohort).options(*HEAD), joinedload(Enrolment.person, innerjoin=True))
    return db.session.scalars(loaded.order_by(Cohort.ends_on, Cohort.id, Enrolment.id)).unique().all()


def to_issue(people: Iterable[Candidate], enrolment_id: int | None = None) -> list[Candidate]:
    """Who gets a certificate when it is issued now: all who are eligible, or the one person whose last one was revoked."""
    if enrolment_id is None:
        return [c for c in people if c.standing is Standing.ELIGIBLE]
    return [c for c in people if c.enrolment.id == enrolment_id and c.standing in (Standing.ELIGIBLE, Standing.REVOKED)]


def planned_short(cohort: Cohort, people: Sequence[Candidate]) -> Fraction | None:
    """The academic hours of the timetable when they are fewer than the hours that are printed, else None.

    Who joined after the start has fewer hours planned than the others.
    """
    planned = max((one.record.attended.planned for one in people), default=None)
    return planned if planned is not None and planned < Fraction(cohort.course.academic_hours) else None


def fingerprint(people: Iterable[Candidate]) -> str:
    """A mark of who was shown to the coordinator, so that exactly they get a certificate."""
    return sha256(",".join(str(c.enrolment.id) for c in people).encode()).hexdigest()[:16]


def standings(people: Iterable[Candidate]) -> dict[Standing, int]:
    """How many stand where."""
    found = [c.standing for c in people]
    return {standing: found.count(standing) for standing in Standing}


def _judged(
    seats: Sequence[Enrolment], certificates: Iterable[Certificate], shown: Mapping[int, AttendanceRecord], now: datetime
) -> list[Candidate]:
    too_long = _names_too_long({seat.cohort.code for seat in seats})
    held: dict[int, list[Certificate]] = {}
    for certificate in certificates:
        held.setdefault(certificate.enrolment_id, []).append(certificate)
    found = []
    for seat in seats:
        rule, record = seat.cohort.course.completion_rule, _record(seat, shown.get(seat.id, AttendanceRecord()), now, too_long)
        own = held.get(seat.id, [])
        standing = next((c for c in own if c.revoked_at is None), None)
        revoked = tuple(c for c in own if c.revoked_at is not None)
        found.append(Candidate(seat, record, rule, rules.unmet(record, rule), standing, revoked))
    return found


def _record(seat: Enrolment, shown: AttendanceRecord, now: datetime, too_long: Mapping[str, str]) -> Record:
    """The one place where attendance and the profile become what the rule asks about."""
    cohort, name = seat.cohort, printed_name(seat.person)
    return Record(
        attended=shown,
        withdrawn=seat.state is not EnrolmentState.ENROLLED,
        finished=rules.finished(cohort.ends_on, cohort.today(now), shown),
        named=bool(clean(seat.person.full_name)),
        letters=missing(name),
        too_long=too_long.get(f"enrolment:{seat.id}") == name,
    )


def printed_name(person: Person) -> str:
    """Both names as they are printed, on one line."""
    return clean(f"{person.full_name} {person.own_name}")


def _names_too_long(cohorts: Collection[str]) -> dict[str, str]:
    """Seats whose name did not fit when it was last tried, with that name: a shorter one is tried again."""
    tried = sa.select(Event.subject, Event.data).where(Event.cohort.in_(cohorts), Event.kind == UNPRINTABLE).order_by(Event.id)
    return {subject: str(data.get("name")) for subject, data in db.session.execute(tried)}
