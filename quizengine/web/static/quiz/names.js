"use strict";
// Proposes a name in proper case below its field; the name changes only when the button is pressed.
// The server decides what proper case is, and asks again when the name is sent otherwise.
(() => {
  document.querySelectorAll("[role=status][data-name]").forEach((hint) => {
    const input = document.getElementById(hint.dataset.name);
    const shown = hint.querySelectorAll("b");
    const typed = () => input.value.normalize("NFC").trim().split(/\s+/).join(" ");
    const proper = (name) =>
      name.replace(/[^\s'’.\-]+/g, (part) => part[0].toUpperCase() + part.slice(1).toLowerCase());
    const look = () => {
      shown[0].textContent = typed();
      shown[1].textContent = proper(typed());
      hint.hidden = typed() === proper(typed());
    };
    input.addEventListener("change", look);
    hint.querySelector("button").addEventListener("click", () => {
      input.value = proper(typed());
      look();
      input.focus();
    });
    look();
  });
})();
