// The planner without loading the page anew: every press is sent as its form, and the answer, a whole page, takes the
// place of this one's main part. What is typed, what is open and where the focus is stay. Looks for changes of others.
"use strict";

const EVERY = 1500, IDLE = 1000; // ms
const OURS = /\/(agenda|undo|looked-over|limit|again|evening|lock|silent|note|swap)$/;
const main = document.getElementById("main");
const find = () => main.querySelector("[data-plan]");
// what a page says above its main part would push the plan down, so here it is said at the foot, until the next press;
// what others did stands at least this long and through one save of one's own, however slow the machine
const NEWS = 10_000; // ms
const said = document.createElement("div");
said.className = "said";
said.setAttribute("role", "status");
document.body.append(said);
let own = [], news = [];
const tell = () =>
  said.replaceChildren(...[...own, ...news.map((each) => each.line)].map((line) => Object.assign(document.createElement("p"), { textContent: line })));
const say = (...lines) => {
  own = lines;
  news = news.filter((each) => !each.stood || each.until > Date.now());
  for (const each of news) each.stood = true;
  tell();
};
const hear = (lines) => {
  news.push(...lines.map((line) => ({ line, until: Date.now() + NEWS })));
  tell();
};

let sending = Promise.resolve(), pointer = false, dragged = false, idle;

// ---- showing an answer

const keep = () => ({
  focus: document.activeElement && document.activeElement.id,
  open: [...main.querySelectorAll("details[open][id]")].map((each) => each.id),
  typed: [...main.querySelectorAll("input.min, textarea")].filter((each) => each.value !== each.defaultValue).map((each) => [each.id, each.value]),
});

const bring = (kept, refused) => {
  for (const id of kept.open) document.getElementById(id)?.setAttribute("open", "");
  if (!refused) for (const [id, value] of kept.typed) { const field = document.getElementById(id); if (field) field.value = value; }
  const wanted = document.getElementById(kept.focus);
  const part = kept.focus && document.getElementById(kept.focus.replace(/^(up|down|min)-/, "min-"));
  const target = wanted && !wanted.disabled ? wanted : part;
  if (target) target.focus({ preventScroll: true });
};

const released = () => new Promise((done) => { const look = () => (pointer || dragged ? setTimeout(look, 30) : done()); look(); });

const show = async (response, sent) => {
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.getElementById("main");
  if (!fresh || (!fresh.querySelector("[data-plan]") && !drawer.open)) return location.assign(response.url);
  if (!fresh.querySelector("[data-plan]")) return fill(fresh);
  await released();
  if (drawer.open) drawer.close();
  const kept = keep();
  const notes = [...fresh.querySelectorAll(".note[role=status]")];
  if (sent) say(...notes.flatMap((note) => [...note.querySelectorAll("p, li")].map((line) => line.textContent)));
  for (const note of notes) note.remove();
  // what was sent and accepted is no longer merely typed
  if (response.ok && sent) kept.typed = kept.typed.filter(([id, value]) => sent.get(id) !== value && !sent.has("note"));
  main.replaceChildren(...fresh.childNodes);
  document.title = page.title;
  bring(kept, !response.ok);
  drag();
  const alert = main.querySelector("[role=alert]");
  if (alert) { alert.tabIndex = -1; (main.querySelector("[aria-invalid]") || alert).focus(); }
};

// ---- sending

const send = (form, button, more = []) => {
  const body = new FormData(form, button);
  for (const [name, value] of more) body.append(name, value);
  clearTimeout(idle);
  sending = sending.then(async () => {
    try {
      // the mark of what is shown may be newer by the time this is its turn
      const rev = main.querySelector("input[name=rev]");
      if (rev && body.has("rev")) body.set("rev", rev.value);
      await show(await fetch(form.action, { method: "POST", body, credentials: "same-origin" }), body);
    } catch {
      say(find()?.dataset.lost || "");
    }
  });
  return sending;
};

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || !OURS.test(new URL(form.action).pathname) || !find()) return;
  event.preventDefault();
  send(form, event.submitter);
});

