// Small helps for the facilitator's pages; every page works without them.
"use strict";

// An error summary takes the focus, so that a screen reader speaks it and a keyboard starts there.
const problem = document.getElementById("problem");
if (problem) problem.focus();

// The first account begins on the clock of the device, where the list has its zone; what was typed already stays.
const zone = document.querySelector("select[data-device-zone]");
if (zone) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ([...zone.options].some((option) => option.value === here)) zone.value = here;
}
