"use strict";
// Units that match what is typed, in a list below the field. Without this script, or without the
// network, the field is sent as it is and the page asks which unit is meant.
(() => {
  const WAIT = 150;
  document.querySelectorAll("[data-units]").forEach((input) => {
    const unlisted = document.getElementById(input.dataset.unlisted);
    const code = document.createElement("input");
    const list = document.createElement("ul");
    const status = document.createElement("p");
    let timer = 0;
    let asked = 0;
    let active = -1;

    const set = (element, names) =>
      Object.keys(names).forEach((name) => element.setAttribute(name, names[name]));
    set(code, { type: "hidden", name: input.dataset.code, disabled: "" });
    set(list, { class: "list", role: "listbox", id: input.id + "-list", hidden: "" });
    set(list, { "aria-label": input.labels[0].textContent });
    set(status, { class: "sr", role: "status" });
    set(input, { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false" });
    set(input, { "aria-controls": list.id });
    input.after(list, status, code);

    const close = () => {
      asked++;
      clearTimeout(timer);
      list.hidden = true;
      active = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };

    // What was ticked for an earlier text says nothing of this one.
    const untick = () => {
      const choices = document.getElementById(code.name + "-choices");
      if (choices) choices.remove();
    };

    const choose = (item) => {
      close();
      untick();
      if (item.unit) {
        input.value = item.unit.name;
        code.value = item.unit.code;
        code.disabled = false;
        if (unlisted) {
          unlisted.open = false;
          unlisted.querySelectorAll("input").forEach((one) => (one.value = ""));
        }
        input.focus();
        return;
      }
      const name = unlisted.querySelector("input");
      if (!name.value) name.value = input.value;
      input.value = "";
      unlisted.open = true;
      name.focus();
    };

    const mark = (next) => {
      const items = list.children;
      if (active >= 0) items[active].setAttribute("aria-selected", "false");
      active = (next + items.length) % items.length;
      items[active].setAttribute("aria-selected", "true");
      items[active].scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", items[active].id);
    };

    const add = (unit, marks, name, note) => {
      const item = document.createElement("li");
      let end = 0;
      marks.forEach((span) => {
        const bold = document.createElement("b");
        bold.textContent = name.slice(span[0], span[1]);
        item.append(name.slice(end, span[0]), bold);
        end = span[1];
      });
      item.append(name.slice(end));
      if (note) {
        const small = document.createElement("small");
        small.textContent = note;
        item.append(small);
      }
      item.unit = unit;
      set(item, { role: "option", "aria-selected": "false" });
      item.id = list.id + list.children.length;
      item.addEventListener("click", () => choose(item));
      list.append(item);
    };

    const show = (found) => {
      list.textContent = "";
      active = -1;
      input.removeAttribute("aria-activedescendant");
      found.units.forEach((unit) => add(unit, unit.marks, unit.name, unit.above));
      if (unlisted) {
        const said = unlisted.querySelector("summary");
        add(null, [], said.firstChild.textContent, said.lastChild.textContent);
      }
      status.textContent = found.said;
      list.hidden = !list.children.length;
      input.setAttribute("aria-expanded", String(!list.hidden));
    };

    const ask = () => {
      const query = input.value.trim();
      const mine = ++asked;
      if (query.length < 2) return close();
      fetch(input.dataset.units + "?q=" + encodeURIComponent(query), { credentials: "same-origin" })
        .then((response) => (response.ok ? response.json() : Promise.reject(response)))
        .then((found) => {
          if (mine === asked) show(found);
        })
        .catch(() => {
          if (mine === asked) close();
        });
    };

    input.addEventListener("input", () => {
      code.disabled = true;
      untick();
      clearTimeout(timer);
      timer = setTimeout(ask, WAIT);
    });
    // A press on the list must not take the focus before the click arrives.
    list.addEventListener("mousedown", (event) => event.preventDefault());
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && list.hidden) ask();
      else if (step) mark(active < 0 && step < 0 ? -1 : active + step);
      else if (list.hidden) return;
      else if (event.key === "Escape") close();
      else if (event.key === "Enter" && active >= 0) choose(list.children[active]);
      else if (event.key === "Enter") close();
      else return;
      event.preventDefault();
    });
  });
})();
