"""What is expected when: the messages one session should have, and the notices one change calls for.

The answer depends on its arguments alone, so a planning pass may run twice or never and end the same. Every occasion
has a key that no two of them share; whoever stores them keeps the first and drops the rest.

A lead of whole days is wall-clock time in the person's zone: two days before 18:30 is 18:30, also across a clock
change. A lead in hours is absolute. A reminder that falls into quiet hours goes out before they begin; only when that
time has passed is it moved to their end, and then only with two hours left before the session. So the person is told
early rather than late, and never at night. One that falls on a day on which a person wants no messages goes out at the
same time of day on the last allowed day before; when that has passed, at once if today is allowed, and else it stays
where it is and the gate ends it as `day_excluded`. An urgent notice goes out on any day.
This module is pure and must never read a clock or a row.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import zip_longest

from facilitator.groups.rules_consent import EVERY_DAY, allows_day
from facilitator.reminders.rules import MessageKind, Priority
from facilitator.times import end_of_quiet, get_zone, inside_quiet, start_of_quiet_before, to_instant, to_local

DAY = timedelta(days=1)
DEFAULT_LEADS = (timedelta(hours=48), timedelta(hours=3))
MOST_REMINDERS = 2  # for one person and session
REMINDER_ENDS = timedelta(minutes=10)  # before the start; a later reminder is of no use
BEFORE_QUIET = timedelta(minutes=30)  # leaves time for a first retry before quiet hours begin
LEAST_NOTICE = timedelta(hours=2)  # left before the session when a reminder waits for the end of quiet hours
URGENT_WITHIN = timedelta(hours=12)
SOON = timedelta(hours=1)  # of two reminders closer than this, one is enough
QUIET_FROM, QUIET_TO = time(20), time(8)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFacts:
    """What planning knows of a session; `time_rev` rises when its start, place or link changes."""

    uid: str
    starts_at: datetime
    time_rev: int
    stands: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFacts:
    """How long before the start a reminder is due."""

    lead: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFacts:
    """What planning knows of a person; nothing of it names them.

    Args:
        id: the participant's id.
        zone: IANA name.
        quiet_from: wall time; equal to `quiet_to` for no quiet hours.
        quiet_to: wall time.
        reachable: has an address that is neither unconfirmed nor suppressed.
        stopped: wants no messages.
        paused_until: wants none before this instant.
        leads: the reminders they chose, or None for all of them.
        days: on which messages may come, Monday is 1, Tuesday 2, Wednesday 4.
    """

    id: str
    zone: str
    quiet_from: time = QUIET_FROM
    quiet_to: time = QUIET_TO
    reachable: bool = True
    stopped: bool = False
    paused_until: datetime | None = None
    leads: frozenset[timedelta] | None = None
    days: int = EVERY_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFacts:
    """A change of a session that people are told about.

    Args:
        kind: moved, cancelled or restored.
        session: the session after the change, with its new `time_rev`.
        started_at: the start before the change.
    """

    kind: MessageKind
    session: SessionFacts
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """One message to one person that ought to exist.

    Args:
        dedup_key: kind:session:time_rev:lead in minutes:participant.
        kind: what it says.
        participant_id: to whom.
        lead: the rule it comes from; zero for a notice.
        due_at: when it belongs, quiet hours considered.
        valid_until: after this it is not sent.
        next_attempt_at: when to send it; later than `due_at` for one that catches up.
        priority: what goes first.
    """

    dedup_key: str
    kind: MessageKind
    participant_id: str
    lead: timedelta
    due_at: datetime
    valid_until: datetime
    next_attempt_at: datetime
    priority: Priority


def expected(
    session: SessionFacts, rules: Sequence[RuleFacts], people: Iterable[PersonFacts], now: datetime
) -> tuple[Occasion, ...]:
    """Return every reminder that one session should have from now on.

    Of the reminders whose time has passed the last alone catches up. Of two that would go out within an hour of each
    other the later alone remains. Who is stopped, paused at that time or unreachable has none.
    """
    valid_until = session.starts_at - REMINDER_ENDS
    if not session.stands or now >= valid_until:
        return ()
    leads = sorted({rule.lead for rule in rules}, reverse=True)
    return tuple(occasion for person in people for occasion in _for_person(session, leads, person, now))


def notices(change: ChangeFacts, people_told: Iterable[PersonFacts], now: datetime) -> tuple[Occasion, ...]:
    """Return one notice for each person who was told of the session before.

    A notice within 12 hours of the old or the new start is urgent and goes out at once, also in quiet hours; so does
    one that would otherwise wait until less than two hours before.
    """
    valid_until = max(change.started_at, change.session.starts_at)
    if now >= valid_until:
        return ()
    return tuple(_notice(change, person, valid_until, now) for person in people_told if _may_write(person, now))


def when_due(starts_at: datetime, lead: timedelta, zone: str) -> datetime:
    """Return when a lead before a start falls, before quiet hours are considered."""
    if lead % DAY:
        return starts_at - lead
    place = get_zone(zone)
    return to_instant(to_local(starts_at, place) - lead, place)


def shift_out_of_quiet(at: datetime, starts_at: datetime, person: PersonFacts, now: datetime) -> datetime | None:
    """Return the instant outside the person's quiet hours at which a reminder for `at` goes out.

    That is half an hour before they begin, so that a first retry stays outside them as well; when this has passed,
    at once as long as they have not begun, then their end if that leaves two hours before the start, and else never.
    """
    zone = get_zone(person.zone)
    begins = start_of_quiet_before(at, zone, person.quiet_from, person.quiet_to)
    if not is_quiet(at, person):
        return at
    if now < begins:
        return max(begins - BEFORE_QUIET, now)
    ends = end_of_quiet(at, zone, person.quiet_from, person.quiet_to)
    return ends if ends <= starts_at - LEAST_NOTICE else None


def is_quiet(at: datetime, person: PersonFacts) -> bool:
    """Tell whether an instant lies in the person's quiet hours."""
    return inside_quiet(to_local(at, get_zone(person.zone)).time(), person.quiet_from, person.quiet_to)


