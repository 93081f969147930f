"""player_browser.py MMEMU TRACE MARK HOSTILE - the player in headless Chromium.

Clicks and keys as a person would; what the page shows then must be what `mmemu
replay` reports at the same line. MARK is one of TRACE's, HOSTILE a trace whose
names try to get out of the page.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from player_page import Replay, explained, page_json

MACHINE = ["--set", "memory=16M"]

# Everything that is visible of a step, as text.
LOOK = r"""
const text = (selector) => [...document.querySelectorAll(selector)].map((e) => e.textContent);
const numbers = (row) => [...row.querySelectorAll('td.number')].map((td) => Number(td.firstChild.textContent));
return {
  step: Number(document.body.dataset.step),
  position: document.getElementById('position').textContent,
  row: text('#trace [aria-current]'),
  pids: [...document.querySelectorAll('#processes button')].map((b) => Number(b.dataset.pid)),
  pid: Number((document.querySelector('#processes [aria-checked=true]') || {dataset: {}}).dataset.pid),
  process: Object.fromEntries([...document.querySelectorAll('#process [data-name]')].map((e) => e.textContent.split(' '))),
  story: text('#story li'),
  said: text('#said li'),
  areas: text('#areas tr:not(.gone) td.line'),
  root: text('#root'),
  entries: [...document.querySelectorAll('#tables .text')].filter((e) => !e.closest('.gone')).map((e) => e.textContent),
  kernel: text('#tables .kernel'),
  zones: [...document.querySelectorAll('#buddy tr.zone')].map((r) => [r.dataset.zone, numbers(r)]),
  types: [...document.querySelectorAll('#buddy tr.type')].map((r) => [r.dataset.zone, r.dataset.type, numbers(r)]),
  slabs: [...document.querySelectorAll('#slabs tbody tr')].map((r) => [r.dataset.name, ...numbers(r)]),
  meminfo: [...document.querySelectorAll('#meminfo tr')].map((r) => [r.dataset.name, numbers(r)[0]]),
  vmstat: [...document.querySelectorAll('#vmstat tr')].map((r) => [r.dataset.name, numbers(r)[0]]),
};
"""
FRAME = r"""
const field = (name) => Number(document.querySelector('#frame [data-field=' + name + ']').textContent);
return [document.querySelector('#frame-title b').textContent, field('count'), field('mapcount'),
  [...document.querySelectorAll('#mappers button')].map((b) => b.textContent)];
