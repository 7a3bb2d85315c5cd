// Reads a calendar with ical.js, the parser of Thunderbird, and says what it understood; zones by the file's own tables.
import ICAL from "../vendor/ical-2.2.1.min.js";

let text = "";
for await (const part of process.stdin) text += part;
const calendar = new ICAL.Component(ICAL.parse(text));
for (const zone of calendar.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);
const instant = (time) => time.toJSDate().toISOString();
const events = calendar.getAllSubcomponents("vevent").map((part) => {
  const event = new ICAL.Event(part);
  return {
    uid: event.uid,
    sequence: event.sequence,
    status: part.getFirstPropertyValue("status"),
    summary: event.summary,
    location: event.location,
    starts: instant(event.startDate),
    ends: instant(event.endDate),
    zone: event.startDate.zone.tzid,
    people: event.attendees.length + (event.organizer ? 1 : 0),
    alarms: part.getAllSubcomponents("valarm").map((alarm) => [
      alarm.getFirstPropertyValue("action"),
      alarm.getFirstPropertyValue("trigger").toSeconds(),
      alarm.getFirstPropertyValue("description"),
    ]),
  };
});
const refresh = calendar.getFirstPropertyValue("refresh-interval");
process.stdout.write(JSON.stringify({ method: calendar.getFirstPropertyValue("method"), refresh: refresh.toSeconds(), events }));
