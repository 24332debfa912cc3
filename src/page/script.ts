/**
 * Replaces what changed as the server tells; without it the page is read by loading it again. Whoever is about to use
 * a button keeps it: what has the focus is found again by its name. What somebody is about to fill in stays as it is.
 * Nothing is replaced while a button of the mouse is down: a press on what is gone when it ends is no click.
 */
export const SCRIPT = `
const main = document.querySelector('main');
const events = new EventSource('/events?of=' + encodeURIComponent(location.pathname + location.search));
let pressed = false;
let waiting = null;
const show = (data) => {
  const focused = document.activeElement?.id;
  const scrolled = [...document.querySelectorAll('.scroll')].map((one) => one.scrollLeft);
  const typed = [...main.querySelectorAll('.filter input, .filter select')];
  main.innerHTML = JSON.parse(data);
  typed.forEach((one) => document.getElementById(one.id)?.replaceWith(one));
  document.querySelectorAll('.scroll').forEach((one, index) => { one.scrollLeft = scrolled[index] ?? 0; });
  if (focused) document.getElementById(focused)?.focus();
};
events.onmessage = ({ data }) => {
  if (pressed) waiting = data;
  else show(data);
};
addEventListener('pointerdown', () => { pressed = true; });
const released = () => {
  pressed = false;
  if (waiting !== null) show(waiting);
  waiting = null;
};
// The click comes after the release, in the same task.
for (const end of ['pointerup', 'pointercancel', 'blur']) addEventListener(end, () => setTimeout(released));
const state = document.getElementById('live');
events.onopen = () => { state.textContent = 'live'; };
events.onerror = () => { state.textContent = 'not live: appsync ui has ended'; };
`;
