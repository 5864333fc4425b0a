"""The main job, as four people do it in their browsers: a voucher becomes a seat, attendance, a certificate, a proof."""

from __future__ import annotations

import re
from datetime import timedelta

import sqlalchemy as sa

from dostyk.attendance.models import Mark
from dostyk.certificates.models import Certificate
from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.core import outbox
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.people.models import Person
from dostyk.schedule.models import Slot
from dostyk.vouchers.models import Voucher
from tests.browser.conftest import LAPTOP, PHONE, look


def carry_out_jobs(site) -> None:
    """What the worker does meanwhile."""
    with site.app.app_context():
        while number := db.session.scalar(sa.select(outbox.Job.id).where(outbox.Job.state == outbox.JobState.QUEUED).limit(1)):
            db.session.rollback()
            outbox.run(number)


def end_the_cohort(site, code: str) -> None:
    """As if its days were over: the timetable lies in the past, and everybody was there."""
    with site.app.app_context(), work():
        cohort = db.session.scalars(sa.select(Cohort).where(Cohort.code == code)).one()
        back = cohort.ends_on - utcnow().date() + timedelta(days=2)
        cohort.starts_on, cohort.ends_on = cohort.starts_on - back, cohort.ends_on - back
        slots = db.session.scalars(sa.select(Slot).where(Slot.cohort_id == cohort.id)).all()
        trainer = next(slot.trainer_id for slot in slots if slot.trainer_id)
        for slot in slots:
            slot.starts_at, slot.ends_at = slot.starts_at - back, slot.ends_at - back
            for enrolment in db.session.scalars(sa.select(Enrolment.id).where(Enrolment.cohort_id == cohort.id)):
                db.session.add(
                    Mark(slot_id=slot.id, enrolment_id=enrolment, status="present", source="trainer", at=slot.ends_at, by_id=trainer)
                )


def test_a_voucher_becomes_a_certificate(site, person, open_context):
    with site.app.app_context():
        code = db.session.scalars(sa.select(Cohort.code).where(Cohort.code.startswith("PUB-"))).one()

    coordinator = person("coordinator", LAPTOP)
    coordinator.goto(f"/cohorts/{code}/vouchers")
    look(coordinator, "story-vouchers")
    coordinator.goto(f"/cohorts/{code}/vouchers/issue")
    options = coordinator.locator("select[name=organisation_id] option").all_inner_texts()
    coordinator.select_option("select[name=organisation_id]", label=next(o for o in options if "KazAID" in o))
    coordinator.select_option("select[name=country]", "AF")
    coordinator.fill("input[name=quantity]", "1")
    look(coordinator, "story-issue")
    coordinator.click("main form button[type=submit]")
    coordinator.wait_for_url(re.compile(r"/vouchers(/batches/\d+)?$"))
    look(coordinator, "story-issued")
    with site.app.app_context():
        voucher = db.session.scalars(sa.select(Voucher.code).order_by(Voucher.id.desc()).limit(1)).one()

    newcomer = open_context(PHONE).new_page()
    newcomer.goto("/redeem")
    look(newcomer, "story-redeem")
    newcomer.fill("input[name=code]", f"{voucher[:4]} {voucher[4:8]}-{voucher[8:]}".lower())
    newcomer.click("main form button[type=submit]")
    newcomer.wait_for_selector("input[name=full_name]")
    look(newcomer, "story-seat")
    newcomer.fill("input[name=full_name]", "Freshta Amiri")
    newcomer.fill("input[name=own_name]", "فرشته امیری")
    newcomer.check("input[name=sex][value=female]")
    newcomer.fill("input[name=email]", "not an address")
    newcomer.click("main form button[type=submit]")
    newcomer.wait_for_selector("[role=alert]")
    look(newcomer, "story-seat-with-errors")
    newcomer.fill("input[name=email]", "freshta@example.org")
    newcomer.check("input[name=consent_programme]")
    newcomer.check("input[name=consent_partner]")
    newcomer.click("main form button[type=submit]")
    newcomer.wait_for_url("**/redeem/welcome/**")
    look(newcomer, "story-welcome")

    end_the_cohort(site, code)
    coordinator.goto(f"/cohorts/{code}/certificates/issue")
    look(coordinator, "story-certificates-to-issue")
    coordinator.click("main form button[type=submit]")
    coordinator.wait_for_url(f"**/cohorts/{code}/certificates")
    carry_out_jobs(site)
    coordinator.reload()
    coordinator.wait_for_selector("text=Freshta Amiri")
    look(coordinator, "story-certificates")

    newcomer.goto("/me/")
    look(newcomer, "story-me")
    with newcomer.expect_download() as downloaded:
        newcomer.click("a[href*='/me/certificates/']")
    file = downloaded.value
    assert re.fullmatch(r"DST-PUB-\d{4}-\d{4,}\.pdf", file.suggested_filename)
    assert file.path().read_bytes().startswith(b"%PDF-")

    with site.app.app_context():
        holder = db.session.scalars(sa.select(Person.id).where(Person.full_name == "Freshta Amiri")).one()
        certificate = db.session.scalars(sa.select(Certificate).join(Enrolment).where(Enrolment.person_id == holder)).one()
    visitor = open_context(PHONE).new_page()
    visitor.goto(f"/verify/{certificate.code}")
    assert "Freshta Amiri" in visitor.inner_text("main")
    assert "freshta@example.org" not in visitor.content()
    look(visitor, "story-valid")

    coordinator.goto(f"/cohorts/{code}/certificates/{certificate.number}/revoke")
    coordinator.fill("[name=reason]", "Issued by mistake")
    coordinator.click("main form button[type=submit]")
    coordinator.wait_for_url(f"**/cohorts/{code}/certificates")
    visitor.reload()
    assert "revoked" in visitor.inner_text("main").lower()
    look(visitor, "story-revoked")


