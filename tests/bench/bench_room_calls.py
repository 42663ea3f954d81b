"""Calls between rooms that pass by `runs`: `python tests/bench/bench_room_calls.py [CHECKOUT]`.

Profiles `fengqiao score` and prints which module-level functions of records, scheme, measuring, scoring and results are called
from a room that stands before theirs and is not `runs`: a call backwards, which no arrow of an import shows. Exit 1 for any.
"""

import ast
import sys
from collections import Counter
from types import FrameType
from typing import Any

from command_in_process import CHECKOUT, HOUSE, call, module

WATCHED = ("records", "scheme", "measuring", "scoring", "results")
CALLS: Counter[tuple[str, str, str]] = Counter()


def rooms() -> tuple[str, ...]:
    """Read the order of the rooms from the checkout's own tests/test_house.py."""
    for node in ast.parse((CHECKOUT / "tests" / "test_house.py").read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "ORDER":
            return tuple(one.value for one in ast.walk(node.value) if isinstance(one, ast.Constant))
    raise SystemExit("tests/test_house.py has no ORDER")


def functions() -> set[tuple[str, str]]:
    """Name the module-level functions of the rooms watched, each with its module."""
    paths = [path for room in WATCHED for path in (HOUSE / room).glob("*.py")]
    bodies = {module(str(path)): ast.parse(path.read_text("utf-8")).body for path in paths}
    return {(name, node.name) for name, body in bodies.items() for node in body if isinstance(node, ast.FunctionDef)}


KNOWN = functions()


def look(frame: FrameType, event: str, _given: Any) -> None:
    """Count a call from one module of the package to another."""
    if event != "call" or frame.f_back is None:
        return
    code, caller = frame.f_code, frame.f_back.f_code
    if code.co_filename != caller.co_filename and code.co_qualname == code.co_name:
        called, by = module(code.co_filename), module(caller.co_filename)
        if by and (called, code.co_name) in KNOWN:
            CALLS[called, code.co_name, by] += 1


if __name__ == "__main__":
    print(call(lambda: sys.setprofile(look), lambda: sys.setprofile(None)))
    place = {name: number for number, name in enumerate(rooms())}
    between = Counter({call: times for call, times in CALLS.items() if call[0].split("/")[0] != call[2].split("/")[0]})
    wrong = {
        call: times for call, times in between.items() if place.get(call[2].split("/")[0], -1) < place[call[0].split("/")[0]]
    }
    print(f"{sum(between.values())} calls from room to room, {len(wrong)} of them backwards")
    for (called, name, by), times in sorted(wrong.items()):
        print(f"  {by} → {called}.{name}: {times}")
    raise SystemExit(bool(wrong))
