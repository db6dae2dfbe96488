"""openapi.yaml, read once: its operations, and a judge of values against its schemas."""

from pathlib import Path
from typing import Any, Iterator, NamedTuple

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "openapi.yaml"
METHODS = ("get", "put", "post", "delete", "patch")

document: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
_registry = Registry().with_resource("urn:contract", Resource(contents=document, specification=DRAFT202012))


class Operation(NamedTuple):
    """One method of one path, with the path's own parameters and servers."""

    method: str
    path: str
    body: dict[str, Any]
    shared: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def tag(self) -> str:
        return self.body["tags"][0]

    @property
    def parameters(self) -> list[dict[str, Any]]:
        return [resolve(one) for one in self.shared.get("parameters", []) + self.body.get("parameters", [])]

    @property
    def responses(self) -> dict[str, dict[str, Any]]:
        return {str(status): resolve(one) for status, one in self.body["responses"].items()}

    def takes(self, name: str) -> bool:
        return any(one["name"] == name for one in self.parameters)


def operations() -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield Operation(method, path, item[method], item)


def resolve(value: dict[str, Any]) -> dict[str, Any]:
    """What a `$ref` stands for, or the value itself."""
    while "$ref" in value:
        target: Any = document
        for step in value["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        value = target
    return value


def complaints(value: Any, pointer: str) -> list[str]:
    """What is wrong with a value by the schema at a pointer such as `/components/schemas/Problem`."""
    schema = {"$ref": f"urn:contract#{pointer}"}
    judge = Draft202012Validator(schema, registry=_registry, format_checker=FormatChecker())
    return [
        f"{'.'.join(map(str, found.absolute_path)) or 'value'}: {found.message}" for found in judge.iter_errors(value)
    ]


def escape(step: str) -> str:
    """One step of a JSON pointer in a URI fragment."""
    return step.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")


def strict_complaints(value: Any, schema: dict[str, Any]) -> list[str]:
    """As `complaints`, and a property that the schema does not name is wrong too, in the value and in list items.

    Clients must bear new properties; we must not send what the contract does not say.
    """
    whole = resolve(schema)
    items = whole.get("properties", {}).get("data", {}).get("items")
    wrong = _judge(value, schema)
    if items and isinstance(value, dict):
        wrong += [f"data[{index}] {found}" for index, one in enumerate(value["data"]) for found in _judge(one, items)]
    return wrong


def _judge(value: Any, schema: dict[str, Any]) -> list[str]:
    reference = {"$ref": schema["$ref"].replace("#", "urn:contract#", 1)} if "$ref" in schema else schema
    names_properties = "properties" in resolve(schema) or "allOf" in resolve(schema)
    strict = {**reference, "unevaluatedProperties": False} if names_properties else reference
    judge = Draft202012Validator(strict, registry=_registry, format_checker=FormatChecker())
    return [
        f"{'.'.join(map(str, found.absolute_path)) or 'value'}: {found.message}" for found in judge.iter_errors(value)
    ]
