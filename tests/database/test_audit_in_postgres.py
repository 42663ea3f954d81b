"""An audit of records in a PostgreSQL database: the same response, the same signs, the same first records."""

import pandas as pd
import pytest

from fengqiao_eval.demo.write import invent
from fengqiao_eval.periods import parse
from fengqiao_eval.records.sources import one_snapshot, read_address
from fengqiao_eval.records.store import open_records
from fengqiao_eval.scheme.load import load
from fengqiao_eval.validation.audit import FRAMES, OF_PERSONS, audit
from shared import ROOT
from test_audit import plant
from wire import Wire

pytestmark = pytest.mark.database
PERIOD = parse("2024Q4")


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Write an invented province with every sign in it."""
    folder = tmp_path_factory.mktemp("planted")
    for name, table in plant(invent(8, 1)).tables.items():
        table.to_parquet(folder / f"{name}.parquet")
    return folder


def looked(where):
    """Look at records by the one table."""
    return audit(open_records(where, name="records"), load(ROOT / "params" / "one_table.yaml"), PERIOD, PERIOD.end)


def test_an_audit_is_the_same_in_a_database(server, planted):
    """Every frame is the same to 1e-9, whether files are read or a database, from which few rows come."""
    address = server.fill("audit", planted)
    with Wire(server.port) as wire, one_snapshot():
        database = looked(read_address(address.replace(str(server.port), str(wire.port))))
        came = wire.rows
    files = looked(planted)
    assert len(files.signs) > 8
    assert came < 0.1 * files.read["records"].sum()  # counts, by unit and day, and the first ids
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(files, name), getattr(database, name), rtol=1e-9, atol=1e-9, check_dtype=False)
    for name in OF_PERSONS:
        pd.testing.assert_frame_equal(files.persons[name], database.persons[name], rtol=1e-9, atol=1e-9, check_dtype=False)
