"""Letters of nomination to print."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, abort, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dostyk.core.access import Permission, needs
from dostyk.core.clock import utcnow
from dostyk.core.database import db
from dostyk.core.errors import Refused
from dostyk.nominees import printing, queries
from dostyk.nominees.models import Nominee
from dostyk.nominees.rules import PER_FILE, NotInvited
from dostyk.nominees.service import why_not_invited
from dostyk.nominees.views.shared import ONE, PEOPLE, bp, one_of
from dostyk.vouchers.models import Batch

# Who has no address, or was invited by mail, can have a letter on paper all the same.
PRINTABLE = (None, NotInvited.NO_ADDRESS, NotInvited.INVITED)


@bp.get(f"{ONE}/letter.pdf")
@needs(Permission.NAME_PEOPLE, scope="batch")
def letter(batch: Batch, nominee_id: int) -> ResponseReturnValue:
    return _printed(batch, [one_of(batch, nominee_id)], f"letter-{batch.id}-{nominee_id}")


@bp.get(f"{PEOPLE}/letters.pdf")
@needs(Permission.NAME_PEOPLE, scope="batch")
def letters(batch: Batch) -> ResponseReturnValue:
    """The letters of all who have not redeemed; a hundred of a big batch (`?part=2`)."""
    part = min(max(request.args.get("part", 1, type=int), 1), 1000)
    mine = queries.of_batch(batch).where(Nominee.ended_at.is_(None), Nominee.voucher_id.is_not(None))
    page = mine.order_by(Nominee.sort_name, Nominee.id).limit(PER_FILE).offset((part - 1) * PER_FILE)
    return _printed(batch, db.session.scalars(page).all() or abort(404), f"letters-{batch.id}")


def _printed(batch: Batch, people: Sequence[Nominee], name: str) -> Response:
    now = utcnow()
    good = [s.nominee for s in queries.standings(people, now) if why_not_invited(s, now) in PRINTABLE]
    if not (pairs := [(one, one.voucher) for one in good if one.voucher is not None]):
        raise Refused(_("There is no letter to print: these people have no open voucher, or a coordinator decides about them first."))
    headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"', "Cache-Control": "no-store"}
    return Response(printing.nominations(batch, pairs, now), mimetype="application/pdf", headers=headers)
