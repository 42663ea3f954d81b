"""Notebooks executed by papermill, and thousands of cards printed by a pool of processes."""

from typing import Any

OURS, STOCK = ENGINES = ("fengqiao", "stock")
"""How notebooks can be run: by the engine of this package, or by papermill's own, a kernel process a notebook."""


CELL_SECONDS = 600
"""A cell that takes longer is given up; a card takes seconds."""


class FengqiaoEngine:
    """The engine `fengqiao` as papermill finds it by its entry point.

    No subclass of papermill's Engine: papermill asks for it while it is being imported itself.
    """

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, **settings: Any) -> Any:
        """Run a notebook as papermill's engines do; see `papermill_engine.Managed`."""
        from fengqiao_eval.engine.papermill_engine import Managed  # noqa: PLC0415

        return Managed.execute_notebook(nb, kernel_name, **settings)

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> str:
        """Name the kernel of a notebook."""
        from papermill.utils import nb_kernel_name  # noqa: PLC0415

        return nb_kernel_name(nb, name)

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> str:
        """Name the language of a notebook."""
        from papermill.utils import nb_language  # noqa: PLC0415

        return nb_language(nb, language)
