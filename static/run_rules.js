// What a running session shows, for a screen that keeps going without its connection. It says what the server's rules
// say, in seconds: a press makes a state of a state, and looking makes a picture of a state and an instant.

const MINUTE = 60, MORE = 2, MOST_MORE = 60, MOST_HEADS = 500, LATE = 120;
// the first to give first; groundings and the pause never give
const GIVING = new Map([["teach", 3], ["recap", 3], ["news", 3], ["explore_b", 10], ["explore_a", 10], ["checkin", 8], ["checkout", 4], ["integrate", 6]]);

export const elapsed = (state, at) => state.spent + (state.from === null ? 0 : Math.max(0, at - state.from));

const find = (parts, id) => parts.findIndex((part) => part.id === id);
const minutesOf = (state, part) => part.minutes + (state.extra[part.id] || 0);

export function allowed(state, parts) {
  const at = find(parts, state.part);
  if (state.over) return new Set(["back", "count"]);
  if (at < 0) return new Set(parts.length ? ["start", "clock", "count"] : ["count"]);
  const found = new Set(["next", "count", state.slowed ? "resume" : "slow"]);
  if (at > 0) found.add("back");
  if (at < parts.length - 1) found.add("skip").add("land");
  if ((state.extra[state.part] || 0) < MOST_MORE) found.add("more");
  return found;
}

const leave = (state, at) =>
  state.part === null ? state : { ...state, taken: { ...state.taken, [state.part]: Math.floor(elapsed(state, at)) } };

function enter(state, part, at, spent = 0) {
  const taken = { ...state.taken };
  delete taken[part.id];
  const skipped = state.skipped.filter((id) => id !== part.id);
  return { ...state, part: part.id, from: at, spent, slowed: false, over: false, taken, skipped };
}

const goOn = (state, parts, to, at) =>
  to < parts.length ? enter(state, parts[to], at) : { ...state, part: null, from: null, spent: 0, slowed: false, over: true };

function goByClock(state, parts, startsAt, at) {
  let begins = startsAt, due = [parts[0], startsAt];
  for (const part of parts) {
    if (begins <= at) due = [part, begins];
    begins += part.minutes * MINUTE;
  }
  return enter(state, due[0], at, Math.max(0, at - due[1]));
}

export function press(state, act, parts, startsAt, at, heads = null) {
  if (!allowed(state, parts).has(act)) return state;
  if (act === "count") return { ...state, heads: heads === null ? null : Math.min(Math.max(heads, 0), MOST_HEADS) };
  const turned = { ...state, turn: state.turn + 1 };
  const found = find(parts, state.part);
  if (act === "start") return enter(turned, parts[0], at);
  if (act === "clock") return goByClock(turned, parts, startsAt, at);
  if (act === "back") {
    const before = parts[(found < 0 ? parts.length : found) - 1];
    return enter(leave(turned, at), before, at, state.taken[before.id] || 0);
  }
  if (act === "more") return { ...turned, extra: { ...state.extra, [state.part]: (state.extra[state.part] || 0) + MORE } };
  if (act === "slow") return { ...turned, slowed: true, spent: elapsed(state, at), from: null };
  if (act === "resume") return { ...turned, slowed: false, spent: elapsed(state, at), from: at };
  const left = leave(turned, at);
  if (act === "next") return goOn(left, parts, found + 1, at);
  const passed = act === "skip" ? parts.slice(found, found + 1) : parts.slice(found + 1, -1);
  const skipped = [...new Set([...left.skipped, ...passed.map((part) => part.id)])];
  return goOn({ ...left, skipped }, parts, act === "skip" ? found + 1 : parts.length - 1, at);
}

function shorten(state, coming, wanted) {
  const kinds = [...GIVING.keys()], found = [];
  const giving = coming.filter((part) => GIVING.has(part.kind));
  for (const part of giving.sort((one, other) => kinds.indexOf(one.kind) - kinds.indexOf(other.kind))) {
    const keeps = Math.max(GIVING.get(part.kind), part.least, Math.floor((part.minutes + 1) / 2));
    const gives = Math.min(wanted, minutesOf(state, part) - keeps);
    if (gives > 0) {
      wanted -= gives;
      found.push({ id: part.id, minutes: gives });
    }
  }
  return found;
}

export function look(state, parts, startsAt, endsAt, at) {
  const here = find(parts, state.part), begun = here >= 0;
  const number = state.over ? parts.length - 1 : Math.max(here, 0);
  const minutes = minutesOf(state, parts[number]);
  const left = state.over ? 0 : minutes * MINUTE - elapsed(state, at);
  const coming = parts.slice(number + 1);
  const still = Math.max(0, left) + coming.reduce((sum, part) => sum + minutesOf(state, part) * MINUTE, 0);
  const early = state.over || (!begun && at <= startsAt);
  const behind = early ? 0 : Math.max(at, startsAt) + still - endsAt;
  const late = behind >= LATE ? Math.floor(behind / MINUTE) : 0;
  const gives = late ? shorten(state, coming, late) : [];
  const beyond = Math.max(0, late - gives.reduce((sum, each) => sum + each.minutes, 0));
  return { at: number, begun: begun || state.over, over: state.over, slowed: state.slowed, minutes, left, behind, shorten: gives, beyond };
}
