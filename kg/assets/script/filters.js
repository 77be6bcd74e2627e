'use strict';

// The legend, which is the filter as well.

// Map, sheets and panel follow the filters.
function filtered() {
  draw();
  if (state.edge === null) tellFocus();
  byId('unfilter').hidden = !filters();
  setLink();
}

function choice(off, name, key, picture) {
  const label = make('label', null, 'choice');
  const box = make('input');
  box.type = 'checkbox';
  box.checked = !off.has(name);
  box.addEventListener('change', () => {
    if (box.checked) off.delete(name);
    else off.add(name);
    filtered();
  });
  label.title = key.definition;
  label.append(box, ...picture, make('span', key.label), make('span', String(key.count), 'count'));
  return label;
}

function writeFilters() {
  const { off } = state;
  byId('classes').replaceChildren(...[...classes.entries()].map(([name, key]) => choice(off.classes, name, key, [swatch(key)])));
  byId('statuses').replaceChildren(...[...statuses.values()].map((key) => choice(off.statuses, key.name, key, [stroke(key), make('span', key.mark, 'mark')])));
  byId('predicates').replaceChildren(...[...predicates.values()].map((key) => choice(off.predicates, key.name, key, [])));
  byId('sure').value = String(state.sure);
  byId('sure-value').textContent = state.sure.toFixed(2);
  for (const name of ['words', 'from', 'until']) byId(name).value = state[name];
  countDocuments();
  byId('unfilter').hidden = !filters();
}

function countDocuments() {
  const chosen = state.documents === null ? sources.size : state.documents.size;
  const undated = (state.from || state.until) ? data.keys.sources.filter(({ date }) => !date).length : 0;
  byId('documents-count').textContent = `${chosen} of ${plural(sources.size, 'document', 'documents')}${undated ? `; ${undated} without a date left out` : ''}`;
}

function surer(event) {
  state.sure = Number(event.target.value);
  byId('sure-value').textContent = state.sure.toFixed(2);
  filtered();
}

function documentsChosen() {
  chooseDocuments(byId('words').value, byId('from').value, byId('until').value);
  countDocuments();
  filtered();
}

function filterDocuments(words) {
  byId('words').value = words;
  byId('documents').open = true;
  documentsChosen();
}

function unfilter() {
  for (const off of Object.values(state.off)) off.clear();
  state.sure = 0;
  chooseDocuments('', '', '');
  writeFilters();
  filtered();
}
