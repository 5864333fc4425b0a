"""The process that carries out jobs: `python -m dostyk.worker`. Any number of them, on any number of machines."""

from __future__ import annotations

import sys

from dostyk import create_app
from dostyk.config import BadSettings


def main() -> None:
    """Work until told to stop; a job that is cut off is taken up again by the sweeper."""
    try:
        app = create_app()
    except BadSettings as error:
        sys.exit(str(error))
    app.extensions["queue"].create_consumer(workers=2, initial_delay=0.2, backoff=1.3, max_delay=1, scheduler_interval=1).run()


if __name__ == "__main__":
    main()
