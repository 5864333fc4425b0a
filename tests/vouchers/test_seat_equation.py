"""Whatever happens in whatever order: enrolled + reserved + free = capacity, for each country and in total.

`SEAT_STEPS=2000` makes so many steps on each database; without it there are fewer. After every step all rows are counted
and compared with what the cohort, the countries and the batches say of themselves.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from dostyk.cohorts import queries as cohorts
from dostyk.cohorts import service as seats
from dostyk.cohorts.models import CountrySeats, Enrolment, SeatMove
from dostyk.cohorts.rules import HOLDING, EnrolmentState, MoveKind, Seats
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.errors import Refused
from dostyk.people.models import Person
from dostyk.people.rules import REQUIRED
from dostyk.vouchers import queries, service
from dostyk.vouchers.models import Batch, Redemption, Voucher
from dostyk.vouchers.rules import BatchKind, BatchState, VoucherState, why_not
from dostyk.waiting import service as waiting
from dostyk.waiting.models import WaitingEntry
from dostyk.waiting.rules import STANDING, WaitingState
from tests import factories

STEPS = int(os.environ.get("SEAT_STEPS", "240"))
IN_A_ROW = 40
CONSENTS = dict.fromkeys(REQUIRED, "I agree.")
COUNTRIES = ("KG", "TJ")
HELD = {"KG": 5, "TJ": 3}
CAPACITY = 12
NEARLY = 5  # so few free seats may go at once
one_of = st.integers(0, 10**6)
sometimes = st.integers(0, 3).map(lambda number: number == 2)
seldom = st.integers(0, 9).map(lambda number: number == 7)
few = st.integers(1, 4)
countries = st.sampled_from(COUNTRIES)
kinds = st.sampled_from(BatchKind)


OFTEN = ("issue", "issue_draft", "redeem", "redeem", "revive", "time_passes", "time_passes")
verbs: dict[str, tuple[str, dict[str, st.SearchStrategy[Any]]]] = {}


def verb(_needs: str = "", **drawn: st.SearchStrategy[Any]) -> Callable[[Any], Any]:
    """Something that can happen while there are some of what it needs, and what is drawn for it."""

    def mark(function: Any) -> Any:
        verbs[function.__name__] = (_needs, drawn)
        return function

    return mark


class SeatsOfACohort(RuleBasedStateMachine):
    """A cohort with seats for two countries and a pool, or with a pool only, in the hands of everybody who may touch it."""

    done: ClassVar[Counter[str]] = Counter()

    @initialize(by_country=st.booleans())
    def begin(self, by_country: bool) -> None:
        db.session.expunge_all()
        self.now = utcnow().replace(microsecond=0)
        start = (self.now + timedelta(days=10)).date()
        self.cohort = factories.a_cohort(
            seats=HELD if by_country else None, capacity=CAPACITY, starts_on=start,
            opens_at=self.now - timedelta(days=1), closes_at=self.now + timedelta(days=8), replace_until=start + timedelta(days=3),
            hand_back_on=(self.now + timedelta(days=4)).date(), country_order=["TJ"], confirm_hours=30,
        )  # fmt: skip
        self.held = dict(HELD) if by_country else {}
        self.bodies = {country: factories.an_organisation(country=country) for country in COUNTRIES}
        self.coordinator = factories.a_person(country="KZ")
        self.overbooked: set[str] = set()
        self.there_are = Counter[str]()

    @rule(data=st.data())
    def something_happens(self, data: st.DataObject) -> None:
        """One verb of those that have something to do, so that no step is lost."""
        possible = [name for name, (needed, _) in verbs.items() if not needed or self.there_are[needed]]
        possible += [name for name in OFTEN if name in possible]
        name = data.draw(st.sampled_from(possible), label="verb")
        getattr(self, name)(**{key: data.draw(strategy, label=key) for key, strategy in verbs[name][1].items()})

    def attempt(self, verb: str, act: Callable[[], Any]) -> Any:
        """What came of it; a refusal changes nothing, which the invariants see."""
        try:
            with work():
                result = act()
        except Refused:
            db.session.expire_all()
            return None
        self.done[verb] += 1
        db.session.expire_all()
        return result

    def batch(self, number: int, state: BatchState = BatchState.ISSUED) -> Batch | None:
        return self.chosen(sa.select(Batch).where(Batch.cohort_id == self.cohort.id, Batch.state == state).order_by(Batch.id), number)

    def voucher(self, number: int) -> Voucher | None:
        alive = sa.select(Voucher).join(Voucher.batch).where(Batch.cohort_id == self.cohort.id, Voucher.revoked_at.is_(None))
        return self.chosen(alive.order_by(Voucher.id), number)

    def seat(self, number: int, *states: EnrolmentState) -> Enrolment | None:
        mine = sa.select(Enrolment).where(Enrolment.cohort_id == self.cohort.id, Enrolment.state.in_(states)).order_by(Enrolment.id)
        return self.chosen(mine, number)

    def chosen(self, select: sa.Select[Any], number: int) -> Any:
        rows = db.session.scalars(select).all()
        return rows[number % len(rows)] if rows else None

    def last_day(self, days: int) -> Any:
        return (self.now + timedelta(days=days)).date()

    # --- What people do ---------------------------------------------------------------------------------------------

    @verb(
        "",
        country=countries,
        quantity=few,
        kind=st.sampled_from(BatchKind),
        approval=st.booleans(),
        days=st.integers(0, 4),
        draft=sometimes,
        over=seldom,
    )
    def issue(self, country: str, quantity: int, kind: BatchKind, approval: bool, days: int, draft: bool, over: bool) -> None:
        more: dict[str, Any] = {"kind": kind, "approval": approval, "draft": draft, "overbook": "the minister asked" if over else ""}
        order = service.Order(self.bodies[country], country, quantity, self.last_day(days), "en", **more)
        batch = self.attempt("draft" if draft else "issue", lambda: service.issue(self.cohort, order, self.coordinator, self.now))
        if batch is not None and batch.override_reason:
            self.overbooked.add(country)

    @verb("draft", number=one_of)
    def issue_draft(self, number: int) -> None:
        if batch := self.batch(number, BatchState.DRAFT):
            self.attempt("issue draft", lambda: service.issue_draft(batch, self.coordinator, self.now))

    @verb("draft", number=one_of)
    def discard(self, number: int) -> None:
        if number % 3 == 2 and (batch := self.batch(number, BatchState.DRAFT)):
            self.attempt("discard", lambda: service.discard(batch, self.coordinator))

    @verb("batch", number=one_of, quantity=st.integers(0, 6))
    def change_quantity(self, number: int, quantity: int) -> None:
        if batch := self.batch(number):
            verb = "raise" if quantity > batch.quantity else "lower"
            self.attempt(verb, lambda: service.change_quantity(batch, quantity, "asked for", self.coordinator, self.now))

    @verb("batch", number=one_of, days=st.integers(0, 12))
    def extend(self, number: int, days: int) -> None:
        if batch := self.batch(number):
            self.attempt("extend", lambda: service.extend(batch, self.last_day(days), "asked for", self.coordinator, self.now))

    @verb("expired", number=one_of, days=st.integers(0, 6))
    def revive(self, number: int, days: int) -> None:
        batch = self.chosen(self.expired_ones(), number)
        self.attempt("revive", lambda: service.extend(batch, self.last_day(days), "asked for", self.coordinator, self.now))

    @verb("voucher", number=one_of, everything=seldom)
    def revoke(self, number: int, everything: bool) -> None:
        if voucher := self.voucher(number):
            which = None if everything else voucher.id
            act = lambda: service.revoke(voucher.batch, "lost", self.coordinator, self.now, voucher_id=which)  # noqa: E731
            self.attempt("revoke one" if which else "revoke all", act)

    @verb("batch", number=one_of, really=seldom)
    def close(self, number: int, really: bool) -> None:
        if really and (batch := self.batch(number)):
            self.attempt("close", lambda: service.close(batch, "over", self.coordinator, self.now))

    @verb("voucher", number=one_of)
    def exchange(self, number: int) -> None:
        """For who lost the code; in long runs, which have steps enough for that, for somebody else as often."""
        if voucher := self.voucher(number):
            other = STEPS >= 1000 and number % 2 == 0
            act = lambda: service.exchange(voucher, "lost", self.coordinator, self.now, for_somebody_else=other)  # noqa: E731
            self.attempt("exchange for somebody else" if other else "exchange", act)

    @verb("voucher", number=one_of)
    def lock(self, number: int) -> None:
        if voucher := self.voucher(number):
            self.attempt("lock", lambda: service.lock_to(voucher, "aigul@example.org", self.coordinator, self.now))

    @verb("voucher", number=one_of, seats_back=few, named=st.booleans())
    def hand_back(self, number: int, seats_back: int, named: bool) -> None:
        if voucher := self.voucher(number):
            own = [voucher.id] if named and voucher.batch.kind is BatchKind.SINGLE else []
            act = lambda: service.hand_back(voucher.batch, seats_back, "not needed", self.coordinator, self.now, own)  # noqa: E731
            self.attempt("hand back", act)

    @verb("open", number=one_of)
    def redeem(self, number: int) -> None:
        """Somebody new, with a voucher that can be redeemed."""
        voucher = self.chosen(self.open_ones(), number)
        self.take(voucher, factories.a_person(country=voucher.batch.country))

    @verb("voucher", number=one_of)
    def redeem_again(self, number: int) -> None:
        """Who had a seat or has one, with any voucher."""
        if (voucher := self.voucher(number)) and (seat := self.seat(number, *EnrolmentState)):
            self.take(voucher, seat.person)

    def take(self, voucher: Voucher, person: Person) -> None:
        verb = "redeem late" if voucher.batch.replaces_id else "redeem for approval" if voucher.batch.approval else "redeem"

        def act() -> None:
            offer = service.offer(voucher.code, person, None, self.now, "aigul@example.org")
            service.redeem(offer, person, CONSENTS, language="en", now=self.now)

        self.attempt(verb, act)

    def expired_ones(self) -> sa.Select[Batch]:
        mine = sa.select(Batch).where(Batch.cohort_id == self.cohort.id, Batch.state == BatchState.ISSUED)
        return mine.where(Batch.valid_until <= self.now).order_by(Batch.id)

    def open_ones(self) -> sa.Select[Voucher]:
        return queries.of_cohort(self.cohort).where(queries.state_is(VoucherState.OPEN, self.now)).order_by(Voucher.id)

    @verb("pending", number=one_of, yes=st.booleans())
    def decide(self, number: int, yes: bool) -> None:
        if seat := self.seat(number, EnrolmentState.PENDING):
            if yes:
                self.attempt("approve", lambda: service.approve(seat, self.coordinator, self.now))
            else:
                self.attempt("decline", lambda: service.decline(seat, "no tax officer", self.coordinator, self.now))

    @verb("held", number=one_of)
    def withdraw(self, number: int) -> None:
        if seat := self.seat(number, *HOLDING):
            self.attempt("withdraw", lambda: seats.withdraw(seat, "ill", self.coordinator, self.now))

    @verb("left", number=one_of)
    def withdraw_or_decide_twice(self, number: int) -> None:
        if seat := self.seat(number, EnrolmentState.WITHDRAWN, EnrolmentState.DECLINED):
            with work():
                seats.withdraw(seat, "ill", self.coordinator, self.now)
                assert not service.approve(seat, self.coordinator, self.now)
                assert not service.decline(seat, "no", self.coordinator, self.now)
            db.session.expire_all()

    @verb("left", number=one_of)
    def reinstate(self, number: int) -> None:
        if seat := self.seat(number, EnrolmentState.WITHDRAWN):
            self.attempt("reinstate", lambda: seats.reinstate(seat, self.coordinator, self.now))

    @verb("left", number=one_of)
    def replace(self, number: int) -> None:
        if seat := self.seat(number, EnrolmentState.WITHDRAWN, EnrolmentState.DECLINED):
            self.attempt("replace", lambda: service.replacement(seat, self.coordinator, self.now))

    @verb("", country=countries)
    def enrol_without_a_voucher(self, country: str) -> None:
        person = factories.a_person(country=country)
        self.attempt("enrol", lambda: seats.enrol(person, self.cohort, country, self.now, by=self.coordinator))

    @verb("", number=few, giver=st.none() | countries, taker=st.none() | countries)
    def move(self, number: int, giver: str | None, taker: str | None) -> None:
        if self.held and giver != taker:
            parts: dict[str, Any] = {"source": giver, "target": taker, "kind": MoveKind.PLANNED, "by": self.coordinator}
            self.attempt("move", lambda: seats.move_seats(self.cohort, number, now=self.now, **parts))

    # --- Who waits --------------------------------------------------------------------------------------------------

    @verb("nearly full", number=one_of)
    def the_last_ones_enrol(self, number: int) -> None:
        table = cohorts.seat_table(self.cohort, self.now)
        nearly = [c for c in COUNTRIES if (row := table.of(c)) and 0 < row.free <= NEARLY]
        for _ in range(table.of(country := nearly[number % len(nearly)]).free):  # type: ignore[union-attr]
            self.enrol_without_a_voucher(country)

    @verb("full", number=one_of, people=few)
    def wait(self, number: int, people: int) -> None:
        table = cohorts.seat_table(self.cohort, self.now)
        full = [c for c in COUNTRIES if (row := table.of(c)) and row.free < 1]
        for _ in range(people):
            person = factories.a_person(country=full[number % len(full)])
            self.attempt("wait", lambda person=person: waiting.join(self.cohort, person, self.now))  # type: ignore[misc]

    @verb("", country=countries)
    def wait_for_nothing(self, country: str) -> None:
        """Perhaps seats are free: then nobody waits."""
        person = factories.a_person(country=country)
        self.attempt("wait", lambda: waiting.join(self.cohort, person, self.now))

    @verb("open", number=one_of)
    def wait_with_a_voucher(self, number: int) -> None:
        voucher = self.chosen(self.open_ones(), number)
        person = factories.a_person(country=voucher.batch.country)
        offer = service.offer(voucher.code, person, None, self.now, "aigul@example.org")
        if offer.full:
            self.attempt("wait with a voucher", lambda: waiting.join(self.cohort, person, self.now, voucher=voucher))

    @verb("wait", number=one_of)
    def leave_the_list(self, number: int) -> None:
        if entry := self.entry(number, *STANDING):
            self.attempt("leave the list", lambda: waiting.leave(entry, self.now, by=entry.person))

    @verb("wait", share=seldom)
    def promote(self, share: bool) -> None:
        """What the hourly run does, or a coordinator who hands back earlier; done again, it does nothing more."""
        done = self.attempt("promote", lambda: waiting.go_on(self.cohort, self.now, share=share))
        self.done["offer"] += len(done.plan.offers)
        self.done["hand back and share out"] += len(done.plan.moves)
        self.done["offer lapses"] += len(done.lapsing)
        assert not self.attempt("promote again", lambda: waiting.go_on(self.cohort, self.now, share=share))

    @verb("wait")
    def promote_too(self) -> None:
        self.promote(share=False)

    @verb("offered")
    def nobody_confirms(self) -> None:
        self.time_passes(31)
        if self.there_are["wait"]:
            self.promote(share=False)

    @verb("offered", number=one_of)
    def confirm_too(self, number: int) -> None:
        self.confirm(number)

    @verb("offered", number=one_of)
    def confirm(self, number: int) -> None:
        """In time, or too late: then nothing is given."""
        if entry := self.entry(number, WaitingState.OFFERED):
            late = entry.offered_until <= self.now
            seat = self.attempt("confirm", lambda: waiting.confirm(entry, CONSENTS, "en", self.now))
            assert seat is None or not late

    def entry(self, number: int, *states: WaitingState) -> WaitingEntry | None:
        mine = sa.select(WaitingEntry).where(WaitingEntry.cohort_id == self.cohort.id, WaitingEntry.state.in_(states))
        return self.chosen(mine.order_by(WaitingEntry.id), number)

    @verb("", hours=st.integers(4, 40))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    # --- What must always be so -------------------------------------------------------------------------------------

    @invariant()
    def the_seats_add_up(self) -> None:
        if not hasattr(self, "cohort"):
            return
        db.session.expire_all()
        self.look_around()
        table = cohorts.seat_table(self.cohort, self.now)
        taken, promised = self.counted_seats(), self.counted_promises()
        held = self.held_by_the_log()
        assert {country: row.held for country, row in table.countries.items()} == held
        for country, row in table.countries.items():
            assert row == Seats(held[country], taken[country], promised[country])
            assert row.free >= 0 or country in self.overbooked, (country, row)
        assert table.total == Seats(CAPACITY, taken.total(), promised.total())
        assert table.total.free >= 0 or self.overbooked
        if not held:
            assert table.pool == table.total
        parts = [*table.countries.values(), table.pool]
        assert tuple(sum(getattr(part, name) for part in parts) for name in ("held", "taken", "reserved", "free")) == (
            CAPACITY, taken.total(), promised.total(), table.total.free,
        )  # fmt: skip
        self.counters_say_what_the_rows_say()

    def look_around(self) -> None:
        """What there is, so that nearly every step does something."""
        self.there_are.clear()
        self.there_are.update(db.session.scalars(sa.select(Batch.state).where(Batch.cohort_id == self.cohort.id)))
        states = list(db.session.scalars(sa.select(Enrolment.state).where(Enrolment.cohort_id == self.cohort.id)))
        self.there_are.update({"held": sum(s in HOLDING for s in states), "left": sum(s not in HOLDING for s in states)})
        self.there_are.update({"pending": states.count(EnrolmentState.PENDING), "batch": self.there_are[BatchState.ISSUED]})
        entries = list(db.session.scalars(sa.select(WaitingEntry.state).where(WaitingEntry.cohort_id == self.cohort.id)))
        self.there_are.update({"wait": sum(s in STANDING for s in entries), "offered": entries.count(WaitingState.OFFERED)})
        table = cohorts.seat_table(self.cohort, self.now)
        free = [row.free for c in COUNTRIES if (row := table.of(c)) is not None]
        self.there_are.update({"full": sum(n < 1 for n in free), "nearly full": sum(0 < n <= NEARLY for n in free)})
        self.there_are["voucher"] = self.voucher(0) is not None
        self.there_are["expired"] = self.chosen(self.expired_ones(), 0) is not None
        self.there_are["open"] = self.chosen(self.open_ones(), 0) is not None

    def counted_seats(self) -> Counter[str | None]:
        rows = db.session.scalars(sa.select(Enrolment).where(Enrolment.cohort_id == self.cohort.id))
        taken = Counter(row.country for row in rows if row.state in HOLDING)
        assert self.cohort.taken == taken.total()
        kept = db.session.execute(sa.select(CountrySeats.country, CountrySeats.taken).where(CountrySeats.cohort_id == self.cohort.id)).all()
        assert {country: number for country, number in kept if number} == {c: n for c, n in taken.items() if c is not None}
        return taken

    def counted_promises(self) -> Counter[str | None]:
        promised: Counter[str | None] = Counter()
        left: Counter[int | None] = Counter()
        for voucher in db.session.scalars(queries.of_cohort(self.cohort)):
            if voucher.batch.state is BatchState.ISSUED and why_not(queries.facts(voucher), self.now) is None:
                promised[voucher.batch.country] += voucher.uses - voucher.used
                left[voucher.id] = voucher.uses - voucher.used
        seated = set(db.session.scalars(sa.select(Enrolment.person_id).where(Enrolment.state.in_(HOLDING))))
        offers = sa.select(WaitingEntry).where(WaitingEntry.cohort_id == self.cohort.id, WaitingEntry.state == WaitingState.OFFERED)
        for entry in db.session.scalars(offers):
            if entry.offered_until is not None and entry.offered_until > self.now and entry.person_id not in seated:
                # Who waits with a voucher is promised one seat, not two.
                promised[entry.country] += left[entry.voucher_id] < 1
                left[entry.voucher_id] -= 1
        return promised

    def held_by_the_log(self) -> dict[str, int]:
        """What countries hold: what they held at first, and every move since."""
        held = Counter(self.held)
        for move in db.session.scalars(sa.select(SeatMove).where(SeatMove.cohort_id == self.cohort.id)):
            held.update({c: step for c, step in ((move.from_country, -move.seats), (move.to_country, move.seats)) if c is not None})
        return {country: held[country] for country in self.held}

    def counters_say_what_the_rows_say(self) -> None:
        redeemed = Counter(db.session.scalars(sa.select(Redemption.voucher_id).join(Redemption.voucher).join(Voucher.batch)))
        gives: Counter[int] = Counter()
        for voucher in db.session.scalars(queries.of_cohort(self.cohort)):
            assert voucher.used == redeemed[voucher.id]
            gives[voucher.batch_id] += voucher.used if voucher.revoked_at else voucher.uses
        for batch in db.session.scalars(sa.select(Batch).where(Batch.cohort_id == self.cohort.id)):
            assert batch.state is BatchState.DRAFT or batch.quantity == gives[batch.id]


def steps(number: int) -> settings:
    return settings(
        max_examples=max(number // IN_A_ROW, 1), stateful_step_count=IN_A_ROW, deadline=None, phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck), derandomize=number < 1000,
    )  # fmt: skip


def test_the_seats_always_add_up(app):
    SeatsOfACohort.done.clear()
    with app.test_request_context("/", method="POST"):
        run_state_machine_as_test(SeatsOfACohort, settings=steps(STEPS))
    print(SeatsOfACohort.done)
    always = {"issue", "redeem", "withdraw", "enrol", "wait", "promote"}
    often = {"hand back", "revoke one", "offer"} if STEPS >= 1000 else set()
    assert always | often <= {verb for verb, times in SeatsOfACohort.done.items() if times}


BREAKS = {
    "a seat that nobody counted": sa.update(CountrySeats).values(taken=CountrySeats.taken + 1),
    "a seat of the cohort that nobody has": "UPDATE cohort SET taken = taken + 1",
    "a use that nobody redeemed": sa.update(Voucher).where(Voucher.used == 0).values(used=1),
    "a voucher that nobody issued": sa.update(Voucher).values(uses=Voucher.uses + 1),
    "seats that came from nowhere": sa.update(CountrySeats).values(seats=CountrySeats.seats + 1),
}


@pytest.mark.parametrize("broken", BREAKS)
def test_this_test_can_fail(app, broken):
    with app.test_request_context("/", method="POST"):
        machine = SeatsOfACohort()
        machine.begin(by_country=True)
        machine.issue("KG", 2, BatchKind.SINGLE, approval=False, days=5, draft=False, over=False)
        machine.redeem(0)
        machine.the_seats_add_up()
        with work():
            statement = BREAKS[broken]
            db.session.execute(sa.text(statement) if isinstance(statement, str) else statement)
        with pytest.raises(AssertionError):
            machine.the_seats_add_up()
