"""How the API describes itself (OpenAPI): what ninja knows, and how each operation may fail."""

from typing import Any

from ninja import NinjaAPI

from api import idempotency, problems
from api.schemas.common import Problem as ProblemSchema


class Api(NinjaAPI):
    """Adds to the description of each operation how it may fail, and what it needs."""

    def get_openapi_schema(self, *arguments: Any, **named: Any) -> Any:
        """Return the description of the API."""
        schema = super().get_openapi_schema(*arguments, **named)
        for path, methods in schema["paths"].items():
            for method, operation in methods.items():
                _complete(operation, method, has_id="{" in path)
        for component in schema["components"]["schemas"].values():
            for described in component.get("properties", {}).values():
                if described.get("default", "") is None and "anyOf" not in described:
                    del described["default"]  # it may be left out, and not be null
        problem = ProblemSchema.model_json_schema()
        schema["components"]["schemas"]["Problem"] = problem
        schema["components"]["responses"] = {
            str(status): {
                "description": title,
                "content": {
                    problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}
                },
            }
            for status, title in _TITLES.items()
        }
        return schema


_TITLES: dict[int, str] = {}
for _status, _title in problems.KINDS.values():
    _TITLES[_status] = " · ".join(part for part in (_TITLES.get(_status), _title) if part)


def _complete(operation: dict[str, Any], method: str, *, has_id: bool) -> None:
    fails = {400, 401, 403, 422, 429, 500}
    fails |= {404} if has_id else set()
    if method in ("post", "patch", "delete"):
        fails |= {404, 409, 413, 415}
    if method == "post":
        fails.add(412)
        operation.setdefault("parameters", []).append(
            {
                "in": "header",
                "name": idempotency.HEADER,
                "schema": {
                    "type": "string",
                    "pattern": f'^"?{idempotency.WRITTEN_AS}"?$',
                },
                "required": False,
                "description": "The same key with the same request is done once.",
            }
        )
    if method == "patch":
        fails |= {412, 428}
    for status in sorted(fails):
        operation["responses"][str(status)] = {"$ref": f"#/components/responses/{status}"}
