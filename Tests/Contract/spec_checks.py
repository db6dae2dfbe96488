"""Checks of openapi.yaml by itself: it is valid, its examples are true, and every operation keeps the common rules."""

import re
from typing import Any, Iterator

import yaml
from openapi_spec_validator import validate

import contract
from contract import Operation, operations

OWN_FORMAT = ("admin", "tenant", "sandbox")
TAG_OF_PREFIX = {
    "/admin/v1/": "admin",
    "/v1/": "tenant",
    "/api/v1/": "mesh",
    "/inbound/": "inbound",
    "/logos/": "hosted",
    "/.well-known/": "hosted",
    "/sandbox/v1/": "sandbox",
}


def _none(found: Iterator[str]) -> None:
    wrong = list(found)
    assert not wrong, "; ".join(wrong)


def check_is_valid_openapi_3_1() -> None:
    assert contract.document["openapi"].startswith("3.1.")
    validate(contract.document)


def check_no_key_stands_twice() -> None:
    """YAML readers take the last of two without a word: a schema then silently means another."""
    class Strict(yaml.SafeLoader):
        pass

    def mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        assert not twice, f"line {node.start_mark.line + 1}: {', '.join(twice)}"
        return yaml.SafeLoader.construct_mapping(loader, node, deep=True)

    Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    yaml.load(contract.FILE.read_text(encoding="utf-8"), Loader=Strict)


def check_every_example_fits_its_schema() -> None:
    def pairs(value: Any, pointer: str) -> Iterator[tuple[Any, str]]:
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from pairs(item, f"{pointer}/{index}")
        if not isinstance(value, dict):
            return
        if "schema" in value and "example" in value:
            yield value["example"], f"{pointer}/schema"
        if isinstance(value.get("examples"), list):
            for example in value["examples"]:
                yield example, pointer
        for key, item in value.items():
            if key not in ("example", "examples"):
                yield from pairs(item, f"{pointer}/{contract.escape(str(key))}")

    found = list(pairs(contract.document, ""))
    assert len(found) > 40
    _none(f"{pointer}: {wrong}" for example, pointer in found for wrong in contract.complaints(example, pointer))


def check_every_property_has_an_example() -> None:
    """Of its own, of the schema it names, or of what it is in. Words of a list and flags are their own."""
    def resolved(schema: dict[str, Any]) -> dict[str, Any]:
        return contract.resolve(schema)

    def explains_itself(schema: dict[str, Any]) -> bool:
        schema = {**resolved(schema), **{key: value for key, value in schema.items() if key != "$ref"}}
        if any(key in schema for key in ("example", "examples", "enum", "const", "default")):
            return True
        choices = [one for key in ("oneOf", "anyOf", "allOf") for one in schema.get(key, [])]
        if any(explains_itself(one) for one in choices if one.get("type") != "null"):
            return True
        if schema.get("type") == "array":
            return explains_itself(schema["items"])
        # Of an object each property is asked for itself.
        return schema.get("type") == "boolean" or "object" in str(schema.get("type"))

    def gaps(name: str, schema: dict[str, Any], shown: list[Any]) -> Iterator[str]:
        if "$ref" in schema:
            return
        shown = [one for one in [*shown, *schema.get("examples", [])] if isinstance(one, (dict, list))]
        for key, value in schema.get("properties", {}).items():
            here = [one[key] for one in shown if isinstance(one, dict) and key in one]
            if not here and not explains_itself(value):
                yield f"{name}.{key}"
            yield from gaps(f"{name}.{key}", value, here)
        for one in [one for key in ("oneOf", "anyOf", "allOf") for one in schema.get(key, [])]:
            yield from gaps(name, one, shown)
        if "items" in schema:
            items = [item for one in shown if isinstance(one, list) for item in one]
            yield from gaps(f"{name}[]", schema["items"], items)

    schemas = contract.document["components"]["schemas"]
    _none(gap for name, schema in schemas.items() for gap in gaps(name, schema, []))


def check_every_component_is_used() -> None:
    text = contract.FILE.read_text(encoding="utf-8")
    _none(
        f"{kind}/{name}"
        for kind, parts in contract.document["components"].items()
        for name in parts
        if kind != "securitySchemes" and f'"#/components/{kind}/{name}"' not in text
    )


def check_operation_ids_are_unique_and_camel_case() -> None:
    names = [one.body["operationId"] for one in operations()]
    assert len(names) == len(set(names))
    _none(name for name in names if not re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", name))


def check_the_tag_follows_the_path() -> None:
    def expected(one: Operation) -> str:
        return next((tag for prefix, tag in TAG_OF_PREFIX.items() if one.path.startswith(prefix)), "ops")

    _none(str(one) for one in operations() if one.body["tags"] != [expected(one)])


def check_every_operation_states_who_may_call_it() -> None:
    open_tags = ("inbound", "hosted", "ops", "sandbox")
    _none(str(one) for one in operations() if (one.body.get("security") == []) != (one.tag in open_tags))
    _none(str(one) for one in operations() if one.body["security"] and "401" not in one.responses)


def check_every_answer_carries_a_request_id() -> None:
    _none(
        f"{one} {status}"
        for one in operations()
        for status, answer in one.responses.items()
        if "X-Request-Id" not in answer.get("headers", {})
    )


def check_own_write_bodies_refuse_unknown_fields() -> None:
    def body(one: Operation) -> dict[str, Any] | None:
        content = one.body.get("requestBody", {}).get("content", {})
        return contract.resolve(content["application/json"]["schema"]) if "application/json" in content else None

    writes = [(one, body(one)) for one in operations() if one.tag in OWN_FORMAT]
    _none(str(one) for one, schema in writes if schema and schema.get("additionalProperties") is not False)


def check_what_creates_takes_an_idempotency_key() -> None:
    _none(
        str(one)
        for one in operations()
        if ("201" in one.responses) != (one.takes("Idempotency-Key") and "Location" in one.responses["201"]["headers"])
    )


def check_what_has_an_etag_is_patched_with_if_match() -> None:
    tagged = {one.path for one in operations() if one.method == "get" and "ETag" in one.responses["200"]["headers"]}
    _none(str(one) for one in operations() if one.method == "patch" and (one.path in tagged) != one.takes("If-Match"))


def check_every_list_is_paged() -> None:
    def is_list(one: Operation) -> bool:
        return one.body["operationId"].startswith("list")

    _none(str(one) for one in operations() if is_list(one) != (one.takes("limit") and one.takes("cursor")))


def check_every_path_parameter_is_declared() -> None:
    def declared(one: Operation) -> set[str]:
        return {parameter["name"] for parameter in one.parameters if parameter["in"] == "path"}

    _none(str(one) for one in operations() if declared(one) != set(re.findall(r"\{(\w+)\}", one.path)))


def check_errors_in_our_own_format_are_problems() -> None:
    def kinds(one: Operation, status: str) -> list[str]:
        return list(one.responses[status].get("content", {}))

    _none(
        f"{one} {status}"
        for one in operations()
        for status in one.responses
        if one.tag not in ("ops", "mesh") and not status.startswith("2") and status != "304"
        if kinds(one, status) != ["application/problem+json"]
    )
