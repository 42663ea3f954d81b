"""A part of the files that `make fuzz` tries: each is read with a receipt that balances, or refused in words."""

import pytest

from fuzz import files


@pytest.mark.slow
@pytest.mark.parametrize("number", range(0, 300, 50))
def test_office_files_are_read_or_refused(number):
    """Fifty changed files: no traceback, no row lost, nothing unseen in what is said."""
    assert [found for one in range(number, number + 50) for found in files.try_file(7, one)] == []
