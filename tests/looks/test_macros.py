"""The shared pieces of the pages say in words what they show, and keep what was typed beside what is wrong with it."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from jinja2 import Environment, FileSystemLoader
from wtforms import Form, IntegerField, PasswordField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

FOLDER = Path(__file__).parents[2] / "templates"
FOCUSES = {
    "fear": "Fear",
    "shame": "Shame",
    "powerlessness": "Powerlessness",
    "vulnerability": "Vulnerability",
    "core": "The bind itself",
    "weaving": "All four woven together",
}


class Answers(Form):
    label = StringField("Name people see", validators=[Length(max=5, message="Enter at most 5 letters.")])
    password = PasswordField("Password", validators=[InputRequired("Enter your password.")])
    rhythm = RadioField("Rhythm", choices=[SelectChoice("w", "Every week"), SelectChoice("m", "Every month")])
    zone = SelectField("Time zone", choices=[SelectChoice("a", "A"), SelectChoice("b", "B")], default="a")
    count = IntegerField("How many came?", default=8)


@pytest.fixture
def environment() -> Environment:
    found = Environment(loader=FileSystemLoader(FOLDER), extensions=["jinja2.ext.i18n"], autoescape=True)
    found.install_null_translations(newstyle=True)
    return found


@pytest.fixture
def render(environment):
    def rendered(macros: str, words: str, **context: object) -> str:
        names = ", ".join(re.findall(r"(\w+)\(", words))
        source = f'{{% from "macros/{macros}.html" import {names} with context %}}{{{{ {words} }}}}'
        return environment.from_string(source).render(**context)

    return rendered


@pytest.fixture
def refused() -> Answers:
    form = Answers(data={"label": 'a "long" name', "rhythm": None})
    form.validate()
    return form


@pytest.mark.parametrize(("slug", "name"), FOCUSES.items())
def test_a_mark_says_its_name_even_where_only_its_shape_is_shown(render, slug, name):
    shown, hidden = render("marks", f"mark('{slug}', true)"), render("marks", f"mark('{slug}')")
    assert f"</svg>{name}" in shown
    assert f'<span class="vh">{name}</span>' in hidden


def test_no_two_sub_binds_share_a_shape(render):
    shapes = {re.search(r'aria-hidden="true">(.*?)</svg>', render("marks", f"mark('{slug}')"))[1] for slug in FOCUSES}
    assert len(shapes) == 5  # weaving has the ring of the bind itself, and its own words


@pytest.mark.parametrize("words", ["pole('both', false)", "depth(2)", "weight(3)", "st('held')", "source('inference')"])
def test_no_mark_is_a_picture_alone(render, words):
    text = re.sub(r"<i .*?</i>|<svg.*?</svg>|<[^>]+>", "", render("marks", words), flags=re.DOTALL)
    assert text.strip()


def test_a_field_keeps_what_was_typed_beside_what_is_wrong_with_it(render, refused):
    html = render("forms", "field(form.label, hint='Short.')", form=refused)
    assert 'value="a &#34;long&#34; name"' in html
    assert 'aria-describedby="label-hint label-err"' in html
    assert 'aria-invalid="true"' in html
    assert html.index("Enter at most 5 letters.") < html.index("<input")
    assert '<label for="label">' in html


def test_a_field_without_an_error_is_not_marked(render):
    html = render("forms", "field(form.zone)", form=Answers())
    assert "aria-" not in html


def test_a_password_is_never_sent_back(render):
    form = Answers(data={"password": "a quiet room"})
    assert "quiet" not in render("forms", "field(form.password)", form=form)


def test_a_group_of_choices_is_one_fieldset_with_its_question(render, refused):
    html = render("forms", "radios(form.rhythm)", form=refused)
    assert html.startswith('<fieldset id="rhythm" aria-describedby="rhythm-err"><legend>Rhythm</legend>')
    assert html.count('<label class="opt"') == 2


def test_the_error_summary_leads_to_what_can_take_the_focus(render, refused):
    summary = render("forms", "error_summary(form)", form=refused)
    page = summary + "".join(
        render("forms", f"{words}(form.{name})", form=refused)
        for words, name in (("field", "label"), ("field", "password"), ("radios", "rhythm"))
    )
    targets = re.findall(r'<a href="#([\w-]+)">', summary)
    assert targets == ["label", "password", "rhythm-0"]
    for target in targets:
        assert re.search(rf'<input[^>]* id="{target}"', page)


def test_the_error_summary_is_announced_and_can_take_the_focus_itself(render, refused):
    summary = render("forms", "error_summary(form)", form=refused)
    assert 'role="alert" tabindex="-1" id="problem"' in summary
    assert "There is a problem" in summary


def test_there_is_no_error_summary_without_an_error(render):
    assert render("forms", "error_summary(form)", form=Answers()).strip() == ""


def test_a_stepper_works_by_two_buttons_that_send_the_form(render):
    html = render("forms", "stepper(form.count)", form=Answers())
    assert re.findall(r'<button type="submit"[^>]* name="by" value="(-?1)"', html) == ["-1", "1"]
    assert "one fewer" in html


def test_deeper_hangs_lower_and_the_ramp_fills_its_width(render):
    parts = [
        SimpleNamespace(minutes=minutes, depth=depth, kind="", phase="")
        for minutes, depth in ((30, 1), (30, 3), (30, 0))
    ]
    html = render("charts", "depth_ramp(parts, 90, 3, 'By depth')", parts=parts)
    boxes = re.findall(r'<rect x="([\d.]+)%" y="0" width="([\d.]+)%" height="(\d+)"', html)
    heights = [int(height) for _x, _width, height in boxes]
    assert heights[1] > heights[0] > heights[2]
    assert 99 < float(boxes[-1][0]) + float(boxes[-1][1]) <= 100
    assert 'role="img" aria-label="By depth"' in html


@pytest.mark.parametrize("count", [1, 6, 30])
def test_the_ramp_of_a_series_stays_inside_its_width(render, count):
    html = render("charts", "series_ramp(limits, 'Limits')", limits=[2] * count)
    boxes = re.findall(r'x="([\d.]+)%" y="0" width="([\d.]+)%"', html)
    assert len(boxes) == count
    assert all(float(x) >= 0 and float(x) + float(width) <= 100.01 for x, width in boxes)


def test_a_list_of_one_page_has_no_pages(render):
    assert render("lists", "pages('prompts.list_prompts', 1, 1)", url_for=str).strip() == ""
