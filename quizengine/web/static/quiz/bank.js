// The button beside a question names the letters that are ticked now. Without this it names those
// that are saved, and saves what is ticked all the same.
"use strict";
{
  for (const form of document.querySelectorAll("form")) {
    const button = form.querySelector("[data-key]");
    if (!button) continue;
    form.addEventListener("change", () => {
      const letters = [...form.querySelectorAll("[name=dap-an]:checked")].map((one) => one.value);
      if (letters.length) button.textContent = button.dataset.key.replace("#", letters.join(", "));
    });
  }
}
