"""What an installer gets: the wheel's files, declared dependencies, the lock, the catalogues."""

from __future__ import annotations

import ast
import configparser
import gettext
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import entry_points, packages_distributions
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CHECKOUT = Path(__file__).resolve().parent.parent
PACKAGE = CHECKOUT / "quizengine"
CATALOGUES = sorted(PACKAGE.glob("locale/*/LC_MESSAGES/*.po"))


def _declared(extras: set[str] | None = None) -> list[Requirement]:
    """The requirements in setup.cfg: the core's and those of the extras, all when None."""
    config = configparser.ConfigParser()
    config.read(CHECKOUT / "setup.cfg", encoding="utf-8")
    lists = [config["options"]["install_requires"]]
    for extra, lines in config["options.extras_require"].items():
        if extras is None or extra in extras:
            lists.append(lines)
    return [Requirement(line) for lines in lists for line in lines.split("\n") if line]


def _lock() -> list[str]:
    """The lock's entries, one text each with its hashes."""
    text = (CHECKOUT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    return text.replace("\\\n", "").splitlines()


def _pinned() -> dict[str, set[str]]:
    """Each locked name with its versions; one name may have several, for different Pythons."""
    versions: dict[str, set[str]] = {}
    for entry in _lock():
        name, _, rest = entry.partition("==")
        versions.setdefault(canonicalize_name(name), set()).add(rest.split()[0])
    return versions


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the checkout, so that building leaves nothing behind in it."""
    source = tmp_path_factory.mktemp("source")
    for name in ["setup.cfg", "pyproject.toml", "README.md", "LICENSE"]:
        shutil.copy(CHECKOUT / name, source)
    shutil.copytree(PACKAGE, source / "quizengine", ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", source, source],
        check=True,
        capture_output=True,
    )
    return next(source.glob("*.whl"))


def test_the_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    present = {
        str(path.relative_to(CHECKOUT))
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if name.startswith("quizengine/")}
    assert "quizengine/py.typed" in shipped
    assert present == shipped


def test_every_declared_command_can_be_loaded() -> None:
    commands = [
        *entry_points(group="console_scripts", name="quizengine"),
        *entry_points(group="flask.commands", name="quiz"),
    ]
    assert len(commands) == 2
    for command in commands:
        assert callable(command.load())


def test_every_import_of_the_package_is_declared() -> None:
    imported = {
        name.split(".")[0]
        for path in PACKAGE.rglob("*.py")
        for name in _imports(ast.parse(path.read_text(encoding="utf-8")))
    }
    distributions = packages_distributions()
    foreign = imported - sys.stdlib_module_names - {"quizengine"}
    declared = {
        canonicalize_name(requirement.name)
        for requirement in _declared({"office", "pdf", "postgres", "web"})
    }
    undeclared = {
        module
        for module in foreign
        if not declared & {canonicalize_name(name) for name in distributions.get(module, [])}
    }
    assert undeclared == set()


def _imports(tree: ast.Module) -> list[str]:
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.append(node.module)
    return names


def test_every_locked_version_carries_its_hashes_and_no_address() -> None:
    assert _lock()
    for entry in _lock():
        assert "--hash=sha256:" in entry
        assert "://" not in entry


def test_the_lock_satisfies_what_is_declared() -> None:
    pinned = _pinned()
    for requirement in _declared():
        if requirement.name == "quizengine":
            continue
        versions = pinned.get(canonicalize_name(requirement.name))
        assert versions, f"{requirement.name} is not locked: run make lock"
        assert all(requirement.specifier.contains(version) for version in versions), requirement


@pytest.mark.parametrize("source", CATALOGUES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_every_compiled_catalogue_says_what_its_source_says(source: Path) -> None:
    compiled = source.with_suffix(".mo")
    assert compiled.exists(), "run make catalogues"
    with compiled.open("rb") as stream:
        translations = gettext.GNUTranslations(stream)
    with source.open("rb") as stream:
        messages = [message for message in read_po(stream) if message.id and message.string]
    assert messages
    for message in messages:
        if isinstance(message.id, str):
            assert translations.gettext(message.id) == message.string, "run make catalogues"
