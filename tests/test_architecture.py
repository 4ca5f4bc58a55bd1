"""The rules of the architecture, checked: files, imports, protos, money, the lock."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from archwire.common.v1 import options_pb2
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    MethodDescriptorProto,
)
from packaging.requirements import Requirement
from sqlalchemy import BigInteger, Float, Numeric

from shared import migrations
from shared.service import NAMES

ROOT = Path(__file__).resolve().parents[1]
PYTHON = Path(sys.executable).parent
MONEY = re.compile(r"(^|_)(cents|fee|amount|price|cost|balance|paid|payment|discount|total)(_|$)")


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", NAMES)
@pytest.mark.parametrize("name", ["api", "domain", "queries", "models", "handlers", "seed"])
def test_every_service_has_the_same_files(service, name):
    """At its top or, where a service is split, in its features."""
    folder = ROOT / "services" / service
    assert any(folder.glob(f"{name}.py")) or any(folder.glob(f"*/{name}.py"))


@pytest.mark.parametrize("service", NAMES)
def test_every_service_has_migrations_tests_and_its_five_facts(service):
    folder = ROOT / "services" / service
    assert any((folder / "migrations").glob("0001_*.py"))
    assert any(folder.glob("tests/**/test_*.py"))
    assert "SERVICE = Service(" in (folder / "__init__.py").read_text()


def python_files() -> list[Path]:
    folders = (ROOT / "shared", ROOT / "gateway", ROOT / "services")
    return [file for folder in folders for file in sorted(folder.rglob("*.py")) if file.read_text().strip()]


def test_every_module_says_what_it_is():
    assert [str(f.relative_to(ROOT)) for f in python_files() if not ast.get_docstring(ast.parse(f.read_text()))] == []


def test_nothing_is_left_for_later():
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    files = [*python_files(), *(ROOT / "proto" / "archwire").rglob("*.proto"), *(ROOT / "docs").rglob("*.md")]
    assert [f"{f.relative_to(ROOT)}: {m[0]}" for f in files for m in [marks.search(f.read_text())] if m] == []


# Whatever a parser of a stranger's file raises means the same.
HOSTILE_INPUT = {"services/records/media/files.py", "services/records/media/renditions.py"}


def test_only_the_runtime_commits_reads_the_clock_or_catches_everything():
    """house style: never commit, read the clock, open a connection or catch Exception in a service."""
    forbidden = re.compile(
        r"\.commit\(\)|datetime\.now\(|\bdt\.datetime\.now\(|datetime\.utcnow|date\.today\(|time\.time\(|except Exception\b"
    )
    found = []
    for file in (ROOT / "services").rglob("*.py"):
        if "tests" in file.parts or file.name == "seed.py" or str(file.relative_to(ROOT)) in HOSTILE_INPUT:
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if forbidden.search(line.split("#")[0]):
                found.append(f"{file.relative_to(ROOT)}:{number}: {line.strip()}")
    assert found == []


# --- imports ----------------------------------------------------------------------------------------------------------


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(PYTHON / "lint-imports"), "--no-cache", "--config", str(folder / "pyproject.toml")]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_dependency_rules_hold():
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("where", "line", "rule"),
    [
        ("services/scheduling/domain.py", "import sqlalchemy", "rules of the domain are plain Python"),
        ("services/records/api.py", "import services.contracts", "services never import each other"),
        ("services/supply/api.py", "import grpc", "grpc, kafka, fastapi and the database driver"),
        ("gateway/planted.py", "import services.contracts", "gateway and services, then shared"),
        ("shared/planted.py", "import gateway", "gateway and services, then shared"),
        ("services/coordination/queries.py", "import services.coordination.api", "queries know no api or handlers"),
    ],
)
def test_a_planted_import_is_caught(tmp_path, where, line, rule):
    skip = shutil.ignore_patterns("__pycache__", "tests", "portal", "node_modules")
    for name in ("shared", "services", "gateway"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=skip)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with open(tmp_path / where, "a") as file:
        file.write(f"\n{line}\n")
    result = lint_imports(tmp_path)
    assert result.returncode == 1, result.stdout
    assert re.search(re.escape(rule) + r".* BROKEN", result.stdout)


def test_a_service_knows_of_others_only_their_events_and_the_directory():
    found = []
    for service in NAMES:
        for file in (ROOT / "services" / service).rglob("*.py"):
            if "tests" in file.parts:
                continue
            for module in imported(file):
                match = re.match(r"archwire\.(\w+)\.v1(?:\.(\w+))?", module)
                if match and match[1] not in (service, "common", "directory") and match[2] not in (None, "events_pb2"):
                    found.append(f"{file.relative_to(ROOT)}: {module}")
    assert found == []


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{name.name}" for name in node.names)


# --- protos -----------------------------------------------------------------------------------------------------------


def files() -> list[FileDescriptorProto]:
    binary = (ROOT / "proto" / "gen" / "archwire" / "descriptors.binpb").read_bytes()
    every = descriptor_pb2.FileDescriptorSet.FromString(binary).file
    return [file for file in every if file.name.startswith("archwire/")]


MESSAGES = {f".{file.package}.{message.name}": message for file in files() for message in file.message_type}
METHODS: dict[str, MethodDescriptorProto] = {
    f"{service.name}.{method.name}": method for file in files() for service in file.service for method in service.method
}
POLICY = yaml.safe_load((ROOT / "shared" / "policy.yaml").read_text())


def fields(type_name: str) -> dict[str, FieldDescriptorProto]:
    return {field.name: field for field in MESSAGES[type_name].field}


def reads(method: MethodDescriptorProto) -> bool:
    return method.options.idempotency_level == descriptor_pb2.MethodOptions.NO_SIDE_EFFECTS


def permissions() -> set[str]:
    found = set(POLICY["permissions"])
    for allowed in (POLICY.get("links") or {}).values():
        found |= set(allowed)
    return found


def test_every_service_has_methods():
    assert {name.split("Service.")[0].lower() for name in METHODS} >= set(NAMES)


def test_every_method_names_a_permission_of_the_policy():
    known = permissions()
    named = {name: method.options.Extensions[options_pb2.permission] for name, method in METHODS.items()}
    assert {name: permission for name, permission in named.items() if permission not in known} == {}


def test_every_permission_is_used():
    used = {method.options.Extensions[options_pb2.permission] for method in METHODS.values()}
    assert permissions() - used - GATEWAY_PERMISSIONS - OF_FIELDS == set()


GATEWAY_PERMISSIONS = {"events.stream", "uploads.create"}  # of routes that are no method
OF_FIELDS = {"appointments.overlap_doctor"}  # asked for within a method, when one of its fields is set


def test_a_method_either_changes_nothing_or_can_be_retried():
    wrong = [
        name
        for name, method in METHODS.items()
        if reads(method) == ("request_id" in fields(method.input_type))
        or (not reads(method) and fields(method.input_type)["request_id"].number != 1)
    ]
    assert wrong == []


def test_reads_are_named_as_reads():
    assert [name for name, m in METHODS.items() if re.match(r"(Get|List|Search)[A-Z]", m.name) and not reads(m)] == []


def test_requests_and_responses_belong_to_one_method():
    wrong = [
        name
        for name, method in METHODS.items()
        if not method.input_type.endswith(f".{method.name}Request")
        or not method.output_type.endswith(f".{method.name}Response")
    ]
    assert wrong == []


FINAL = ("Revoke", "TakeBackPhoneCall")  # ends what never changes otherwise, whatever somebody saw of it


def changed_resources() -> Iterator[tuple[str, str, DescriptorProto]]:
    """(method, request type, resource) of every method that changes the resource it answers with."""
    for name, method in METHODS.items():
        if reads(method) or method.name.startswith(FINAL):
            continue
        for field in MESSAGES[method.output_type].field:
            message = MESSAGES.get(field.type_name)
            snake = re.sub(r"(?<!^)(?=[A-Z])", "_", message.name).lower() if message else ""
            if message and "id" in fields(field.type_name) and f"{snake}_id" in fields(method.input_type):
                yield name, method.input_type, message


def test_every_resource_that_can_change_has_a_version():
    wrong = {name: message.name for name, _, message in changed_resources() if not has(message, "version")}
    assert wrong == {}


def has(message: DescriptorProto, name: str) -> bool:
    return any(field.name == name for field in message.field)


def test_lists_have_pages():
    wrong = []
    for name, method in METHODS.items():
        if re.match(r"List[A-Z]", method.name):
            request, response = fields(method.input_type), fields(method.output_type)
            if not ({"page_size", "page_token"} <= set(request) and "next_page_token" in response):
                wrong.append(name)
    assert sorted(set(wrong) - UNPAGED) == []


# Lists that are short by nature: of one location, one case, one patient, one template.
UNPAGED = {
    "ContractsService.ListFees",
    "CoordinationService.ListCaseStates",
    "CoordinationService.ListConsults",
    "DirectoryService.ListAlerts",
    "DirectoryService.ListMedicalAlerts",
    "DirectoryService.ListResponsibleParties",
    "NotificationsService.ListPreferences",
    "NotificationsService.ListTemplateKinds",
    "SchedulingService.ListAppointmentTypes",
    "SchedulingService.ListChairs",
    "SchedulingService.ListClosures",
    "SchedulingService.ListDayTemplates",
    "SchedulingService.ListProviders",
    "SchedulingService.ListTemplateDays",
}


def test_proto_lint_passes():
    result = subprocess.run(
        [sys.executable, "proto/check.py", "lint"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("int64 amount_cents = 1", "int32 amount_cents = 1", "changed type"),
        ("string currency_code = 2", "string currency = 2", "changed name"),
        ("string currency_code = 2", "string currency_code = 3", "deleted"),
    ],
)
def test_a_planted_breaking_change_is_caught(tmp_path, before, after, complaint):
    shutil.copytree(ROOT / "proto" / "archwire", tmp_path / "archwire")
    file = tmp_path / "archwire" / "common" / "v1" / "money.proto"
    assert before in file.read_text()
    file.write_text(
        re.sub(r"\(buf\.validate\.field\)\.int64", "(buf.validate.field).int32", file.read_text())
        if "int32" in after
        else file.read_text()
    )
    file.write_text(file.read_text().replace(before, after).replace("100000000000", "1000000000"))
    program = (
        "import sys, pathlib; sys.path.insert(0, 'proto'); import check;"
        "raise SystemExit(check.breaking(pathlib.Path(sys.argv[1]), check.ROOT))"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 100, result.stdout + result.stderr
    assert complaint in result.stdout


# --- money ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", NAMES)
def test_money_is_whole_cents_in_the_database(service):
    wrong = []
    for table in migrations.metadata(service).tables.values():
        for column in table.columns:
            if column.name.endswith("_cents"):
                wrong += [f"{table}.{column.name}"] if not isinstance(column.type, BigInteger) else []
            elif MONEY.search(column.name) and isinstance(column.type, Float | Numeric):
                wrong.append(f"{table}.{column.name}")
    assert wrong == []


def test_money_is_whole_cents_in_the_protos():
    floats = (FieldDescriptorProto.TYPE_FLOAT, FieldDescriptorProto.TYPE_DOUBLE)
    wrong = [
        f"{name}.{field.name}"
        for name, message in MESSAGES.items()
        for field in message.field
        if MONEY.search(field.name) and field.type in floats
    ]
    assert wrong == []


def test_money_is_whole_cents_in_python():
    suspicious = re.compile(r"\w*_cents\s*:\s*float|float\(\w*_cents|_cents\s*/\s*[^/]")
    found = []
    for file in python_files():
        if "tests" in file.parts:
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if suspicious.search(line.split("#")[0]):
                found.append(f"{file.relative_to(ROOT)}:{number}: {line.strip()}")
    assert found == []


# --- the lock ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("extra", "lock"), [("", "requirements.txt"), ("dev", "requirements-dev.txt")])
def test_the_lock_has_what_the_project_asks_for(extra, lock):
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = project["dependencies"] + (project["optional-dependencies"][extra] if extra else [])
    text = (ROOT / lock).read_text()
    locked = {
        name.lower().replace("_", "-"): version for name, version in re.findall(r"^([\w.-]+)==([\w.]+)", text, re.M)
    }
    wrong = []
    for line in asked:
        requirement = Requirement(line)
        version = locked.get(requirement.name.lower().replace("_", "-"))
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{line}: {version}")
    assert wrong == [], "run `make lock`"
    assert "://" not in text
    assert text.count("--hash=") > len(locked)
