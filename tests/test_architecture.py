"""What the import contracts in pyproject.toml cannot see."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models
from django.db.migrations.loader import MigrationLoader

PROJECT = Path(__file__).resolve().parent.parent
LAYERS = ("outbox", "people", "payments", "merchants", "devices", "wallet")  # from the ground up
OURS = (*LAYERS, "config", "simulator", "clients", "embedded", "tests", "benchmarks")
LONGEST_FUNCTION = 40
LONGEST_FILE = 300
HARDWARE_KNOWS = ("devices.protocol", "devices.machines", "clients.micropython")
ON_THE_BOARD = {"binascii", "hashlib", "json", "os", "select", "socket", "struct", "sys", "time"}
PUBLIC_INDEXES = ("https://pypi.org/simple", "https://files.pythonhosted.org/")

SOURCES = sorted(
    file for folder in OURS for file in (PROJECT / folder).rglob("*.py") if "migrations" not in file.parts
)


def relative(file: Path) -> str:
    return str(file.relative_to(PROJECT))


def our_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in LAYERS]


def test_relations_between_models_point_downward() -> None:
    upward = [
        f"{model._meta.label} -> {related._meta.label}"
        for model in our_models()
        for related in related_models(model)
        if height(related) > height(model)
    ]
    assert upward == []


def related_models(model: type[models.Model]) -> Iterator[type[models.Model]]:
    """What the model's own relations point at."""
    for field in model._meta.get_fields(include_hidden=True):
        target = field.related_model
        if not field.auto_created and isinstance(target, type) and issubclass(target, models.Model):
            yield target


def height(model: type[models.Model]) -> int:
    """How far above the ground its app stands; Django's own are the ground."""
    label = model._meta.app_label
    return LAYERS.index(label) if label in LAYERS else -1


def test_no_model_orders_itself() -> None:
    assert [model._meta.label for model in our_models() if model._meta.ordering] == []


def test_init_files_are_empty() -> None:
    inits = (file for folder in OURS for file in (PROJECT / folder).rglob("__init__.py"))
    assert [relative(file) for file in inits if file.stat().st_size] == []


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {file.parent for file in (PROJECT / "tests").rglob("*.py")}
    assert [relative(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_files_stay_short() -> None:
    lengths = {relative(file): len(file.read_text().splitlines()) for file in SOURCES}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_functions_stay_short() -> None:
    long = [
        f"{relative(file)}:{node.lineno} {node.name}: {length} lines"
        for file in SOURCES
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    ]
    assert long == []


def test_the_simulator_imports_what_hardware_knows_and_nothing_else_of_ours() -> None:
    allowed = ("simulator", *HARDWARE_KNOWS)
    strangers = [
        f"{relative(file)}: {name}"
        for file in SOURCES
        if file.is_relative_to(PROJECT / "simulator")
        for name in imported(file)
        if name.split(".")[0] in OURS and not name.startswith(allowed)
    ]
    assert strangers == []


def test_the_client_imports_what_every_board_has() -> None:
    strangers = [
        f"{relative(file)}: {name}"
        for file in (PROJECT / "clients" / "micropython").glob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        for name in imported_by(node)
        if name.split(".")[0] not in ON_THE_BOARD
    ]
    assert strangers == []


def imported_by(node: ast.AST) -> list[str]:
    """Modules that one statement imports from outside its package."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []


def imported(file: Path) -> Iterator[str]:
    """Full names of the modules a file imports; `from a import b` counts as a.b."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("app", LAYERS)
def test_migrations_of_each_app_form_one_line(app: str) -> None:
    graph = MigrationLoader(None).graph
    nodes = {key: node for key, node in graph.node_map.items() if key[0] == app}
    forks = [key for key, node in nodes.items() if sum(child.key[0] == app for child in node.children) > 1]
    assert forks == []
    assert len(graph.leaf_nodes(app)) == len(graph.root_nodes(app)) == min(len(nodes), 1)


def test_constraint_and_index_names_are_unique() -> None:
    names = Counter(
        rule.name for model in our_models() for rule in (*model._meta.constraints, *model._meta.indexes)
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_every_constraint_is_named_by_a_test_that_goes_around_the_services() -> None:
    tests = "".join(file.read_text() for file in SOURCES if file.is_relative_to(PROJECT / "tests"))
    names = [rule.name for model in our_models() for rule in model._meta.constraints]
    assert [name for name in names if name not in tests] == []


def test_nothing_is_left_to_do() -> None:
    mark = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    assert [relative(file) for file in SOURCES if mark.search(file.read_text())] == []


def test_the_lock_names_public_addresses_alone() -> None:
    addresses = re.findall(r'"([a-z]+://[^"]*)"', (PROJECT / "uv.lock").read_text())
    assert [address for address in addresses if not address.startswith(PUBLIC_INDEXES)] == []
