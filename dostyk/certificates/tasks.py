"""Issuing, carried out by the worker."""

from __future__ import annotations

from collections.abc import Sequence

from dostyk.certificates import mail, queries, service
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.outbox import Progress, job
from dostyk.people.models import Person


@job("certificates.issue")
def issue(progress: Progress, cohort_id: int, enrolments: Sequence[int], by: int) -> None:
    """Issue to each of `enrolments` who is still eligible: each certificate, with its letter, in a unit of work of its own.

    Run again after the worker was killed, it goes on where it was: who has a certificate does not get a second one.
    """
    cohort, person = queries.cohort(cohort_id), db.session.get_one(Person, by)
    terms = service.terms_of(cohort)
    chosen = frozenset(enrolments)
    people = [c for c in queries.candidates(cohort, utcnow()) if c.enrolment.id in chosen and not c.unmet and c.certificate is None]
    accounts = mail.addresses(c.person.id for c in people)
    done = len(chosen) - len(people)
    for candidate in people:
        now = utcnow()
        fits = service.name_fits(terms, candidate, now)
        with work():
            if not fits:
                service.note_unprintable(cohort, candidate, by=person)
            elif certificate := service.issue_one(terms, candidate, by=person, now=now):
                mail.certificate_ready(certificate, candidate.person, cohort, accounts)
        done += 1
        progress(done, len(chosen))
    progress(len(chosen), len(chosen))
