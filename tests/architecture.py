"""The rules of the house as functions: a module's path and source in, findings out.

Who may import whom, which module may touch Flask, the environment, the clock, SMTP and the transaction, and how long
things may be. Nothing of the program is imported here: the sources are read, not run.
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Callable, Iterator

from tests.sources import DOMAIN, KERNEL, MAIL_OUTCOME, PURE, RANK, Function, Module, Place, length

PURE_KERNEL = ("errors", "times", "tokens")
PURE_LIBRARIES = {("planning", "rules"): "dateutil", ("planning", "ical"): "icalendar"}
IMPURE = re.compile(
    "asyncio|ctypes|fileinput|ftplib|glob|http|imaplib|io|locale|logging|mailbox|multiprocessing|os|pathlib|platform|"
    "poplib|sched|select|selectors|shelve|shutil|signal|smtplib|socket|socketserver|sqlite3|ssl|subprocess|sys|tempfile|"
    "threading|time|urllib|webbrowser"
)
VAGUE_NAMES = {"utils", "helpers", "manager", "data", "info"}
DATABASE_WORDS = {"execute", "scalar", "scalars", "get", "query", "add", "add_all", "delete", "merge"}
STATEMENTS = {"select", "insert", "update", "delete", "text"}
LONGEST_FILE, LONGEST_FUNCTION = 300, 50  # lines
_UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX)\b")
_NOQA = re.compile(r"#\s*noqa\b(?::\s*[A-Z]+[0-9]+(?:\s*,\s*[A-Z]+[0-9]+)*)?", re.IGNORECASE)
_IGNORE = re.compile(r"#\s*type:\s*ignore(?!\[)")


def may_import(source: Place, target: Place) -> bool:
    """Tell whether a module of the package may import another."""
    if source.area == "edge" or (source.package == target.package and source.kind == "views"):
        return True
    if target.area in ("edge", "kernel"):
        return target.area == "kernel" and _reaches_kernel(source, target)
    if source.area == "views":
        barred = ("accounts",) if source.package == "participant" else ()
        return target.package not in barred and (target.kind != "views" or source.package == "participant")
    if source.area == "web":
        return target.package in ("web", "accounts") and target.kind != "views"
    return target.area not in ("views", "web") and _stands_left(source, target) and _keeps_order(source, target)


def _reaches_kernel(source: Place, target: Place) -> bool:
    if source.area != "kernel":
        return not source.is_pure or target.package in PURE_KERNEL or target == MAIL_OUTCOME
    return source.package == target.package or (
        KERNEL[target.package] <= KERNEL[source.package] and source.package != "errors"
    )


def _stands_left(source: Place, target: Place) -> bool:
    if source.package == target.package:
        return True
    if target.package == "attendance":
        return source.package == "reports"
    if source.area != "domain" or (source.package, target.package) == ("participant", "accounts"):
        return False
    return DOMAIN.index(target.package) < DOMAIN.index(source.package)


def _keeps_order(source: Place, target: Place) -> bool:
    if source == target:
        return True
    if source.kind in PURE:
        return target.kind == "rules"
    if target.kind == "forms":
        return source.kind == "forms"
    # the reads of a service may stand in queries.py; to other packages they are the service
    kind = "service" if source.kind == "queries" and source.package != target.package else source.kind
    return RANK.get(target.kind, 0) <= RANK.get(kind, len(RANK))


def check_imports(module: Module) -> Iterator[str]:
    """Hold the order of packages and, inside a package, of modules."""
    for node, name in module.imports():
        if name.split(".")[0] != "facilitator":
            continue
        target = Place.of(name)
        allowed = may_import(module.place, target) if module.is_ours else target.area == "kernel"
        if not allowed:
            yield module.at(node, f"{module.dotted} -> {'.'.join(name.split('.')[:3])}")


def check_libraries(module: Module) -> Iterator[str]:
    """Keep Flask at the edges, SMTP in mail, and the pure modules pure."""
    place = module.place
    web = place.kind in ("views", "forms", "letters", "wording") or place.package in (
        "web",
        "app",
        "cli",
        "worker",
        "ticks",
    )
    web = web or module.dotted == "facilitator"
    for node, name in module.imports():
        first = name.split(".")[0]
        is_flask = first == "flask" or first.startswith("flask_")
        known = first == "facilitator" or (first in sys.stdlib_module_names and not IMPURE.fullmatch(first))
        extra = PURE_LIBRARIES.get((place.package, place.kind))
        impure = place.is_pure and not known and first != extra
        if (is_flask and not web) or (first == "smtplib" and place.package != "mail") or impure:
            yield module.at(node, f"{module.dotted} -> {first}")


def check_reads(module: Module) -> Iterator[str]:
    """Keep the environment to the settings, and files and prints out of the pure modules."""
    at_home = module.dotted in ("config", "dev")
    named = {f"os.{word}" for word in ("environ", "environb", "getenv", "putenv")}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in named and not at_home:
            yield module.at(node, "reads the environment outside config.py")
        if isinstance(node, ast.Name) and node.id in ("open", "print", "input") and module.place.is_pure:
            yield module.at(node, f"does I/O in a pure module: {node.id}")
    for node, name in module.imports():
        if name in named and not at_home:
            yield module.at(node, "reads the environment outside config.py")


def check_clock(module: Module) -> Iterator[str]:
    """Keep the clock to the edges; web/request.py is where the views' clock is handed in."""
    at_edge = module.place.kind == "views" or module.place.package in ("cli", "worker", "ticks")
    if at_edge or module.dotted in ("dev", "facilitator.mail.mailbox", "facilitator.web.request"):
        return
    clock = re.compile(
        r"(?:\w+\.)*(?:(?:datetime|date|dt)\.(?:now|utcnow|today)|time\.time(?:_ns)?|func\.(?:now|current_\w+))"
    )
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and clock.fullmatch(ast.unparse(node)):
            yield module.at(node, f"reads the clock: {ast.unparse(node)}")
    for node, name in module.imports():
        if name in ("time.time", "time.time_ns"):
            yield module.at(node, f"reads the clock: {name}")


