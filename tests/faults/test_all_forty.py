"""The list of forty faults is whole: each has a test, here or where it is named."""

import ast
from pathlib import Path

HERE = Path(__file__).parent
ELSEWHERE = {
    39: "tests/reminders/test_query_plans.py",
    40: "tests/bench/__main__.py",
}


def marked(source):
    """Return the numbers of all `@pytest.mark.fault(n)` on tests in a source text."""
    tests = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef))
    marks = (mark for test in tests if test.name.startswith("test_") for mark in test.decorator_list)
    calls = (mark for mark in marks if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fault")
    return {argument.value for call in calls for argument in call.args}


def test_each_of_the_forty_faults_has_a_test():
    found = set().union(*(marked(path.read_text()) for path in HERE.glob("test_*.py")))
    found |= {number for number, path in ELSEWHERE.items() if (HERE.parents[1] / path).exists()}
    assert sorted(set(range(1, 41)) - found) == []
    assert sorted(found - set(range(1, 41))) == []


def test_a_mark_on_a_test_is_seen_and_one_on_anything_else_is_not():
    seen = marked("@pytest.mark.fault(1)\ndef test_a(): ...\n@pytest.mark.fault(2)\ndef helper(): ...\n")
    assert seen == {1}
