"""The database of a department: a PostgreSQL server of its own for the test, where one is installed."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from simulated_readers import Clock, read_everything
from small_studies import write_study
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from crosscontrast.errors import BadInputError
from crosscontrast.progress import silent
from crosscontrast.reading.folder import open_study
from crosscontrast.reading.prepare import prepare_study
from crosscontrast.reading.program import program_of
from crosscontrast.reading.refused import RefusedError
from crosscontrast.reading.sitting import Sitting
from crosscontrast.reading.store import Store
from crosscontrast.reading.study import read_study

pytestmark = pytest.mark.slow
INITDB = shutil.which("initdb") or next(iter(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb"))), None)


@pytest.fixture(scope="module")
def database():
    """The URL of a fresh server; PostgreSQL does not run as root, so root starts it as its own user."""
    pytest.importorskip("pg8000", reason="needs pg8000")
    if not INITDB:
        pytest.skip("PostgreSQL is not installed")
    user = {"user": "postgres"} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        if user:
            shutil.chown(folder, "postgres")
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        data = f"{folder}/data"
        subprocess.run([INITDB, "-D", data, "-U", "reader", "-A", "trust"], check=True, capture_output=True, **user)
        binary = str(Path(INITDB).with_name("postgres"))
        server = subprocess.Popen(
            [binary, "-D", data, "-p", str(port), "-k", folder], stderr=subprocess.DEVNULL, **user
        )
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        time.sleep(1)
        yield f"postgresql+pg8000://reader@127.0.0.1:{port}/postgres"
        server.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown: does not wait for clients
        server.wait(30)


def test_a_study_is_read_into_postgresql_under_the_same_rules(database, tmp_path):
    plan = prepare_study(read_study(write_study(tmp_path, subjects=3)), tmp_path / "out", silent)
    _, store = open_study(tmp_path / "out", database)
    store.now = clock = Clock()
    sitting = Sitting(program_of(plan, "anna"), store, "test")
    reading = sitting.show().reading.id
    values = {"quality": 2, "origin": "real", "lesion": 9, "remark": "ä 'quoted' ; DROP TABLE answers"}
    sitting.answer(reading, values, "nonce-0001")
    sitting.answer(reading, values, "nonce-0001")
    with pytest.raises(RefusedError, match="locked"):
        sitting.answer(reading, values, "nonce-0002")
    assert store.all_answers()[0].values == values
    read_everything(plan, store, clock)
    assert len(store.all_answers()) == len(plan.readings)
    engine = create_engine(database)
    for statement in ("UPDATE answers SET nonce = 'x'", "DELETE FROM answers", "DELETE FROM audit"):
        with pytest.raises(DBAPIError, match="only grows"), engine.begin() as connection:
            connection.execute(text(statement))
    engine.dispose()
    store.close()
    Store(database, plan.fingerprint, "again").close()
    with pytest.raises(BadInputError, match="another plan"):
        Store(database, "0" * 64, "another")
