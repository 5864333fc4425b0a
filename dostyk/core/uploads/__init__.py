"""Files that people hand in: checked first, applied in the background, each row for itself; nothing is ever half applied unsaid.

A room makes a `Kind` and registers it. Everything else is here: the verbs `hand_in`, `check_again`, `apply`, `throw_away`; the jobs that
check and apply; the hourly one that forgets; what pages show (`report.rows`, macros/uploads.html).

    class Nominees:                                       # a Reader: made anew for each job
        def __init__(self, upload: Upload, order: Order) -> None: ...
        def keys(self, cells): ...                        # {"email": "a@b.kg"}: lines that share one are about the same person
        def judge(self, lines): ...                       # a Verdict for each Line; reads only, constant statements for a chunk
        def carry_out(self, line, verdict): ...           # writes one NEW or CHANGED line, inside its own work(); raises Refused

    NOMINEES = register(Kind("nominees", COLUMNS, Nominees))

    upload = hand_in(NOMINEES, f"batch:{batch.id}", file.filename, file.read(), by=person, now=utcnow())   # in a work()
    apply(upload, by=person, now=utcnow(), invite=True)   # further words are options: Order.options in the reader
    check_again(upload, by=person)
    throw_away(upload, by=person)

Life: CHECKING → CHECKED or UNREADABLE (`upload.report["said"]` tells why) → APPLYING → APPLIED; or thrown away, and gone.

* Lines that share a key and differ are CONTRADICTIONs, named with their lines and columns; equal ones are SAME from the
  second on: `judge` need not look for either, and never sees a line whose cells have flaws.
* When a row is applied it is judged anew, in its own unit of work. What was stored meanwhile is not overwritten: a row
  that would do something else than was shown is REFUSED and says so. Killed and run again, the job goes on where it was.
* Only one file of a kind and subject is applied at a time.
* Sentences in verdicts are text in the language of who handed the file in; use gettext as usual.
* `forget` deletes cells and rows after `KEPT_DAYS`; the counts in `upload.report` stay.
"""

from __future__ import annotations

from dostyk.core.uploads import report, tasks
from dostyk.core.uploads.kinds import Change, Finding, Kind, Order, Reader, Verdict, register
from dostyk.core.uploads.models import RowOutcome, RowResult, Upload, UploadRow, UploadState
from dostyk.core.uploads.service import KEPT_DAYS, apply, check_again, hand_in, job_of, latest, one, running, throw_away

__all__ = [
    "KEPT_DAYS",
    "Change",
    "Finding",
    "Kind",
    "Order",
    "Reader",
    "RowOutcome",
    "RowResult",
    "Upload",
    "UploadRow",
    "UploadState",
    "Verdict",
    "apply",
    "check_again",
    "hand_in",
    "job_of",
    "latest",
    "one",
    "register",
    "report",
    "running",
    "tasks",
    "throw_away",
]
