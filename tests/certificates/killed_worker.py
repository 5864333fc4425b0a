"""A worker that carries out one job until it is in the middle of a certificate, and waits there; killed by test_killed_worker.py."""

from __future__ import annotations

import signal
import sys
from itertools import count
from pathlib import Path
from typing import Any

from dostyk.certificates import service, tasks
from dostyk.core import outbox
from tests.conftest import make_app


def main(folder: str, url: str, job_id: str, stop_at: str) -> None:
    app = make_app(Path(folder), url)
    real, numbers = tasks.mail.certificate_ready, count(1)

    def until_killed(*args: Any) -> None:
        real(*args)
        if next(numbers) == int(stop_at):
            # In the middle of a unit of work: the certificate and its letter are written and not committed.
            print("issuing", flush=True)
            signal.pause()

    tasks.mail.certificate_ready = until_killed
    with app.app_context():
        assert service.UNDER_WAY
        outbox.run(int(job_id))


if __name__ == "__main__":
    main(*sys.argv[1:])
