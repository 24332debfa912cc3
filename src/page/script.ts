/**
 * Replaces what changed as the server tells; without it the page is read by loading it again. Whoever is about to use
 * a button keeps it: what has the focus is found again by its name. What somebody is about to fill in stays as it is.
 */
export const SCRIPT = `
const main = document.querySelector('main');
const events = new EventSource('/events?of=' + encodeURIComponent(location.pathname + location.search));
events.onmessage = ({ data }) => {
  const focused = document.activeElement?.id;
  const scrolled = [...document.querySelectorAll('.scroll')].map((one) => one.scrollLeft);
  const typed = [...main.querySelectorAll('.filter input, .filter select')];
  main.innerHTML = JSON.parse(data);
  typed.forEach((one) => document.getElementById(one.id)?.replaceWith(one));
  document.querySelectorAll('.scroll').forEach((one, index) => { one.scrollLeft = scrolled[index] ?? 0; });
  if (focused) document.getElementById(focused)?.focus();
};
const state = document.getElementById('live');
events.onopen = () => { state.textContent = 'live'; };
events.onerror = () => { state.textContent = 'not live: appsync ui has ended'; };
`;
