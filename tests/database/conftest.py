"""A PostgreSQL server for the tests that ask one, and the door to it: PGPASSWORD, as a user would give it."""

import pytest

import postgres_server


@pytest.fixture(scope="session")
def server(need):
    """Start a server; where it is not installed the tests are skipped, and under .ci/run they fail."""
    programs = postgres_server.find_programs()
    if programs is None:
        need("initdb")
    with postgres_server.run(programs) as running, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSWORD", postgres_server.WORD)
        yield running
