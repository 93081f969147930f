"""player_check.py MMEMU PAGE TRACE EVERY [OPTION]... - is what the JSON of a page
says at every EVERY-th step what `mmemu replay TRACE OPTION... --at` reports?"""
import sys

from player_page import Replay, State, explained, page_json, story_lines

PAGE_OFFSET = 0xC0000000  # of the 32-bit machines


def equal(what, page, replay):
    if page == replay:
        return
    if isinstance(page, (dict, set)):
        page, replay = ({k for k in page if k not in replay} or page,
                        {k for k in replay if k not in page} or replay)
    sys.exit(f"{what}:\n  page   {str(page)[:600]}\n  replay {str(replay)[:600]}")


def compare(state, replay, where):
    equal(where + "buddyinfo", state.buddyinfo(), replay.buddyinfo())
    equal(where + "lists", state.lists_of_state(), replay.lists_of_state())
    equal(where + "slabinfo", state.slabinfo(), replay.slabinfo())
    equal(where + "meminfo", state.counters(0, 1000), replay.counters("meminfo"))
    equal(where + "vmstat", state.counters(1000, 2000), replay.counters("vmstat"))
    equal(where + "frames", {frozenset(by) for by in state.mappings().values()},
          replay.frames())
    if state.data["format"]["digits"] == 8:
        equal(where + "slabs", state.slab_lines(), replay.slab_lines(
            PAGE_OFFSET, 1 << state.data["page_shift"]))
    for pid, mm in state.tasks().items():
        if not mm:
            continue
        equal(f"{where}maps {pid}", state.maps(mm), replay.lines(f"maps.{pid}"))
        equal(f"{where}tables {pid}", state.tables(mm), replay.lines(f"tables.{pid}"))


def check_mapcounts(state, where):
    """What struct page counts is what the entries say: one mapping an mm."""
    found = {}
    for entry in state.sections["entry"].values():
        if entry[5] == 1:
            found[entry[6]] = found.get(entry[6], 0) + 1
    for frame in state.sections["frame"].values():
        equal(f"{where}mapcount of {frame[0]:#x}", frame[3] if frame[1] in (4, 5) else 0,
              found.get(frame[0], 0) if frame[1] in (4, 5) else 0)


def check_story(mmemu, trace, data, step, where, options):
    for number, language in enumerate(("en", "ja")):
        told = explained(mmemu, trace, step["line"], language, options)
        for name, lines in zip(("story", "said"), told):
            numbers = step.get(name, [])
            equal(f"{where}{name}, {language}: lines", step.get(name + "_more", 0),
                  len(lines) - len(numbers))
            equal(f"{where}{name}, {language}",
                  [line.lstrip() if name == "said" else line
                   for line in story_lines(data, numbers, number)], lines[:len(numbers)])


def main(mmemu, page, trace, every, *options):
    data = page_json(page)
    state = State(data)
    compared = 0
    for i, step in enumerate(data["steps"]):
        state.apply(step)
        where = f"step {i} (line {step['line']}): "
        check_mapcounts(state, where)
        if i % int(every) and i != len(data["steps"]) - 1 or not step["line"]:
            continue
        pids = [pid for pid, mm in state.tasks().items() if mm]
        compare(state, Replay(mmemu, trace, step["line"], pids, options), where)
        check_story(mmemu, trace, data, step, where, options)
        compared += 1
    print(f"{trace}: {len(data['steps'])} steps, {compared} compared")


main(*sys.argv[1:])
