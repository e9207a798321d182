"""Measure when the first words are on a phone's screen, over networks as slow as people have them.

Run as ``python -m tests.benchmarks.paint --runs 5``. Each run is a new browser with nothing kept,
on a processor four times slower than this one. The network is Chromium's emulation: its delay adds
to every request but makes connections for nothing, so the figure with the round trips of a name
server, TCP and TLS added stands beside. The goal is 1.5 s over 3G for the landing and the exam.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from tests.browser.scenes import SCENES, Scene, stages
from tests.browser.stage import Stage
from tests.conftest import CHROMIUM_ARGUMENTS

MEASURED = ("landing", "register", "start", "exam", "check-missing", "receipt", "ranking")
ROUND_TRIPS = 3
"""Of a new connection: asking for the address, TCP, TLS."""
PAINTED = """() => new Promise(done => new PerformanceObserver(list => {
  for (const entry of list.getEntries())
    if (entry.name === "first-contentful-paint") done(entry.startTime);
}).observe({type: "paint", buffered: true}))"""


@dataclass(frozen=True, slots=True)
class Network:
    """A network: kilobits a second each way, and the milliseconds of a round trip."""

    name: str
    down: int
    up: int
    delay: int


NETWORKS = (Network("3G", 1600, 750, 150), Network("slow 3G", 400, 400, 400))


@dataclass(frozen=True, slots=True)
class Run:
    """One visit: milliseconds until the first words and until everything, bytes on the wire."""

    painted: float
    loaded: float
    size: int


def main() -> None:
    """Measure and print, scene by scene."""
    parser = argparse.ArgumentParser(description="Measure first paints over slow networks.")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--slower", type=float, default=4, help="how much slower the processor is")
    asked = parser.parse_args()
    program = shutil.which("chromium")
    if program is None:
        sys.exit("no chromium on this machine")
    with (
        TemporaryDirectory() as folder,
        stages(Path(folder)) as made,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGUMENTS)
        measure(browser, made, asked.runs, asked.slower)
        browser.close()


def measure(browser: Browser, made: Mapping[str, Stage], runs: int, slower: float) -> None:
    """Print the medians of some runs of each scene over each network."""
    by_name = {scene.name: scene for scene in SCENES}
    print(f"{'':16}{'network':9}{'bytes':>8}{'painted':>9}{'+ connecting':>14}{'loaded':>8}   (ms)")
    for name in MEASURED:
        for network in NETWORKS:
            scene = by_name[name]
            visits = [
                visit(browser, made[scene.stage], scene, network, slower) for _ in range(runs)
            ]
            painted = median(one.painted for one in visits)
            loaded = median(one.loaded for one in visits)
            size = max(one.size for one in visits)
            connected = painted + ROUND_TRIPS * network.delay
            print(
                f"{name:16}{network.name:9}{size:8}{painted:9.0f}{connected:14.0f}{loaded:8.0f}",
                flush=True,
            )


def visit(browser: Browser, stage: Stage, scene: Scene, network: Network, slower: float) -> Run:
    """Return what one visit with an empty cache took."""
    with stage.browser(browser, scene.person) as context:
        page = context.new_page()
        sizes: list[int] = []
        session = context.new_cdp_session(page)
        slow_down(session, network, slower)
        session.on("Network.loadingFinished", lambda end: sizes.append(end["encodedDataLength"]))
        scene.enter(page, stage)
        return Run(page.evaluate(PAINTED), _loaded(page), round(sum(sizes)))


def slow_down(session: CDPSession, network: Network, slower: float) -> None:
    """Let a page have a slow network and a slow processor."""
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": network.delay,
            "downloadThroughput": network.down * 1000 / 8,
            "uploadThroughput": network.up * 1000 / 8,
        },
    )
    session.send("Emulation.setCPUThrottlingRate", {"rate": slower})


def _loaded(page: Page) -> float:
    found: float = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    return found


if __name__ == "__main__":
    main()