def is_excluded(at: datetime, person: PersonFacts) -> bool:
    """Tell whether an instant lies on a day on which the person wants no messages."""
    return not allows_day(person.days, to_local(at, get_zone(person.zone)).date())


def shift_to_allowed_day(at: datetime, person: PersonFacts, now: datetime) -> datetime:
    """Return when a reminder for `at`, outside quiet hours, goes out if the person wants none on that day.

    At the same time of day on the last allowed day before, which is outside quiet hours as well; when that has passed,
    at once on an allowed day; and else `at`, where the gate ends it.
    """
    zone, earlier = get_zone(person.zone), at
    while is_excluded(earlier, person):
        earlier = to_instant(to_local(earlier, zone) - DAY, zone)
    if earlier >= now:
        return earlier
    return at if is_excluded(now, person) or is_quiet(now, person) else now


def next_allowed(at: datetime, person: PersonFacts) -> datetime:
    """Return the first instant from `at` on that is outside quiet hours and on a day on which messages may come."""
    zone = get_zone(person.zone)
    while True:
        at = end_of_quiet(at, zone, person.quiet_from, person.quiet_to)
        if not is_excluded(at, person):
            return at
        local = to_local(at, zone)
        at = to_instant(datetime.combine(local.date() + DAY, time()), zone)


def dedup_key(kind: MessageKind, session: SessionFacts, lead: timedelta, participant_id: str) -> str:
    """Return the key under which a message exists once, however often it is planned."""
    return f"{kind}:{session.uid}:{session.time_rev}:{lead // timedelta(minutes=1)}:{participant_id}"


def _for_person(
    session: SessionFacts, leads: Sequence[timedelta], person: PersonFacts, now: datetime
) -> tuple[Occasion, ...]:
    chosen = [lead for lead in leads if person.leads is None or lead in person.leads][-MOST_REMINDERS:]
    planned = [_reminder(session, lead, person, now) for lead in chosen]
    wanted = [one for one in planned if one is not None and _may_write(person, one.next_attempt_at)]
    # those whose time has passed would all go out now, so this leaves the last of them
    return tuple(one for one, after in zip_longest(wanted, wanted[1:]) if not _is_soon(one, after))


def _reminder(session: SessionFacts, lead: timedelta, person: PersonFacts, now: datetime) -> Occasion | None:
    due = when_due(session.starts_at, lead, person.zone)
    send_at = shift_out_of_quiet(max(due, now), session.starts_at, person, now)
    if send_at is None:
        return None
    send_at = shift_to_allowed_day(send_at, person, now)
    return Occasion(
        dedup_key=dedup_key(MessageKind.REMINDER, session, lead, person.id),
        kind=MessageKind.REMINDER,
        participant_id=person.id,
        lead=lead,
        due_at=due if due <= now else send_at,
        valid_until=session.starts_at - REMINDER_ENDS,
        next_attempt_at=send_at,
        priority=Priority.REMINDER,
    )


def _is_soon(one: Occasion, after: Occasion | None) -> bool:
    return after is not None and after.next_attempt_at - one.next_attempt_at < SOON


def _may_write(person: PersonFacts, at: datetime) -> bool:
    paused = person.paused_until is not None and at < person.paused_until
    return person.reachable and not person.stopped and not paused


def _notice(change: ChangeFacts, person: PersonFacts, valid_until: datetime, now: datetime) -> Occasion:
    soonest = min(change.started_at, change.session.starts_at)
    outside = next_allowed(now, person)
    urgent = soonest - now <= URGENT_WITHIN or outside > soonest - LEAST_NOTICE
    send_at = now if urgent else outside
    return Occasion(
        dedup_key=dedup_key(change.kind, change.session, timedelta(), person.id),
        kind=change.kind,
        participant_id=person.id,
        lead=timedelta(),
        due_at=send_at,
        valid_until=valid_until,
        next_attempt_at=send_at,
        priority=Priority.URGENT if urgent else Priority.NOTICE,
    )
