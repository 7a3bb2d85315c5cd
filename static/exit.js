// Leaving a participant's page at once: the exit link, or three times Shift. Without scripts the link does it alone.
// It keeps nothing: a page that was left knows it by the way the browser comes back to it. Loaded before the body, so
// that nothing is painted first.
"use strict";

const EXIT_KEYS = 3;
const WITHIN_MS = 5000;
const aside = document.createDocumentFragment();
let presses = [];
let alone = false;
let expiry = 0;

// Nothing stays on screen while the next site comes, and the page leaves no entry of its own behind.
function leave() {
  const exit = document.getElementById("exit");
  document.documentElement.hidden = true;
  document.title = exit.dataset.title;
  window.location.replace(exit.href);
}

function say(words) {
  document.getElementById("exit-said").textContent = words;
}

function forget() {
  presses = [];
  window.clearTimeout(expiry);
}

// Shift counts when it goes down and up by itself: not with a letter, a click or another key that is held.
function keyDown(event) {
  alone = event.key === "Shift" && !event.altKey && !event.ctrlKey && !event.metaKey;
  if (!alone) forget();
}

function keyUp(event) {
  if (event.key !== "Shift" || !alone) return;
  const exit = document.getElementById("exit");
  alone = false;
  presses = [...presses.filter((at) => event.timeStamp - at < WITHIN_MS), event.timeStamp];
  if (!exit) return;
  if (presses.length >= EXIT_KEYS) {
    leave();
    return;
  }
  say(exit.dataset.more.split("|")[presses.length - 1]);
  window.clearTimeout(expiry);
  expiry = window.setTimeout(() => { forget(); say(""); }, WITHIN_MS);
}

// Back from another site leads to a page with one button; from a page of this site it leads on as usual.
function cameBack() {
  const [how] = performance.getEntriesByType("navigation");
  return how?.type === "back_forward" && !window.navigation?.canGoForward;
}

function putAside() {
  const exit = document.getElementById("exit");
  const title = document.title;
  if (!exit) return;
  const show = document.createElement("button");
  show.className = "btn";
  show.textContent = exit.dataset.show;
  document.title = exit.dataset.title;
  aside.append(...document.body.childNodes);
  show.addEventListener("click", () => {
    show.remove();
    document.title = title;
    document.body.append(aside);
    document.getElementById("main").focus();
  });
  document.body.append(show);
}

document.addEventListener("keydown", keyDown);
document.addEventListener("keyup", keyUp);
document.addEventListener("pointerdown", () => { alone = false; forget(); });
document.addEventListener("click", (event) => {
  if (!event.target.closest("#exit")) return;
  event.preventDefault();
  leave();
});
document.documentElement.hidden = cameBack();
document.addEventListener("DOMContentLoaded", () => {
  if (cameBack()) putAside();
  document.documentElement.hidden = false;
});
// A page that a browser keeps whole for its Back button is kept empty, and asked for anew on the way through this site.
window.addEventListener("pagehide", () => { document.documentElement.hidden = true; });
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  if (window.navigation?.canGoForward) {
    window.location.reload();
    return;
  }
  putAside();
  document.documentElement.hidden = false;
});
