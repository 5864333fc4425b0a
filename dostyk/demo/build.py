"""How the invented data are built: one finished cohort, one in its third day, one whose vouchers are half redeemed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from dostyk.attendance.models import Mark
from dostyk.attendance.rules import Excuse, Source, Status
from dostyk.certificates import service as certificates
from dostyk.certificates.queries import candidates, to_issue
from dostyk.cohorts.models import Assignment, Cohort, CountrySeats, Enrolment
from dostyk.cohorts.rules import EnrolmentState
from dostyk.core.access import Role
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.text import fold, new_code
from dostyk.courses.models import Course, Programme, Project
from dostyk.courses.rules import CourseKind
from dostyk.demo import content
from dostyk.demo.content import CourseText, Text, t
from dostyk.demo.names import Invented, people_of
from dostyk.nominees import service as nominees
from dostyk.nominees.service import NomineeDetails
from dostyk.people import service as people
from dostyk.people.labels import CONSENT_WORDING
from dostyk.people.models import Account, Organisation, Person
from dostyk.people.rules import REQUIRED, OrganisationKind, Sex
from dostyk.schedule.models import Slot
from dostyk.schedule.rules import SlotKind
from dostyk.vouchers.models import Batch, Redemption, Voucher
from dostyk.waiting import service as waiting

ZONE = ZoneInfo("Asia/Almaty")
LESSONS = ((time(9), time(10, 30)), (time(10, 45), time(12, 15)), (time(14), time(15, 30)), (time(15, 45), time(17, 15)))


def load_everything(password: str) -> None:
    """All invented data, in a handful of units of work; nothing when the database is not empty."""
    if db.session.scalar(sa.select(sa.func.count()).select_from(Person)):
        return
    now = utcnow()
    with work():
        demo = _Demo(now, password)
        demo.organisations()
        demo.courses()
        demo.staff()
        demo.cohorts()
        demo.partners_at_work()
        demo.issue_certificates()


class _Demo:
    """The steps, and what they hand on to each other."""

    def __init__(self, now: datetime, password: str) -> None:
        self.now, self.password = now, password
        self.today = now.astimezone(ZONE).date()
        self.random = random.Random(20260705)  # noqa: S311 -- the same invented data every time
        self.hosts: dict[str, Organisation] = {}
        self.partners: dict[str, Organisation] = {}
        self.donors: dict[str, Organisation] = {}
        self.programmes: dict[str, Programme] = {}
        self.projects: dict[str, Project] = {}
        self.course: dict[str, Course] = {}
        self.names = {country: iter(people_of(country, 40)) for country in ("KG", "TJ", "TM", "UZ", "AF", "MN")}

    # --- who and what -----------------------------------------------------------------------------------------------

    def organisations(self) -> None:
        self.agency = self._organisation(OrganisationKind.AGENCY, content.AGENCY, "KZ", content.ASTANA, "KazAID")
        for key, (name, short, city) in content.HOSTS.items():
            self.hosts[key] = self._organisation(OrganisationKind.HOST, name, "KZ", city, short)
        for country, (name, city) in content.PARTNERS.items():
            self.partners[country] = self._organisation(OrganisationKind.PARTNER, name, country, city)
        self.donors["temasek"] = self._organisation(OrganisationKind.DONOR, content.DONORS["temasek"], "SG", {})
        self.donors["jica"] = self._organisation(OrganisationKind.DONOR, content.DONORS["jica"], "JP", {})

    def _organisation(self, kind: OrganisationKind, name: Text, country: str, city: Text, short: str = "") -> Organisation:
        row = Organisation(
            kind=kind,
            name=name,
            short_name=short,
            country=country,
            city=city,
            search=fold(" ".join((short, *name.values(), *city.values()))),
            demo=True,
        )
        db.session.add(row)
        return row

    def courses(self) -> None:
        for code, (title, summary) in content.PROGRAMMES.items():
            self.programmes[code] = Programme(code=code, title=title, summary=summary, demo=True)
            donor = self.donors["temasek" if code == "DIG" else "jica"]
            self.projects[code] = Project(programme=self.programmes[code], title=title, donor=donor, starts_on=date(self.today.year, 1, 1))
        for text in content.COURSES:
            self.course[text.slug] = Course(
                project=self.projects[text.programme],
                slug=text.slug,
                title=text.title,
                summary=text.summary,
                kind=CourseKind(text.kind),
                academic_hours=Decimal(text.hours),
                minutes_per_hour=text.minutes,
                languages=list(text.languages),
                search=fold(" ".join((text.slug, *text.title.values()))),
                demo=True,
            )
        db.session.add_all([*self.projects.values(), *self.course.values()])

    def staff(self) -> None:
        self.coordinator = self._staff(
            "Aigul Seitkali", "Айгүл Сейтқали", Sex.FEMALE, "Coordinator", self.agency, "coordinator", Role.COORDINATOR
        )
        self.trainer = self._staff("Yerlan Nurmagambetov", "Ерлан Нұрмағамбетов", Sex.MALE, "Lecturer", self.hosts["kaznu"], "trainer")
        self.second = self._staff("Galiya Kudaibergenova", "Ғалия Құдайбергенова", Sex.FEMALE, "Lecturer", self.hosts["nu"])
        self.focal = self._staff(
            "Sitora Rahmonzoda", "Ситора Раҳмонзода", Sex.FEMALE, "Focal point", self.partners["TJ"], "focal", country="TJ"
        )
        self._assign(self.focal, Role.FOCAL_POINT, organisation=self.partners["TJ"])
        self._staff("Wei Ling Tan", "", Sex.FEMALE, "Programme manager", self.donors["temasek"], "observer", Role.OBSERVER, country="SG")
        self._staff("Daniyar Umirbek", "Данияр Үмірбек", Sex.MALE, "Administrator", self.agency, "admin", Role.ADMIN)

    def _staff(
        self, latin: str, own: str, sex: Sex, post: str, body: Organisation, login: str = "", role: Role | None = None, country: str = "KZ"
    ) -> Person:
        person = people.derive(
            Person(
                full_name=latin,
                own_name=own,
                sex=sex,
                country=country,
                email=f"{login or latin.split()[0].lower()}@example.org",
                organisation=body,
                post=post,
                languages=["kk", "ru", "en"],
                demo=True,
                created_at=self.now,
            )
        )
        db.session.add(person)
        if login:
            self._account(person)
        if role:
            self._assign(person, role)
        return person

    def _account(self, person: Person) -> Account:
        account = people.open_account(person, person.email, "en", self.now, password=self.password)
        account.demo = True
        return account

    def _assign(self, person: Person, role: Role, cohort: Cohort | None = None, organisation: Organisation | None = None) -> None:
        db.session.add(Assignment(person=person, role=role, cohort=cohort, organisation=organisation, given_at=self.now))

    # --- cohorts ----------------------------------------------------------------------------------------------------

    def cohorts(self) -> None:
        start = self.today - timedelta(days=26)
        self.finished = self._cohort(1, "digital-public-services", "kaznu", start, 5, {"KG": 6, "TJ": 6, "TM": 4, "UZ": 6}, self.trainer)
        seats = self._enrol(self.finished, {"KG": 6, "TJ": 6, "TM": 4, "UZ": 6})
        slots = self._timetable(self.finished, content.COURSES[0], content.CULTURE_ALMATY, self.trainer)
        self._mark(seats, slots, absent={seats[4].id: 3, seats[17].id: 5}, left=0)
        jamshed = next(seat.person for seat in seats if seat.country == "TJ" and seat.person.sex is Sex.MALE)
        jamshed.email = "participant@example.org"
        people.derive(jamshed)
        self._account(jamshed)

        self.running = self._cohort(
            2, "digital-public-services", "kaznu", self.today - timedelta(days=2), 5, {"KG": 6, "TJ": 6, "TM": 4, "UZ": 6}, self.trainer
        )
        seats = self._enrol(self.running, {"KG": 6, "TJ": 4, "TM": 3, "UZ": 6}, first=jamshed)
        slots = self._timetable(self.running, content.COURSES[0], content.CULTURE_ALMATY, self.trainer)
        self._mark(seats, slots, absent={seats[2].id: 2, seats[9].id: 3}, left=2)

        self.upcoming = self._cohort(
            1, "civil-service-reform", "nu", self.today + timedelta(days=24), 3, {"AF": 6, "MN": 2, "KG": 4, "TJ": 6}, self.second
        )
        self._enrol(self.upcoming, {"AF": 3, "MN": 1, "KG": 2, "TJ": 3}, open_vouchers={"KG": 2, "TJ": 3})
        self._timetable(self.upcoming, content.COURSES[2], content.CULTURE_ASTANA, self.second)

    def partners_at_work(self) -> None:
        """In the coming cohort the focal point named who has a seat, and two more, and invited one; somebody waits for a seat elsewhere."""
        mine = db.session.scalars(sa.select(Batch).where(Batch.cohort == self.upcoming, Batch.country == "TJ")).one()
        seats = sa.select(Redemption).join(Redemption.voucher).where(Voucher.batch == mine).order_by(Redemption.id)
        for redemption in db.session.scalars(seats).all():
            person = redemption.enrolment.person
            nominee = nominees.name(mine, self._nominee(person), self.focal, self.upcoming.opens_at)
            if nominee.voucher is not None:
                nominee.voucher.email = None
            nominee.voucher, nominee.invited_at, redemption.voucher.email = redemption.voucher, self.upcoming.opens_at, person.email
            db.session.flush()
        named = [nominees.name(mine, self._nominee(next(self.names["TJ"])), self.focal, self.now) for _ in range(2)]
        nominees.invite(named[:1], self.focal, self.now)
        waiting.join(self.upcoming, self._participant(next(self.names["KG"])), self.now, by=self.coordinator)

    def _nominee(self, who: Person | Invented) -> NomineeDetails:
        return NomineeDetails(
            full_name=who.full_name,
            own_name=who.own_name,
            sex=who.sex,
            employer=self.random.choice(content.EMPLOYERS),
            post=self.random.choice(content.POSTS),
            years_of_service=self.random.randrange(2, 20),
            email=getattr(who, "email", "") or f"person{self.random.randrange(10_000, 99_999)}@example.org",
            languages=tuple(who.languages),
            letter_language="ru",
        )

    def _cohort(self, number: int, slug: str, host: str, start: date, length: int, seats: dict[str, int], trainer: Person) -> Cohort:
        course = self.course[slug]
        title = course.title
        cohort = Cohort(
            code=f"{course.project.programme.code}-{start.year}-{number:02}",
            course=course,
            host=self.hosts[host],
            city=self.hosts[host].city,
            time_zone="Asia/Almaty",
            starts_on=start,
            ends_on=start + timedelta(days=length - 1),
            capacity=sum(seats.values()),
            taken=0,
            opens_at=datetime.combine(start - timedelta(days=30), time(0), ZONE),
            closes_at=datetime.combine(start - timedelta(days=4), time(0), ZONE),
            hand_back_on=start - timedelta(days=10),
            country_order=list(seats),
            welcome=content.FIRST_STEPS,
            demo=True,
        )
        cohort.search = fold(" ".join((cohort.code, *title.values(), *cohort.city.values())))
        db.session.add(cohort)
        self.seats = {c: CountrySeats(cohort=cohort, country=c, seats=n, taken=0) for c, n in seats.items()}
        db.session.add_all(self.seats.values())
        db.session.flush()
        self._assign(trainer, Role.TRAINER, cohort=cohort)
        self._assign(self.coordinator, Role.COORDINATOR, cohort=cohort)
        return cohort

    def _enrol(
        self, cohort: Cohort, counts: dict[str, int], first: Person | None = None, open_vouchers: dict[str, int] | None = None
    ) -> Sequence[Enrolment]:
        """People with their redeemed vouchers, one batch a country; countries without a partner body have theirs from the agency."""
        enrolments: list[Enrolment] = []
        for country, count in counts.items():
            still_open = (open_vouchers or {}).get(country, 0)
            batch = Batch(
                cohort=cohort,
                organisation=self.partners.get(country, self.agency),
                country=country,
                quantity=count + still_open,
                language="ru",
                valid_until=cohort.closes_at,
                created_at=cohort.opens_at,
                issued_at=cohort.opens_at,
                issued_by=self.coordinator,
            )
            for turn in range(count):
                known = first is not None and country == first.country and turn == 0
                person = first if known and first else self._participant(next(self.names[country]))
                enrolled = cohort.opens_at + timedelta(days=1 + turn, hours=3)
                enrolment = Enrolment(cohort=cohort, person=person, country=country, state=EnrolmentState.ENROLLED, enrolled_at=enrolled)
                voucher = Voucher(batch=batch, code=new_code(), uses=1, used=1)
                db.session.add_all([enrolment, Redemption(enrolment=enrolment, voucher=voucher, at=enrolled)])
                enrolments.append(enrolment)
            db.session.add_all([Voucher(batch=batch, code=new_code(), uses=1, used=0) for _ in range(still_open)])
            self.seats[country].taken = count
        cohort.taken = len(enrolments)
        db.session.flush()
        return enrolments

    def _participant(self, invented: Invented) -> Person:
        number = self.random.randrange(10_000, 99_999)
        person = people.derive(
            Person(
                full_name=invented.full_name,
                own_name=invented.own_name,
                family_name=invented.family_name,
                given_name=invented.given_name,
                sex=invented.sex,
                country=invented.country,
                email=f"person{number}@example.org",
                employer=self.random.choice(content.EMPLOYERS),
                post=self.random.choice(content.POSTS),
                languages=list(invented.languages),
                demo=True,
                created_at=self.now,
            )
        )
        db.session.add(person)
        db.session.flush()
        people.consent(person, {purpose: CONSENT_WORDING[purpose] for purpose in REQUIRED}, "en", self.now)
        return person

    def _timetable(self, cohort: Cohort, text: CourseText, culture: Sequence[tuple[Text, str]], trainer: Person) -> list[Slot]:
        """Four lessons a day, and an evening of culture on all days but the last."""
        slots: list[Slot] = []
        hours = Decimal(text.hours) / ((cohort.ends_on - cohort.starts_on).days + 1) / len(LESSONS)
        lesson = 0
        for number in range((cohort.ends_on - cohort.starts_on).days + 1):
            on = cohort.starts_on + timedelta(days=number)
            for begins, ends in LESSONS:
                title = content.WELCOME if lesson == 0 else text.lessons[(lesson - 1) % len(text.lessons)]
                slots.append(self._slot(cohort, on, begins, ends, title, "Room 214", trainer, hours))
                lesson += 1
            if number < len(culture):
                title, place = culture[number]
                slots.append(self._slot(cohort, on, time(18, 30), time(20, 30), title, place, None, Decimal(0)))
        db.session.flush()
        return slots

    def _slot(
        self, cohort: Cohort, on: date, begins: time, ends: time, title: Text, place: str, trainer: Person | None, hours: Decimal
    ) -> Slot:
        slot = Slot(
            cohort=cohort,
            kind=SlotKind.TRAINING if trainer else SlotKind.CULTURAL,
            title=title,
            place=place,
            trainer=trainer,
            academic_hours=hours,
            starts_at=datetime.combine(on, begins, ZONE),
            ends_at=datetime.combine(on, ends, ZONE),
        )
        db.session.add(slot)
        return slot

    def _mark(self, seats: Sequence[Enrolment], slots: Sequence[Slot], absent: dict[int, int], left: int) -> None:
        """Marks of the slots that are over but the last `left`: nearly everybody present, a few late or excused, some away for days."""
        over = [slot for slot in slots if slot.ends_at < self.now]
        held = over[: len(over) - left]
        for number, slot in enumerate(held):
            for seat in seats:
                away = number < 4 * absent.get(seat.id, 0)
                chance = self.random.random()
                mark = Mark(
                    slot=slot,
                    enrolment=seat,
                    status=Status.ABSENT if away else Status.PRESENT,
                    source=Source.TRAINER,
                    by=self.trainer,
                    at=slot.starts_at + timedelta(minutes=20),
                )
                if not away and chance > 0.97:
                    mark.status, mark.excuse = Status.EXCUSED, self.random.choice(list(Excuse))
                elif not away and chance > 0.93:
                    mark.status, mark.late_minutes = Status.LATE, self.random.choice((5, 10, 15))
                db.session.add(mark)

    # --- certificates -----------------------------------------------------------------------------------------------

    def issue_certificates(self) -> None:
        """Certificates for the finished cohort; one is revoked, so that the page of a revoked one can be seen."""
        for code in content.PROGRAMMES:
            signs = t("Ainur Abdrakhmanova", "Айнур Абдрахманова", "Айнұр Әбдірахманова"), t("Chairperson", "Председатель", "Төрайым")
            certificates.signatory(self.programmes[code], *signs, by=self.coordinator, cohort=self.finished)
        issued = datetime.combine(self.finished.ends_on, time(17, 30), ZONE)
        terms = certificates.terms_of(self.finished)
        given = [
            certificates.issue_one(terms, candidate, by=self.coordinator, now=issued)
            for candidate in to_issue(candidates(self.finished, self.now))
        ]
        db.session.flush()
        if first := given[-1]:
            certificates.revoke(first, "Issued under a misspelt name (example of the demonstration).", by=self.coordinator, now=self.now)
