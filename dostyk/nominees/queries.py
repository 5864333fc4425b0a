"""What pages and rules read about nominees; a constant number of statements, however many there are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, contains_eager, joinedload
from sqlalchemy.sql import ColumnElement

from dostyk.cohorts import queries as cohorts
from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.cohorts.progress import Progress, progress_of
from dostyk.cohorts.rules import EnrolmentState
from dostyk.core.access import Grant
from dostyk.core.audit import Event
from dostyk.core.database import db
from dostyk.core.mail import Mail
from dostyk.core.text import fold
from dostyk.courses.models import Course
from dostyk.courses.rules import Finding
from dostyk.nominees import rules
from dostyk.nominees.models import Decision, Nominee
from dostyk.nominees.rules import Facts, Found, Identity, Journey, Namesake, Requirements, Stage, Training
from dostyk.people.models import Account, Person
from dostyk.vouchers import holders, prefill
from dostyk.vouchers import queries as vouchers
from dostyk.vouchers.models import Batch, Redemption, Voucher
from dostyk.vouchers.rules import BatchKind, BatchState, VoucherState

# --- What lower rooms are told -----------------------------------------------------------------------------------------


@holders.provides
def given() -> ColumnElement[bool]:
    """The vouchers that were given to somebody who was named."""
    return sa.exists().where(Nominee.voucher_id == Voucher.id, Nominee.ended_at.is_(None)).correlate(Voucher)


@prefill.provides
def known_of(voucher_id: int) -> prefill.Known | None:
    """What their body said of whoever this voucher was given to."""
    one = db.session.scalar(sa.select(Nominee).where(Nominee.voucher_id == voucher_id, Nominee.ended_at.is_(None)))
    if one is None:
        return None
    names = ("full_name", "own_name", "employer", "post", "email", "languages")
    return {"sex": one.sex.value, **{name: getattr(one, name) for name in names}}


# --- Lists -------------------------------------------------------------------------------------------------------------

_WITH_VOUCHER = (joinedload(Nominee.voucher),)


def of_batch(batch: Batch) -> sa.Select[Nominee]:
    """The nominees of a batch, with their vouchers."""
    return sa.select(Nominee).where(Nominee.batch_id == batch.id).options(*_WITH_VOUCHER)


def of_cohort(cohort: Cohort) -> sa.Select[Nominee]:
    """The nominees of all batches of a cohort, with their vouchers and bodies."""
    mine = sa.select(Nominee).join(Nominee.batch).where(Batch.cohort_id == cohort.id)
    return mine.options(*_WITH_VOUCHER, contains_eager(Nominee.batch).joinedload(Batch.organisation, innerjoin=True))


def one_of(batch: Batch, nominee_id: int) -> Nominee | None:
    """A nominee of this batch; None when the number belongs to another."""
    return db.session.scalar(of_batch(batch).where(Nominee.id == nominee_id).options(joinedload(Nominee.replaces)))


def one_in(cohort: Cohort, nominee_id: int) -> Nominee | None:
    """A nominee of this cohort; None when the number belongs to another."""
    return db.session.scalar(of_cohort(cohort).where(Nominee.id == nominee_id))


def some_of(batch: Batch, numbers: Collection[int]) -> Sequence[Nominee]:
    """Those of these numbers that are nominees of the batch, in the order of their names."""
    return db.session.scalars(of_batch(batch).where(Nominee.id.in_(numbers)).order_by(Nominee.sort_name, Nominee.id)).all()


def found_by(typed: str) -> ColumnElement[bool]:
    """The nominees whose name or address holds what was typed, in any script."""
    return sa.and_(sa.true(), *(Nominee.search.contains(word, autoescape=True) for word in fold(typed).split()))


_SUCCESSOR = aliased(Nominee)
_SEAT = (
    sa.select(Enrolment.state)
    .join(Redemption, Redemption.enrolment_id == Enrolment.id)
    .where(Redemption.voucher_id == Nominee.voucher_id)
    .order_by(Redemption.id.desc())
    .limit(1)
    .correlate(Nominee)
    .scalar_subquery()
)
_PLACES = {
    EnrolmentState.PENDING: Stage.PENDING, EnrolmentState.ENROLLED: Stage.REDEEMED,
    EnrolmentState.WITHDRAWN: Stage.WITHDRAWN, EnrolmentState.DECLINED: Stage.DECLINED,
}  # fmt: skip


def staged() -> ColumnElement[str]:
    """`rules.stage` as SQL, but for what only upper rooms know: who attends or is certified counts as redeemed."""
    ended = Nominee.ended_at.is_not(None)
    replaced = sa.exists().where(_SUCCESSOR.replaces_id == Nominee.id).correlate(Nominee)
    declined = sa.exists().where(Decision.nominee_id == Nominee.id, Decision.accepted.is_(False)).correlate(Nominee)
    return sa.case(
        (sa.and_(ended, replaced), Stage.REPLACED.value),
        (ended, Stage.GIVEN_BACK.value),
        *((_SEAT.in_([state.value]), stage.value) for state, stage in _PLACES.items()),
        (declined, Stage.DECLINED.value),
        (Nominee.invited_at.is_not(None), Stage.INVITED.value),
        else_=Stage.NAMED.value,
    )


def counts(batch: Batch) -> Mapping[Stage, int]:
    """How many nominees of a batch are where; who attends or is certified counts as redeemed. One statement."""
    rows = db.session.execute(sa.select(staged().label("stage"), sa.func.count()).where(Nominee.batch_id == batch.id).group_by("stage"))
    found = {stage: int(number) for stage, number in rows}
    return {stage: found.get(stage.value, 0) for stage in Stage}


def free_vouchers(batch: Batch, now: datetime) -> sa.Select[Voucher]:
    """The open vouchers of a batch that belong to nobody, the first first."""
    return vouchers.of_batch(batch).where(vouchers.state_is(VoucherState.OPEN, now), ~holders.spoken_for()).order_by(Voucher.id)


def number_free(batch: Batch, now: datetime) -> int:
    """How many open vouchers of a batch belong to nobody."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(free_vouchers(batch, now).order_by(None).subquery())) or 0