"""


def fail(text):
    sys.exit("player_browser: " + text)


def equal(what, found, wanted):
    if found != wanted:
        fail(f"{what}:\n  page   {str(found)[:500]}\n  replay {str(wanted)[:500]}")


class Page:
    def __init__(self, driver, mmemu, trace, options, name):
        self.d, self.mmemu, self.trace, self.options = driver, mmemu, trace, options
        path = os.path.join(os.getcwd(), name)
        subprocess.run([mmemu, "player", trace, "-o", path, *options], check=True)
        self.data = page_json(path)
        driver.get("file://" + path)

    def find(self, selector):
        return self.d.find_element(By.CSS_SELECTOR, selector)

    def click(self, selector):
        self.find(selector).click()

    def key(self, *keys):
        ActionChains(self.d).send_keys(*keys).perform()

    def step(self):
        return int(self.find("body").get_attribute("data-step"))

    def at(self, step):
        equal("the step", self.step(), step)

    def look(self):
        """Of all three tabs."""
        seen = {}
        for tab in ("counters", "slab", "buddy"):
            self.click("#tab-" + tab)
            for name, value in self.d.execute_script(LOOK).items():
                if value or name not in seen:
                    seen[name] = value
        return seen

    def compare(self):
        """What is shown against mmemu replay at this line."""
        seen = self.look()
        step = self.data["steps"][seen["step"]]
        where = f"step {seen['step']} (line {step['line']}): "
        replay = Replay(self.mmemu, self.trace, step["line"],
                        [seen["pid"]] if seen["process"].get("rss") else [], self.options)
        equal(where + "position", seen["position"],
              f"event {step['event']} / {self.data['steps'][-1]['event']}")
        equal(where + "row", seen["row"], [self.data["rows"][step["row"]]])
        language = self.find("html").get_attribute("lang")
        told = explained(self.mmemu, self.trace, step["line"], language, self.options)
        for name, lines in zip(("story", "said"), told):
            equal(where + name, seen[name], [line.strip() for line in lines][:300])
        equal(where + "buddyinfo", {z: n[:-1] for z, n in seen["zones"]}, replay.buddyinfo())
        self.compare_lists(where, seen, replay)
        equal(where + "slabinfo", {name: n for name, *n in seen["slabs"]},
              {name: [*n[:3], *n[5:]] for name, *n in replay.slabinfo()})
        equal(where + "meminfo", dict(seen["meminfo"]), replay.counters("meminfo"))
        equal(where + "vmstat", dict(seen["vmstat"]), replay.counters("vmstat"))
        if seen["process"].get("rss"):
            self.compare_process(where, seen, replay)
        return seen

    @staticmethod
    def compare_lists(where, seen, replay):
        """Lengths of the lists by type; per-CPU ones are the last column."""
        wanted = {}
        for line in replay.lists_of_state():
            kind, zone, *rest = line.split()
            order = 11 if kind == "pcplist" else int(rest.pop(0))
            wanted.setdefault((zone, rest[0]), [0] * 12)[order] = len(rest) - 1
        equal(where + "lists", {(z, t.lower()): n for z, t, n in seen["types"] if any(n)}, wanted)

    def compare_process(self, where, seen, replay):
        pid = seen["pid"]
        equal(f"{where}maps {pid}", seen["areas"], replay.lines(f"maps.{pid}"))
        lines = [line.strip() for line in replay.lines(f"tables.{pid}")]
        equal(f"{where}tables {pid}", seen["root"] + seen["entries"] +
              [k.strip() for k in seen["kernel"]], lines)
        status = replay.counters_of_status(f"status.{pid}")
        equal(f"{where}VmRSS {pid}", int(seen["process"]["rss"]) * 4, status.get("VmRSS", 0))
        equal(f"{where}VmSize {pid}", int(seen["process"]["total_vm"]) * 4,
              status.get("VmSize", 0))
        self.compare_frames(where, replay)

    def compare_frames(self, where, replay):
        """Click on the frames of some entries: who maps them?"""
        groups = replay.frames()
        links = [e for e in self.d.find_elements(By.CSS_SELECTOR, "#tables .entry:not(.gone) button.link")]
        for link in links[:2] + links[-1:]:
            self.d.execute_script("arguments[0].scrollIntoView({block: 'center'})", link)
            link.click()
            shown = self.d.find_elements(By.CSS_SELECTOR, "#frame [data-field=count]")
            if not shown:
                continue  # the zero page is boot's: it has no count
            title, count, mapcount, by = self.d.execute_script(FRAME)
            equal(where + "chosen frame", title.split()[-1], link.text)
            pairs = frozenset((int(b.split(":")[0]), int(b.split(":")[1], 16)) for b in by)
            if pairs not in groups:
                fail(f"{where}{title} is mapped by {sorted(pairs)}: no such frame in `frames`")
            if not 0 < mapcount <= len(pairs) or count < mapcount:
                fail(f"{where}{title}: count {count}, mapcount {mapcount}, {len(pairs)} mappings")

    def console(self):
        equal("console", [entry["message"] for entry in self.d.get_log("browser")], [])


def walk(page, mark):
    """Twenty steps by click, twenty by key, then every other way to move."""
    page.at(0)
    for i in range(1, 21):
        page.click("#next")
        page.at(i)
        if i in (6, 13, 20):
            page.compare()
    for i in range(21, 41):
        page.key(Keys.ARROW_RIGHT if i % 2 else "n")
        page.at(i)
        if i in (27, 40):
            page.compare()
    for i in (39, 38, 37):
        page.key(Keys.ARROW_LEFT)
        page.at(i)
    page.click("#back")
    page.at(36)
    page.compare()
    last = len(page.data["steps"]) - 1
    page.key(Keys.END)
    page.at(last)
    page.compare()
    page.key(Keys.HOME)
    page.at(0)
    to = {name: step for name, step, _ in page.data["marks"]}[mark]
    Select(page.find("#marks")).select_by_visible_text(mark)
    page.at(to)
    page.compare()
    page.click("#first")
    page.click("#title")  # away from the controls: keys are the page's
    page.key("m")
    page.at(min(step for _, step, _ in page.data["marks"] if step > 0))


def slide(page):
    slider = page.find("#slider")
    ActionChains(page.d).move_to_element(slider).click().perform()  # its middle
    last = len(page.data["steps"]) - 1
    if abs(page.step() - last / 2) > last / 20:
        fail(f"the slider's middle is step {page.step()} of {last}")
    page.compare()


def choose(page):
    """Another process than the event's."""
    for _ in range(len(page.data["steps"])):
        others = page.d.find_elements(By.CSS_SELECTOR, "#processes [aria-checked=false]")
        if others:
            break
        page.key(Keys.ARROW_LEFT)
    pid = int(others[0].get_attribute("data-pid"))
    others[0].click()
    seen = page.compare()
    equal("chosen process", seen["pid"], pid)
    if page.find("#follow").is_selected():
        fail("a process was chosen, and the event's is still followed")