const agenda = () => document.getElementById("agenda");
const save = () => { if (agenda()) send(agenda()); };

main.addEventListener("input", (event) => {
  if (!event.target.matches("input.min")) return;
  clearTimeout(idle);
  if (/^[1-9]\d?$/.test(event.target.value.trim())) idle = setTimeout(save, IDLE);
});
main.addEventListener("change", (event) => { if (event.target.matches("input.min") && event.target.value !== event.target.defaultValue) save(); });

// ---- keys

document.addEventListener("keydown", (event) => {
  if (!find() || drawer.open) return;
  if (event.key === "Escape") { news = []; say(); }
  const up = event.key === "ArrowUp", down = event.key === "ArrowDown";
  const part = event.target.closest?.("li.seg");
  if ((up || down) && event.altKey && part) {
    event.preventDefault();
    const button = part.querySelector(`[id^="${up ? "up" : "down"}-"]`);
    if (button && !button.disabled && !event.repeat) { button.focus(); button.click(); }
  } else if ((up || down) && event.target.matches?.("input.min") && /^\d+$/.test(event.target.value)) {
    event.preventDefault();
    event.target.value = Math.min(90, Math.max(1, Number(event.target.value) + (up ? 1 : -1)));
    event.target.dispatchEvent(new Event("input", { bubbles: true }));
  } else if (event.key === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.target.matches?.("input, textarea")) {
    const undo = main.querySelector("form[action$='/undo']");
    if (undo) { event.preventDefault(); send(undo, undo.querySelector("button")); }
  }
});

// ---- dragging: an extra to the two buttons

const drag = () => {
  const list = main.querySelector("ol:has(> .seg)");
  if (!list || !agenda()) return;
  window.Sortable.create(list, {
    handle: ".grip",
    onStart: () => { dragged = true; },
    onEnd: ({ item, oldIndex, newIndex }) => {
      dragged = false;
      const id = (each) => (each ? each.id.replace("part-", "") : "");
      if (oldIndex !== newIndex) send(agenda(), null, [["move", `${id(item)}:${id(item.nextElementSibling)}`]]);
    },
  });
};
drag();
addEventListener("pointerdown", () => { pointer = true; }, true);
for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => setTimeout(() => { pointer = false; }), true);

// ---- the drawer: what may stand here instead, without leaving the plan

const drawer = document.createElement("dialog");
drawer.className = "drawer";
document.body.append(drawer);
const fill = (page) => {
  const close = document.createElement("button");
  close.className = "btn quiet";
  close.textContent = find().dataset.close;
  close.addEventListener("click", () => drawer.close());
  const inside = document.createElement("div");
  inside.className = "stack";
  inside.append(close, ...page.childNodes);
  drawer.replaceChildren(inside);
  const heading = drawer.querySelector("h1");
  if (heading) { heading.id = "drawer-h"; heading.tabIndex = -1; drawer.setAttribute("aria-labelledby", "drawer-h"); }
  if (!drawer.open) drawer.showModal();
  heading?.focus();
};
main.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-drawer]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  try {
    const page = new DOMParser().parseFromString(await (await fetch(link.href)).text(), "text/html");
    fill(page.getElementById("main"));
    drawer.addEventListener("close", () => document.getElementById(link.id)?.focus(), { once: true });
  } catch { location.assign(link.href); }
});
drawer.addEventListener("click", (event) => { if (event.target === drawer) drawer.close(); });
drawer.addEventListener("close", () => drawer.replaceChildren());

// ---- what others do

setInterval(() => {
  if (document.hidden || dragged || drawer.open) return;
  sending = sending.then(async () => {
    try {
      const path = find()?.dataset.plan, rev = main.querySelector("input[name=rev]")?.value;
      const answer = rev && (await fetch(`${path}/changes?rev=${rev}`, { credentials: "same-origin" }));
      if (!answer || answer.status !== 200) return;
      const said = (await answer.json()).news;
      await show(await fetch(path, { credentials: "same-origin" }));
      hear(said);
    } catch { /* the next look comes by itself */ }
  });
}, EVERY);