# --- Where they stand ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """A nominee with all that pages and verbs ask about."""

    nominee: Nominee
    seat: Enrolment | None
    progress: Progress
    successor_id: int | None
    decisions: Mapping[Finding, Decision]
    found: Sequence[Found]
    waiting: Sequence[Finding]  # findings to decide before an invitation goes out

    @property
    def journey(self) -> Journey:
        return Journey(
            ended=self.nominee.ended_at is not None,
            replaced=self.successor_id is not None,
            declined=any(not decision.accepted for decision in self.decisions.values()),
            invited=self.nominee.invited_at is not None,
            seat=None if self.seat is None else self.seat.state,
            attended=self.progress.attended,
            certified=self.progress.certified_on is not None,
        )

    @property
    def stage(self) -> Stage:
        return rules.stage(self.journey)


def standings(people: Sequence[Nominee], now: datetime) -> list[Standing]:
    """Where each stands, and what the checks find. Their batches with cohort and course are loaded. At most eleven statements."""
    if not people:
        return []
    ids = [one.id for one in people]
    seats = _seats([one.voucher_id for one in people if one.voucher_id is not None])
    progress = progress_of([seat.id for seat in seats.values() if seat.state is EnrolmentState.ENROLLED], now)
    after = sa.select(Nominee.replaces_id, Nominee.id).where(Nominee.replaces_id.in_(ids))
    successors: dict[int | None, int] = dict(db.session.execute(after).all())
    decisions: dict[int, dict[Finding, Decision]] = {}
    for row in db.session.scalars(sa.select(Decision).where(Decision.nominee_id.in_(ids)).options(joinedload(Decision.by, innerjoin=True))):
        decisions.setdefault(row.nominee_id, {})[row.finding] = row
    checked = check(people)
    found = []
    for one in people:
        seat, decided = seats.get(one.voucher_id or 0), decisions.get(one.id, {})
        waiting = rules.to_decide(
            checked[one.id], requirements(one.batch.cohort.course).enforced, {f: d.accepted for f, d in decided.items()}
        )
        how_far = progress.get(seat.id, Progress()) if seat else Progress()
        found.append(Standing(one, seat, how_far, successors.get(one.id), decided, checked[one.id], waiting))
    return found


