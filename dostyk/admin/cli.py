"""`flask users`: the first administrator, and who there is."""

from __future__ import annotations

import click
import sqlalchemy as sa
from flask import Blueprint
from sqlalchemy.orm import contains_eager

from dostyk.admin import service
from dostyk.core.access import Role
from dostyk.core.clock import utcnow
from dostyk.core.database import db, work
from dostyk.core.errors import Refused
from dostyk.people import letters, queries
from dostyk.people import service as people
from dostyk.people.models import Account, Person

bp = Blueprint("users", __name__, cli_group="users")


@bp.cli.command("create-admin")
@click.argument("email")
@click.argument("name")
def create_admin(email: str, name: str) -> None:
    """Open an account for an administrator and print the link to choose a password; a letter is sent, too.

    NAME is the full name in Latin letters. Whoever has an account gets the role, and no new password.
    """
    if "@" not in email:
        raise click.ClickException(f"{email} is not an e-mail address.")
    try:
        with work():
            account, now = queries.account_by_email(email), utcnow()
            if account is None:
                account = service.invite_user(email, None, service.Given(Role.ADMIN), by=None, now=now, full_name=name)
            else:
                service.give_role(account, service.Given(Role.ADMIN), by=None, now=now)
    except Refused as refused:
        raise click.ClickException(str(refused.sentence)) from refused
    click.echo(f"{account.person.full_name} <{account.email}> is an administrator.")
    if account.password is None:
        click.echo(f"To choose a password, within {letters.INVITATION_DAYS} days:")
        click.echo(letters.link(f"/invitation/{people.invitation_token(account)}"))


@bp.cli.command("list")
def list_users() -> None:
    """Everybody who has an account: address, name, state."""
    select = sa.select(Account).join(Account.person).options(contains_eager(Account.person)).order_by(Person.sort_name, Account.id)
    for account in db.session.scalars(select):
        click.echo(f"{account.email}\t{account.person.full_name}\t{_state(account)}")


def _state(account: Account) -> str:
    if account.demo:
        return "demonstration"
    if not account.active:
        return "deactivated"
    return "active" if account.password else "invited"
