"""When a message to a person as such is due, or one beside the time of a session: something to read, and aftercare.

Every occasion has a key that no two of them share, so that planning twice or late ends the same. All of them keep to
the person's quiet hours and days. The question waits 14 days for its turn, a welcome 7; the question that is asked
again is sent while the round before still counts; a goodbye comes on the day after the last session and may be a week
late; a few words on the morning after a session come before that afternoon or not at all. That there is something to
read is told once it may be read, and as long as the page of the session can be opened for some hours more.
This module is pure and must never read a clock or a row.
"""

from datetime import date, datetime, time, timedelta

from facilitator.groups.rules_consent import GRACE
from facilitator.materials.rules import ANNOUNCED_UNTIL
from facilitator.reminders.plan import Occasion, PersonFacts, next_allowed
from facilitator.reminders.rules import MessageKind, Priority
from facilitator.times import get_zone, to_instant, to_local

CONFIRM_WITHIN, WELCOME_WITHIN, GOODBYE_WITHIN = timedelta(days=14), timedelta(days=7), timedelta(days=7)
AFTERCARE_WITHIN = timedelta(hours=6)
MORNING = time(9)
MOST_CONFIRMS = 2  # the question, and one repeat that a facilitator asks for
DAY = timedelta(days=1)


def confirm_key(person_id: str, number: int) -> str:
    """Return the key of the first or the repeated question."""
    return f"{MessageKind.CONFIRM}:{person_id}:{number}"


def plan_confirm(person: PersonFacts, number: int, now: datetime) -> Occasion:
    """Return the question whether an address is safe; `number` is 1, or 2 for the one repeat."""
    return _occasion(confirm_key(person.id, number), MessageKind.CONFIRM, person, now, now + CONFIRM_WITHIN)


def plan_welcome(person: PersonFacts, now: datetime) -> Occasion:
    """Return the welcome to somebody who has confirmed."""
    return _occasion(f"{MessageKind.WELCOME}:{person.id}", MessageKind.WELCOME, person, now, now + WELCOME_WITHIN)


def plan_safe_check(person: PersonFacts, round_number: int, since_on: date, now: datetime) -> Occasion | None:
    """Return the question asked again, or None when the round before counts no more."""
    ends_at = to_instant(datetime.combine(since_on + GRACE, time()), get_zone(person.zone))
    key = f"{MessageKind.SAFE_CHECK}:{round_number}:{person.id}"
    return _occasion(key, MessageKind.SAFE_CHECK, person, now, ends_at) if now < ends_at else None


def plan_goodbye(person: PersonFacts, session_id: str, ended_at: datetime, now: datetime) -> Occasion | None:
    """Return the goodbye on the morning after a group's last session, or None when it would come too late."""
    due_at = _morning_after(ended_at, person)
    key, ends_at = f"{MessageKind.GOODBYE}:{session_id}:{person.id}", due_at + GOODBYE_WITHIN
    return _occasion(key, MessageKind.GOODBYE, person, max(due_at, now), ends_at) if now < ends_at else None


def plan_aftercare(person: PersonFacts, session_id: str, ended_at: datetime, now: datetime) -> Occasion | None:
    """Return a few words on the morning after a session, or None when it is over or no message may come then."""
    due_at = _morning_after(ended_at, person)
    ends_at = due_at + AFTERCARE_WITHIN
    occasion = _occasion(
        f"{MessageKind.AFTERCARE}:{session_id}:{person.id}", MessageKind.AFTERCARE, person, max(due_at, now), ends_at
    )
    return occasion if occasion.next_attempt_at < ends_at else None


def released_by(session_id: str, released_at: datetime, person_id: str) -> str:
    """Return the key of the message that says that something of a session may be read since an instant."""
    return f"{MessageKind.MATERIALS}:{session_id}:{released_at:%Y%m%dT%H%M%SZ}:{person_id}"


def plan_materials(
    person: PersonFacts, session_id: str, released_at: datetime, ended_at: datetime, now: datetime
) -> Occasion | None:
    """Return the message that there is something to read, or None before its release and when it would come too late."""
    ends_at = ended_at + ANNOUNCED_UNTIL
    key = released_by(session_id, released_at, person.id)
    occasion = _occasion(key, MessageKind.MATERIALS, person, max(released_at, now), ends_at)
    return occasion if released_at <= now and occasion.next_attempt_at < ends_at else None


def _morning_after(ended_at: datetime, person: PersonFacts) -> datetime:
    zone = get_zone(person.zone)
    return to_instant(datetime.combine(to_local(ended_at, zone).date() + DAY, MORNING), zone)


def _occasion(key: str, kind: MessageKind, person: PersonFacts, at: datetime, ends_at: datetime) -> Occasion:
    send_at = next_allowed(at, person)
    return Occasion(
        dedup_key=key,
        kind=kind,
        participant_id=person.id,
        lead=timedelta(),
        due_at=send_at,
        valid_until=ends_at,
        next_attempt_at=send_at,
        priority=Priority.NOTICE,
    )
