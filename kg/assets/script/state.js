'use strict';

// What is shown of the graph: which part, through which filters, and what is in focus.
// The address of the page holds all of it, so that a view can be passed on.

const AT_ONCE = { group: 60, around: 40 };
const DRAWN_AT_MOST = 400;
const FEW = 150; // of documents that name no more, all is drawn
const NAMED_EDGES = 25; // up to so many edges carry their names from the start
const VIEWS = ['map', 'list', 'money', 'time'];

const state = {
  base: '', // what the map began with: '', 'group 3' or 'around ID'
  shown: startSet(''),
  hidden: new Set(),
  off: { classes: new Set(), statuses: new Set(), predicates: new Set() },
  sure: 0,
  words: '', // in the title, file or publisher of a document
  from: '', // first and last date of a document
  until: '',
  documents: null, // ids of the documents that these three let through; null for all
  few: false, // whether these name few nodes
  node: null, // id of the node in focus
  edge: null, // id of the edge in focus
  path: null, // ids of two nodes, the way between which is in focus
  names: data.edges.length <= NAMED_EDGES,
  shows: 'map',
  sort: { by: 'sum', down: true }, // of the table of sums
};

// ------------------------------------------------------------------ which part

function startSet(base) {
  const [kind, ...rest] = base.split(' ');
  const name = rest.join(' ');
  if (kind === 'group' && communities[name]) return withSums(communities[name].filter((node) => !node.money).slice(0, AT_ONCE.group));
  if (kind === 'around' && nodes.has(name)) return new Set([name, ...nearest(name)]);
  return new Set(data.nodes.filter((node) => node.shown).map((node) => node.id));
}

// Some nodes, and the sums between them.
function withSums(some) {
  const ids = new Set(some.map((node) => node.id));
  const within = ({ payer, recipient }) => [...payer, ...recipient].every((id) => ids.has(id));
  const sums = some.flatMap((node) => edgesAt.get(node.id)).filter((edge) => edge.event && within(told(edge)));
  return new Set([...ids, ...sums.slice(0, AT_ONCE.group).map((edge) => edge.event)]);
}

// The neighbours of a node, those told of most and most surely first.
function nearest(id) {
  const ranked = [...edgesAt.get(id)].sort((one, other) => weight(other) - weight(one));
  return [...new Set(ranked.map((edge) => otherEnd(edge, id).id))].slice(0, AT_ONCE.around);
}

function isDrawn(node) {
  return (state.few || state.shown.has(node.id)) && !state.hidden.has(node.id) && nodePasses(node);
}

// By rank.
function drawnNodes() {
  return data.nodes.filter(isDrawn);
}

function linksAmong(drawn) {
  const ids = new Set(drawn.map((node) => node.id));
  return drawn.flatMap((node) => edgesAt.get(node.id).filter((edge) => edge.from === node.id && ids.has(edge.to) && edgePasses(edge)));
}

// ------------------------------------------------------------------ filters

function passes(item) {
  return !state.off.statuses.has(item.status) && item.confidence >= state.sure && (state.documents === null || item.sayings.some(saysIt));
}

function saysIt(saying) {
  return state.documents === null || state.documents.has(saying.document);
}

function edgePasses(edge) {
  return passes(told(edge)) && !state.off.predicates.has(edge.predicate);
}

function nodePasses(node) {
  if (state.off.classes.has(classKey(Boolean(node.money), node.type))) return false;
  if (node.money) return passes(node.money);
  return state.documents === null || documentsOf(node).some(({ id }) => state.documents.has(id));
}

function chooseDocuments(words, from, until) {
  Object.assign(state, { words, from, until });
  const wanted = fold(words.trim());
  const lets = (source) => {
    const named = [source.title, source.path, source.publisher || ''].some((text) => fold(text).includes(wanted));
    // A date as exact as a month or a year is compared as far as it goes.
    const date = source.date || '';
    const early = from && date < from.slice(0, date.length);
    const late = until && date > until.slice(0, date.length);
    return named && (date || !(from || until)) && !early && !late;
  };
  state.documents = wanted || from || until ? new Set(data.keys.sources.filter(lets).map(({ id }) => id)) : null;
  state.few = state.documents !== null && data.nodes.filter(nodePasses).length <= FEW;
}

