"""What is done to the agenda on the page of a session: minutes, order, split, take out, a pause, a note, undo.

Two people may plan at once. A press says what it saw of just what it changes, so two changes of different things both
stand, and the second person is told of the first; of the same thing, the second is refused and keeps what was typed.
"""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _

from facilitator.errors import Invalid
from facilitator.planning import agenda, history, notes, parts, service
from facilitator.planning.forms_session import read_minutes
from facilitator.planning.history import Change, ChangeCode, recorded
from facilitator.planning.models import GroupSession, Segment
from facilitator.planning.timetable import lock_timetable
from facilitator.planning.views_session import back, on_session_page
from facilitator.planning.wording_history import change_words, news_words
from facilitator.web.login import me
from facilitator.web.request import db, now, settings
from facilitator.web.seen import ChangedMeanwhile


def register(blueprint: Blueprint) -> None:
    """Add the routes of the agenda."""
    blueprint.post("/sessions/<session_id>/agenda")(change_agenda)
    blueprint.post("/sessions/<session_id>/undo")(undo)
    blueprint.post("/sessions/<session_id>/looked-over")(look_over)
    blueprint.get("/sessions/<session_id>/changes")(show_news)
    blueprint.post("/sessions/<session_id>/segments/<segment_id>/note")(keep_note)


@on_session_page
def change_agenda(session_id: str) -> ResponseReturnValue:
    """Keep the minutes that were typed, and do what was pressed beside them: all of it or nothing."""
    session, group = service.get_session_with_group(db(), me(), session_id)
    lock_timetable(db(), session.group_id)
    news = _news(session)
    standing = {segment.id: segment for segment in agenda.list_segments(db(), session)}
    _set_minutes(session, standing)
    review = settings().require_clinical_review
    said, anchor = _("Saved."), ""
    pressed = [name for name in ("move", "split", "out", "pause") if name in request.form]
    for name in pressed[:1]:
        segment_id, _colon, before_id = request.form[name].partition(":")
        part = agenda.get_segment(db(), session, segment_id)
        title, anchor = part.title, segment_id
        if name == "move":
            _refuse_moved(session, segment_id)
            with recorded(db(), me(), session, ChangeCode.MOVED, part=title, segment=segment_id):
                agenda.place_segment(db(), session, segment_id, before_id, now())
            said = _("%(part)s has moved.", part=title)
        elif name == "split":
            with recorded(db(), me(), session, ChangeCode.SPLIT, part=title):
                parts.split_part(db(), session, segment_id, now(), require_review=review)
            said = _("%(part)s is two parts now.", part=title)
        elif name == "out":
            with recorded(db(), me(), session, ChangeCode.TAKEN_OUT, part=title):
                parts.take_out(db(), session, segment_id, now())
            said, anchor = _("%(part)s is out of the plan. Its minutes are free.", part=title), ""
        else:
            with force_locale(group.language):
                words = {"title": _("Pause"), "purpose": _("Stretch, water, look around.")}
            with recorded(db(), me(), session, ChangeCode.PAUSE, part=title):
                anchor = parts.add_pause(db(), session, segment_id, now(), **words).id
            said = _("A pause comes after %(part)s.", part=title)
    db().commit()
    _say(said, news)
    return back(session_id, anchor)


def _set_minutes(session: GroupSession, standing: dict[str, Segment]) -> None:
    """Write the minutes that differ from what the page had shown; what nobody typed over is left as it is."""
    fields = {name.removeprefix("min-"): text for name, text in request.form.items() if name.startswith("min-")}
    typed = {name: text.strip() for name, text in fields.items() if text.strip() != request.form.get(f"was-{name}")}
    wanted = {name: minutes for name, minutes in read_minutes(typed).items() if name in standing}
    changed = {name: minutes for name, minutes in wanted.items() if standing[name].minutes != minutes}
    for name in changed:
        if request.form.get(f"was-{name}", "") not in {"", str(standing[name].minutes)}:
            raise ChangedMeanwhile
    if not changed:
        return
    [first, *others] = [standing[name] for name in changed]
    params: dict[str, object] = {
        "part": first.title,
        "was": first.minutes,
        "minutes": changed[first.id],
        "segment": first.id,
    }
    code = ChangeCode.TIMES if others else ChangeCode.MINUTES
    with recorded(db(), me(), session, code, **({"count": len(changed)} if others else params)):
        for name, minutes in changed.items():
            agenda.set_minutes(db(), session, name, minutes, now())


def _refuse_moved(session: GroupSession, segment_id: str) -> None:
    """Refuse to move a part that somebody else has moved since the page was opened."""
    moved = (each for each in _news(session) if each.code is ChangeCode.MOVED)
    if any(each.params.get("segment") == segment_id for each in moved):
        raise ChangedMeanwhile


def _news(session: GroupSession) -> list[Change]:
    """List what others did to the plan since the page was opened, the last change first."""
    since = request.values.get("rev", type=int)
    if since is None:
        return []
    return [each for each in history.list_changes(db(), me(), session) if each.number > since and not each.is_mine]


def _say(first: str, news: list[Change]) -> None:
    flash(first)
    for each in reversed(news):
        flash(_("Meanwhile: %(words)s Both are kept.", words=news_words(each)))


@on_session_page
def undo(session_id: str) -> ResponseReturnValue:
    """Take back the last change of the plan."""
    session = service.get_session(db(), me(), session_id)
    lock_timetable(db(), session.group_id)
    change = history.undo(db(), me(), session, request.form.get("number", 0, type=int), now())
    db().commit()
    flash(_("Undone: %(words)s", words=change_words(change)))
    return back(session_id)


@on_session_page
def look_over(session_id: str) -> ResponseReturnValue:
    """Say that the plan was looked at and is good as it is."""
    session = service.get_session(db(), me(), session_id)
    session.looked_over = True
    db().commit()
    flash(_("The plan is looked over. You can still change it."))
    return back(session_id)


def show_news(session_id: str) -> ResponseReturnValue:
    """Say whether the plan was changed since the page was opened, and what others did to it, in their order."""
    session = service.get_session(db(), me(), session_id)
    if session.plan_rev <= request.args.get("rev", 0, type=int):
        return "", 204
    return {"rev": session.plan_rev, "news": [news_words(each) for each in reversed(_news(session))]}


@on_session_page
def keep_note(session_id: str, segment_id: str) -> ResponseReturnValue:
    """Keep a note beside one part; a name of the group's list is pointed out before it is kept."""
    session = service.get_session(db(), me(), session_id)
    lock_timetable(db(), session.group_id)
    part = agenda.get_segment(db(), session, segment_id)
    words = request.form.get("note", "")
    if request.form.get("was", "") not in {part.own_note, words}:
        raise ChangedMeanwhile
    if "sure" not in request.form and notes.holds_name(db(), session.group_id, words):
        raise Invalid(_("A name of the list stands in this note. Write it without names."), field=f"note-{segment_id}")
    with recorded(db(), me(), session, ChangeCode.NOTE, part=part.title):
        parts.keep_own_note(db(), session, segment_id, words, now())
    db().commit()
    flash(
        _("The note is kept. It is forgotten 30 days after the session.") if words.strip() else _("The note is gone.")
    )
    return redirect(url_for("planning.show_session", session_id=session_id, _anchor=f"part-{segment_id}"), 303)
