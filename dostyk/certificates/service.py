"""Issuing and revoking certificates. Nothing here commits."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.dialects import postgresql, sqlite

from dostyk.certificates import printing, queries, rules
from dostyk.certificates.models import Certificate, Series, Signatory
from dostyk.certificates.printing import Terms
from dostyk.certificates.queries import UNPRINTABLE, Candidate
from dostyk.certificates.rules import Lacking
from dostyk.cohorts.models import Cohort, Enrolment
from dostyk.cohorts.rules import EnrolmentState
from dostyk.core.audit import note, record
from dostyk.core.database import LocalizedText, changed, db
from dostyk.core.documents import DocumentError, ForkedError, MissingGlyphError
from dostyk.core.errors import Refused
from dostyk.core.outbox import Job, JobState, enqueue, latest
from dostyk.core.text import new_code
from dostyk.courses.models import Programme
from dostyk.people.models import Person

UNDER_WAY = (JobState.QUEUED, JobState.RUNNING)
# A name up to this length always finds its place on the sheet; longer ones are tried out before a number is given.
SURE_TO_FIT = 60
WHAT_LACKS = {
    Lacking.SIGNATORY: _l("It is not entered who signs the certificates of this programme. Fill in name and post under “Who signs”."),
    Lacking.AGENCY: _l("The agency that issues the certificates is not entered. Add it under Organisations, as the kind “agency”."),
}


def job_subject(cohort: Cohort) -> str:
    """Under which name the job that issues certificates of a cohort is found again."""
    return f"certificates:{cohort.code}"


def signatory(programme: Programme, name: LocalizedText, post: LocalizedText, *, by: Person, cohort: Cohort) -> Signatory:
    """Say who signs the certificates of a programme from now on."""
    row = queries.signatory_of(programme.id)
    if row is None:
        row = Signatory(programme_id=programme.id)
        db.session.add(row)
    row.name, row.post = name, post
    record("signatory.changed", f"programme:{programme.code}", by=by, cohort=cohort.code, name=name, post=post)
    return row


def lacking(cohort: Cohort) -> list[Lacking]:
    """What has to be filled in before certificates of a cohort can be printed."""
    agency, signs = queries.agency(), queries.signatory_of(cohort.course.project.programme_id)
    return rules.lacking(signatory=signs is not None, agency=agency is not None)


def terms_of(cohort: Cohort) -> Terms:
    """What the certificates of a cohort have in common. Raises Refused while the signatory or the agency is not entered."""
    agency, signs = queries.agency(), queries.signatory_of(cohort.course.project.programme_id)
    if agency is None or signs is None:
        raise Refused(WHAT_LACKS[rules.lacking(signatory=signs is not None, agency=agency is not None)[0]])
    return Terms(cohort, agency, signs, current_app.config["PUBLIC_URL"])


def issue(cohort: Cohort, seen: str, *, enrolment_id: int | None = None, by: Person, now: datetime) -> Job:
    """Ask for the certificates of all who are eligible, or of one person whose last one was revoked; the worker issues them.

    `seen` is the fingerprint of the people whom the coordinator was shown. Raises Refused when that is no longer who
    would get one, when nobody would, while an earlier order is being carried out, or when the texts cannot be printed.
    """
    # Two coordinators at the same moment: the second waits here, and then finds the order of the first.
    db.session.execute(sa.select(Cohort.id).where(Cohort.id == cohort.id).with_for_update(key_share=True))
    order = latest(job_subject(cohort))
    if order is not None and order.state in UNDER_WAY:
        raise Refused(_("Certificates of this cohort are being issued at this moment. Wait until that is done."))
    people = queries.to_issue(queries.candidates(cohort, now), enrolment_id)
    if not people:
        raise Refused(_("Nobody is eligible for a new certificate at the moment. The list says what is missing."))
    if queries.fingerprint(people) != seen:
        raise Refused(_("The list has changed since you opened it. Look at it again, then issue."))
    _try_texts(terms_of(cohort), people[0], now)
    chosen = [c.enrolment.id for c in people]
    record("certificates.ordered", cohort.code, by=by, cohort=cohort.code, people=len(chosen))
    wanted = {"cohort_id": cohort.id, "enrolments": chosen, "by": by.id}
    return enqueue("certificates.issue", subject=job_subject(cohort), by_id=by.id, total=len(chosen), **wanted)


def issue_one(terms: Terms, candidate: Candidate, *, by: Person, now: datetime) -> Certificate | None:
    """Give one person a certificate; None when they have one meanwhile, or gave the seat back.

    The number is raised in the same transaction, so that none is lost when anything fails, and the seat is locked, so
    that two workers give one certificate.
    """
    cohort = terms.cohort
    seat = sa.select(Enrolment.state).where(Enrolment.id == candidate.enrolment.id).with_for_update(key_share=True)
    standing = sa.select(Certificate.id).where(Certificate.enrolment_id == candidate.enrolment.id, Certificate.revoked_at.is_(None))
    if db.session.scalar(seat) is not EnrolmentState.ENROLLED or db.session.scalar(standing) is not None:
        return None
    programme = cohort.course.project.programme
    year = now.astimezone(ZoneInfo(cohort.time_zone)).year
    serial = _next_serial(programme.id, year)
    number, code = rules.number(programme.code, year, serial), new_code()
    row = Certificate(
        enrolment_id=candidate.enrolment.id,
        programme_id=programme.id,
        year=year,
        serial=serial,
        number=number,
        code=code,
        snapshot=printing.snapshot(terms, candidate.enrolment, candidate.record, number, code, now),
        issued_at=now,
        issued_by_id=by.id,
    )
    db.session.add(row)
    record("certificate.issued", number, by=by, cohort=cohort.code, enrolment=candidate.enrolment.id)
    return row


def name_fits(terms: Terms, candidate: Candidate, now: datetime) -> bool:
    """Whether the name finds its place on the sheet; very long ones are tried out."""
    person = candidate.person
    if max(len(person.full_name), len(person.own_name)) <= SURE_TO_FIT:
        return True
    try:
        printing.specimen(terms, candidate.enrolment, candidate.record, now)
    except ForkedError:
        raise
    except DocumentError:
        return False
    return True


def note_unprintable(cohort: Cohort, candidate: Candidate, *, by: Person) -> None:
    """Keep that a name does not fit, so that the list says so until the name is changed."""
    record(UNPRINTABLE, f"enrolment:{candidate.enrolment.id}", by=by, cohort=cohort.code, name=queries.printed_name(candidate.person))


def revoke(certificate: Certificate, reason: str, *, by: Person, now: datetime) -> None:
    """Revoke a certificate; it stays, with who, when and why. Raises Refused when it is revoked already."""
    taken = db.session.execute(
        sa.update(Certificate)
        .where(Certificate.id == certificate.id, Certificate.revoked_at.is_(None))
        .values(revoked_at=now, revoked_reason=reason, revoked_by_id=by.id)
        .execution_options(synchronize_session=False)
    )
    cohort = certificate.enrolment.cohort.code
    if changed(taken) != 1:
        refusal = note("certificate.revoke_refused", certificate.number, by=by, reason="revoked already", cohort=cohort)
        raise Refused(_("This certificate was revoked before."), note=refusal)
    db.session.refresh(certificate, ["revoked_at", "revoked_reason", "revoked_by_id"])
    record("certificate.revoked", certificate.number, by=by, reason=reason, cohort=cohort)


def _next_serial(programme_id: int, year: int) -> int:
    """Raise the series and return its last number: one statement, whose row stays locked until the commit."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    first = insert(Series).values(programme_id=programme_id, year=year, last=1)
    raised = first.on_conflict_do_update(index_elements=["programme_id", "year"], set_={"last": Series.last + 1}).returning(Series.last)
    return int(db.session.execute(raised).scalar_one())


def _try_texts(terms: Terms, candidate: Candidate, now: datetime) -> None:
    """Draw one specimen: texts of the course that cannot be printed are found before the first number is given."""
    try:
        printing.specimen(terms, candidate.enrolment, candidate.record, now, name="Specimen")
    except ForkedError:
        raise
    except MissingGlyphError as error:
        raise Refused(
            _(
                "The certificates cannot be printed: “%(where)s” holds characters that our fonts do not have: %(letters)s.",
                where=error.where,
                letters=error.characters,
            )
        ) from error
    except DocumentError as error:
        raise Refused(_("The certificates cannot be printed: the titles of the course, the programme or the host are too long.")) from error
