"""What /api/openapi.json says of replies, held against real ones.

A reply's object has no fields but those that are said, unless none is said or the document allows others; a field that is
said to be there always is. Answers that nobody described (intake's, /metrics) need only be what they call themselves."""
import json
import re

JSON_TYPES = {"string": str, "boolean": bool, "array": list, "object": dict, "null": type(None)}
PROBLEM = "application/problem+json"


def is_a(kind, value):
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, JSON_TYPES[kind])


def faults(schema, value, where="reply"):
    """What of a value the schema does not allow, a sentence each."""
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(is_a(k, value) for k in kinds):
        return [f"{where} is {json.dumps(value, ensure_ascii=False)[:80]}, not {' or '.join(kinds)}"]
    found = []
    if isinstance(value, list):
        for i, entry in enumerate(value):
            found += faults(schema.get("items", {}), entry, f"{where}[{i}]")
    if isinstance(value, dict) and "properties" in schema:
        found += [f"{where}.{name} is missing" for name in schema.get("required", []) if name not in value]
        for name, entry in value.items():
            if name in schema["properties"]:
                found += faults(schema["properties"][name], entry, f"{where}.{name}")
            elif schema.get("additionalProperties") is not True:
                found.append(f"{where}.{name} is not described")
    return found


class Document:
    """The operations of a document, found by what was asked."""

    def __init__(self, document):
        self.problem = document["components"]["responses"]["problem"]["content"][PROBLEM]["schema"]
        self.rows = []
        for path, methods in document["paths"].items():
            form = re.sub(r"\\\{path\\\}", ".+", re.escape(path))
            form = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", form))
            self.rows.append((path.count("{"), form, methods))
        self.rows.sort(key=lambda row: row[0])  # what is said in full wins

    def operation(self, method, path):
        method = "get" if method == "HEAD" else method.lower()
        for _, form, methods in self.rows:
            if form.fullmatch(path) and method in methods:
                return methods[method]
        return None

    def faults(self, method, path, status, content_type, body):
        """What is wrong with a reply."""
        kind = (content_type or "").split(";")[0]
        if method == "HEAD" or status < 200 or 300 <= status < 400:
            return ["a body where none is allowed"] if body else []
        pages = (self.operation(method, path) or {}).get("responses", {}).get("2XX", {}).get("content", {})
        if status >= 400 and kind == "text/html" and kind in pages:
            return []  # a page for people says so as a page
        if status >= 400:
            return self.problem_faults(status, kind, body)
        if status == 204:
            return ["a body with 204"] if body else []
        if kind == "application/json":
            try:
                value = json.loads(body)
            except ValueError as e:
                return [f"no JSON: {e}"]
        operation = self.operation(method, path)
        contents = operation and operation["responses"].get("2XX", {}).get("content")
        if operation and "204" in operation["responses"]:
            return [f"{status} where only 204 is described"]
        if not contents:
            return []
        if kind not in contents:
            return [f"{kind} is not among {', '.join(contents)}"]
        return faults(contents[kind]["schema"], value) if kind == "application/json" else []

    def problem_faults(self, status, kind, body):
        if kind != PROBLEM:
            return [f"{status} as {kind or 'nothing'}"]
        try:
            value = json.loads(body)
        except ValueError as e:
            return [f"no JSON: {e}"]
        found = faults(self.problem, value, "problem")
        if not found and value["status"] != status:
            found.append(f"status {value['status']} in a reply of {status}")
        return found
