// Building a path: sessions are dragged by a handle, and what is typed while the picture is renewed stays.
"use strict";

const TYPED = "#builder input[type=text], #builder textarea";
let sent = new Map();
let open = [];
let held = null;

const begin = () => {
  const list = document.getElementById("sessions");
  if (!list) return;
  for (const part of document.querySelectorAll(".grip, #drag-hint")) part.hidden = false;
  window.Sortable.create(list, { handle: ".grip", onEnd: () => document.getElementById("look").click() });
};

document.addEventListener("htmx:beforeRequest", () => {
  sent = new Map([...document.querySelectorAll(TYPED)].map((field) => [field.id, field.value]));
});
document.addEventListener("htmx:beforeSwap", () => {
  open = [...document.querySelectorAll("#builder details[open]")].map((each) => each.id);
  held = document.activeElement && document.activeElement.id;
  // dragging leaves styles behind, which the policy of the page does not let the new elements take over
  for (const each of document.querySelectorAll("#builder [style]")) each.removeAttribute("style");
  sent = new Map(
    [...document.querySelectorAll(TYPED)]
      .filter((field) => sent.has(field.id) && sent.get(field.id) !== field.value)
      .map((field) => [field.id, field.value]),
  );
});
document.addEventListener("htmx:afterSwap", () => {
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  for (const [id, value] of sent) {
    const field = document.getElementById(id);
    if (field) field.value = value;
  }
  begin();
});
document.addEventListener("htmx:afterSettle", () => {
  // the arrow that was pressed may lead nowhere at the end of the list: its neighbour takes the focus
  const was = held && document.getElementById(held);
  if (was && was.disabled) was.parentElement.querySelector("button:not([disabled])")?.focus();
});
begin();
