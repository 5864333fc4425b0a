"""From an empty database to 22 people of four countries: a coordinator, and two bodies on their phones in Russian and in Dari."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page

from dostyk.cohorts import queries as cohorts
from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.cohorts.rules import EnrolmentState
from dostyk.core.access import Role
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.mail import Mail
from dostyk.nominees.models import Nominee
from dostyk.people.service import open_account
from dostyk.vouchers.models import Batch, Voucher
from tests import factories
from tests.browser.conftest import LAPTOP, PASSWORD, PHONE, Site, look

# A person a line: name in Latin letters, own script, address.
KYRGYZ = (
    "AITBAEVA Aigul;Айтбаева Айгүл;aigul@example.kg",
    "OMURBEKOV Nurzhan;Өмүрбеков Нүржан;nurzhan@example.kg",
    "SYDYKOVA Cholpon;Сыдыкова Чолпон;cholpon@example.kg",
    "BEKOV Azamat;Беков Азамат;azamat@example.kg",
)
AFGHAN = (
    "RAHIMI Mohammad Naim;محمدنعیم رحیمی;naim@example.af",
    "AHMADI Zohra;زهره احمدی;zohra@example.af",
    "KARIMI Farid;فرید کریمی;farid@example.af",
)
SEND = "main form button[type=submit], main form input[type=submit]"
OWN = "four words of mine"


@pytest.fixture(scope="module")
def site(browser, tmp_path_factory):
    """A server whose database holds an administrator and a coordinator, and nothing else."""
    site = Site(tmp_path_factory.mktemp("partners"), invented=False)
    with site.app.app_context():
        for name, role in (("admin", Role.ADMIN), ("coordinator", Role.COORDINATOR)):
            person = factories.a_person(f"Aliya {name.title()}", email=f"{name}@example.org", country="KZ")
            factories.an_assignment(person, role)
            with work():
                open_account(person, person.email, "en", utcnow(), PASSWORD)
    with site.running():
        yield site


@pytest.fixture
def visitor(open_context, complaints):
    """`visitor(PHONE, locale="ru")`: a page of somebody new; whatever its console calls an error fails the test."""

    def visitor(size: dict[str, int] = PHONE, **options: Any) -> Page:
        page = open_context(size, **options).new_page()
        page.on("console", lambda said: complaints.append(f"{page.url} {said.text}") if said.type == "error" else None)
        return page

    return visitor


def fill(page: Page, **values: Any) -> None:
    """Fill in fields by their names: text, what is chosen, or True for a box to tick."""
    for name, value in values.items():
        field = page.locator(f"main [name='{name.replace('__', '-')}']")
        kind = field.first.evaluate("e => e.type")
        if kind in ("radio", "checkbox"):
            page.check(f"main [name='{name}']" + ("" if value is True else f"[value='{value}']"))
        elif kind.startswith("select"):
            field.select_option(**value if isinstance(value, dict) else {"value": value})
        else:
            field.fill(str(value))


def send(page: Page, button: str = SEND, **values: Any) -> None:
    """Fill in, press, and see the next page."""
    fill(page, **values)
    with page.expect_navigation():
        page.locator(button).first.click()


def letter(site: Site, kind: str, to: str) -> str:
    """The link in the latest letter of that kind to an address."""
    with site.app.app_context():
        body = db.session.scalars(sa.select(Mail.body).where(Mail.kind == kind, Mail.to == to).order_by(Mail.id.desc())).first()
    found = re.search(rf"{re.escape(site.url)}(/\S+)", body or "")
    assert found, (kind, to, body)
    return found.group(1)


def redeem(site: Site, path: str, **answers: str) -> None:
    """What the third and the twenty-second do as the first did in the browser."""
    client = site.app.test_client()
    html = client.get(path).text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', html)
    assert token, html
    data = {"csrf_token": token[1], "sex": "female", "consent_programme": "y", "consent_partner": "y", **answers}
    assert client.post(path, data=data).status_code == 303, path


def codes(site: Site, country: str) -> list[str]:
    with site.app.app_context():
        of_country = sa.select(Voucher.code).join(Batch).where(Batch.country == country, Voucher.revoked_at.is_(None))
        return list(db.session.scalars(of_country.order_by(Voucher.id)))


def seats_on_the_page(page: Page) -> dict[str, list[int]]:
    """The table of seats of a cohort, as it is read: held, enrolled, reserved, free."""
    rows = page.locator("section:has(#seats) tbody tr")
    return {
        rows.nth(n).locator("th").inner_text(): [int(number) for number in rows.nth(n).locator("td.num").all_inner_texts()]
        for n in range(rows.count())
    }


# --- The chapters --------------------------------------------------------------------------------------------------------


def sign_in(page: Page, email: str, password: str = PASSWORD) -> Page:
    page.goto("/sign-in")
    send(page, email=email, password=password)
    page.wait_for_url("**/home")
    return page


def set_up(coordinator: Page) -> str:
    """Programme, project, course, host, bodies and a cohort with seats for four countries and a pool; its code."""
    coordinator.goto("/courses/programmes/new")
    send(coordinator, code="DIG", title__en="Dostyk: Digitalization", title__ru="Достык: цифровизация")
    send(coordinator, "main a[href$='/projects/new']")
    send(coordinator, title__en="Fifth year", title__ru="Пятый год")
    coordinator.goto("/courses/new")
    title = {"title__en": "Digital Public Services", "title__ru": "Цифровые государственные услуги"}
    send(coordinator, project_id={"index": 1}, academic_hours=40, languages="ru", **title)
    for kind, country, en, ru in (
        ("host", "KZ", "Academy of Almaty", "Академия Алматы"),
        ("partner", "KG", "Civil Service of Kyrgyzstan", "Госслужба Кыргызстана"),
        ("partner", "AF", "Civil Service of Afghanistan", "Госслужба Афганистана"),
    ):
        coordinator.goto("/organisations/new")
        send(coordinator, kind=kind, name__en=en, name__ru=ru, country=country)
    coordinator.goto("/cohorts/new")
    look(coordinator, "partners-new-cohort")
    send(coordinator, "main button[name=more]")
    first = (utcnow() + timedelta(days=20)).date()
    rows = {
        f"seats__{n}__{what}": value
        for n, (country, seats) in enumerate((("KG", 6), ("TJ", 6), ("UZ", 6), ("AF", 4)))
        for what, value in (("country", country), ("seats", seats))
    }
    dates = {"starts_on": first, "ends_on": first + timedelta(days=4), "replace_until": first + timedelta(days=1)}
    send(
        coordinator, "main form button[type=submit]:not([name=more])", course_id={"index": 1}, host_id={"index": 1}, city__en="Almaty",
        city__ru="Алматы", capacity=24, country_order="AF, KG", **rows, **dates,
    )  # fmt: skip
    return re.search(r"/cohorts/([^/]+)/", coordinator.url)[1]  # type: ignore[index]


def issue(coordinator: Page, code: str, body: str, country: str, quantity: int, **more: Any) -> None:
    coordinator.goto(f"/cohorts/{code}/vouchers/issue")
    choice = coordinator.locator("[name=organisation_id] option", has_text=body).get_attribute("value")
    send(coordinator, organisation_id=choice, country=country, quantity=quantity, **more)


def focal_point(site: Site, admin: Page, page: Page, name: str, email: str, body: str, language: str) -> Page:
    """The administrator invites somebody of a body, who chooses a password on a phone."""
    admin.goto("/admin/invite")
    choice = admin.locator("[name=organisation_id] option", has_text=body).get_attribute("value")
    send(admin, full_name=name, email=email, language=language, role="focal_point", reach="organisation", organisation_id=choice)
    page.goto(letter(site, "account.invitation", email))
    look(page, f"partners-{language}-invitation")
    send(page, password=OWN, password_confirm=OWN)
    sign_in(page, email, OWN)
    look(page, f"partners-{language}-home")
    return page


def name_people(focal: Page, lang: str, first: dict[str, Any], lines: tuple[str, ...]) -> str:
    """One by one and by pasting, then all are invited; the address of the people of the batch."""
    focal.goto("/vouchers/")
    look(focal, f"partners-{lang}-vouchers")
    send(focal, "main tbody a")
    look(focal, f"partners-{lang}-batch")
    send(focal, ".tabs a:not([aria-current])")
    people = focal.url
    look(focal, f"partners-{lang}-nobody")
    send(focal, "main a[href$='/people/name']")
    send(focal, full_name="")
    look(focal, f"partners-{lang}-name-with-errors")
    send(focal, **first)
    look(focal, f"partners-{lang}-named")
    focal.goto(f"{people}/paste")
    send(focal, table="\n".join(lines))
    look(focal, f"partners-{lang}-pasted")
    send(focal, "main button[name=save]")
    look(focal, f"partners-{lang}-people")
    send(focal, "main button[name=everybody]")
    look(focal, f"partners-{lang}-invited")
    return people


def take_seat(site: Site, page: Page, email: str, picture: str) -> None:
    """The link of the invitation; what the body wrote is there already."""
    page.goto(letter(site, "nominees.invitation", email))
    look(page, f"{picture}-seat")
    send(page, consent_programme=True, consent_partner=True)
    assert "/redeem/welcome/" in page.url
    look(page, f"{picture}-welcome")


def test_four_countries_fill_their_seats(site, visitor):
    coordinator, admin = sign_in(visitor(LAPTOP), "coordinator@example.org"), sign_in(visitor(LAPTOP), "admin@example.org")
    look(coordinator, "partners-empty-home")
    code = set_up(coordinator)
    with site.app.app_context():
        for country in ("TJ", "UZ"):
            factories.an_organisation(country=country, name={"en": f"Civil Service of {country}", "ru": f"Госслужба {country}"})
    issue(coordinator, code, "Kyrgyzstan", "KG", 6, language="ru")
    look(coordinator, "partners-issued")
    issue(coordinator, code, "Afghanistan", "AF", 4, language="fa_AF")
    issue(coordinator, code, "TJ", "TJ", 6, kind="group")
    issue(coordinator, code, "UZ", "UZ", 6, approval=True)
    coordinator.goto(f"/cohorts/{code}/vouchers")
    look(coordinator, "partners-batches")
    assert seats_on_the_page(coordinator)["In total"] == [24, 0, 22, 2]

    # Two bodies name their people, each on a phone.
    bishkek = focal_point(site, admin, visitor(locale="ru"), "Gulnara Asanova", "gulnara@example.kg", "Kyrgyzstan", "ru")
    kabul = focal_point(site, admin, visitor(locale="fa-AF"), "Farhad Noori", "farhad@example.af", "Afghanistan", "fa_AF")
    kg_people = name_people(
        bishkek, "ru", {"full_name": "ASANBEKOV Talant", "own_name": "Асанбеков Талант", "email": "talant@example.kg"}, KYRGYZ
    )
    af_people = name_people(
        kabul, "fa_AF", {"full_name": "AMIRI Freshta", "own_name": "فرشته امیری", "email": "freshta@example.af", "sex": "female"}, AFGHAN
    )
    assert kabul.get_attribute("html", "dir") == "rtl"
    with kabul.expect_download() as printed:
        kabul.click("main a[href$='letters.pdf']")
    assert printed.value.path().read_bytes().startswith(b"%PDF-")

    # One is replaced before the seat is taken: the old code dies. One seat goes back.
    old = letter(site, "nominees.invitation", "azamat@example.kg")
    bishkek.goto(kg_people)
    send(bishkek, "main th a:has-text('BEKOV Azamat')")
    look(bishkek, "partners-ru-person")
    send(bishkek, "main a[href$='/replace']")
    look(bishkek, "partners-ru-replace")
    somebody = {"full_name": "TOKTOGULOVA Aida", "own_name": "Токтогулова Аида", "email": "aida@example.kg"}
    send(bishkek, reason="Другое назначение", **somebody)
    look(bishkek, "partners-ru-replaced")
    assert 'name="full_name"' not in site.app.test_client().get(old).text
    bishkek.goto(f"{kg_people}/give-back")
    send(bishkek, number=1, reason="Никто больше не может приехать")
    look(bishkek, "partners-ru-give-back")
    send(bishkek, "main button[name=sure]")
    look(bishkek, "partners-ru-given-back")

    # Seats are taken: two in the browser, the others as they did; one group with one code; one that a coordinator approves.
    aigul, freshta = visitor(locale="ru"), visitor(locale="fa-AF")
    take_seat(site, aigul, "aigul@example.kg", "partners-ru")
    take_seat(site, freshta, "freshta@example.af", "partners-fa_AF")
    with site.app.app_context():
        invited = db.session.execute(
            sa.select(Nominee.email, Nominee.full_name, Nominee.own_name).where(
                Nominee.ended_at.is_(None), Nominee.email.not_in(["aigul@example.kg", "freshta@example.af"])
            )
        ).all()
    for email, full_name, own_name in invited:
        redeem(site, letter(site, "nominees.invitation", email), full_name=full_name, own_name=own_name, email=email)
    [group] = codes(site, "TJ")
    for n, (country, voucher) in enumerate([("TJ", group)] * 6 + [("UZ", one) for one in codes(site, "UZ")]):
        redeem(site, f"/redeem/{voucher}", full_name=f"Participant {country} {chr(65 + n)}", email=f"{country}{n}@example.org".lower())
    coordinator.goto("/home")
    look(coordinator, "partners-home-with-approvals")
    coordinator.goto(f"/cohorts/{code}/vouchers/approvals")
    for box in coordinator.locator("input[name=enrolments]").all():
        box.check()
    look(coordinator, "partners-approvals")
    send(coordinator, "main button[name=approve]")
    coordinator.goto(f"/cohorts/{code}/")
    look(coordinator, "partners-cohort")
    assert seats_on_the_page(coordinator)["In total"] == [24, 21, 0, 3]

    # Who waits in Afghanistan gets a seat of the pool: first seen, then carried out, then confirmed.
    coordinator.goto("/people/new")
    send(coordinator, full_name="SAFI Laila", own_name="لیلا صافی", country="AF", email="laila@example.af")
    coordinator.goto(f"/cohorts/{code}/waiting/add?q=safi")
    coordinator.check("[name=person_id]")
    send(coordinator, "main form[method=post] button[type=submit]")
    look(coordinator, "partners-waiting")
    coordinator.goto(f"/cohorts/{code}/waiting/plan")
    assert coordinator.locator(".empty").count() == 1  # no seat of her own country is free
    coordinator.goto(f"/cohorts/{code}/waiting/plan?share=1")
    look(coordinator, "partners-plan")
    send(coordinator, "main form[method=post] button[type=submit]")
    look(coordinator, "partners-offered")
    laila = visitor(locale="fa-AF")
    laila.goto(letter(site, "waiting.promoted", "laila@example.af"))
    look(laila, "partners-fa_AF-offer")
    send(laila, "main button[name=confirm]", consent_programme=True, consent_partner=True)
    look(laila, "partners-fa_AF-confirmed")
    kabul.goto(f"{af_people.removesuffix('/people')}/moves")
    look(kabul, "partners-fa_AF-moves")

    # Somebody leaves, and the body sends somebody else.
    aigul.goto(f"/redeem/welcome/{code}/leave")
    send(aigul, reason="Заболела")
    bishkek.goto(kg_people)
    send(bishkek, "main th a:has-text('AITBAEVA Aigul')")
    look(bishkek, "partners-ru-left")
    send(bishkek, "main a[href$='/replace']")
    send(bishkek, reason="Заболела", full_name="IMANOVA Saltanat", own_name="Иманова Салтанат", email="saltanat@example.kg")
    look(bishkek, "partners-ru-successor")
    take_seat(site, visitor(locale="ru"), "saltanat@example.kg", "partners-ru-successor")

    # 22 people: the page and the database say the same, and nobody sees the people of others.
    coordinator.goto(f"/cohorts/{code}/")
    look(coordinator, "partners-full")
    assert seats_on_the_page(coordinator) == {
        "Afghanistan": [5, 5, 0, 0],
        "Kyrgyzstan": [5, 5, 0, 0],
        "Tajikistan": [6, 6, 0, 0],
        "Uzbekistan": [6, 6, 0, 0],
        "Common pool": [2, 0, 0, 2],
        "In total": [24, 22, 0, 2],
    }
    with site.app.app_context():
        cohort = db.session.scalars(sa.select(Cohort).where(Cohort.code == code)).one()
        of_country = sa.select(Enrolment.country, sa.func.count()).where(Enrolment.state == EnrolmentState.ENROLLED)
        assert dict(db.session.execute(of_country.group_by(Enrolment.country)).all()) == {"AF": 5, "KG": 5, "TJ": 6, "UZ": 6}
        table = cohorts.seat_table(cohort, utcnow())
        assert (table.total.held, table.total.taken, table.total.reserved, table.total.free) == (24, 22, 0, 2)
    for focal, own, foreign, theirs in ((bishkek, kg_people, af_people, AFGHAN), (kabul, af_people, kg_people, KYRGYZ)):
        for path in ("/home", "/vouchers/", own, f"{own}?format=csv", own.removesuffix("/people")):
            html = focal.request.get(path).text()
            assert [line for line in theirs if line.split(";")[0] in html] == []
        assert focal.request.get(foreign).status == 404
        assert focal.request.get(f"/cohorts/{code}/nominees").status == 404
    for focal, people, picture in ((bishkek, kg_people, "partners-ru-followed"), (kabul, af_people, "partners-fa_AF-followed")):
        focal.goto(people)
        look(focal, picture)
    for tab in ("nominees", "participants", "waiting/moves", "vouchers", "vouchers/batches/1"):
        coordinator.goto(f"/cohorts/{code}/{tab}")
        look(coordinator, f"partners-{tab.replace('/', '-')}")
