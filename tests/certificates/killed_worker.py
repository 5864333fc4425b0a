"""A worker that carries out one job and tells each certificate on its standard output; killed by test_killed_worker.py."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from dostyk.certificates import service, tasks
from dostyk.core import outbox
from tests.conftest import make_app


def main(folder: str, url: str, job_id: str) -> None:
    app = make_app(Path(folder), url)
    real = tasks.mail.certificate_ready

    def slowly(*args: Any) -> None:
        real(*args)
        # In the middle of a unit of work: the certificate and its letter are written and not committed.
        print("issuing", flush=True)
        time.sleep(0.01)

    tasks.mail.certificate_ready = slowly
    with app.app_context():
        assert service.UNDER_WAY
        outbox.run(int(job_id))


if __name__ == "__main__":
    main(*sys.argv[1:])
