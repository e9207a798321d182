// The essay's draft: its words counted, saved by itself, kept in this browser until it is.
(() => {
  "use strict";
  const form = document.querySelector(".essay");
  if (!form) return;
  const at = form.dataset, fields = form.elements, box = fields.text, order = fields.sequence;
  const key = "quiz-essay:" + document.body.dataset.owner + ":" + at.essay;
  const space = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;
  // Not written as /…/u: a browser without it would refuse the whole file.
  const letter = new RegExp("[\\p{L}\\p{N}]", "u");
  // The server has "saved" under the number "base"; "sent" is on its way and is sent again
  // unchanged until an answer comes, so that only another device can have written in between.
  let base = order.defaultValue - 1, saved = box.defaultValue, sent = null, kept = null;
  let held = "held" in at, isBusy = false, isRefused = false, timer = 0, tries = 0, wanted = null;

  const isSaved = () => sent === null && box.value === saved;

  const show = (state, words) => form.querySelectorAll("[data-state]").forEach(one => {
    one.hidden = one.dataset.state !== state;
    if (!one.hidden && words) one.lastChild.textContent = words;
  });

  const count = () => {
    const words = box.value.split(space).filter(part => letter.test(part)).length;
    const say = (sentence, number) => sentence.replace("%", number.toLocaleString(document.documentElement.lang));
    fields.count.textContent = say(at.count, words) +
      (words > at.most ? say(at.over, words - at.most) : words < at.least ? say(at.under, at.least - words) : "");
  };

  const keep = () => {
    try {
      if (isSaved()) localStorage.removeItem(key);
      else localStorage.setItem(key, JSON.stringify({base: held ? -1 : base, text: box.value, sent}));
    } catch (error) {}
  };

  const later = delay => {
    timer = timer || setTimeout(send, delay);
  };

  const send = () => {
    clearTimeout(timer);
    timer = 0;
    if (isBusy || held || isSaved()) return;
    if (sent === null) sent = box.value;
    isBusy = true;
    isRefused = false;
    show("saving");
    keep();
    const stop = new AbortController(), limit = setTimeout(() => stop.abort(), 20000);
    let wait = 0;
    fetch(form.action, {
      method: "POST",
      credentials: "same-origin",
      headers: {Accept: "application/json"},
      body: new URLSearchParams({csrf_token: fields.csrf_token.value, sequence: base + 1, text: sent}),
      // Browsers let 64 KB outlive a page.
      keepalive: sent.length < 7000,
      signal: stop.signal
    }).then(reply => {
      if (reply.status > 499) {
        wait = reply.headers.get("Retry-After") * 1000;
        throw reply;
      }
      return reply.json().then(said => {
        if (reply.ok) {
          base++;
          saved = sent;
          show(tries ? "back" : "saved", said.message);
        } else if (said.code === "web.newer_draft") {
          held = true;
          show("newer");
        } else {
          isRefused = true;
          show("refused", said.message + " " + said.suggestion);
        }
        sent = null;
        tries = 0;
      });
    }).catch(() => {
      wanted = null;
      show("offline");
      later(Math.max(wait, Math.min(60000, 1000 * 2 ** tries++)) * (1 + Math.random()));
    }).then(() => {
      clearTimeout(limit);
      isBusy = false;
      keep();
      if (isSaved() || held || isRefused) {
        if (wanted) wanted.click();
        wanted = null;
      } else later(wanted ? 0 : 4000);
    });
  };

  form.addEventListener("click", event => {
    const button = event.target.closest("button");
    if (!button) return;
    order.value = isSaved() && !held && base || base + 1;
    if (held || isRefused) return;
    if (!isSaved()) {
      event.preventDefault();
      if (button.value !== "stay") wanted = button;
      send();
    } else if (button.value === "stay") {
      event.preventDefault();
      show("saved");
    }
  });

  box.addEventListener("input", () => {
    count();
    keep();
    if (!tries) later(4000);
  });
  addEventListener("online", send);
  document.addEventListener("visibilitychange", send);
  document.addEventListener("click", event => {
    if ("drop" in event.target.dataset) localStorage.removeItem(key);
  });

  if (!held) {
    // A browser that goes back puts old text into the box: what was not sent is kept here instead.
    box.value = saved;
    try {
      kept = JSON.parse(localStorage.getItem(key));
    } catch (error) {}
    if (kept && kept.text !== saved) {
      box.value = kept.text;
      if (kept.base < base && (kept.base + 1 !== base || kept.sent !== saved)) {
        base = kept.base;
        held = true;
        show("newer");
      } else later(0);
    } else keep();
  }
  form.querySelector(".save").hidden = false;
  count();
})();
