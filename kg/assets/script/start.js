'use strict';

// Brings the page to life.

function pageKeys(event) {
  const typing = event.target instanceof HTMLInputElement && event.target.type !== 'checkbox' && event.target.type !== 'range';
  if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    byId('find').focus();
  }
  if (event.key === 'Escape' && !typing) clearFocus();
}

function listen() {
  finder(byId('find'), byId('hits'), byId('no-hits'), choose);
  byId('sure').addEventListener('input', surer);
  for (const name of ['words', 'from', 'until']) byId(name).addEventListener('input', documentsChosen);
  byId('unfilter').addEventListener('click', unfilter);
  byId('fit').addEventListener('click', () => fit());
  byId('nearer').addEventListener('click', () => zoom(1.25));
  byId('farther').addEventListener('click', () => zoom(0.8));
  byId('start').addEventListener('click', () => startWith(''));
  byId('all').addEventListener('click', showAll);
  byId('names').addEventListener('click', () => showNames(!state.names));
  for (const name of VIEWS) byId(`as-${name}`).addEventListener('click', () => showAs(name));
  byId('save-csv').addEventListener('click', saveCsv);
  byId('save-png').addEventListener('click', savePng);
  byId('save-svg').addEventListener('click', saveSvg);
  document.addEventListener('keydown', pageKeys);
  window.addEventListener('popstate', followLink);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
}

if (data.nodes.length) {
  map = startMap();
  listen();
  if (isNarrow()) byId('filters').open = false;
  followLink();
}