def test_a_trainer_marks_the_roll_on_the_phone(site, person):
    trainer = person("trainer", PHONE)
    trainer.goto("/attendance/today")
    look(trainer, "roll-today")
    with site.app.app_context():
        cohort = db.session.scalars(sa.select(Cohort).where(Cohort.code.startswith("DIG-")).order_by(Cohort.starts_on.desc())).first()
        slot = db.session.scalars(sa.select(Slot.id).where(Slot.cohort_id == cohort.id).order_by(Slot.starts_at).offset(10)).first()
        first = db.session.scalars(sa.select(Enrolment.id).where(Enrolment.cohort_id == cohort.id).order_by(Enrolment.id)).first()
    trainer.goto(f"/cohorts/{cohort.code}/attendance/{slot}")
    look(trainer, "roll")
    trainer.reload()  # axe leaves style attributes behind, which htmx would copy into new rows, which the policy refuses
    if trainer.locator("form[action$='all-present'] button").count():
        trainer.click("form[action$='all-present'] button")
        trainer.wait_for_load_state("load")
    trainer.click(f"label[for='s-{first}-late']")
    trainer.click(f"label[for='m-{first}-10']")
    reason = trainer.locator(f"input[name=reason-{first}]")
    late = trainer.locator(f"#row-{first}", has_text="Late by 10 minutes")
    reason.or_(late).first.wait_for()
    if reason.count():
        reason.fill("Came after the roll was taken")
        reason.press("Tab")
    late.wait_for()
    look(trainer, "roll-marked")
    with site.app.app_context():
        marks = db.session.scalars(sa.select(Mark).where(Mark.slot_id == slot, Mark.enrolment_id == first).order_by(Mark.id)).all()
    assert marks[-1].late_minutes == 10
    trainer.goto(f"/cohorts/{cohort.code}/attendance/{slot}/{first}")
    look(trainer, "roll-history")


def test_the_public_pages_in_dari_run_from_right_to_left(site, open_context):
    context = open_context(PHONE, locale="fa-AF")
    page = context.new_page()
    for path, name in (("/", "dari-home"), ("/redeem", "dari-redeem"), ("/verify", "dari-verify"), ("/sign-in", "dari-sign-in")):
        page.goto(path)
        assert page.get_attribute("html", "dir") == "rtl"
        look(page, name)
    with site.app.app_context():
        code = db.session.scalars(sa.select(Voucher.code).where(Voucher.used == 0).limit(1)).one()
    page.goto(f"/redeem/{code}")
    look(page, "dari-seat")


def test_the_main_pages_of_every_role_on_phone_and_laptop(site, person):
    with site.app.app_context():
        code = db.session.scalars(sa.select(Cohort.code).where(Cohort.code.startswith("DIG-")).order_by(Cohort.starts_on.desc())).first()
    tabs = [
        f"/cohorts/{code}/{tab}"
        for tab in ("", "participants", "vouchers", "schedule", "culture", "attendance", "certificates", "settings")
    ]
    pages = {
        "coordinator": ["/home", "/cohorts/", *tabs, "/cohorts/new", "/courses/", "/people/", "/organisations/", "/vouchers/"],
        "trainer": ["/home", f"/cohorts/{code}/", f"/cohorts/{code}/attendance"],
        "participant": [
            "/home",
            "/me/",
            f"/cohorts/{code}/",
            f"/cohorts/{code}/schedule",
            f"/cohorts/{code}/culture",
            f"/me/attendance/{code}",
        ],
        "focal": ["/home", "/vouchers/"],
        "observer": ["/home", "/cohorts/", f"/cohorts/{code}/"],
        "admin": ["/home", "/admin/", "/admin/audit", "/admin/mail", "/admin/jobs", "/admin/invite"],
    }
    languages = {"coordinator": "ru", "participant": "kk", "focal": "ru"}
    for role, paths in pages.items():
        for size in (PHONE, LAPTOP):
            page = person(role, size, color_scheme="dark" if size is LAPTOP and role == "trainer" else "light")
            if role in languages:
                page.request.post("/language", form={"lang": languages[role], "next": "/", "csrf_token": token(page)})
            for path in paths:
                answer = page.goto(path)
                assert answer is not None
                assert answer.status == 200, path
                look(page, f"{role}-{size['width']}-{path.strip('/').replace('/', '-') or 'home'}")


def token(page) -> str:
    return str(page.locator("input[name=csrf_token]").first.get_attribute("value"))
