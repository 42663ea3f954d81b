"""The JSON schemas by which editors complete and check schemes and override files; `make schema` writes them to docs/."""

import ast
import inspect
import json
import sys
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from fengqiao_eval.documents import Model
from fengqiao_eval.scheme.load import Override
from fengqiao_eval.scheme.scheme import Scheme

FILES: dict[str, type[BaseModel]] = {"scheme.schema.json": Scheme, "override.schema.json": Override}
DRAFT = "http://json-schema.org/draft-07/schema#"
"""The draft that editors know best; it names lists of fixed length in its own way."""


class _SchemaGenerator(GenerateJsonSchema):
    """Decimals as they are written in YAML: numbers, never text."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        """Describe a decimal as a number within its limits."""
        limits = {"minimum": schema.get("ge"), "maximum": schema.get("le"), "exclusiveMinimum": schema.get("gt")}
        return {"type": "number"} | {name: float(limit) for name, limit in limits.items() if limit is not None}

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Describe a declaration, each field by the sentence below it."""
        found, model = super().model_schema(schema), schema["cls"]
        for field, sentence in (one for base in reversed(model.__mro__) for one in _sentences(base)):
            if field in model.model_fields:
                found["properties"][model.model_fields[field].alias or field]["description"] = sentence
        return found

    def encode_default(self, dft: Any) -> Any:
        """Write a default as it would stand in the file."""
        return float(dft) if isinstance(dft, Decimal) else super().encode_default(dft)


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Describe the file of a model as a JSON schema: keys as they are written, each with the sentence that explains it."""
    return {"$schema": DRAFT, **_simplify(model.model_json_schema(by_alias=True, schema_generator=_SchemaGenerator))}


def text_of(model: type[BaseModel]) -> str:
    """Write a schema as it stands in its file: sorted, indented, with a newline at the end."""
    return json.dumps(schema_of(model), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def write(folder: Path) -> None:
    """Write the schemas into a folder."""
    for name, model in FILES.items():
        (folder / name).write_text(text_of(model), "utf-8")


def _sentences(model: type) -> Iterator[tuple[str, str]]:
    """List the fields of a class that have a sentence below them."""
    if not issubclass(model, Model) or model is Model:
        return
    declared: Any = ast.parse(inspect.getsource(model)).body[0]
    for field, below in pairwise(declared.body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr):
            yield field.target.id, ast.literal_eval(below.value)


def _simplify(part: Any) -> Any:
    """Leave out titles that only repeat the key, keep of each explanation its first sentence, write lists as the draft does."""
    if isinstance(part, list):
        return [_simplify(item) for item in part]
    if not isinstance(part, dict):
        return part
    kept = {"items" if key == "prefixItems" else key: _simplify(value) for key, value in part.items()}
    if "patternProperties" in kept:
        kept["additionalProperties"] = False
    if isinstance(kept.get("description"), str):
        kept["description"] = " ".join(kept["description"].split("\n\n")[0].split())
    if isinstance(kept.get("title"), str):  # a property may be called so, too
        del kept["title"]
    if "mapping" in kept.get("discriminator", ()):
        del kept["discriminator"]
    return kept


if __name__ == "__main__":
    write(Path(sys.argv[1]))