def _seats(voucher_ids: Collection[int]) -> dict[int, Enrolment]:
    """The seat that each voucher gave, the last one, with its person."""
    rows = db.session.execute(
        sa.select(Redemption.voucher_id, Enrolment)
        .join(Redemption, Redemption.enrolment_id == Enrolment.id)
        .where(Redemption.voucher_id.in_(voucher_ids))
        .options(joinedload(Enrolment.person, innerjoin=True))
        .order_by(Redemption.id)
    )
    return {row[0]: row[1] for row in rows}


# --- Checks ----------------------------------------------------------------------------------------------------------------


def requirements(course: Course) -> Requirements:
    """What a course asks of those who are named for it."""
    return Requirements(course.languages, course.years_of_service, course.enforced_checks)


def identity(one: Nominee) -> Identity:
    """What tells a nominee from others."""
    return Identity(one.name_key, one.birth_year, frozenset(filter(None, (one.email,))))


def check(people: Sequence[Nominee]) -> dict[int, list[Found]]:
    """What the checks find about each who is still to come; the others are not looked at. At most four statements.

    Only people of the country of the batch are compared: a body never learns of another country's.
    """
    living = [one for one in people if one.ended_at is None]
    trainings, namesakes = _trainings(living), _namesakes(living)
    result: dict[int, list[Found]] = {one.id: [] for one in people}
    for one in living:
        facts = Facts(
            identity(one),
            one.languages,
            one.years_of_service,
            one.voucher_id is not None,
            trainings.get(one.id, ()),
            namesakes.get(one.id, ()),
        )
        result[one.id] = rules.findings(facts, requirements(one.batch.cohort.course))
    return result


def _trainings(people: Sequence[Nominee]) -> dict[int, list[Training]]:
    """The courses that people with the same name or address had ended before."""
    mine = {one.id: one for one in people}
    who = (Person.id, Person.name_key, Person.birth_year, Person.email, Account.email.label("signs_in"), Person.country)
    course = (Cohort.id.label("cohort_id"), Cohort.ends_on, Course.title)

    def alike(same: ColumnElement[bool]) -> sa.Select[*tuple[Any, ...]]:
        found = sa.select(Nominee.id.label("nominee_id"), *who, *course).select_from(Nominee).join(Person, same)
        found = found.outerjoin(Account, Account.person_id == Person.id).join(Enrolment, Enrolment.person_id == Person.id)
        found = found.join(Cohort, Cohort.id == Enrolment.cohort_id).join(Course, Course.id == Cohort.course_id)
        return found.where(Nominee.id.in_(mine), Enrolment.state == EnrolmentState.ENROLLED, Person.anonymised_at.is_(None))

    signing_in = sa.select(Account.person_id).where(Account.email == Nominee.email).correlate(Nominee).scalar_subquery()
    by_address = alike(sa.or_(Person.email == Nominee.email, Person.id == signing_in)).where(Nominee.email != "")
    result: dict[int, dict[tuple[int, int], Training]] = {}
    for select in (alike(Person.name_key == Nominee.name_key), by_address):
        for row in db.session.execute(select):
            batch = mine[row.nominee_id].batch
            if row.country == batch.country and row.cohort_id != batch.cohort_id and row.ends_on < batch.cohort.starts_on:
                emails = frozenset(text.lower() for text in (row.email, row.signs_in) if text)
                who_it_was = Identity(row.name_key, row.birth_year, emails)
                result.setdefault(row.nominee_id, {})[row.id, row.cohort_id] = Training(row.title, row.ends_on, who_it_was)
    return {number: list(found.values()) for number, found in result.items()}


