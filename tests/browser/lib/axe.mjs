// What a page must be for everybody who uses it: by axe's rules, on a small screen, with a finger.
import { AxeBuilder } from "@axe-core/playwright";
import { expect } from "../fixtures.mjs";

const FINGER = 44;

// What gets in the way of a finger: controls that are smaller than it both as
// they are and with their label. Links and buttons within a line of text are
// exempt, as in WCAG's target size rules.
export const tooSmall = (page, least = FINGER) => page.evaluate((least) => {
  const controls = document.querySelectorAll("a[href], button, input, select, textarea, summary, [role=button], [role=switch], [tabindex='0'][role]");
  const small = [];
  for (const control of controls) {
    const target = control.closest("label") ?? control;
    const style = getComputedStyle(control);
    if (!target.checkVisibility({ visibilityProperty: true, opacityProperty: false }) || style.display === "inline") continue;
    if (document.querySelector("dialog[open]") && !control.closest("dialog[open]")) continue;
    const { width, height } = target.getBoundingClientRect();
    if (width < 2 && height < 2) continue; // for screen readers only
    if (width < least - 0.5 || height < least - 0.5) {
      small.push(`${control.outerHTML.slice(0, 120)} is ${Math.round(width)} x ${Math.round(height)}`);
    }
  }
  return small;
}, least);

// Axe finds nothing on the page as it is, and nothing has to be scrolled sideways.
export async function usable(page, what) {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().options({ rules: { "target-size": { enabled: true } } }).analyze();
  const said = violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")} ${node.failureSummary?.split("\n")[1]?.trim() ?? ""}`));
  expect.soft(said, `axe, ${what}`).toEqual([]);
  const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  expect.soft(wide, `width of ${what}`).toBeLessThanOrEqual(room);
}
