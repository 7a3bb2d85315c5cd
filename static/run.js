// The run screen keeps its own time, shares one state with every other screen of the session, and goes on when the
// connection drops: presses wait in memory, are sent in order when it is back, and what somebody else pressed
// meanwhile wins. Without this script the page is brought up to date by Refresh, and every press loads it anew.
import { allowed, elapsed, look, press } from "./run_rules.js";
import { startRound } from "./run_round.js";

const ASK_EVERY_MS = 1500, PATIENCE_MS = 5000;
const body = document.body, at = (id) => document.getElementById(id);
const address = body.dataset.run, begins = Number(body.dataset.begins), ends = Number(body.dataset.ends);
const canPress = Boolean(body.dataset.can);
const wallClock = new Intl.DateTimeFormat("en-GB", { timeZone: body.dataset.zone, hour: "2-digit", minute: "2-digit" });
const fill = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const minutes = (seconds) => Math.trunc(seconds / 60);

let sent = JSON.parse(body.dataset.state); // what the server said last
let parts = readParts();
let state = sent;
let offset = sent.now - Date.now() / 1000;
let asOf = sent.now;
let tag = null; // what the server's last answer is known by
let queue = [], linked = true, isSending = false, spokenOf = "", reading = "";

const now = () => Date.now() / 1000 + offset;

function readParts() {
  return [...document.querySelectorAll("#whole > [data-part]")].map((row) => ({
    id: row.dataset.part, title: row.dataset.title, kind: row.dataset.kind, row,
    minutes: Number(row.dataset.minutes), reserved: Number(row.dataset.reserved), least: Number(row.dataset.least),
  }));
}

// ---- what is shown

const show = (element, words) => { if (element && element.textContent !== words) element.textContent = words; };
const reveal = (element, isShown) => { if (element && element.hidden === isShown) element.hidden = !isShown; };

