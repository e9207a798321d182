"use strict";
// Renews what runs now, every fifteen seconds while somebody can see it.
{
  const part = document.querySelector("[data-renew]");
  const link = document.querySelector("[data-renewed]");
  const PERIOD = 15000;
  let timer = 0;
  let failures = 0;

  const wait = () => {
    clearTimeout(timer);
    // Whoever cannot be reached is asked less and less often.
    if (!document.hidden) timer = setTimeout(renew, PERIOD * Math.min(8, 1 + failures));
  };

  const renew = () => {
    fetch(part.dataset.renew, { credentials: "same-origin", headers: { Accept: "text/html" } })
      .then((response) => {
        if (!response.ok || response.redirected) throw new Error(String(response.status));
        return response.text();
      })
      .then((page) => {
        // What has the focus, or is being read out, is not taken away.
        if (!part.contains(document.activeElement)) part.innerHTML = page;
        failures = 0;
        link.textContent = link.dataset.renewed;
      })
      .catch(() => {
        failures += 1;
        link.textContent = link.dataset.stale;
      })
      .then(wait);
  };

  if (part && link && window.fetch) {
    link.textContent = link.dataset.renewed;
    document.addEventListener("visibilitychange", () => {
      clearTimeout(timer);
      if (!document.hidden) renew();
    });
    wait();
  }
}
