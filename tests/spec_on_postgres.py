"""A plugin of pytest: the tables that a spec draws are counted by PostgreSQL, at the address that FENGQIAO_SPEC_BASE names."""

import os

import ibis
import pytest

from fengqiao_eval.records import postgres


@pytest.fixture(scope="session", autouse=True)
def _counted_by_postgres():
    """Let the engine of a drawn table be the database."""
    ibis.set_backend(postgres.connect(os.environ["FENGQIAO_SPEC_BASE"], "Asia/Shanghai", "spec"))
