"""The papermill engine whose cells run in an IPython shell, in a process of their own or in this one."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from typing import Any

from nbclient.client import timestamp
from nbclient.exceptions import CellExecutionComplete, CellExecutionError
from nbformat import from_dict
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine
from papermill.log import logger

from fengqiao_eval.engine import remote_kernel, shell
from fengqiao_eval.engine.shell import Kernel, Message
from fengqiao_eval.errors import UsageError

Watch = Callable[[int], None]

FIELDS = {
    "stream": ("name", "text"),
    "display_data": ("data", "metadata"),
    "execute_result": ("data", "metadata", "execution_count"),
    "error": ("ename", "evalue", "traceback"),
}
"""What a notebook keeps of each kind of output."""

LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": sys.version_info.major},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
    "version": "{}.{}.{}".format(*sys.version_info),
}
"""What ipykernel says of its language."""


class Client(PapermillNotebookClient):  # type: ignore[misc]
    """papermill's client on a kernel that is called, not written to."""

    def __init__(self, manager: Any, kernel: Kernel, seconds: float | None, watch: Watch | None, **logs: Any) -> None:
        """Take papermill's manager of the notebook and settings of logs; watch is told the number of each cell as it starts."""
        super().__init__(manager, **logs)
        self._cells, self._seconds, self._watch = kernel, seconds, watch

    def execute(self) -> Any:
        """Run all cells up to one that fails."""
        self.reset_execution_trackers()
        self.comm_open_handlers = {"jupyter.widget": lambda _: None}  # nobody answers a widget
        self.papermill_execute_cells()
        self.nb.metadata["language_info"] = LANGUAGE
        self.set_widgets_metadata()
        return self.nb

    def papermill_execute_cells(self) -> None:
        """Run the cells as papermill does; where no file is written, the time of a cell's start is parsed as our own."""
        for index, cell in enumerate(self.nb.cells):
            self.nb_man.cell_start(cell, index)
            times = cell.metadata.papermill
            start = times.start_time
            try:
                self.execute_cell(cell, index)
            except CellExecutionError as error:
                self.nb_man.cell_exception(cell, cell_index=index, exception=error)
                break
            finally:
                times.start_time = start if self.nb_man.output_path else None
                self.nb_man.cell_complete(cell, cell_index=index)
                lasted = datetime.fromisoformat(times.end_time) - datetime.fromisoformat(start)
                times |= {"start_time": start, "duration": lasted.total_seconds()}

    def execute_cell(self, cell: Any, cell_index: int) -> None:
        """Run one cell; raises CellExecutionError where it fails and is not tagged as one that does."""
        tags = cell.metadata.get("tags", ())
        if cell.cell_type != "code" or not cell.source.strip() or self.skip_cells_with_tag in tags:
            return
        cell.metadata["execution"], cell.outputs, self.clear_before_next_output = {}, [], False
        reply = self._cells.execute(cell.source, self._seconds, lambda told: self._take(told, cell, cell_index))
        cell.metadata["execution"]["shell.execute_reply"] = timestamp(_complete_message({}))
        if reply["status"] == "error" and "raises-exception" not in tags:
            raise CellExecutionError.from_cell_and_msg(cell, dict(reply))

    def _take(self, told: Message, cell: Any, cell_index: int) -> None:
        if told["msg_type"] == "execute_input" and self._watch:
            self._watch(told["content"]["execution_count"])
        with suppress(CellExecutionComplete):
            self.process_message(_complete_message(told), cell, cell_index)

    def output(self, outs: list[Any], msg: Message, display_id: str | None, cell_index: int) -> Any:
        """Take in an output as nbclient does, without checking its form, which papermill does on saving.

        Text is joined to the text of the same stream before it: where one ends and the next begins is chance.
        """
        if self.clear_before_next_output:
            self.clear_output(outs, {**msg, "content": {}}, cell_index)
            self.clear_before_next_output = False
        if msg["msg_type"] not in FIELDS:
            return None
        kept = {key: msg["content"][key] for key in FIELDS[msg["msg_type"]]}
        out = from_dict({"output_type": msg["msg_type"], **kept})  # type: ignore[no-untyped-call]
        if out.output_type == "stream" and outs and outs[-1].get("name") == out.name:
            outs[-1].text += out.text
            return out
        if display_id:
            self._display_id_map.setdefault(display_id, {}).setdefault(cell_index, []).append(len(outs))
        outs.append(out)
        return out


def _complete_message(told: Message) -> dict[str, Any]:
    """Complete a message with what nbclient asks of every one."""
    header = {"msg_type": told.get("msg_type"), "date": datetime.now(UTC)}
    return {"header": header, "parent_header": {}, **told}


class Managed(Engine):  # type: ignore[misc]
    """Runs notebooks of Python without a kernel process, sockets or ports."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **settings: Any) -> None:  # noqa: ARG003 - there is one kernel
        """Run the cells; of papermill's settings those of logs and the timeout are heeded, those of kernels have nothing to set.

        Ours are `isolated` (by default True) and `watch`, as `execute.run_notebook` takes them.
        Raises UsageError for a notebook in another language.
        """
        language = cls.nb_language(nb_man.nb)
        if language != "python":
            raise UsageError("language", given=language)
        logs = {name: settings.get(name) for name in ("log_output", "stdout_file", "stderr_file") if name in settings}
        isolated = settings.get("isolated", True)
        start: Callable[[], AbstractContextManager[Kernel]] = remote_kernel.kernel if isolated else shell.kernel
        with start() as kernel:
            Client(nb_man, kernel, settings.get("execution_timeout"), settings.get("watch"), log=logger, **logs).execute()