function filters() {
  return Object.values(state.off).some((off) => off.size) || state.sure > 0 || state.documents !== null;
}

// ------------------------------------------------------------------ the address

function linkOf() {
  const said = new URLSearchParams();
  if (state.base) said.set('base', state.base);
  const start = startSet(state.base);
  const more = [...state.shown].filter((id) => !start.has(id));
  if (more.length) said.set('with', numbers(more));
  if (state.hidden.size) said.set('without', numbers([...state.hidden]));
  if (state.node !== null) said.set('n', state.node);
  if (state.edge !== null) said.set('e', state.edge);
  if (state.path !== null) said.set('path', numbers(state.path));
  if (state.shows !== 'map') said.set('show', state.shows);
  if (state.names !== data.edges.length <= NAMED_EDGES) said.set('names', Number(state.names));
  for (const [name, off] of Object.entries(state.off)) if (off.size) said.set(name, [...off].sort().join(','));
  if (state.sure > 0) said.set('sure', String(state.sure));
  for (const name of ['words', 'from', 'until']) if (state[name]) said.set(name, state[name]);
  if (state.sort.by !== 'sum' || !state.sort.down) said.set('sort', `${state.sort.by} ${state.sort.down ? 'down' : 'up'}`);
  return `#${said}`;
}

function setLink() {
  const link = linkOf();
  if (location.hash === link || (link === '#' && location.hash === '')) return;
  // What comes into focus is a step that the browser's Back undoes; a filter is none.
  const focused = (hash) => ['n', 'e', 'path', 'base'].map((name) => new URLSearchParams(hash.slice(1)).get(name)).join();
  if (focused(link) === focused(location.hash)) history.replaceState(null, '', link);
  else history.pushState(null, '', link);
}

// Sets the state as an address tells it; what it tells wrongly is left out.
function readLink() {
  const said = new URLSearchParams(location.hash.slice(1));
  state.base = said.get('base') || '';
  state.shown = startSet(state.base);
  for (const id of ids(said.get('with')).slice(0, DRAWN_AT_MOST)) state.shown.add(id);
  state.hidden = new Set(ids(said.get('without')));
  for (const [name, off] of Object.entries(state.off)) {
    off.clear();
    for (const term of (said.get(name) || '').split(',').filter(Boolean)) off.add(term);
  }
  const sure = Number(said.get('sure'));
  state.sure = sure > 0 && sure <= 1 ? sure : 0;
  chooseDocuments(said.get('words') || '', dateOf(said.get('from')), dateOf(said.get('until')));
  state.node = nodes.has(said.get('n')) ? said.get('n') : null;
  state.edge = state.node === null && edges.has(said.get('e')) ? said.get('e') : null;
  const path = ids(said.get('path'));
  state.path = path.length === 2 ? path : null;
  state.names = said.has('names') ? said.get('names') === '1' : data.edges.length <= NAMED_EDGES;
  state.shows = VIEWS.includes(said.get('show')) ? said.get('show') : 'map';
  const [by, way] = (said.get('sort') || 'sum down').split(' ');
  state.sort = { by: SUMS.some((column) => column.by === by) ? by : 'sum', down: way === 'down' };
}

// Nodes by their numbers, which keep an address short.
function numbers(some) {
  const at = new Map(data.nodes.map((node, number) => [node.id, number]));
  return some.map((id) => at.get(id)).sort((one, other) => one - other).join(',');
}

function ids(list) {
  const found = (list || '').split(',').filter(Boolean).map((number) => data.nodes[Number(number)]);
  return found.filter(Boolean).map((node) => node.id);
}

function dateOf(text) {
  return /^\d{4}-\d{2}-\d{2}$/.test(text || '') ? text : '';
}
