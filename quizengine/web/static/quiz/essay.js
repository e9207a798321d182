// The essay's draft: its words counted, saved by itself, kept in this browser until it is.
(() => {
  "use strict";
  const form = document.querySelector(".essay");
  const at = form.dataset, fields = form.elements, box = fields.text, order = fields.sequence;
  const key = "quiz-essay:" + document.body.dataset.owner + ":" + at.essay;
  // White space as the server knows it.
  const space = /(?!\ufeff)[\s\x1c-\x1f\x85]/;
  // Not written as /…/u: a browser without it would refuse the whole file.
  const letter = new RegExp("[\\p{L}\\p{N}]", "u");
  // The server has "saved" under the number "base"; "sent" is on its way and is sent again
  // unchanged until an answer comes, so that only another device can have written in between.
  let base = order.defaultValue - 1, saved = box.defaultValue, sent = null, kept = null;
  let held = "held" in at, busy = false, refused = false, timer = 0, tries = 0, wanted = null;

  const clean = () => sent === null && box.value === saved;

  const show = (state, words) => form.querySelectorAll("[data-state]").forEach(one => {
    one.hidden = one.dataset.state !== state;
    if (!one.hidden && words) one.lastChild.textContent = words;
  });

  const count = () => {
    const words = box.value.split(space).filter(part => letter.test(part)).length;
    const say = (sentence, number) => sentence.replace("%", number.toLocaleString(document.documentElement.lang));
    fields.count.value = say(at.count, words) +
      (words > at.most ? say(at.over, words - at.most) : words < at.least ? say(at.under, at.least - words) : "");
  };

  const keep = () => {
    try {
      if (clean()) localStorage.removeItem(key);
      else localStorage.setItem(key, JSON.stringify({base: held ? 0 : base, text: box.value, sent}));
    } catch (error) {}
  };

  const hold = () => {
    held = true;
    show("newer");
  };

  const later = delay => {
    timer = timer || setTimeout(send, delay);
  };

  const send = () => {
    clearTimeout(timer);
    timer = 0;
    if (busy || held || clean()) return;
    if (sent === null) sent = box.value;
    busy = true;
    refused = false;
    show("saving");
    keep();
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 20000);
    fetch(form.action, {
      method: "POST",
      headers: {Accept: "application/json"},
      body: new URLSearchParams({csrf_token: fields.csrf_token.value, sequence: base + 1, text: sent}),
      // Browsers let 64 KB outlive a page.
      keepalive: sent.length < 7000,
      signal: stop.signal
    }).then(reply => {
      if (reply.status > 499) throw reply;
      return reply.json().then(said => {
        if (reply.ok) {
          base++;
          saved = sent;
          show(tries ? "back" : "saved", said.message);
        } else if (said.code === "web.newer_draft") hold();
        else {
          refused = true;
          show("refused", said.message + " " + said.suggestion);
        }
        sent = null;
        tries = 0;
      });
    }).catch(() => {
      wanted = null;
      show("offline");
      later(Math.min(60000, 3000 * 2 ** tries++) * (1 + Math.random()));
    }).then(() => {
      busy = false;
      keep();
      if (!clean() && !held && !refused) later(wanted ? 0 : 4000);
      else if (wanted) wanted.click();
    });
  };

  form.addEventListener("click", event => {
    const button = event.target.closest("button");
    if (!button) return;
    order.value = clean() && !held && base || base + 1;
    wanted = null;
    if (held || refused || clean() && button.value !== "stay") return;
    event.preventDefault();
    if (clean()) show("saved");
    else if (button.value !== "stay") wanted = button;
    send();
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
        hold();
      } else later(0);
    } else keep();
  }
  form.querySelector(".save").hidden = false;
  count();
})();
