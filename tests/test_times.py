"""Wall time, zones and quiet hours, across every kind of clock change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facilitator.errors import Invalid
from facilitator.times import (
    Direction,
    clock_changes,
    day_of,
    end_of_quiet,
    get_zone,
    inside_quiet,
    is_ambiguous,
    is_missing,
    list_countries,
    list_zones,
    next_clock_change,
    parse_wall_time,
    start_of_quiet_before,
    to_instant,
    to_local,
    utc_offset,
    zone_abbreviation,
    zone_city,
    zone_country,
)

BERLIN = "Europe/Berlin"
NEW_YORK = "America/New_York"
LORD_HOWE = "Australia/Lord_Howe"  # moves its clocks by 30 minutes
TOKYO = "Asia/Tokyo"  # never moves them
BEIRUT = "Asia/Beirut"  # moves them at midnight
ZONES = [BERLIN, NEW_YORK, LORD_HOWE, TOKYO, BEIRUT, "Europe/Dublin", "Africa/Casablanca", "Asia/Kathmandu"]


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def wall(text):
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("zone", "on", "expected"),
    [
        (BERLIN, date(2027, 3, 27), utc(2027, 3, 27, 17, 30)),
        (BERLIN, date(2027, 3, 28), utc(2027, 3, 28, 16, 30)),
        (BERLIN, date(2027, 10, 30), utc(2027, 10, 30, 16, 30)),
        (BERLIN, date(2027, 10, 31), utc(2027, 10, 31, 17, 30)),
        (NEW_YORK, date(2027, 3, 13), utc(2027, 3, 13, 23, 30)),
        (NEW_YORK, date(2027, 3, 14), utc(2027, 3, 14, 22, 30)),
        (NEW_YORK, date(2027, 11, 6), utc(2027, 11, 6, 22, 30)),
        (NEW_YORK, date(2027, 11, 7), utc(2027, 11, 7, 23, 30)),
        (LORD_HOWE, date(2027, 4, 3), utc(2027, 4, 3, 7, 30)),
        (LORD_HOWE, date(2027, 4, 4), utc(2027, 4, 4, 8, 0)),
        (LORD_HOWE, date(2027, 10, 2), utc(2027, 10, 2, 8, 0)),
        (LORD_HOWE, date(2027, 10, 3), utc(2027, 10, 3, 7, 30)),
        (TOKYO, date(2027, 3, 28), utc(2027, 3, 28, 9, 30)),
        (TOKYO, date(2027, 10, 31), utc(2027, 10, 31, 9, 30)),
    ],
)
def test_half_past_six_stays_half_past_six_on_both_sides_of_a_clock_change(zone, on, expected):
    instant = to_instant(datetime.combine(on, time(18, 30)), get_zone(zone))
    assert instant == expected
    assert instant.tzinfo is UTC
    assert to_local(instant, get_zone(zone)) == datetime.combine(on, time(18, 30))


@pytest.mark.parametrize(
    ("zone", "local", "instant", "shown"),
    [
        (BERLIN, wall("2027-03-28T02:30"), utc(2027, 3, 28, 1, 30), time(3, 30)),
        (BERLIN, wall("2027-03-28T02:00"), utc(2027, 3, 28, 1, 0), time(3, 0)),
        (NEW_YORK, wall("2027-03-14T02:30"), utc(2027, 3, 14, 7, 30), time(3, 30)),
        (LORD_HOWE, wall("2027-10-03T02:15"), utc(2027, 10, 2, 15, 45), time(2, 45)),
        (BEIRUT, wall("2027-03-28T00:30"), utc(2027, 3, 27, 22, 30), time(1, 30)),
    ],
)
def test_a_missing_time_takes_the_offset_before_the_gap(zone, local, instant, shown):
    there = get_zone(zone)
    assert is_missing(local, there)
    assert not is_ambiguous(local, there)
    assert to_instant(local, there) == instant
    assert to_local(instant, there).time() == shown


@pytest.mark.parametrize(
    ("zone", "local", "first"),
    [
        (BERLIN, wall("2027-10-31T02:30"), utc(2027, 10, 31, 0, 30)),
        (NEW_YORK, wall("2027-11-07T01:30"), utc(2027, 11, 7, 5, 30)),
        (LORD_HOWE, wall("2027-04-04T01:45"), utc(2027, 4, 3, 14, 45)),
    ],
)
def test_an_ambiguous_time_is_its_first_occurrence(zone, local, first):
    there = get_zone(zone)
    assert is_ambiguous(local, there)
    assert not is_missing(local, there)
    assert to_instant(local, there) == first
    assert to_instant(local.replace(fold=1), there) == first


@pytest.mark.parametrize("minutes", [1 * 60 + 59, 3 * 60])
def test_the_edges_of_a_gap_exist(minutes):
    local = wall("2027-03-28") + timedelta(minutes=minutes)
    assert not is_missing(local, get_zone(BERLIN))


def test_a_local_time_with_a_zone_and_an_instant_without_one_are_refused():
    with pytest.raises(TypeError):
        to_instant(utc(2027, 1, 1), get_zone(BERLIN))
    with pytest.raises(TypeError):
        to_local(wall("2027-01-01"), get_zone(BERLIN))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.datetimes(wall("2020-01-01"), wall("2035-01-01")).map(lambda moment: moment.replace(microsecond=0)),
)
def test_an_instant_survives_the_way_to_the_wall_and_back_unless_the_hour_is_repeated(zone, moment):
    there, instant = get_zone(zone), moment.replace(tzinfo=UTC)
    local = to_local(instant, there)
    assert not is_missing(local, there)
    assert to_instant(local, there) == instant or is_ambiguous(local, there)


@pytest.mark.parametrize("name", ["", "Mars/Base", "../../etc/passwd", "Europe", "localtime", "Factory", "berlin"])
def test_only_names_of_the_iana_table_are_zones(name):
    with pytest.raises(Invalid) as refusal:
        get_zone(name)
    assert refusal.value.field == "zone"


def test_an_older_name_that_somebody_stored_is_still_a_zone():
    assert get_zone("Asia/Calcutta").key == "Asia/Calcutta"
    assert get_zone("UTC").key == "UTC"


def test_the_list_of_zones_offers_each_place_once_and_every_one_of_them_works():
    zones = list_zones()
    assert {"Europe/London", "Europe/Oslo", "America/Argentina/Buenos_Aires", "Asia/Kolkata"} <= set(zones)
    assert not {"Asia/Calcutta", "Etc/UTC", "GB", "posix/Europe/London", "US/Eastern"} & set(zones)
    assert list(zones) == sorted(zones)
    assert all(get_zone(name).key == name for name in zones)


def test_zone_rules_come_from_the_locked_package_whatever_the_machine_has():
    vancouver = get_zone("America/Vancouver")
    assert utc_offset(utc(2027, 1, 15), vancouver) == timedelta(hours=-7), "British Columbia stays on summer time"


@pytest.mark.parametrize(
    ("name", "city"),
    [
        ("Europe/London", "London"),
        ("America/Argentina/Buenos_Aires", "Buenos Aires"),
        ("America/New_York", "New York"),
        ("UTC", "UTC"),
    ],
)
def test_a_zone_is_named_by_its_city(name, city):
    assert zone_city(name) == city


@pytest.mark.parametrize(
    ("zone", "instant", "name"),
    [
        ("Europe/London", utc(2027, 1, 1), "GMT"),
        ("Europe/London", utc(2027, 7, 1), "BST"),
        ("Asia/Dubai", utc(2027, 7, 1), "UTC+4"),
        ("America/Sao_Paulo", utc(2027, 7, 1), "UTC-3"),
        (LORD_HOWE, utc(2027, 7, 1), "UTC+10:30"),
        ("UTC", utc(2027, 7, 1), "UTC"),
    ],
)
def test_the_abbreviation_is_a_word_or_an_offset(zone, instant, name):
    assert zone_abbreviation(instant, get_zone(zone)) == name


@pytest.mark.parametrize(
    ("zone", "at", "on", "direction", "minutes"),
    [
        (BERLIN, utc(2027, 3, 28, 1), date(2027, 3, 28), Direction.FORWARD, 60),
        (BERLIN, utc(2027, 10, 31, 1), date(2027, 10, 31), Direction.BACK, 60),
        (NEW_YORK, utc(2027, 3, 14, 7), date(2027, 3, 14), Direction.FORWARD, 60),
        (LORD_HOWE, utc(2027, 4, 3, 15), date(2027, 4, 4), Direction.BACK, 30),
        (LORD_HOWE, utc(2027, 10, 2, 15, 30), date(2027, 10, 3), Direction.FORWARD, 30),
        (BEIRUT, utc(2027, 3, 27, 22), date(2027, 3, 28), Direction.FORWARD, 60),
        (BEIRUT, utc(2027, 10, 30, 21), date(2027, 10, 31), Direction.BACK, 60),
    ],
)
def test_a_clock_change_has_its_instant_local_date_direction_and_size(zone, at, on, direction, minutes):
    there = get_zone(zone)
    change = next_clock_change(there, at - timedelta(days=20, minutes=7, microseconds=3))
    assert (change.at, change.on, change.direction) == (at, on, direction)
    assert change.by == timedelta(minutes=minutes)
    assert clock_changes(there, at - timedelta(seconds=1), at) == (change,)
    assert clock_changes(there, at, at + timedelta(days=1)) == ()


def test_a_year_holds_two_changes_or_none():
    assert len(clock_changes(get_zone(BERLIN), utc(2027, 1, 1), utc(2028, 1, 1))) == 2
    assert clock_changes(get_zone(TOKYO), utc(2027, 1, 1), utc(2028, 1, 1)) == ()
    assert next_clock_change(get_zone(TOKYO), utc(2027, 1, 1)) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("18:30", time(18, 30)),
        ("9:05", time(9, 5)),
        (" 18.30 ", time(18, 30)),
        ("00:00:00", time(0)),
        ("23:59", time(23, 59)),
    ],
)
def test_a_wall_time_is_read_as_people_and_browsers_write_it(text, expected):
    assert parse_wall_time(text) == expected


@pytest.mark.parametrize("text", ["", "24:00", "18:60", "18", "6 pm", "18:30:01", "-1:30", "١٨:٣٠", "18:30Z"])
def test_anything_else_is_no_wall_time(text):
    with pytest.raises(Invalid) as refusal:
        parse_wall_time(text, field="quiet_from")
    assert refusal.value.field == "quiet_from"


def test_a_day_is_read_from_three_fields():
    assert day_of("11", "1", "2027") == day_of(" 11", "01", "2027") == date(2027, 1, 11)


@pytest.mark.parametrize(
    "parts",
    [
        *(("31", "2", "2027"), ("29", "2", "2027"), ("1", "13", "2027"), ("", "1", "2027"), ("²", "1", "2027")),
        *(("31", "12", "1999"), ("31", "12", "9999"), ("1", "1", "9" * 30)),
    ],
)
def test_three_fields_that_make_no_day_or_one_far_off_are_refused(parts):
    with pytest.raises(Invalid) as refusal:
        day_of(*parts, field="first_on")
    assert refusal.value.field == "first_on"


@pytest.mark.parametrize(
    ("local", "quiet_from", "quiet_to", "inside"),
    [
        ("19:59", "20:00", "08:00", False),
        ("20:00", "20:00", "08:00", True),
        ("00:00", "20:00", "08:00", True),
        ("07:59", "20:00", "08:00", True),
        ("08:00", "20:00", "08:00", False),
        ("13:30", "13:00", "15:00", True),
        ("15:00", "13:00", "15:00", False),
        ("12:00", "12:00", "12:00", False),
    ],
)
def test_quiet_hours_include_their_start_and_not_their_end(local, quiet_from, quiet_to, inside):
    assert inside_quiet(*map(time.fromisoformat, (local, quiet_from, quiet_to))) is inside


@pytest.mark.parametrize(
    ("zone", "quiet", "instant", "start", "end"),
    [
        # an ordinary night, before and after midnight
        (BERLIN, ("20:00", "08:00"), utc(2027, 1, 11, 21), utc(2027, 1, 11, 19), utc(2027, 1, 12, 7)),
        (BERLIN, ("20:00", "08:00"), utc(2027, 1, 12, 5), utc(2027, 1, 11, 19), utc(2027, 1, 12, 7)),
        # the short and the long night
        (BERLIN, ("20:00", "08:00"), utc(2027, 3, 28, 3), utc(2027, 3, 27, 19), utc(2027, 3, 28, 6)),
        (BERLIN, ("20:00", "08:00"), utc(2027, 10, 31, 3), utc(2027, 10, 30, 18), utc(2027, 10, 31, 7)),
        (LORD_HOWE, ("20:00", "08:00"), utc(2027, 10, 2, 20), utc(2027, 10, 2, 9, 30), utc(2027, 10, 2, 21)),
        # an end or a start that the clocks skip is the jump itself
        (BERLIN, ("22:00", "02:30"), utc(2027, 3, 28, 0, 30), utc(2027, 3, 27, 21), utc(2027, 3, 28, 1)),
        (BERLIN, ("02:30", "08:00"), utc(2027, 3, 28, 1, 10), utc(2027, 3, 28, 1), utc(2027, 3, 28, 6)),
        # an end that comes twice: in the repeated hour the second one counts
        (BERLIN, ("22:00", "02:30"), utc(2027, 10, 31, 0, 10), utc(2027, 10, 30, 20), utc(2027, 10, 31, 0, 30)),
        (BERLIN, ("22:00", "02:30"), utc(2027, 10, 31, 1, 10), utc(2027, 10, 30, 20), utc(2027, 10, 31, 1, 30)),
        # quiet in the daytime
        (TOKYO, ("12:00", "14:00"), utc(2027, 1, 11, 4), utc(2027, 1, 11, 3), utc(2027, 1, 11, 5)),
    ],
)
def test_quiet_hours_begin_and_end_by_the_wall_clock(zone, quiet, instant, start, end):
    bounds = [time.fromisoformat(text) for text in quiet]
    assert start_of_quiet_before(instant, get_zone(zone), *bounds) == start
    assert end_of_quiet(instant, get_zone(zone), *bounds) == end


def test_outside_quiet_hours_an_instant_stays_where_it_is():
    noon = utc(2027, 1, 11, 12)
    assert end_of_quiet(noon, get_zone(BERLIN), time(20), time(8)) == noon
    assert start_of_quiet_before(noon, get_zone(BERLIN), time(20), time(8)) == noon


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.datetimes(wall("2027-03-01"), wall("2027-11-30")),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.integers(1, 14 * 60),
)
def test_quiet_hours_end_outside_themselves_and_start_inside(zone, moment, quiet_from, length):
    there, instant = get_zone(zone), moment.replace(tzinfo=UTC)
    quiet_to = (datetime.combine(date(2027, 1, 1), quiet_from) + timedelta(minutes=length)).time()
    end = end_of_quiet(instant, there, quiet_from, quiet_to)
    start = start_of_quiet_before(instant, there, quiet_from, quiet_to)
    assert start <= instant <= end
    assert end - start <= timedelta(hours=16)
    assert not inside_quiet(to_local(end, there).time(), quiet_from, quiet_to)
    if start != instant:
        assert inside_quiet(to_local(start, there).time(), quiet_from, quiet_to)
        assert not inside_quiet(to_local(start - timedelta(seconds=1), there).time(), quiet_from, quiet_to)


def test_zones_are_equal_when_their_names_are():
    assert get_zone(BERLIN) is get_zone(BERLIN)
    assert isinstance(get_zone(BERLIN), ZoneInfo)


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        ("Europe/London", "GB"),
        ("Asia/Calcutta", "IN"),
        ("US/Eastern", "US"),
        ("America/Coyhaique", "CL"),
        ("Etc/UTC", ""),
    ],
)
def test_a_zone_lies_in_one_country_under_its_older_names_too(zone, country):
    assert zone_country(zone) == country


def test_every_zone_to_choose_from_lies_in_a_country_that_is_listed():
    assert {zone_country(zone) for zone in list_zones()} == list_countries()
