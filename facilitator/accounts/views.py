"""Sign-in, sign-out, the first account, and one's own settings."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.accounts import service as accounts
from facilitator.accounts import sign_in as doorway
from facilitator.accounts import views_calendar
from facilitator.accounts.demo import LOGINS
from facilitator.accounts.forms import UTC_NAME, FirstRunForm, PasswordForm, SettingsForm, SignInForm, say_problem
from facilitator.accounts.models import Facilitator, Role
from facilitator.errors import Invalid, NotAllowed, NotFound
from facilitator.times import find_only_zone
from facilitator.web import login
from facilitator.web.locale import KEYS_COOKIE, THEME_COOKIE, has_keys, language, theme
from facilitator.web.login import me, public
from facilitator.web.request import database, db, now, settings

blueprint = Blueprint("accounts", __name__)
ONE_YEAR_S = 31_536_000


@blueprint.get("/login")
@public
def sign_in() -> ResponseReturnValue:
    """Show the sign-in page; before there is any account, the first-run page."""
    if accounts.count_facilitators(db()) == 0:
        return redirect(url_for("accounts.first_run"), 303)
    return _sign_in_page(SignInForm())


@blueprint.post("/login")
@public
def check_sign_in() -> ResponseReturnValue:
    """Sign a facilitator in."""
    form = SignInForm()
    if not form.validate():
        return _sign_in_page(form), 422
    try:
        facilitator = _authenticate(form)
    except NotAllowed as problem:
        db().commit()  # the wrong try is counted
        say_problem(form, problem.message, "password")
        return _sign_in_page(form), 422
    db().commit()
    login.sign_in(facilitator)
    return redirect(_local_path(request.args.get("next", "")), 303)


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End this session."""
    login.sign_out()
    return redirect(url_for("accounts.sign_in"), 303)


@blueprint.route("/first-run", methods=["GET", "POST"])
@public
def first_run() -> ResponseReturnValue:
    """Make the first account; afterwards there is nothing here."""
    if accounts.count_facilitators(db()):
        raise NotFound
    form = FirstRunForm(data={"zone": _likely_zone()})
    if not form.is_submitted():
        return render_template("accounts/first_run.html", form=form)
    if form.validate() and _make_first(form):
        return redirect(url_for("today.show_today"), 303)
    return render_template("accounts/first_run.html", form=form, has_errors=True), 422


@blueprint.get("/settings")
def show_settings() -> ResponseReturnValue:
    """Show one's own settings."""
    return _settings_page(_present_settings(), PasswordForm())


@blueprint.post("/settings")
def change_settings() -> ResponseReturnValue:
    """Change one's own settings."""
    form = SettingsForm()
    chosen = form.settings()
    try:
        if not form.validate():
            return _settings_page(form, PasswordForm(formdata=None)), 422
        accounts.change_settings(db(), me(), name=chosen.name, zone=chosen.zone, language=chosen.language)
    except Invalid as problem:
        say_problem(form, problem.message, problem.field)
        return _settings_page(form, PasswordForm(formdata=None)), 422
    db().commit()
    flash(_("Saved."))
    response = redirect(url_for("accounts.show_settings"), 303)
    for name, value in ((THEME_COOKIE, chosen.theme), (KEYS_COOKIE, "on" if chosen.has_keys else "off")):
        response.set_cookie(name, value, max_age=ONE_YEAR_S, httponly=True, samesite="Lax",
                            secure=settings().secure_cookies)  # fmt: skip
    return response


@blueprint.post("/settings/password")
def change_password() -> ResponseReturnValue:
    """Change one's password and stay signed in here."""
    form = PasswordForm()
    given = form.passwords()
    try:
        if not form.validate():
            return _settings_page(_present_settings(), form), 422
        accounts.change_password(db(), me(), given.current, given.new)
    except Invalid as problem:
        say_problem(form, problem.message, problem.field)
        return _settings_page(_present_settings(), form), 422
    db().commit()
    login.sign_in(me())
    flash(_("The password is changed. You are signed out everywhere else."))
    return redirect(url_for("accounts.show_settings"), 303)


def _present_settings() -> SettingsForm:
    person = me()
    values = {
        "name": person.name,
        "zone": person.zone,
        "language": person.language,
        "theme": theme(),
        "keys": has_keys(),
    }
    return SettingsForm(formdata=None, data=values)


def _authenticate(form: SignInForm) -> Facilitator:
    given = form.credentials()
    with database().read() as look:
        claim = doorway.look_up(look, given.email, now())
    return doorway.settle(db(), claim, doorway.prove(claim, given.password), now())


def _make_first(form: FirstRunForm) -> bool:
    given = form.account()
    if not accounts.is_set_up_code(settings().secret_key, given.code):
        say_problem(form, _("Enter the code that the program printed when it started."), "code")
        return False
    try:
        facilitator = accounts.create_facilitator(
            db(),
            name=given.name,
            email=given.email,
            password=given.password,
            role=Role.ADMIN,
            zone=given.zone,
            language=language(),
            now=now(),
        )
    except Invalid as problem:
        say_problem(form, problem.message, problem.field)
        return False
    db().commit()
    login.sign_in(facilitator)
    return True


def _likely_zone() -> str:
    """Return the zone of the country that a browser asks in the words of, where there is one such; else that of nobody."""
    asked = (tag.rpartition("-")[2].upper() for tag in request.accept_languages.values())
    return next(filter(None, map(find_only_zone, asked)), UTC_NAME)


def _local_path(wanted: str) -> str:
    """Return a path of this site, or Today for anything that would lead elsewhere."""
    # browsers read a backslash as a slash and leave out tabs and line ends, so "/\\x" and "/<tab>/x" lead elsewhere
    is_local = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if is_local else url_for("today.show_today")


def _sign_in_page(form: SignInForm) -> str:
    return render_template(
        "accounts/sign_in.html",
        form=form,
        has_errors=bool(form.errors),
        demo_logins=LOGINS if settings().is_demo else (),
    )


def _settings_page(form: SettingsForm, password_form: PasswordForm) -> str:
    return render_template(
        "accounts/settings.html",
        nav="settings",
        form=form,
        password_form=password_form,
        email=accounts.email_of(db(), me()),
        has_errors=bool(form.errors or password_form.errors),
        calendar=views_calendar.calendar_on_page(),
    )


views_calendar.register(blueprint)
