"""What administrators do to users, letters and jobs. Nothing here commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from dostyk.cohorts import service as cohorts
from dostyk.cohorts.models import Assignment, Cohort
from dostyk.core import outbox
from dostyk.core.access import Role
from dostyk.core.audit import record
from dostyk.core.errors import Refused
from dostyk.core.mail import Mail, MailState
from dostyk.core.outbox import JobState
from dostyk.people import service as people
from dostyk.people.models import Account, Organisation, Person
from dostyk.people.rules import PersonDetails


@dataclass(frozen=True)
class Given:
    """A role and how far it reaches; all three None: everywhere."""

    role: Role
    cohort: Cohort | None = None
    organisation: Organisation | None = None
    country: str | None = None


def invite_user(
    email: str,
    language: str | None,
    role: Given | None,
    *,
    by: Person | None,
    now: datetime,
    full_name: str = "",
    person: Person | None = None,
) -> Account:
    """An account for a new person, or for `person`, with a role and a letter that invites to choose a password.

    Raises Refused for an address that has an account and for a name that cannot be on a certificate.
    """
    if person is None:
        organisation_id = role.organisation.id if role and role.organisation else None
        person = people.register(PersonDetails(full_name=full_name, email=email, organisation_id=organisation_id), by=by, now=now)
    account = people.open_account(person, email, language, now, by=by)
    if role is not None:
        give_role(account, role, by=by, now=now)
    people.invite(account, now, by=by)
    return account


def invite_again(account: Account, *, by: Person, now: datetime) -> None:
    """Send the invitation once more. Raises Refused when the holder has already chosen a password."""
    if account.password is not None:
        raise Refused(_("This person has already chosen a password. They can ask for a new one on the sign-in page."))
    people.invite(account, now, by=by)


def give_role(account: Account, given: Given, *, by: Person | None, now: datetime) -> Assignment:
    """Give a role; the same one when the person has it. Raises Refused for a role that does not fit its scope."""
    if given.role is Role.ADMIN and (given.cohort or given.organisation or given.country):
        raise Refused(_("Administrators work everywhere. Choose “everywhere”."), field="reach")
    if given.role is Role.FOCAL_POINT and given.organisation is None and given.country is None:
        raise Refused(_("A focal point works for one organisation or one country. Choose which."), field="reach")
    return cohorts.assign(account.person, given.role, by, now, cohort=given.cohort, organisation=given.organisation, country=given.country)


def take_role(assignment: Assignment, *, by: Person, now: datetime) -> None:
    """Take a role back. Raises Refused for one's own administration, and for the last administrator."""
    if assignment.person_id == by.id and assignment.role is Role.ADMIN:
        raise Refused(_("You cannot take away your own administration. Ask another administrator."))
    cohorts.unassign(assignment, by, now)


def deactivate(account: Account, reason: str, *, by: Person, now: datetime) -> None:
    """Nobody signs in with the account any more. Raises Refused for one's own, and without a reason."""
    _reason(reason)
    people.deactivate(account, by=by, now=now, reason=reason)


def reset_second_factor(account: Account, reason: str, *, by: Person, now: datetime) -> None:
    """Take away two-factor sign-in and passkeys. Raises Refused without a reason: how one knew that it is them."""
    _reason(reason)
    if account.person_id == by.id:
        raise Refused(_("You change your own sign-in on your page “Password and sign-in”."))
    people.reset_second_factor(account, by=by, now=now, reason=reason)


def _reason(reason: str) -> None:
    if not reason.strip():
        raise Refused(_("Write the reason: the log keeps it."))


def send_again(letter: Mail, *, by: Person, now: datetime) -> None:
    """Hand a letter over once more. Raises Refused when it was sent or is being handed over, and when its address is kept no longer."""
    if letter.state is MailState.SENT:
        raise Refused(_("This letter was sent."))
    if not letter.to:
        raise Refused(_("There is nobody to write to."))
    before = outbox.latest(f"mail:{letter.id}")
    if before is not None and before.state in (JobState.QUEUED, JobState.RUNNING):
        raise Refused(_("This letter is on its way already. Look again in a minute."))
    letter.state, letter.error = MailState.QUEUED, None
    outbox.enqueue("mail.deliver", subject=f"mail:{letter.id}", by_id=by.id, mail_id=letter.id)
    record("letter.sent_again", f"mail:{letter.id}", by=by)


def retry(job_id: int, *, by: Person, now: datetime) -> None:
    """Run a job that failed once more. Raises Refused when it has not failed."""
    if not outbox.again(job_id):
        raise Refused(_("Only a job that failed can be run again."))
    record("job.retried", f"job:{job_id}", by=by)
