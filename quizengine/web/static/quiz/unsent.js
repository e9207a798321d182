"use strict";
// Outside the exam page: sends the answers that were left in this browser, tells what became of them,
// and holds back a log-out or a submission that would lose them.
{
  const tell = ({ all, edit, find, names, open, prefix, store, words }) => {
    const box = find("#unsent").content.firstElementChild;
    const [heading, body, acts] = box.lastElementChild.children;
    const kept = Object.keys(store).filter((key) => key.startsWith(prefix));
    const waiting = () => [].concat(...kept.map((key) => edit(key).items));
    const drop = (key) => delete store[key];
    const first = waiting();
    const refused = [];
    const links = new Map();
    let held;
    let isAsked = false;

    const queues = kept.map((key) => {
      const address = key.slice(prefix.length);
      const { items } = edit(key);
      let isOver = false;
      const told = (state, late, others) => {
        if (state) isOver = state.leave;
        if (others) {
          refused.push(...others);
          links.set(words.receipt, `${address}bien-nhan`);
        }
        const record = edit(key);
        if (!record.items.length && !record.flags) {
          if (isOver) drop(key);
          else if (Object.keys(record.two).length) links.set(words.exam, address.slice(0, -1));
          // The page that lists the answers was made before these arrived.
          const isListed = location.pathname === `${address}kiem-tra`;
          if (isListed && items.length && !others && !links.size && !isAsked) location.reload();
        }
        draw();
      };
      return open(key, told);
    });
    const send = () => queues.forEach((queue) => queue.send());

    const make = (kind, text, act) => {
      const made = document.createElement(kind);
      made.textContent = text;
      return Object.assign(made, act);
    };
    const button = (text, onclick) => make("button", text, { type: "button", className: "btn alt sm", onclick });
    const fill = (title, text, actions) => {
      heading.textContent = title;
      body.textContent = text;
      acts.textContent = "";
      acts.append(...actions);
    };

    // Returns the two ways on that a held form leaves: to lose nothing, or to lose it knowingly.
    const ways = (items) => {
      const isSubmit = held.action.endsWith("/nop");
      const give = () => {
        kept.forEach(drop);
        held.submit();
      };
      const wait = () => {
        isAsked = true;
        send();
      };
      return [
        button(isSubmit ? words.submit : words.out, wait),
        button((isSubmit ? words.skip : words.leave).replace("#", new Set(items.map((item) => item.slot)).size), give),
      ];
    };

    const draw = () => {
      const items = waiting();
      const late = [...new Set(refused.map((item) => item.message))];
      if (items.length) {
        const isStuck = held || queues.some((queue) => queue.failures);
        const title = (isStuck ? words.kept : words.sending).replace("#", names(items));
        fill(title, isStuck ? words.retry : "", held ? ways(items) : []);
      } else if (held && isAsked && !refused.length && !links.size) {
        held.submit();
        return;
      } else if (refused.length) {
        fill(words.refused.replace("#", names(refused)), late.join(" "), []);
      } else if (links.size) {
        fill(words.two, "", []);
      } else if (first.length) {
        fill(words.sent.replace("#", names(first)), "", []);
      } else return;
      if (!items.length) links.forEach((href, text) => acts.append(make("a", text, { href })));
      if (!box.isConnected) (find(".page") || find("main")).prepend(box);
    };

    all(".top form, form[action$='/nop']").forEach((form) => {
      form.addEventListener("submit", (event) => {
        if (!waiting().length) return;
        event.preventDefault();
        held = form;
        send();
        draw();
        box.scrollIntoView();
        find("button", box).focus();
      });
    });
    addEventListener("online", send);
    queues.forEach((queue, index) => {
      const key = kept[index];
      const record = edit(key);
      if (record.items.length || record.flags) queue.send();
      else if (Object.keys(record.two).length) queue.look();
      // While an attempt runs its page may be open beside this one and count on the record.
      else if (location.pathname === `${key.slice(prefix.length)}bien-nhan`) drop(key);
    });
  };
  document.dispatchEvent(new CustomEvent("answers", { detail: tell }));
}
