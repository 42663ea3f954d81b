"""Who stands between a command and its first frame: `python tests/bench/bench_stack_of_write.py [CHECKOUT]`.

Prints the functions of the package that are on the stack when `fengqiao run` writes its first frame, from the command down,
and of how many modules they are.
"""

import traceback
from typing import Any

from command_in_process import call, module
from pyarrow import parquet

FOUND: list[str] = []
write = parquet.ParquetWriter.__init__


def look(*given: Any, **more: Any) -> None:
    """Keep the stack of the first frame."""
    stack = [] if FOUND else traceback.extract_stack()
    FOUND.extend(f"{module(frame.filename)}.{frame.name}" for frame in stack if module(frame.filename))
    write(*given, **more)


if __name__ == "__main__":
    said = call(lambda: setattr(parquet.ParquetWriter, "__init__", look), command=("run", "--only", "S001"))
    modules = list(dict.fromkeys(name.rpartition(".")[0] for name in FOUND))
    print(said, *FOUND, f"{len(modules)} modules: {', '.join(modules)}", sep="\n")
