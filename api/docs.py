"""The page that describes the API, written from its own description, and that description."""

from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from api import limits, problems
from api.models.keys import Scope
from api.v1 import api, operations
from briefs.roles import Verb

WHO: dict[Verb, str] = {
    "write": "everybody who works here",
    "edit": "editors, publishers, owners",
    "approve": "editors, publishers, owners",
    "publish": "publishers, owners",
    "override": "publishers, owners",
    "manage": "owners",
}


@lru_cache(maxsize=1)
def described() -> dict[str, Any]:
    """Return the description of the API, which changes with the program alone."""
    needs = {
        operation.operation_id: operation.auth_callbacks[0]
        for _path, operation in operations()
        if operation.auth_callbacks
    }
    schema: dict[str, Any] = dict(api.get_openapi_schema(path_prefix="/api/v1/"))
    for methods in schema["paths"].values():
        for operation in methods.values():
            key: Any = needs[operation["operationId"]]
            operation["x-scope"], operation["x-who"] = str(key.scope), WHO[key.verb]
            words = f"Needs the scope `{key.scope}`; for {WHO[key.verb]}."
            operation["description"] = f"{operation.get('description', '')}\n\n{words}".strip()
    return schema


@require_safe
def openapi(_request: HttpRequest) -> JsonResponse:
    """Hand over the description of the API."""
    return JsonResponse(described(), json_dumps_params={"ensure_ascii": False})


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show the description of the API to people."""
    return render(request, "api/docs.html", {"sections": _sections(), **_tables()})


def _tables() -> dict[str, Any]:
    return {
        "scopes": list(Scope.choices),
        "problems": [
            {"kind": kind, "status": status, "title": title}
            for kind, (status, title) in problems.KINDS.items()
        ],
        "window": limits.WINDOW_SECONDS,
    }


def _sections() -> list[dict[str, Any]]:
    """Return the operations by their tag, each with what a person wants to know of it."""
    found: dict[str, list[dict[str, Any]]] = {}
    for address, methods in described()["paths"].items():
        for method, operation in methods.items():
            shown = _operation(address, method, operation)
            found.setdefault(operation["tags"][0], []).append(shown)
    return [{"name": name, "operations": rows} for name, rows in found.items()]


def _operation(address: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    head, _blank, _needs = operation["description"].rpartition("\n\n")
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "address": address,
        "words": head,
        "scope": operation["x-scope"],
        "who": operation["x-who"],
        "parameters": [_parameter(one) for one in operation.get("parameters", [])],
        "fields": _fields(body.get("schema", {})),
        "answers": [
            status for status in sorted(map(str, operation["responses"])) if status < "400"
        ],
        "problems": [
            status for status in sorted(map(str, operation["responses"])) if status >= "400"
        ],
    }


def _parameter(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": one["name"],
        "where": one["in"],
        "type": _type(one.get("schema", {})),
        "is_required": bool(one.get("required")),
        "words": one.get("description") or one.get("schema", {}).get("description", ""),
    }


def _fields(schema: dict[str, Any]) -> list[dict[str, Any]]:
    name = schema.get("$ref", "").rpartition("/")[2]
    component = described()["components"]["schemas"].get(name, {})
    return [
        {
            "name": field,
            "type": _type(about),
            "is_required": field in component.get("required", ()),
            "words": about.get("description", ""),
        }
        for field, about in component.get("properties", {}).items()
    ]


def _type(schema: dict[str, Any]) -> str:
    """Return a schema in a word or two: “text”, “number or null”, “list of text”."""
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    kind = schema.get("format") or schema.get("type", "object")
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return {"string": "text", "integer": "number", "date-time": "time"}.get(str(kind), str(kind))
