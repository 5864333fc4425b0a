"""`flask people`: what the clock does to people, by hand."""

from __future__ import annotations

import click
from flask import Blueprint, current_app

from dostyk.core.clock import utcnow
from dostyk.core.database import work
from dostyk.core.outbox import enqueue
from dostyk.people import service

bp = Blueprint("people_commands", __name__, cli_group="people")


@bp.cli.command("anonymise")
@click.option("--dry-run", is_flag=True, help="Only say whom.")
def anonymise(dry_run: bool) -> None:
    """Let the worker anonymise whom nobody needed for RETENTION_YEARS, as it does every hour."""
    years = current_app.config["RETENTION_YEARS"]
    ids = service.due(utcnow(), years)
    click.echo(f"RETENTION_YEARS is {years}. Due now: {len(ids)}" + (f" (numbers {', '.join(map(str, ids))})" if ids else ""))
    if ids and not dry_run:
        with work():
            enqueue("people.anonymise")
        click.echo("The worker anonymises them.")