def _namesakes(people: Sequence[Nominee]) -> dict[int, list[Namesake]]:
    """Who else is named under the same name or address for the same cohort and country."""
    mine, other = {one.id: one for one in people}, aliased(Nominee)
    columns = (other.id, other.batch_id, other.name_key, other.birth_year, other.email)

    def alike(same: ColumnElement[bool]) -> sa.Select[*tuple[Any, ...]]:
        pairs = sa.select(Nominee.id.label("nominee_id"), *columns).join(other, same)
        return pairs.where(Nominee.id.in_(mine), other.id != Nominee.id, other.ended_at.is_(None))

    by_address = alike(other.email == Nominee.email).where(Nominee.email != "")
    rows = {
        (row.nominee_id, row.id): row for row in db.session.execute(sa.union_all(alike(other.name_key == Nominee.name_key), by_address))
    }
    if not rows:
        return {}
    where = sa.select(Batch.id, Batch.cohort_id, Batch.country).where(Batch.id.in_({row.batch_id for row in rows.values()}))
    places = {number: (cohort_id, country) for number, cohort_id, country in db.session.execute(where)}
    result: dict[int, list[Namesake]] = {}
    for (number, _), row in sorted(rows.items()):
        batch = mine[number].batch
        if places[row.batch_id] == (batch.cohort_id, batch.country):
            who = Identity(row.name_key, row.birth_year, frozenset(filter(None, (row.email,))))
            result.setdefault(number, []).append(Namesake(row.id, row.batch_id, who))
    return result


# --- One nominee -----------------------------------------------------------------------------------------------------------


def subject(nominee: Nominee) -> str:
    """Under which name the audit log keeps what happened to a nominee."""
    return f"nominee:{nominee.id}"


def history(nominee: Nominee) -> Sequence[Event]:
    """What happened to a nominee, the latest first."""
    return db.session.scalars(sa.select(Event).where(Event.subject == subject(nominee)).order_by(Event.id.desc()).limit(50)).all()


def letters_to(nominee: Nominee) -> Sequence[Mail]:
    """The letters that this room wrote to a nominee's address about the cohort, the latest first.

    A letter does not say which body named its reader: none is shown when another one named somebody with the address, too.
    """
    batch = nominee.batch
    others = sa.select(Nominee.id).join(Nominee.batch).where(Nominee.email == nominee.email, Batch.cohort_id == batch.cohort_id)
    others = others.where(Batch.organisation_id != batch.organisation_id)
    mine = sa.select(Mail).where(Mail.to == nominee.email, Mail.cohort == nominee.batch.cohort.code, Mail.kind.startswith("nominees."))
    return db.session.scalars(mine.where(~others.exists(), Mail.created_at >= nominee.named_at).order_by(Mail.id.desc()).limit(20)).all()


# --- What is due -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Unredeemed:
    """Whom a reminder goes to."""

    id: int
    email: str
    language: str
    full_name: str
    voucher_id: int
    batch_id: int


def unredeemed(now: datetime) -> sa.Select[*tuple[Any, ...]]:
    """Who was invited and can still redeem: the rows of `Unredeemed`."""
    columns = (Nominee.id, Nominee.email, Nominee.letter_language, Nominee.full_name, Nominee.voucher_id, Nominee.batch_id)
    mine = sa.select(*columns).join(Voucher, Voucher.id == Nominee.voucher_id).join(Batch, Batch.id == Nominee.batch_id)
    mine = mine.join(Cohort, Cohort.id == Batch.cohort_id)
    invited = (Nominee.invited_at.is_not(None), Nominee.ended_at.is_(None), Nominee.email != "")
    return mine.where(*invited, Batch.state == BatchState.ISSUED, Cohort.archived_at.is_(None), vouchers.state_is(VoucherState.OPEN, now))


def batches_by_id(numbers: Collection[int]) -> Mapping[int, Batch]:
    """Batches with body and cohort, by number. One statement."""
    rows = sa.select(Batch).where(Batch.id.in_(numbers))
    loaded = (joinedload(Batch.organisation, innerjoin=True), joinedload(Batch.cohort, innerjoin=True).options(*cohorts.HEAD))
    return {row.id: row for row in db.session.scalars(rows.options(*loaded))}