def check_transactions(module: Module) -> Iterator[str]:
    """Let the edges and the delivery loop commit, and keep queries out of views."""
    place = module.place
    is_view = place.kind == "views"
    is_delivery = place.package == "reminders" and place.kind.startswith("delivery")
    # what a view led to is known once it has committed, so its answer is kept in a transaction of its own
    keeps_answers = module.dotted == "facilitator.web.once"
    at_edge = place.package in ("cli", "worker", "ticks", "keeping", "migrations", "proof")
    may_commit = is_view or at_edge or is_delivery or keeps_answers
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Attribute):
            continue
        if node.attr == "commit" and not may_commit:
            yield module.at(node, "commits outside views, cli, worker, keeping and delivery")
        if is_view and ast.unparse(node) in {f"db.{word}" for word in DATABASE_WORDS}:
            yield module.at(node, f"a view queries: {ast.unparse(node)}")
    for node, name in module.imports():
        if is_view and name.startswith("sqlalchemy") and name.rsplit(".", 1)[1] in STATEMENTS:
            yield module.at(node, f"a view queries: {name}")


def check_shape(module: Module) -> Iterator[str]:
    """Hold the budgets of length, the contracts of public names, and a few habits."""
    if VAGUE_NAMES & set(module.path.with_suffix("").parts):
        yield f"{module.path}:1 a name that says nothing"
    lines = len(module.source.splitlines())
    if lines > LONGEST_FILE:
        yield f"{module.path}:{LONGEST_FILE + 1} {lines} lines in one file"
    for function in module.functions():
        if length(function) > LONGEST_FUNCTION:
            yield module.at(function, f"{function.name} has {length(function)} lines")
        if "now" in _defaulted(function.args):
            yield module.at(function, f"{function.name} has a default for now")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ExceptHandler) and node.type is None:
            yield module.at(node, "a bare except")


def check_docstrings(module: Module) -> Iterator[str]:
    """Ask for a docstring on the module and everything public in it."""
    if not ast.get_docstring(module.tree):
        yield module.at(module.tree, "the module has no docstring")
    classes = [node for node in module.tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    bodies = [module.tree.body, *(node.body for node in classes)]
    for node in (statement for body in bodies for statement in body):
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
            continue
        if not ast.get_docstring(node):
            yield module.at(node, f"{node.name} has no docstring")


def check_comments(module: Module) -> Iterator[str]:
    """Refuse unfinished work and silenced checks that name no rule or no reason."""
    lines = io.StringIO(module.source).readline
    comments = {token.start[0]: token for token in tokenize.generate_tokens(lines) if token.type == tokenize.COMMENT}
    for line, token in comments.items():
        where = f"{module.path}:{line}"
        if _UNFINISHED.search(token.string):
            yield f"{where} unfinished: {token.string}"
        if _IGNORE.search(token.string):
            yield f"{where} type: ignore without a code"
        noqa = _NOQA.search(token.string)
        reasoned = noqa and (line - 1 in comments or re.search(r"\w{2}", token.string.replace(noqa[0], "")))
        if noqa and not (reasoned and ":" in noqa[0]):
            yield f"{where} noqa without a rule or without a reason"


def _defaulted(arguments: ast.arguments) -> set[str]:
    positional = [*arguments.posonlyargs, *arguments.args]
    given = positional[len(positional) - len(arguments.defaults) :]
    named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return {argument.arg for argument in (*given, *(name for name, value in named if value))}


RULES: tuple[Callable[[Module], Iterator[str]], ...] = (
    check_imports,
    check_libraries,
    check_reads,
    check_clock,
    check_transactions,
    check_shape,
    check_docstrings,
    check_comments,
)


def check(path: str, source: str) -> list[str]:
    """Return every finding about one module, each as `path:line words`."""
    module = Module.parse(path, source)
    return list(dict.fromkeys(finding for rule in RULES for finding in rule(module)))
