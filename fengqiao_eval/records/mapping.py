"""The `tables:` mapping of a params file: how records that are named otherwise become the tables of the design."""

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field

from fengqiao_eval.documents import Model

Written = bool | int | Decimal | date | str


class From(Model):
    """A column filled from another column of the same row (`from`, by its name in the file)."""

    from_: str = Field(alias="from")


class Mapped(Model):
    """How one table is found and read.

    rename {column in the file: name here}; values {column here: {as written: as meant}}; set {column here: constant, or
    {from: column in the file}}; missing: markers that mean an empty cell; repeated: what becomes of rows that share an id
    and differ; absent_parents (units): whether a parent that is no row is refused or makes its children top units.
    """

    file: str | None = None
    rename: dict[str, str] = {}
    values: dict[str, dict[str, Written | None]] = {}
    set: dict[str, From | Written | None] = {}
    missing: tuple[str, ...] = ()
    repeated: Literal["keep", "refuse", "first", "last"] = "keep"
    absent_parents: Literal["refuse", "root"] = "refuse"
