// Small helps for the facilitator's pages; every page works without them.
"use strict";

// An error summary takes the focus, so that a screen reader speaks it and a keyboard starts there.
const problem = document.getElementById("problem");
if (problem) problem.focus();
