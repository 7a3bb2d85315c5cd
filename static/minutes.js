// The minutes of an agenda are summed while they are typed; saving checks them again without this.
"use strict";

const parts = document.querySelector("[data-sum]");
const line = parts && parts.querySelector(".sum");
if (line) {
  const fields = [...parts.querySelectorAll("input[name$='_minutes']:not([name$='_reserved_minutes'])")];
  const all = Number(parts.dataset.sum);
  const show = () => {
    const sum = fields.reduce((total, field) => total + (Number(field.value) || 0), 0);
    line.textContent = line.dataset.words.replace("{sum}", sum).replace("{all}", all);
    line.classList.toggle("err", sum !== all);
  };
  line.hidden = false;
  parts.addEventListener("input", show);
  show();
}
