// Search, and opening what an address or a link points at. The page works without.
const items = [...document.querySelectorAll('main .item')];
const texts = items.map((item) => `${item.id} ${item.querySelector('summary').textContent}`.toLowerCase());
const search = document.getElementById('search');

search.addEventListener('input', () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  items.forEach((item, i) => {
    item.hidden = !words.every((word) => texts[i].includes(word));
    if (!item.hidden) found += 1;
  });
  for (const section of document.querySelectorAll('main section')) {
    section.hidden = !section.querySelector('.item:not([hidden])');
  }
  document.getElementById('found').textContent = words.length === 0 ? '' : `${found} found`;
});

function open() {
  const item = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!(item instanceof HTMLDetailsElement)) return;
  item.hidden = false;
  item.open = true;
  item.scrollIntoView();
}
window.addEventListener('hashchange', open);
open();

for (const item of items) {
  item.addEventListener('toggle', () => {
    if (item.open) history.replaceState(null, '', `#${item.id}`);
  });
}
