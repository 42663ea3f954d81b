"""The engine itself: a papermill engine whose cells run in an IPython shell, in a process of their own or in this one."""

from contextlib import AbstractContextManager
from typing import Any

from papermill.engines import Engine
from papermill.log import logger

from fengqiao_eval.errors import UsageError
from fengqiao_eval.runs.messages import Kernel
from fengqiao_eval.runs.outputs import Client, Watch


class Managed(Engine):  # type: ignore[misc]
    """Runs notebooks of Python without a kernel process, sockets or ports."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,  # noqa: ARG003 - there is one, whatever its name
        *,
        execution_timeout: float | None = None,
        isolated: bool = True,
        watch: Watch | None = None,
        **settings: Any,
    ) -> None:
        """Run the cells; of papermill's settings those of logs are heeded, those of kernels have nothing to set.

        Raises UsageError for a notebook in another language.
        """
        language = cls.nb_language(nb_man.nb)
        if language != "python":
            raise UsageError("language", given=language)
        logs = {name: settings.get(name) for name in ("log_output", "stdout_file", "stderr_file") if name in settings}
        with _kernel(isolated=isolated) as kernel:
            Client(nb_man, kernel, execution_timeout, watch, log=logger, **logs).execute()


def _kernel(*, isolated: bool) -> AbstractContextManager[Kernel]:
    if isolated:
        from fengqiao_eval.runs.isolated import kernel as remote  # noqa: PLC0415

        return remote()
    from fengqiao_eval.runs.shell import kernel  # noqa: PLC0415 - ipykernel is loaded where cells run

    return kernel()