def search_and_play(page):
    page.key(Keys.HOME, "/")
    page.key("MUNMAP", Keys.ENTER)
    row = page.find("#trace [aria-current]").text
    if "munmap" not in row:
        fail(f"the search found {row}")
    page.key(Keys.ESCAPE)
    before = page.step()
    page.key(" ")
    end = time.time() + 60
    while page.step() < before + 2 and time.time() < end:
        time.sleep(0.05)
    page.key(" ")
    stopped = page.step()
    if stopped < before + 2:
        fail("play does not play")
    time.sleep(0.8)
    page.at(stopped)


def speak(page):
    heading = page.find("#trace-pane h2 span")
    equal("language", heading.text, "Trace")
    page.click("#language")
    equal("language", (heading.text, page.find("html").get_attribute("lang")), ("トレース", "ja"))
    page.key("l")
    equal("language", heading.text, "Trace")
    page.key("?")
    if not page.find("#help-box").is_displayed() or "Page Up" not in page.find("#help-box").text:
        fail("? shows no keys")
    page.click("#help-box button")


def fits(page):
    """Nothing sticks out of the window, at both sizes and in both languages."""
    for width, height in ((1280, 720), (1920, 1080)):
        page.d.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})
        for _ in range(2):
            out = page.d.execute_script("""
                const out = [];
                for (const e of document.querySelectorAll('header > *, .pane, .pane > h2 > *, #tabs button, #grid, #legend > span')) {
                  const r = e.getBoundingClientRect();
                  if (!e.hidden && (r.right > innerWidth || r.bottom > innerHeight || e.scrollWidth > e.clientWidth + 1 && e.clientWidth && e.matches('.pane, h2 span, button')))
                    out.push(e.id || e.textContent);
                }
                return out;""")
            equal(f"outside of {width}x{height}", out, [])
            page.click("#language")


def hostile(page):
    page.d.set_window_size(1280, 720)
    for _ in range(len(page.data["steps"]) - 1):
        page.click("#next")
    page.click("#tab-slab")
    shown = page.find("body").get_attribute("textContent")
    for text in ("</script><script>document.title='owned'</script>", "<img src=x onerror=",
                 "\\xff\\xfe", "'\"&amp;<b>"):
        if text not in shown:
            fail(f"{text} is not shown as it is")
    equal("title", page.d.title.endswith(" - mmemu"), True)
    equal("elements from the trace", page.d.execute_script(
        "return document.querySelectorAll('img, b b, script:not([type])').length"), 0)


def browser():
    options = Options()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--lang=en",
                     "--disable-dev-shm-usage", "--window-size=1280,720"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.binary_location = shutil.which("chromium") or "/usr/bin/chromium"
    driver = shutil.which("chromedriver") or "/usr/bin/chromedriver"
    return webdriver.Chrome(options=options, service=Service(driver))


def main(mmemu, trace, mark, hostile_trace):
    driver = browser()
    try:
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": 1280, "height": 720, "deviceScaleFactor": 1, "mobile": False})
        page = Page(driver, mmemu, trace, MACHINE, "walk.html")
        for act in (lambda p: walk(p, mark), slide, choose, search_and_play, speak, fits):
            act(page)
        equal("what the page loaded", driver.execute_script(
            "return performance.getEntriesByType('resource').map((e) => e.name)"), [])
        page.console()
        page = Page(driver, mmemu, hostile_trace, MACHINE, "hostile.html")
        hostile(page)
        page.console()
    finally:
        driver.quit()


with tempfile.TemporaryDirectory() as folder:
    arguments = [os.path.abspath(a) if i in (0, 1, 3) else a for i, a in enumerate(sys.argv[1:])]
    os.chdir(folder)
    main(*arguments)