function clockWords(seconds) {
  const whole = Math.ceil(Math.abs(seconds) - (seconds < 0 ? 1 : 0)), past = seconds < 0 && whole > 0;
  return `${past ? "+" : ""}${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function leftWords(picture, instant) {
  const words = at("left").dataset;
  if (picture.over) return at("left").textContent;
  if (!picture.begun) return instant < begins ? words.before : words.late;
  if (picture.slowed) return fill(words.paused, { n: picture.minutes });
  if (picture.left < 0) return fill(words.past, { n: picture.minutes });
  return fill(words.left, { n: picture.minutes, time: wallClock.format(new Date((instant + picture.left) * 1000)) });
}

function paceWords(behind) {
  const words = at("pace-words").dataset, whole = minutes(behind);
  return whole > 0 ? fill(words.behindWords, { n: whole }) : whole < 0 ? fill(words.ahead, { n: -whole }) : words.even;
}

function tick() {
  const instant = now(), picture = look(state, parts, begins, ends, instant);
  if (sent.closed) return picture;
  show(at("clock"), picture.begun ? clockWords(picture.left) : instant < begins - 5940 || instant > begins + 5940 ? wallClock.format(new Date(begins * 1000)) : clockWords(Math.abs(begins - instant)));
  show(at("left"), leftWords(picture, instant));
  show(at("pace-words"), paceWords(picture.behind));
  show(at("as-of"), fill(at("as-of").dataset[linked ? "linked" : "cut"], { time: wallClock.format(new Date((linked ? instant : asOf) * 1000)) }));
  body.classList.toggle("cut", !linked);
  showLate(picture);
  say(picture);
  return picture;
}

function showLate(picture) {
  const key = JSON.stringify([picture.shorten, picture.beyond]);
  if (at("late").dataset.key === key) return;
  at("late").dataset.key = key;
  const words = at("shorten").dataset.words;
  at("shorten").replaceChildren(...picture.shorten.map((each) => {
    const line = document.createElement("li");
    line.textContent = fill(words, { part: parts.find((part) => part.id === each.id).title, n: each.minutes });
    return line;
  }));
  show(at("beyond"), fill(at("beyond").dataset.words, { n: picture.beyond }));
  reveal(at("beyond"), picture.beyond > 0);
  reveal(at("late"), picture.shorten.length > 0 || picture.beyond > 0);
}

// the only times that the screen speaks of the time: 5 minutes, 1 minute, and over
function say(picture) {
  if (!picture.begun || picture.over || picture.slowed) return;
  const mark = picture.left <= 0 ? "out" : picture.left <= 60 ? "one" : picture.left <= 300 ? "five" : "";
  const key = `${state.part}-${picture.minutes}-${mark}`;
  if (key === spokenOf) return;
  const isFirst = !spokenOf.startsWith(`${state.part}-${picture.minutes}-`);
  spokenOf = key;
  // a part that begins below a mark, or a page that is opened there, has nothing to say of it
  if (mark && !isFirst) show(at("spoken"), fill(at("spoken").dataset[mark], { part: parts[picture.at].title }));
}

function place(picture) {
  const part = parts[picture.at], shown = at("stage").querySelector("[data-words]");
  if (!shown || shown.dataset.words !== part.id) {
    const home = (id) => parts.find((each) => each.id === id)?.row.querySelector("[data-home]");
    if (shown) home(shown.dataset.words)?.replaceChildren(shown);
    const words = part.row.querySelector("[data-words]");
    at("stage").replaceChildren(...(words ? [words] : []));
  }
  for (const each of parts) reveal(each.row, each !== part);
  show(at("now"), picture.over ? at("now").dataset.over : part.title);
  show(at("place"), fill(at("place").dataset.words, { n: picture.at + 1 }));
  reveal(at("clock"), !picture.over);
  const next = picture.over ? null : parts[picture.at + 1];
  show(at("then"), next ? fill(at("then").dataset.words, { part: next.title, n: next.minutes + (state.extra[next.id] || 0) }) : "");
  drawRamp(picture);
}

function drawRamp(picture) {
  [...at("ramp").querySelectorAll("rect")].forEach((bar, number) => {
    const isHere = number === picture.at, isBegun = picture.begun && number <= picture.at;
    bar.setAttribute("y", isHere ? 0 : 4);
    bar.setAttribute("height", isHere ? 14 : 6);
    bar.setAttribute("class", isBegun ? "acc" : "fl");
    if (isBegun && !isHere) bar.setAttribute("opacity", ".45");
    else bar.removeAttribute("opacity");
  });
  at("ramp").setAttribute("aria-label", at("place").textContent);
}

function offer(picture) {
  const can = canPress ? allowed(state, parts) : new Set();
  for (const button of document.querySelectorAll("button[name=do][form=pace]")) {
    const inDock = button.closest(".dock");
    const isHere = button.value !== "back" || Boolean(inDock) === picture.over;
    const isDue = button.value !== "clock" || now() > begins + 60;
    reveal(button, can.has(button.value) && isHere && isDue);
  }
  reveal(at("close"), picture.over);
  reveal(at("close-early"), !picture.over);
  document.querySelector("#pace [name=turn]").value = state.turn;
  const field = at("n");
  if (field && field !== document.activeElement) field.value = state.heads ?? "";
  at("ring").dataset.people = state.heads ?? at("heads")?.dataset.start ?? at("ring").dataset.people;
}

function render() {
  const picture = tick();
  if (sent.closed) return;
  place(picture);
  offer(picture);
  openSlow(picture.slowed);
}

// ---- sheets: what lies behind one cannot be reached

let openBefore = null;

function findTarget() {
  const found = at(window.location.hash.slice(1));
  return found && found.classList.contains("sheet") ? found : null;
}

function openSlow(isOpen) {
  const sheet = at("slow"), wasOpen = sheet.classList.contains("open");
  sheet.classList.toggle("open", isOpen);
  if (isOpen && !wasOpen) sheet.focus({ preventScroll: true });
  bar();
  if (!isOpen && wasOpen) at("main").focus({ preventScroll: true });
}

function bar() {
  const cover = at("hidden").classList.contains("open");
  const top = cover ? at("hidden") : findTarget() || document.querySelector(".sheet.open");
  for (const each of document.querySelectorAll("[data-behind], .sheet")) each.inert = Boolean(top) && each !== top;
}

window.addEventListener("hashchange", () => {
  bar();
  findTarget()?.focus({ preventScroll: true });
});

function hide(event) {
  event.preventDefault();
  openBefore = document.activeElement;
  at("hidden").classList.add("open");
  bar();
  at("hidden").focus({ preventScroll: true });
}

function unhide(event) {
  event.preventDefault();
  event.stopPropagation();
  at("hidden").classList.remove("open");
  bar();
  if (openBefore) openBefore.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  if (at("hidden").classList.contains("open")) return unhide(event);
  if (event.target.closest("a[href='#hidden']")) hide(event);
}, true);
document.addEventListener("keydown", (event) => {
  if (at("hidden").classList.contains("open")) unhide(event);
}, true);

// ---- presses

const drawKey = () => [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

function take(act, heads = null) {
  if (!canPress || !allowed(state, parts).has(act)) return;
  queue.push({ act, heads, turn: state.turn, key: drawKey(), at: now() });
  state = press(state, act, parts, begins, now(), heads);
  show(at("meanwhile"), "");
  render();
  if (act !== "count" && act !== "more") show(at("spoken"), at("now").textContent);
  send();
}

document.addEventListener("submit", (event) => {
  const form = event.target, button = event.submitter;
  if (form.id === "pace" && button) {
    event.preventDefault();
    take(button.value);
  } else if (form.id === "heads") {
    event.preventDefault();
    const typed = Number.parseInt(at("n").value, 10), by = Number(button?.dataset.by || 0);
    const from = Number.isFinite(typed) ? typed : by ? Number(form.dataset.start) : null;
    if (from !== null) {
      at("n").value = Math.min(Math.max(from + by, 0), 500);
      take("count", Number(at("n").value));
    }
  }
});

async function send() {
  if (isSending) return;
  isSending = true;
  while (queue.length) {
    const first = queue[0];
    const data = new URLSearchParams({ csrf_token: document.querySelector("#pace [name=csrf_token]").value });
    const ago = Math.max(0, Math.round(now() - first.at));
    for (const [name, value] of Object.entries({ do: first.act, turn: first.turn, key: first.key, ago })) data.set(name, value);
    if (first.heads !== null) data.set("heads", first.heads);
    const answer = await ask({ method: "POST", body: data });
    if (!answer) break;
    if (answer.status === 409) {
      // what somebody else pressed stands; only counts are sent even so
      queue = queue.filter((each) => each !== first && each.act === "count");
      show(at("meanwhile"), at("meanwhile").dataset.words);
    } else queue.shift();
    tag = answer.tag;
    takeOver(answer.wire);
  }
  isSending = false;
}

function takeOver(wire) {
  sent = wire;
  state = queue.reduce((soFar, each) => press(soFar, each.act, parts, begins, each.at, each.heads), wire);
  if (wire.mark !== seenMark()) readAnew(wire);
  render();
}

// ---- the connection

async function ask(options) {
  const headers = { Accept: "application/json", ...options.headers };
  const link = options.method === "POST" ? address : `${address}/state`;
  try {
    const asked = Date.now();
    const answer = await fetch(link, { ...options, headers, cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.status === 304) return connect({ status: 304 });
    if (!answer.headers.get("Content-Type")?.includes("json")) return cut();
    const wire = await answer.json();
    offset = wire.now - (asked + Date.now()) / 2000;
    return connect({ status: answer.status, wire, tag: answer.headers.get("ETag") });
  } catch {
    return cut();
  }
}

function connect(answer) {
  linked = true;
  asOf = now();
  return answer;
}

function cut() {
  linked = false;
  tick();
  return null;
}

async function poll() {
  if (!isSending && queue.length) await send();
  else if (!isSending) {
    const answer = await ask({ headers: tag ? { "If-None-Match": tag } : {} });
    // a press that was made while this was asked knows better
    const isNewer = answer?.wire && (answer.wire.revision >= sent.revision || answer.wire.closed);
    if (isNewer && !isSending && !queue.length) {
      tag = answer.tag;
      takeOver(answer.wire);
    }
  }
  tick();
}

let timer;
async function keepAsking() {
  clearTimeout(timer);
  await poll();
  clearTimeout(timer);
  timer = setTimeout(keepAsking, ASK_EVERY_MS);
}

// ---- a plan that changed is read anew; what is shown stays until it is here

const seenMark = () => body.dataset.mark || (body.dataset.mark = sent.mark);
body.dataset.mark = sent.mark;

async function readAnew(wire) {
  if (reading === wire.mark) return;
  reading = wire.mark;
  try {
    const answer = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok || !page.getElementById("whole")) return;
    if (Boolean(page.body.dataset.can) !== canPress || Boolean(page.getElementById("check-in")) !== Boolean(at("check-in"))) {
      window.location.reload();
      return;
    }
    for (const id of ["whole", "stage", "depths", "ramp", "wall"]) {
      const fresh = page.getElementById(id);
      if (fresh && at(id)) at(id).replaceWith(document.adoptNode(fresh));
    }
    parts = readParts();
    body.dataset.mark = JSON.parse(page.body.dataset.state).mark;
    render();
  } catch {
    cut();
  } finally {
    reading = "";
  }
}

// ---- the screen stays awake while the session runs

let lock = null;
async function stayAwake() {
  if (document.visibilityState !== "visible" || !navigator.wakeLock || (lock && !lock.released)) return;
  try {
    lock = await navigator.wakeLock.request("screen");
  } catch {
    lock = null; // a device that saves its battery may refuse
  }
}

document.addEventListener("visibilitychange", () => {
  stayAwake();
  if (document.visibilityState === "visible") keepAsking();
});
window.addEventListener("online", keepAsking);
window.addEventListener("offline", cut);

startRound(at("ring"), () => {
  const picture = look(state, parts, begins, ends, now()), part = parts[picture.at];
  return { people: Number(at("ring").dataset.people), seconds: (picture.minutes - part.reserved) * 60, spent: elapsed(state, now()) };
});
render();
bar();
stayAwake();
setInterval(tick, 500);
keepAsking();
