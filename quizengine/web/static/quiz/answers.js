"use strict";
// Every answer waits in this browser until the server has replied to it. The exam page is drawn here
// as well; other pages get the queue, to send and tell what was left behind.
(() => {
  const { owner } = document.body.dataset;
  const find = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const form = find(".exam>form");
  const words = (form || find("#unsent")).dataset;
  const prefix = `quiz:${owner}:`;

  // Some in-app browsers forbid storage: then answers wait as long as the page lives.
  let store = {};
  try {
    store = localStorage || store;
  } catch (error) {}

  // Returns the record of an attempt, changed; read anew each time, because other tabs write it too.
  const edit = (key, change) => {
    const record = Object.assign({ items: [], known: {}, two: {}, next: 1 }, JSON.parse(store[key] || null));
    if (!change) return record;
    change(record);
    const text = JSON.stringify(record);
    try {
      // Another tab's change may not be seen yet: what says nothing new is not written over it.
      if (text !== store[key]) store[key] = text;
    } catch (error) {
      store = Object.assign({}, store);
      store[key] = text;
    }
    return record;
  };

  const same = (one, other) => `${[one.positions, one.number]}` === `${[other.positions, other.number]}`;
  // Returns how a sentence names answers: "câu 12, 13, số dự đoán".
  const names = (items) => {
    const sorted = [...items].sort((one, other) => one.slot - other.slot);
    const parts = [...new Set(sorted.map((item) => (item.positions ? item.slot + 1 : words.guess)))];
    return (parts[1] > 0 ? words.names : parts[0] > 0 ? words.name : "#").replace("#", parts.join(", "));
  };
  // Returns which of some boxes are ticked.
  const ticked = (boxes) => [...boxes.keys()].filter((place) => boxes[place].checked);
  const mark = (boxes, ticks) =>
    boxes.forEach((box, place) => {
      box.checked = ticks.includes(place);
    });
  // Returns milliseconds, longer after each try and never the same on a thousand phones.
  const pause = (tries) => Math.min(30000, 500 * 2 ** tries) * (0.5 + Math.random() / 2);

  // Returns the queue of one attempt. `told` hears of the attempt's state, of refusals and progress.
  const open = (key, told) => {
    const address = key.slice(prefix.length);
    let token = "";
    let busy = 0;
    let limit = 20;
    let timer;
    const queue = { failures: 0, strikes: 0 };

    const ask = async (path, options) => {
      const control = new AbortController();
      const alarm = setTimeout(() => control.abort(), 15000);
      const headers = { "Content-Type": "application/json", "X-Quiz-Token": token };
      try {
        const settings = { cache: "no-store", redirect: "manual", headers, signal: control.signal };
        const response = await fetch(address + path, Object.assign(settings, options));
        if (!response.ok) throw response;
        return await response.json();
      } finally {
        clearTimeout(alarm);
      }
    };

    const look = async () => {
      const asked = Date.now();
      const state = await ask("tinh-hinh");
      queue.strikes = 0;
      token = state.token;
      told(state, asked);
    };

    const settle = (batch, flags, replies) => {
      const refused = [];
      edit(key, (record) => {
        replies.forEach(({ outcome, stored, message }, index) => {
          const mine = batch[index];
          const { slot, sequence } = mine;
          const known = record.known[slot] || 0;
          const top = outcome === "saved" ? sequence : stored ? stored.sequence : 0;
          record.items = record.items.filter((item) => item.slot !== slot || item.sequence !== sequence);
          record.next = Math.max(record.next, top + 1);
          const later = record.items.filter((item) => item.slot === slot);
          // What this browser has sent itself is no other device's, though the reply was lost.
          const isOwn = later.some((item) => item.sequence === top && same(item, stored));
          if (stored && top > known && !same(mine, stored) && !isOwn) {
            record.items = record.items.filter((item) => item.slot !== slot);
            // What was answered here since then has not seen the other device's answer either.
            if (later[0]) record.items.push(Object.assign(later.pop(), { seen: known }));
            else record.two[slot] = { mine, stored };
          } else record.known[slot] = Math.max(known, top);
          if (outcome === "refused") refused.push(Object.assign(mine, { message }));
        });
        if (flags && (record.flags || flags).sequence === flags.sequence) delete record.flags;
      });
      limit = 20;
      if (refused[0]) told(null, 0, refused);
    };

    // Returns the milliseconds until the next try.
    const fail = ({ status, headers }) => {
      const isForeign = [0, 401, 403, 404].includes(status);
      queue.failures += 1;
      queue.strikes = isForeign ? queue.strikes + 1 : 0;
      if (isForeign) token = "";
      // One that something on the way never takes must not hold up the others: it goes last, alone.
      else if (status < 500 && status !== 429) {
        limit = 1;
        edit(key, (record) => {
          delete record.flags;
          record.items.push(...record.items.splice(0, 1));
        });
      }
      return ((headers && headers.get("Retry-After") * 1000) || 0) + pause(queue.failures);
    };

    const send = async (isLast) => {
      const waiting = edit(key);
      if ((!waiting.items[0] && !waiting.flags) || (busy && !isLast)) return;
      let batch;
      let wait = 0;
      busy += 1;
      const { flags } = edit(key, ({ items }) => {
        // One of a question at a time: what follows counts on what became of it.
        const isFirst = ({ slot }, index) => items.findIndex((item) => item.slot === slot) === index;
        batch = items.filter(isFirst).slice(0, limit);
        batch.forEach((item) => {
          item.tried = 1;
        });
      });
      try {
        if (!token) await look();
        const body = JSON.stringify({ answers: batch, flags });
        const { replies } = await ask("luu", { method: "POST", keepalive: !!isLast, body });
        settle(batch, flags, replies);
        queue.failures = queue.strikes = 0;
      } catch (error) {
        wait = fail(error);
      }
      busy -= 1;
      told();
      clearTimeout(timer);
      timer = setTimeout(send, wait);
    };

    const add = (change) => {
      edit(key, (record) => {
        change(record);
        record.next += 1;
      });
      send();
      told();
    };
    const put = (slot, value) =>
      add((record) => {
        const { items, known, two, next: sequence } = record;
        const last = items.filter((item) => item.slot === slot).pop();
        // What was tried may have arrived: it is sent again first, so that `seen` is true.
        const sent = last ? (last.tried ? last.sequence : last.seen) : 0;
        const seen = two[slot] ? two[slot].stored.sequence : Math.max(sent, known[slot] || 0);
        delete two[slot];
        record.items = items.filter((item) => item.slot !== slot || item.tried);
        record.items.push(Object.assign({ slot, sequence, seen, at: Date.now() }, value));
      });
    const flag = (slots) =>
      add((record) => {
        record.flags = { slots, sequence: record.next };
      });
    return Object.assign(queue, { flag, look: () => look().catch((error) => { fail(error); told(); }), put, send });
  };

  if (!form) {
    document.addEventListener("answers", ({ detail }) =>
      detail({ all, edit, find, names, open, prefix, store, words })
    );
    return;
  }

  const address = form.getAttribute("action").slice(0, -3);
  const key = prefix + address;
  const { prediction, sequence: hidden } = form.elements;
  const aside = find(".watch");
  const tag = find(".tag");
  const live = find(".sr[role]");
  const map = find(".map");
  const dots = all(".dots a");
  const counters = all(".num");
  const places = all(".q");
  const flags = all(".flag>input");
  const trouble = find(".note[hidden]");
  const [heading, body] = trouble.lastChild.children;
  const [retry, enter] = all(".btn", trouble);
  let end = Date.now() + +words.left;
  let before = words.left / 60000;
  let leave, paused, ticking, isLeaving;
  let mood = "";

  const speak = (text) => {
    live.textContent = text;
  };
  const inputs = (slot) => all(".opt>input", places[slot]);
  const value = (slot) => {
    if (flags[slot]) return { positions: ticked(inputs(slot)) };
    const digits = prediction.value.replace(/\D/g, "");
    return { number: digits && +digits };
  };
  const show = (slot, { positions, number }) => {
    if (positions) mark(inputs(slot), positions);
    else prediction.value = number;
  };
  const focusOn = (slot) => (find(".opt>:checked", places[slot]) || find("input", places[slot])).focus();

  const told = (state, asked, refused) => {
    if (state) {
      end = asked + state.left_ms;
      leave = state.leave;
      paused = state.paused && Math.max(1, state.left_ms);
      Object.assign(words, state.words);
      find(".clock small").textContent = words.ends;
      find(".keys").textContent = words.keys;
      take(state);
      tick();
    }
    if (refused) queue.look();
    draw();
  };
  const queue = open(key, told);
  const wake = () => {
    queue.look();
    queue.send();
  };

  // What was saved elsewhere is shown where nothing of this page waits, and said once.
  const take = ({ answers, flags: stored, sequence: next }) => {
    const changed = [];
    edit(key, (record) => {
      record.next = Math.max(record.next, next);
      record.end = end;
      answers.forEach((answer) => {
        const { slot, sequence } = answer;
        const known = record.known[slot] || 0;
        if (sequence < known || record.two[slot] || record.items.some((item) => item.slot === slot)) return;
        record.known[slot] = sequence;
        if (same(answer, value(slot))) return;
        show(slot, answer);
        if (sequence > known) changed.push(answer);
      });
      if (!record.flags) mark(flags, stored);
    });
    if (changed[0]) speak(`${words.changed}: ${names(changed)}`);
    changed.forEach(({ slot }) => {
      places[slot].insertAdjacentHTML("beforeend", `<p class="small mute">${words.changed}</p>`);
    });
  };

  const restore = () => {
    const { items, two, flags: waiting } = edit(key);
    [...items, ...Object.values(two).map(({ mine }) => mine)].forEach((item) => show(item.slot, item));
    if (waiting) mark(flags, waiting.slots);
    draw();
  };

  // Where two devices answered differently the server words the question, with a button for each.
  const drawChoices = (two) =>
    places.forEach((place, slot) => {
      const box = find(".two", place);
      if (box && !two[slot]) box.remove();
      if (box || !two[slot]) return;
      const { stored } = two[slot];
      place.insertAdjacentHTML("beforeend", stored.choice);
      speak(`${find(".two h2", place).textContent}: ${names([stored])}`);
    });

  const drawPalette = () => {
    dots.forEach(({ classList, lastChild }, slot) => {
      const isOn = classList.toggle("on", !!find(".opt>:checked", places[slot]));
      const isFlagged = classList.toggle("fl", flags[slot].checked);
      lastChild.textContent = (isOn ? words.on : words.off) + (isFlagged ? words.flag : "");
    });
    const [on, flagged] = [".dots .on", ".dots .fl"].map((selector) => all(selector).length);
    [on, on, dots.length - on, flagged].forEach((count, index) => {
      counters[index].textContent = count;
    });
  };

  const draw = () => {
    const { items, flags: waiting, two } = edit(key);
    const isWaiting = items[0] || waiting;
    const isOut = queue.strikes > 1 && words.out;
    const problem = !navigator.onLine ? words.alone : queue.failures > 1 && isWaiting ? words.stuck : "";
    const title = isOut || (problem && !before && words.over) || problem;
    const text = items[0] ? (words.held || "").replace("#", names(items)) : "";
    const [tone, status] = title
      ? ["warn", title.split(".")[0]]
      : isWaiting
      ? ["", words.saving]
      : ["ok", words.saved];
    drawChoices(two);
    drawPalette();
    tag.className = `tag ${tone}`;
    tag.firstChild.firstChild.setAttribute("href", `#${tone}`);
    tag.lastChild.data = status;
    trouble.hidden = !title;
    enter.hidden = !isOut;
    heading.textContent = title;
    body.textContent = text;
    // Only trouble and its end are spoken; what goes as it should is not.
    if (title !== mood && (title || !items[0])) {
      speak(title ? `${title} ${text}` : words.back);
      mood = title;
    }

    find("#why").textContent = title ? words.why : isLeaving ? words.saving : "";
    if (items[0]) return;
    if (leave) {
      delete store[key];
      location.replace(leave);
    } else if (isLeaving && !waiting && !title) {
      isLeaving = false;
      location.assign(`${address}kiem-tra`);
    }
  };

  const tick = () => {
    clearTimeout(ticking);
    const left = paused || Math.max(0, end - Date.now());
    find(".clock").firstChild.data = new Date(left).toISOString().slice(left < 3600000 ? 14 : 12, 19);
    const minutes = Math.ceil(left / 60000);
    aside.className = `watch ${minutes < 2 || mood ? "bad" : minutes < 6 ? "warn" : ""}`;
    if ([10, 5, 1].some((mark) => minutes <= mark && before > mark)) speak((words.minutes || "").replace("#", minutes));
    before = minutes;
    // Answers are taken a little longer than the clock shows; then the server says where to go.
    if (left && !paused) ticking = setTimeout(tick, (left % 1000) + 1);
    else if (!leave) {
      ticking = setTimeout(() => {
        wake();
        tick();
      }, pause(paused ? 7 : 4));
    }
  };

  // Returns whether the prediction is empty or a number: what is neither is not sent.
  const predict = () => {
    if (!prediction) return true;
    const isNumber = /^(\d+|\d{1,3}([\s.,])\d{3}(\2\d{3})*)?$/.test(prediction.value.trim());
    const isGood = isNumber && !(value(dots.length).number >= 2 ** 32);
    prediction.setAttribute("aria-invalid", !isGood);
    return isGood;
  };

  form.addEventListener("input", ({ target }) => {
    const slot = places.indexOf(target.closest(".q"));
    isLeaving = false;
    all(":scope>p", places[slot]).forEach((mark) => mark.remove());
    if (flags.includes(target)) queue.flag(ticked(flags));
    else if (target !== prediction || (predict() && value(slot).number !== "")) queue.put(slot, value(slot));
  });
  form.addEventListener("click", ({ target }) => {
    if (!target.closest(".two") || !target.value) return;
    const slot = places.indexOf(target.closest(".q"));
    show(slot, edit(key).two[slot][target.value]);
    queue.put(slot, value(slot));
    focusOn(slot);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const open = find(".two button");
    if (!predict()) prediction.focus();
    else if (open) open.focus();
    else {
      isLeaving = true;
      queue.send();
      draw();
    }
  });
  // Single keys work inside a question only, so that a screen reader loses none of its own.
  form.addEventListener("keydown", (event) => {
    const { target } = event;
    const slot = places.indexOf(target.closest(".q"));
    const key = event.key.toLowerCase();
    if (target === prediction && key === "enter") {
      event.preventDefault();
      target.blur();
    }
    if (!dots[slot] || event.ctrlKey || event.altKey || event.metaKey) return;
    const option = inputs(slot)[key - 1];
    const next = slot + (key === "n") - (key === "p");
    if (option) {
      option.click();
      option.focus();
    } else if (key === "f") flags[slot].click();
    else if (next !== slot && places[next]) {
      // The letter itself must not land in the prediction.
      event.preventDefault();
      focusOn(next);
    }
  });

  const spread = () => {
    map.open = matchMedia("(min-width:60em)").matches;
  };
  spread();
  map.addEventListener("click", ({ target }) => {
    const slot = dots.indexOf(target.closest("a"));
    if (slot < 0) return;
    spread();
    setTimeout(focusOn, 0, slot);
  });
  map.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    spread();
    map.firstChild.focus();
  });

  document.addEventListener("visibilitychange", () => (document.hidden ? queue.send(true) : wake()));
  addEventListener("pagehide", () => queue.send(true));
  addEventListener("pageshow", wake);
  addEventListener("online", wake);
  addEventListener("offline", draw);
  addEventListener("storage", restore);
  addEventListener("beforeunload", (event) => {
    if (queue.strikes > 1 || !edit(key).items[0]) return;
    event.preventDefault();
    event.returnValue = "";
  });
  retry.onclick = wake;

  find(".save").remove();
  edit(key, (record) => {
    record.next = Math.max(record.next, hidden.value);
    // A page kept by the browser may be older than what was told since.
    end = Math.min(end, record.end || end);
    Object.assign(record.known, words.known.split(",").map(Number));
  });
  restore();
  tick();
})();