def to_invite(grants: Sequence[Grant], now: datetime, limit: int = 5) -> Sequence[tuple[Batch, int]]:
    """The batches that any of `grants` reaches with people who are named, and not invited yet; how many. Two statements."""
    number = sa.func.count(Nominee.id)
    mine = sa.select(Nominee.batch_id, number).join(Nominee.batch).join(Voucher, Voucher.id == Nominee.voucher_id)
    mine = mine.where(vouchers.within(grants), Nominee.invited_at.is_(None), Nominee.ended_at.is_(None), Nominee.email != "")
    mine = mine.where(vouchers.state_is(VoucherState.OPEN, now)).group_by(Nominee.batch_id).order_by(Nominee.batch_id.desc()).limit(limit)
    return _with_batches(dict(db.session.execute(mine).all()))


def without_names(grants: Sequence[Grant], now: datetime, limit: int = 5) -> Sequence[tuple[Batch, int]]:
    """The batches that any of `grants` reaches with seats for which nobody is named; how many. Two statements."""
    mine = sa.select(Voucher.batch_id, sa.func.count()).join(Voucher.batch).join(Batch.cohort)
    mine = mine.where(
        vouchers.within(grants), Batch.state == BatchState.ISSUED, Batch.kind == BatchKind.SINGLE, Cohort.archived_at.is_(None)
    )
    mine = mine.where(vouchers.state_is(VoucherState.OPEN, now), ~holders.spoken_for())
    mine = mine.group_by(Voucher.batch_id, Batch.valid_until).order_by(Batch.valid_until, Voucher.batch_id).limit(limit)
    return _with_batches(dict(db.session.execute(mine).all()))


def _with_batches(numbers: Mapping[int, int]) -> list[tuple[Batch, int]]:
    found = batches_by_id(numbers)
    return [(found[batch_id], number) for batch_id, number in numbers.items()]


def to_decide(grants: Sequence[Grant], today: date, limit: int = 5) -> list[tuple[Cohort, int]]:
    """The cohorts to come that any of `grants` reaches in which a finding stops an invitation; how many people. A constant number."""
    nobody_asked = sa.cast(Course.enforced_checks, sa.Text) == "[]"
    coming = sa.select(Cohort).join(Cohort.course).where(cohorts.within(grants), Cohort.archived_at.is_(None), Cohort.ends_on >= today)
    rows = coming.where(~nobody_asked).options(*cohorts.HEAD).order_by(Cohort.starts_on, Cohort.id).limit(limit)
    found = db.session.scalars(rows).all()
    people = sa.select(Nominee).join(Nominee.batch).where(Batch.cohort_id.in_([c.id for c in found]), Nominee.ended_at.is_(None))
    waiting = people.options(contains_eager(Nominee.batch)).order_by(Nominee.id)
    counted: dict[int, int] = {}
    for one in waiting_among(db.session.scalars(waiting).all() if found else []):
        counted[one.batch.cohort_id] = counted.get(one.batch.cohort_id, 0) + 1
    return [(cohort, counted[cohort.id]) for cohort in found if cohort.id in counted]


def waiting_among(people: Sequence[Nominee]) -> list[Nominee]:
    """Those of `people` about whom something is to be decided. At most five statements."""
    checked = check(people)
    decided: dict[int, set[Finding]] = {}
    if people:
        for number, finding in db.session.execute(
            sa.select(Decision.nominee_id, Decision.finding).where(Decision.nominee_id.in_([one.id for one in people]))
        ):
            decided.setdefault(number, set()).add(finding)

    def waits(one: Nominee) -> bool:
        enforced = requirements(one.batch.cohort.course).enforced
        return bool(rules.to_decide(checked[one.id], enforced, dict.fromkeys(decided.get(one.id, ()), True)))

    return [one for one in people if waits(one)]
