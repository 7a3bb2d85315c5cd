// The count of a room steps at once, and what will be kept of it is asked of the server while it changes.
// Without this the same buttons load the page anew.
"use strict";

const step = document.querySelector(".step[data-start]");
if (step) {
  const field = step.querySelector("input"), form = field.form;
  let waiting;
  // the hint of a wait keeps a row of presses from asking for each
  const ask = (delay) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => form.dispatchEvent(new Event("count")), delay);
  };
  for (const button of step.querySelectorAll("button")) {
    button.addEventListener("click", (press) => {
      press.preventDefault();
      const typed = field.value.trim();
      const from = /^[0-9]{1,6}$/.test(typed) && Number(typed) <= Number(step.dataset.most) ? Number(typed) : Number(step.dataset.start);
      field.value = Math.min(Math.max(from + Number(button.value), 0), Number(step.dataset.most));
      ask(150);
    });
  }
  field.addEventListener("input", () => ask(300));
  form.addEventListener("change", (change) => change.target.name === "returning" && ask(0));
}
