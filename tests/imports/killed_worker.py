"""A worker that checks or applies a file until it is in the middle of a row, and waits there; killed by test_killed_worker.py."""

from __future__ import annotations

import signal
import sys
from itertools import count
from pathlib import Path
from typing import Any

from dostyk.core import outbox
from dostyk.core.uploads import tasks
from dostyk.imports import service
from tests.conftest import make_app


def main(folder: str, url: str, job_id: str, stop_at: str) -> None:
    app = make_app(Path(folder), url)
    numbers = count(1)

    def until_killed(real: Any) -> Any:
        def act(*args: Any, **kwargs: Any) -> Any:
            done = real(*args, **kwargs)
            if next(numbers) == int(stop_at):
                # In the middle of a unit of work: what was done for the row is written and not committed.
                print("working", flush=True)
                signal.pause()
            return done

        return act

    tasks._values = until_killed(tasks._values)
    service.enrol = until_killed(service.enrol)
    with app.app_context():
        outbox.run(int(job_id))


if __name__ == "__main__":
    main(*sys.argv[1:])
