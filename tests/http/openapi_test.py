#!/usr/bin/env python3
"""The API's description of itself: sound as a document, whole as a list of routes, readable as a page."""
import functools
import html.parser
import json
import os
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from wellfield import Store, http, run  # noqa: E402

METHODS = {"get", "post", "put", "delete"}
TYPES = {"string", "integer", "number", "boolean", "object", "array", "null"}


@functools.cache
def store():
    return Store("shop").serve()


@functools.cache
def document():
    status, body, headers = http("GET", store().url + "/api/openapi.json")
    assert status == 200 and headers["Content-Type"] == "application/json", (status, headers)
    return json.loads(body)


def operations():
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            assert method in METHODS, (path, method)
            yield path, method, operation


def check_schema(where, schema):
    """A schema as this API writes it: known words only, bounds in order, defaults that fit."""
    known = {"type", "properties", "required", "additionalProperties", "items", "enum", "default", "description", "examples", "minLength", "maxLength",
             "minimum", "maximum", "minItems", "maxItems"}
    assert set(schema) <= known, (where, set(schema) - known)
    kinds = schema.get("type", "string")
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        assert kind in TYPES, (where, schema)
    for low, high in (("minLength", "maxLength"), ("minimum", "maximum"), ("minItems", "maxItems")):
        if low in schema and high in schema:
            assert schema[low] <= schema[high], (where, schema)
    if "enum" in schema:
        assert len(set(schema["enum"])) == len(schema["enum"]) > 0 and all(schema["enum"]), (where, schema)
        assert schema.get("default", schema["enum"][0]) in schema["enum"], (where, schema)
    if schema.get("type") == "integer" and "default" in schema:
        assert isinstance(schema["default"], int) and schema.get("minimum", schema["default"]) <= schema["default"] <= schema.get("maximum", schema["default"]), where
    for name in schema.get("required", []):
        assert name in schema["properties"], (where, name)
    for name, inner in schema.get("properties", {}).items():
        check_schema(f"{where}.{name}", inner)
    if "items" in schema:
        check_schema(where + "[]", schema["items"])


def test_the_file_in_docs_is_this_document():
    """docs/openapi.json is what the console's client is made from; `make openapi` writes it anew."""
    kept = pathlib.Path(__file__).resolve().parents[2] / "docs/openapi.json"
    now = {**document(), "paths": {path: item for path, item in document()["paths"].items() if path != "/console/{path}"}}  # absent in a build without it
    served = json.dumps(now, ensure_ascii=False, indent=1) + "\n"
    if os.environ.get("WF_WRITE_OPENAPI"):
        kept.write_text(served)
    assert kept.read_text() == served, "the routes have changed: make openapi"


def test_every_operation_is_described():
    assert document()["openapi"] == "3.1.0" and document()["info"]["title"] and document()["info"]["version"]
    schemes = set(document()["components"]["securitySchemes"])
    count = 0
    for path, method, op in operations():
        count += 1
        assert path.startswith("/") and "*" not in path, path
        assert op["summary"] and not op["summary"].endswith("."), (path, method, op["summary"])
        in_path = re.findall(r"\{(\w+)\}", path)
        documented = [p["name"] for p in op["parameters"] if p["in"] == "path"]
        assert documented == in_path, (path, method, documented)
        names = [(p["in"], p["name"]) for p in op["parameters"]]
        assert len(set(names)) == len(names), (path, method, names)
        for p in op["parameters"]:
            assert p["in"] in ("path", "query", "header") and (p["in"] != "path" or p["required"] is True), (path, p)
            assert p["in"] != "query" or p.get("description"), f"{method} {path}: parameter {p['name']} says nothing"
            check_schema(f"{method} {path} {p['name']}", p["schema"])
        for s in op["security"]:
            assert set(s) <= schemes, (path, s)
        assert len(op["responses"]) == 2 and op["responses"]["default"] == {"$ref": "#/components/responses/problem"}, (path, op["responses"])
        if "requestBody" in op:
            assert method in ("post", "put") or path.startswith(("/decide", "/flags")), (path, method)
            for kind, content in op["requestBody"]["content"].items():
                assert kind in ("application/json", "application/octet-stream"), (path, kind)
                check_schema(f"{method} {path}", content["schema"])
    assert count >= 35, count


def test_replies_fit_their_schemas():
    for path, method, op in operations():
        for reply in op["responses"].values():
            for kind, content in reply.get("content", {}).items():
                check_schema(f"{method} {path} reply", content["schema"])
                assert kind != "application/json" or content["example"] is not None


def test_only_public_routes_need_nothing():
    """A new route without a credential must be added here, after thought."""
    public = {"/", "/overview", "/health", "/ready", "/metrics", "/console", "/console/{path}", "/api/openapi.json", "/api/docs", "/api/v1/setup", "/api/v1/session",
              "/api/v1/session/link", "/p/{brand}/{token}"}
    for path, method, op in operations():
        if not op["security"]:
            assert path in public and (path != "/api/v1/session" or method == "post"), f"{method} {path} is open to anyone"
        elif path.startswith("/api/v1/"):
            assert op["x-scope"] and {"session"} in [set(s) for s in op["security"]], (path, op)


def test_the_document_is_not_sent_twice():
    s = store()
    for path in ("/api/openapi.json", "/api/docs"):
        etag = http("GET", s.url + path)[2]["ETag"]
        assert http("GET", s.url + path, headers={"If-None-Match": etag})[0] == 304
        assert http("GET", s.url + path, headers={"If-None-Match": '"x"'})[0] == 200


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.text, self.tags, self.links = "", [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [v for k, v in attrs if k in ("href", "src")]

    def handle_data(self, data):
        self.text += data


def test_the_page_names_every_route_and_needs_no_other_file():
    status, body, headers = http("GET", store().url + "/api/docs")
    assert status == 200 and headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    page = Page()
    page.feed(body.decode())
    assert not {"script", "img", "link", "iframe"} & set(page.tags)
    assert all(link.startswith("#") or link == "/api/openapi.json" for link in page.links), page.links
    assert b"prefers-color-scheme:dark" in body
    for path, method, op in operations():
        assert path.replace("{path}", "{path*}") in page.text and op["summary"] in page.text, (path, op["summary"])
    ids = set(re.findall(r"id=\"?([\w.{}-]+)", body.decode()))
    assert {link[1:] for link in page.links if link.startswith("#")} <= ids, "a link leads nowhere"


if __name__ == "__main__":
    try:
        run(globals())
    finally:
        if store.cache_info().currsize:
            store().close()
