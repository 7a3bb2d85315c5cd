// Letters as shortcuts, unless they are switched off for this device. They never act while somebody types, and every
// place that they lead to has a link.
"use strict";

const places = { t: "/", g: "/groups", c: "/calendar", p: "/prompts", r: "/reminders", s: "/settings" };
const WAIT = 1200; // ms between g and the letter behind it
let going = 0;

const sheet = document.createElement("dialog");
sheet.className = "drawer";
sheet.addEventListener("click", (event) => { if (event.target === sheet) sheet.close(); });
sheet.addEventListener("close", () => sheet.remove());

const showHelp = async () => {
  const link = document.querySelector("a[data-help]");
  try {
    const page = new DOMParser().parseFromString(await (await fetch(link.href)).text(), "text/html");
    const close = document.createElement("button");
    close.className = "btn";
    close.textContent = link.dataset.help;
    close.addEventListener("click", () => sheet.close());
    const inside = document.createElement("div");
    inside.className = "stack";
    inside.append(close, ...page.getElementById("main").childNodes);
    sheet.replaceChildren(inside);
    sheet.setAttribute("aria-label", link.textContent);
    document.body.append(sheet);
    sheet.showModal();
  } catch { location.assign(link.href); }
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const was = going;
  going = 0;
  if (event.key === "?") showHelp();
  else if (event.key === "/") {
    const field = document.getElementById("q");
    event.preventDefault();
    if (field) field.focus();
    else location.assign("/search#q");
  } else if (was && event.timeStamp - was < WAIT && places[event.key]) location.assign(places[event.key]);
  else if (event.key === "g") going = event.timeStamp;
  else if (event.key === "n") location.assign("/series/new");
});

// where / led here from another page
if (location.hash === "#q") document.getElementById("q")?.focus();
