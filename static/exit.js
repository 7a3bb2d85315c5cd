// Three times Shift leaves a participant's page, as the exit link does.
"use strict";

const EXIT_KEYS = 3;
const WITHIN_MS = 2000;
let presses = [];
document.addEventListener("keyup", (event) => {
  if (event.key !== "Shift") {
    presses = [];
    return;
  }
  presses = [...presses.filter((at) => event.timeStamp - at < WITHIN_MS), event.timeStamp];
  const exit = document.getElementById("exit");
  if (presses.length >= EXIT_KEYS && exit) {
    document.documentElement.hidden = true;
    window.location.replace(exit.href);
  }
});
