"""What a finger meets on a page: the boxes that can be pressed, measured as they are drawn."""

from playwright.sync_api import Page

TARGET_PX = 44
# A control counts where it can be reached: not beneath a sheet, not scrolled out of its list or
# under its head. A finger lands a little beside the middle: there it must meet the control, and
# nothing that lies over it.
MEASURE = """(least) => {
  const sheet = document.querySelector("dialog[open]");
  const over = document.querySelector("section.link");
  const within = sheet ?? over ?? document;
  const pressed = "button, input, a[href], select, summary, textarea, tr.item:has(button) > td";
  const clipped = (node) => {
    const box = node.getBoundingClientRect();
    for (let up = node.parentElement; up; up = up.parentElement) {
      if (getComputedStyle(up).overflowY === "visible") continue;
      const frame = up.getBoundingClientRect();
      if (box.top < frame.top - 1 || box.bottom > frame.bottom + 1) return true;
    }
    return box.bottom > innerHeight || box.top < 0;
  };
  return [...within.querySelectorAll(pressed)].flatMap((node) => {
    const box = node.getBoundingClientRect();
    if (!box.width || !box.height || getComputedStyle(node).visibility === "hidden") return [];
    const name = `${node.id || node.className || node.tagName} "${node.textContent.slice(0, 24)}"`;
    const size = `${Math.round(box.width * 10) / 10}x${Math.round(box.height * 10) / 10}`;
    if (box.width < least - 0.5 || box.height < least - 0.5) return [`${name} is ${size}`];
    if (clipped(node) || node.disabled) return [];
    const [x, y, reach] = [box.x + box.width / 2, box.y + box.height / 2, least / 2 - 2];
    const beside = [[0, 0], [0, -reach], [0, reach], [-reach, 0], [reach, 0]];
    const missed = beside.filter(([dx, dy]) => {
      const met = document.elementFromPoint(x + dx, y + dy);
      return !node.contains(met) && !met?.closest("thead");
    });
    return missed.length ? [`${name} is covered at ${JSON.stringify(missed)}`] : [];
  });
}"""


def small_targets(page: Page) -> list[str]:
    """Return what can be pressed and is smaller than a finger, or lies under something else."""
    found: list[str] = page.evaluate(MEASURE, TARGET_PX)
    return found
