// Preselects the reader's own time zone; nothing is sent until they press Show.
"use strict";

const choice = document.getElementById("zone");
if (choice && !new URLSearchParams(window.location.search).has("zone")) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ([...choice.options].some((option) => option.value === here)) choice.value = here;
}
