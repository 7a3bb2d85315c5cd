// Takes the words that a picture code brings out of the address bar and into the field; without it they are typed.
"use strict";

const BROUGHT = /^#[a-z]+(?:-[a-z]+)+$/i;
const ONE_PRESS_MS = 3000;
const field = document.getElementById("words");
const next = document.getElementById("next");
const form = document.querySelector("form[data-here]");

function takeWords() {
  const brought = window.location.hash;
  if (!BROUGHT.test(brought)) return;
  window.history.replaceState(null, "", window.location.pathname + window.location.search);
  if (field) field.value = brought.slice(1).replaceAll("-", " ");
  // a phone that is shared brings the words for the next person
  if (next) next.hash = brought;
}

takeWords();
window.addEventListener("hashchange", takeWords);

// two taps on a slow line are one press
let pressedAt = -ONE_PRESS_MS;
if (form) {
  form.addEventListener("submit", (event) => {
    if (event.timeStamp - pressedAt < ONE_PRESS_MS) event.preventDefault();
    else pressedAt = event.timeStamp;
  });
}

// what went wrong is spoken first, and a keyboard starts there
const problem = document.getElementById("problem");
if (problem) problem.focus();
