"use strict";
// Every answer waits in this browser until the server has replied to it. The exam page is drawn here
// as well; other pages get the queue, to send and tell what was left behind.
(() => {
  const { owner } = document.body.dataset;
  if (!owner) return;
  const find = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const form = find(".exam>form");
  const words = (form || find("#unsent") || document.body).dataset;
  const prefix = `quiz:${owner}:`;

  // Some in-app browsers forbid storage: then answers wait as long as the page lives.
  let store = {};
  try {
    store = localStorage || store;
  } catch (error) {}

  // Returns the record of an attempt, changed; read anew each time, because other tabs write it too.
  const edit = (key, change) => {
    const record = { items: [], known: {}, two: {}, next: 1 };
    try {
      Object.assign(record, JSON.parse(store[key]));
    } catch (error) {}
    if (!change) return record;
    change(record);
    const text = JSON.stringify(record);
    try {
      store[key] = text;
    } catch (error) {
      store = Object.assign({}, store);
      store[key] = text;
    }
    return record;
  };

  const same = (one, other) => `${[one.positions, one.number]}` === `${[other.positions, other.number]}`;
  const say = (text, one, two) => {
    const said = text.replace("#", one).replace("@", two);
    return said[0].toUpperCase() + said.slice(1);
  };
  // Returns how a sentence names answers: "Câu 12, 13 và số dự đoán".
  const names = (items) => {
    const slots = new Set(items.filter((item) => item.positions).map((item) => item.slot + 1));
    const parts = [...slots].sort((one, other) => one - other);
    if (items.some((item) => !item.positions)) parts.push(words.guess);
    const last = parts.pop();
    const list = parts.length ? say(words.and, parts.join(", "), last) : last;
    return slots.size ? (slots.size > 1 ? words.names : words.name).replace("#", list) : list;
  };

  // Returns the queue of one attempt. `told` hears of the attempt's state, of refusals and progress.
  const open = (key, address, token, told) => {
    let busy = 0;
    let limit = 20;
    let timer;
    const queue = { failures: 0, strikes: 0 };

    const ask = async (path, options) => {
      const control = new AbortController();
      const alarm = setTimeout(() => control.abort(), 15000);
      const headers = { "Content-Type": "application/json", "X-Quiz-Token": token };
      const settings = { cache: "no-store", headers, signal: control.signal };
      try {
        const response = await fetch(address + path, Object.assign(settings, options));
        if (!response.ok || response.redirected) throw response;
        return await response.json();
      } finally {
        clearTimeout(alarm);
      }
    };

    const look = async () => {
      const asked = performance.now();
      const state = await ask("tinh-hinh");
      token = state.token;
      edit(key, (record) => {
        record.next = Math.max(record.next, state.sequence);
      });
      told(state, (performance.now() - asked) / 2);
    };

    const settle = (batch, flags, replies) => {
      const refused = [];
      edit(key, (record) => {
        replies.forEach(({ slot, sequence, outcome, stored, message }) => {
          const mine = batch.find((item) => item.slot === slot && item.sequence === sequence);
          if (!mine) return;
          record.items = record.items.filter((item) => item.slot !== slot || item.sequence !== sequence);
          const known = record.known[slot] || 0;
          const isOwn = (item) => item.slot === slot && item.sequence === stored.sequence && same(item, stored);
          let top = stored ? stored.sequence : outcome === "saved" ? sequence : 0;
          record.next = Math.max(record.next, top + 1);
          if (outcome === "saved") delete record.two[slot];
          else if (top > known && !same(mine, stored) && !record.items.some(isOwn)) {
            record.two[slot] = { mine, stored };
            top = 0;
          }
          record.known[slot] = Math.max(known, top);
          if (outcome === "refused") refused.push(Object.assign(mine, { message }));
        });
        if (flags && record.flags.sequence === flags.sequence) delete record.flags;
      });
      limit = 20;
      if (refused[0]) told(null, 0, refused);
    };

    // Returns the milliseconds until the next try.
    const fail = ({ status, headers }, batch, flags) => {
      const isForeign = [200, 401, 403, 404].includes(status);
      queue.failures += 1;
      queue.strikes = isForeign ? queue.strikes + 1 : 0;
      if (isForeign) token = "";
      // One that no server will ever take must not hold up the others.
      else if (status < 500 && status !== 408 && status !== 429) {
        if (batch[1]) limit = 1;
        else settle(batch, flags, [Object.assign({ outcome: "refused" }, batch[0])]);
      }
      const pause = (headers && headers.get("Retry-After") * 1000) || 0;
      return pause + Math.min(30000, 500 * 2 ** queue.failures) * (0.5 + Math.random() / 2);
    };

    const send = async (isLast) => {
      const record = edit(key);
      const { items, flags } = record;
      if ((!items[0] && !flags) || (busy && !isLast)) return;
      const batch = items.slice(0, limit);
      let wait = 0;
      clearTimeout(timer);
      busy += 1;
      edit(key, (now) => now.items.slice(0, limit).forEach((item) => Object.assign(item, { tried: 1 })));
      told();
      try {
        if (!token) await look();
        const body = JSON.stringify({ answers: batch, flags });
        const { replies } = await ask("luu", { method: "POST", keepalive: !!isLast, body });
        settle(batch, flags, replies);
        queue.failures = queue.strikes = 0;
      } catch (error) {
        wait = fail(error, batch, flags);
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
        let seen = last ? (last.tried ? last.sequence : last.seen) : known[slot] || 0;
        if (two[slot]) seen = two[slot].stored.sequence;
        delete two[slot];
        record.items = items.filter((item) => item.slot !== slot || item.tried);
        record.items.push(Object.assign({ slot, sequence, seen, at: Date.now() }, value));
      });
    const flag = (slots) =>
      add((record) => {
        record.flags = { slots, sequence: record.next };
      });
    return Object.assign(queue, { flag, look: () => look().catch(() => told()), put, send });
  };

  if (!form) {
    // Deferred scripts have all run by then, so whoever needs the queue listens already.
    document.addEventListener("DOMContentLoaded", () => {
      const detail = { edit, find, all, names, open, prefix, say, store, words };
      document.dispatchEvent(new CustomEvent("answers", { detail }));
    });
    return;
  }

  const address = form.getAttribute("action").replace(/luu$/, "");
  const key = prefix + address.split("/").slice(-2)[0];
  const { prediction, sequence: hidden } = form.elements;
  const aside = find(".watch");
  const tag = find(".tag");
  const live = find(".sr[role]");
  const map = find(".map");
  const dots = all(".dots a");
  const counters = all(".num");
  const places = all(".q");
  const flags = all(".flag>input");
  const [trouble, keys] = find("#parts").content.children;
  const [retry, enter] = all(".btn", trouble);
  let end = performance.now() + +words.left;
  let before = +words.left;
  let tries = 0;
  let leave, ticking, isLeaving, isQuiet;
  let mood = "";
  let chosen = "{}";

  const speak = (text) => {
    live.textContent = text;
  };
  const inputs = (slot) => all(".opt>input,.in", places[slot]);
  const value = (slot) => {
    const list = inputs(slot);
    if (list[0] === prediction) return { number: prediction.value ? +prediction.value.replace(/\D/g, "") : undefined };
    return { positions: list.map((input, index) => (input.checked ? index : -1)).filter((index) => index >= 0) };
  };
  const show = (slot, { positions, number }) =>
    inputs(slot).forEach((input, index) => {
      if (positions) input.checked = positions.includes(index);
      else input.value = number;
    });
  const showFlags = (slots) =>
    flags.forEach((input, slot) => {
      input.checked = slots.includes(slot);
    });
  const focusOn = (slot) => (find(":checked", places[slot]) || inputs(slot)[0]).focus();

  const told = (state, late, refused) => {
    if (state) {
      end = performance.now() + state.left_ms - late;
      leave = state.leave;
      take(state);
      tick();
    }
    if (refused) queue.look();
    draw();
  };
  const queue = open(key, address, form.elements.csrf_token.value, told);
  const wake = () => {
    queue.look();
    queue.send();
    draw();
  };

  // What was saved elsewhere is shown where nothing of this page waits, and said once.
  const take = ({ answers, flags: stored }) => {
    const changed = [];
    edit(key, (record) => {
      answers.forEach((answer) => {
        const { slot, sequence } = answer;
        const known = record.known[slot] || 0;
        if (sequence < known || record.two[slot] || record.items.some((item) => item.slot === slot)) return;
        record.known[slot] = sequence;
        if (same(answer, value(slot))) return;
        show(slot, answer);
        if (sequence > known) changed.push(answer);
      });
      if (!record.flags) showFlags(stored);
    });
    if (changed[0]) speak(say("#: @", names(changed), words.changed));
    changed.forEach(({ slot }) => {
      const mark = document.createElement("p");
      mark.className = "small mute";
      mark.textContent = say(words.changed);
      places[slot].append(mark);
    });
  };

  const restore = () => {
    const { items, two, flags: waiting } = edit(key);
    items.concat(Object.values(two).map(({ mine }) => mine)).forEach((item) => show(item.slot, item));
    if (waiting) showFlags(waiting.slots);
    draw();
  };

  // Where two devices answered differently the server words the question, with a button for each.
  const drawChoices = (two) => {
    const text = JSON.stringify(two);
    if (text === chosen) return;
    chosen = text;
    all(".two").forEach((box) => box.remove());
    Object.values(two).forEach(({ mine: { slot }, stored }) => {
      places[slot].insertAdjacentHTML("beforeend", stored.choice);
      speak(say("#: @", names([stored]), find(".two h2", places[slot]).textContent));
    });
  };
  const choose = (slot, isMine) => {
    const { mine, stored } = edit(key).two[slot];
    show(slot, isMine ? mine : stored);
    edit(key, ({ known, two }) => {
      known[slot] = stored.sequence;
      delete two[slot];
    });
    if (isMine) queue.put(slot, value(slot));
    draw();
    focusOn(slot);
  };

  const drawPalette = () => {
    const counts = [0, dots.length, 0];
    dots.forEach((dot, slot) => {
      const isOn = value(slot).positions.length > 0;
      const isFlagged = flags[slot].checked;
      counts[0] += isOn;
      counts[1] -= isOn;
      counts[2] += isFlagged;
      dot.className = (isOn ? "on" : "") + (isFlagged ? " fl" : "");
      dot.setAttribute("aria-label", say(isOn ? words.on : words.off, slot + 1) + (isFlagged ? words.flag : ""));
    });
    map.firstChild.textContent = say(words.count, counts[0]);
    counts.forEach((count, index) => {
      counters[index].textContent = count;
    });
  };

  const draw = () => {
    const { items, flags: waiting, two, known } = edit(key);
    const isOut = queue.strikes > 1;
    const title = isOut ? words.out : !navigator.onLine ? words.alone : queue.failures > 1 && (items[0] || waiting) ? words.stuck : "";
    const text = items[0] ? say(words.held, names(items)) : "";
    drawChoices(two);
    drawPalette();

    const [tone, symbol, status] = title
      ? ["warn", "#o", title.split(".")[0]]
      : items[0] || waiting
      ? ["", "#", words.saving]
      : ["ok", "#k", words.saved];
    if (title || waiting || items[0] || Object.keys(known)[0]) {
      tag.className = `tag ${tone}`;
      tag.firstChild.firstChild.setAttribute("href", symbol);
      tag.lastChild.data = status;
    }
    const [heading, body, acts] = trouble.lastChild.children;
    heading.textContent = title;
    body.textContent = text;
    if (isOut) acts.append(enter);
    else enter.remove();
    if (!title) trouble.remove();
    else if (!trouble.isConnected) places[0].before(trouble);
    // Only trouble and its end are spoken; what goes as it should is not.
    if (title !== mood && (title || !items[0])) {
      speak(title ? `${title} ${text}` : words.back);
      mood = title;
    }

    find("[value=check]").setAttribute("aria-disabled", !!title);
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
    const left = Math.max(0, end - performance.now());
    find(".clock").firstChild.data = new Date(left).toISOString().slice(left < 3600000 ? 14 : 12, 19);
    aside.className = `watch ${left < 60000 || mood ? "bad" : left < 300000 ? "warn" : ""}`;
    [10, 5, 1].forEach((minutes) => {
      if (left <= minutes * 60000 && before > minutes * 60000) speak(say(words.minutes, minutes));
    });
    before = left;
    tries = left ? 0 : tries + 1;
    // Answers are taken a little longer than the clock shows; then the server says where to go.
    if (left) ticking = setTimeout(tick, (left % 1000) + 1);
    else if (!leave) {
      ticking = setTimeout(() => {
        wake();
        tick();
      }, Math.min(30000, 250 * 2 ** tries) * (0.5 + Math.random() / 2));
    }
  };

  // Returns whether the prediction is empty or a number: what is neither is not sent.
  const predict = () => {
    if (!prediction) return true;
    const typed = prediction.value.trim();
    const isNumber = /^(\d+|\d{1,3}([ .,\u00a0\u202f])\d{3}(\2\d{3})*)?$/.test(typed);
    const isGood = !typed || (isNumber && value(dots.length).number < 2 ** 32);
    prediction.parentNode.classList.toggle("bad", !isGood);
    prediction.setAttribute("aria-invalid", !isGood);
    return isGood;
  };

  form.addEventListener("change", ({ target }) => {
    const slot = places.indexOf(target.closest(".q"));
    all(":scope>p", places[slot]).forEach((mark) => mark.remove());
    if (flags.includes(target)) queue.flag([...flags.keys()].filter((index) => flags[index].checked));
    else if (target !== prediction || (predict() && prediction.value)) queue.put(slot, value(slot));
  });
  form.addEventListener("click", ({ target }) => {
    if (target.closest(".two") && target.value) choose(places.indexOf(target.closest(".q")), target.value === "mine");
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

  const wide = matchMedia("(min-width:60em)");
  const spread = () => {
    map.open = wide.matches;
  };
  wide.addListener(spread);
  spread();
  map.addEventListener("click", ({ target }) => {
    const slot = dots.indexOf(target);
    if (slot < 0) return;
    spread();
    setTimeout(focusOn, 0, slot);
  });
  map.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || wide.matches) return;
    spread();
    map.firstChild.focus();
  });

  document.addEventListener("visibilitychange", () => (document.hidden ? queue.send(true) : wake()));
  addEventListener("pagehide", () => queue.send(true));
  addEventListener("pageshow", ({ persisted }) => persisted && wake());
  addEventListener("online", wake);
  addEventListener("offline", draw);
  addEventListener("storage", restore);
  addEventListener("beforeunload", (event) => {
    if (isQuiet || !edit(key).items[0]) return;
    event.preventDefault();
    event.returnValue = "";
  });
  retry.onclick = wake;
  enter.onclick = () => {
    isQuiet = true;
  };

  // A pull too far must not throw the page away.
  document.documentElement.style.overscrollBehaviorY = "contain";
  all(".save,[value=stay]").forEach((save) => save.remove());
  map.lastChild.append(keys);
  edit(key, (record) => {
    record.address = address;
    record.next = Math.max(record.next, hidden.value);
    words.known.split(",").forEach((sequence, slot) => {
      if (sequence > (record.known[slot] || 0)) record.known[slot] = +sequence;
    });
  });
  restore();
  tick();
  wake();
})();
