"""Two processes of eight threads each, which do the same thing at the same moment."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from dostyk.core.database import db
from tests.conftest import _Database, make_app

PROCESSES, THREADS = 2, 8
Try = Callable[[Flask, Any], str]


def _serve(folder: Path, url: str, jobs: Any, answers: Any, together: Any) -> None:
    """A process: waits for jobs, carries each out in eight threads that start together, and tells what came of each try."""
    app = make_app(folder, url)
    while (job := jobs.get()) is not None:
        act, shares = job
        outcomes: list[str] = []

        def run(share: Sequence[Any], act: Try = act, outcomes: list[str] = outcomes) -> None:
            together.wait(60)
            for argument in share:
                try:
                    outcomes.append(act(app, argument))
                except Exception as error:  # noqa: BLE001 -- an outcome like any other, which the test looks at
                    outcomes.append(f"{type(error).__name__}: {str(error)[:200]}")

        threads = [threading.Thread(target=run, args=(share,)) for share in shares]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with app.app_context():
            db.engine.dispose()  # the file of the next test is another one
        answers.put(outcomes)


class Racers:
    """The processes, kept for all races on one database: starting them costs more than racing."""

    def __init__(self, database: _Database) -> None:
        context = multiprocessing.get_context("spawn")
        self.answers, self.together = context.Queue(), context.Barrier(PROCESSES * THREADS)
        self.jobs = [context.Queue() for _ in range(PROCESSES)]
        shared = (database.folder, database.app.config["SQLALCHEMY_DATABASE_URI"])
        self.processes = [
            context.Process(target=_serve, args=(*shared, jobs, self.answers, self.together), daemon=True) for jobs in self.jobs
        ]
        for process in self.processes:
            process.start()

    def race(self, act: Try, arguments: Sequence[Any]) -> list[str]:
        """`act(app, argument)` for every argument, dealt out to all threads; what came of each."""
        db.session.remove()
        db.engine.dispose()
        hands = [list(arguments[n :: PROCESSES * THREADS]) for n in range(PROCESSES * THREADS)]
        for number, jobs in enumerate(self.jobs):
            jobs.put((act, hands[number * THREADS : (number + 1) * THREADS]))
        return [outcome for _ in self.processes for outcome in self.answers.get(timeout=60)]

    def stop(self) -> None:
        for jobs in self.jobs:
            jobs.put(None)
        for process in self.processes:
            process.join(20)


@pytest.fixture(scope="session")
def _racers() -> Iterator[dict[str, Racers]]:
    started: dict[str, Racers] = {}
    yield started
    for racers in started.values():
        racers.stop()


@pytest.fixture
def racers(_database: _Database, _racers: dict[str, Racers]) -> Racers:
    """Two processes on the database of this test."""
    if _database.kind not in _racers:
        _racers[_database.kind] = Racers(_database)
    return _racers[_database.kind]
