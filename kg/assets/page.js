'use strict';

// The page holds the whole graph as JSON.  Text of the graph reaches the document
// through textContent only, so that nothing in it can run.

const NEIGHBOURS_AT_ONCE = 40;
const DRAWN_AT_MOST = 400;
const HITS = 12;
const RING = 170; // pixels between a node and the neighbours that appear around it
const NAMED_EDGES = 25; // up to so many edges carry their names from the start
const LANDMARKS = 22; // so many of the most central nodes keep a readable name at any zoom
const LETTERS = 14; // pixels
const READABLE = 7; // smaller names are left out
const NO_TEXT = ' '; // vis-network keeps an old label when the new one is empty

const DASHES = { solid: false, dashed: [9, 6], dotted: [2, 5], crossed: [14, 4, 2, 4] };
const POLYGONS = {
  dot: null,
  square: [4, 45],
  diamond: [4, 0],
  triangle: [3, 0],
  triangleDown: [3, 180],
  hexagon: [6, 30],
};
const TEXT_INSIDE = new Set(['box', 'ellipse', 'circle', 'database', 'text']);
const FOLDED = { ß: 'ss', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', æ: 'ae', œ: 'oe', ı: 'i' };

const data = JSON.parse(byId('data').textContent);
const nodes = byKey(data.nodes, 'id');
const edges = byKey(data.edges, 'id');
const classes = new Map(data.keys.classes.map((key) => [classKey(key.money, key.name), key]));
const predicates = byKey(data.keys.predicates, 'name');
const statuses = byKey(data.keys.statuses, 'name');
const sources = byKey(data.keys.sources, 'id');
const edgesAt = gatherEdges();
const landmarks = new Set(data.nodes.slice(0, LANDMARKS).map((node) => node.id)); // by rank

const state = {
  shown: new Set(data.nodes.filter((node) => node.shown).map((node) => node.id)),
  offClasses: new Set(),
  offPredicates: new Set(),
  offStatuses: new Set(),
  sure: 0,
  names: data.edges.length <= NAMED_EDGES,
  node: null, // id of the node in focus
  edge: null, // id of the edge in focus
  shows: 'map', // or list, money, time
  sort: { by: 'sum', down: true }, // of the table of sums
};

const OFF = [['classes', state.offClasses], ['statuses', state.offStatuses], ['predicates', state.offPredicates]];

let map = null;
let resting; // the timer that waits for the wheel

// ------------------------------------------------------------------ small tools

function byId(id) {
  return document.getElementById(id);
}

function byKey(items, key) {
  return new Map(items.map((item) => [item[key], item]));
}

function make(tag, text, name) {
  const element = document.createElement(tag);
  if (text !== undefined && text !== null) element.textContent = text;
  if (name) element.className = name;
  return element;
}

function button(text, act, name) {
  const element = make('button', text, name);
  element.type = 'button';
  element.addEventListener('click', act);
  return element;
}

function plural(count, one, many) {
  return `${count} ${count === 1 ? one : many}`;
}

function fold(text) {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return plain.replace(/[ßøłđðþæœı]/g, (letter) => FOLDED[letter]);
}

function paint(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// ------------------------------------------------------------------ the graph

function gatherEdges() {
  const at = new Map(data.nodes.map((node) => [node.id, []]));
  for (const edge of data.edges) {
    at.get(edge.from).push(edge);
    if (edge.to !== edge.from) at.get(edge.to).push(edge);
  }
  return at;
}

function classKey(money, name) {
  return `${money ? 'money' : 'class'} ${name}`;
}

function classOf(node) {
  return classes.get(classKey(Boolean(node.money), node.type));
}

function otherEnd(edge, id) {
  return nodes.get(edge.from === id ? edge.to : edge.from);
}

function passes(item) {
  return !state.offStatuses.has(item.status) && item.confidence >= state.sure;
}

function edgePasses(edge) {
  return passes(edge) && !state.offPredicates.has(edge.predicate);
}

function nodePasses(node) {
  const key = classKey(Boolean(node.money), node.type);
  return !state.offClasses.has(key) && (!node.money || passes(node.money));
}

function isDrawn(node) {
  return state.shown.has(node.id) && nodePasses(node);
}

function drawnNodes() {
  return data.nodes.filter(isDrawn);
}

function weight(edge) {
  return edge.confidence * (edge.sayings ? edge.sayings.length : 1);
}

// ------------------------------------------------------------------ looks

function nodeLook(node, near) {
  const key = classOf(node);
  const faded = near !== null && !near.has(node.id);
  const status = node.money ? statuses.get(node.money.status) : null;
  const open = status !== null && !status.asserted;
  const inside = TEXT_INSIDE.has(node.shape);
  return {
    id: node.id,
    shape: node.shape,
    size: node.size,
    label: open ? `${status.mark} ${node.short}` : node.short,
    color: nodeColours(faded ? pale(key.colour) : key.colour, open),
    borderWidth: open ? 2 : 1.5,
    borderWidthSelected: 3,
    shapeProperties: { borderDashes: open ? DASHES[status.line] || [2, 5] : false },
    font: {
      size: letters(node),
      face: 'system-ui, "Segoe UI", "DejaVu Sans", sans-serif',
      color: inside && !open ? inkOn(key.colour) : paint(faded ? '--line' : '--ink'),
      strokeWidth: inside ? 0 : 3,
      strokeColor: paint('--paper'),
    },
    widthConstraint: { maximum: 10 * letters(node) },
  };
}

function letters(node) {
  const scale = map.network.getScale();
  if (scale >= READABLE / LETTERS || !landmarks.has(node.id)) return LETTERS;
  return Math.min(3 * LETTERS, Math.round((1.5 * READABLE) / scale));
}

function nodeColours(colour, open) {
  const background = open ? paint('--paper') : colour;
  const border = open ? colour : paint('--paper');
  const lit = { background, border: open ? colour : paint('--ink') };
  return { background, border, highlight: lit, hover: lit };
}

function channels(colour) {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}

// Mixed with the paper rather than transparent: lines must not shine through.
function pale(colour) {
  const paper = channels(paint('--paper'));
  const mixed = channels(colour).map((value, at) => Math.round(0.28 * value + 0.72 * paper[at]));
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

function inkOn(colour) {
  const [red, green, blue] = channels(colour);
  return red * 0.299 + green * 0.587 + blue * 0.114 > 140 ? 'black' : 'white';
}

function edgeLook(edge, near) {
  const status = statuses.get(edge.status);
  const lit = isLit(edge);
  const faded = near !== null && !lit;
  const crossed = status.line === 'crossed';
  return {
    id: edge.id,
    from: edge.from,
    to: edge.to,
    label: edgeLabel(edge, status, lit),
    title: edgeTitle(edge, status),
    dashes: DASHES[status.line] || false,
    width: lit ? 2 : 1.2,
    color: {
      color: paint(faded || crossed ? '--faint' : '--line'),
      hover: paint('--accent'),
      highlight: paint('--accent'),
    },
    smooth: edge.bend === 0
      ? false
      : { enabled: true, type: edge.bend > 0 ? 'curvedCW' : 'curvedCCW', roundness: Math.abs(edge.bend) },
    font: {
      size: 11,
      color: paint(lit ? '--ink' : '--quiet'),
      strokeWidth: 4,
      strokeColor: paint('--paper'),
      align: 'horizontal',
    },
  };
}

function isLit(edge) {
  return edge.id === state.edge || edge.from === state.node || edge.to === state.node;
}

function edgeLabel(edge, status, lit) {
  const mark = status.asserted || edge.event ? '' : status.mark;
  if (edge.event || !(state.names || lit)) return mark || NO_TEXT;
  return `${mark} ${predicates.get(edge.predicate).label}`.trim();
}

// vis-network writes a title that is a string as text.
function edgeTitle(edge, status) {
  const verb = edge.event ? '→' : predicates.get(edge.predicate).label;
  const mark = status.asserted ? '' : ` (${status.label})`;
  return `${nodes.get(edge.from).short} ${verb} ${nodes.get(edge.to).short}${mark}`;
}

// Nodes that stay bright while something is in focus; null when nothing is.
function nearFocus() {
  if (state.node !== null) {
    const ends = edgesAt.get(state.node).filter(edgePasses).flatMap((edge) => [edge.from, edge.to]);
    return new Set([state.node, ...ends]);
  }
  const edge = edges.get(state.edge);
  return edge ? new Set([edge.from, edge.to]) : null;
}

// ------------------------------------------------------------------ the map

function startMap() {
  const points = new vis.DataSet();
  const lines = new vis.DataSet();
  const network = new vis.Network(byId('map'), { nodes: points, edges: lines }, {
    physics: false,
    layout: { improvedLayout: false },
    nodes: { scaling: { label: { drawThreshold: READABLE } } },
    edges: { arrows: { to: { enabled: true, scaleFactor: 0.55 } }, arrowStrikethrough: false, hoverWidth: 0.6, selectionWidth: 0.6, selfReference: { size: 16 } },
    interaction: { hover: true, keyboard: false, tooltipDelay: 250, hideEdgesOnDrag: data.edges.length > 300 },
  });
  network.on('click', (event) => clicked(event));
  network.on('zoom', zoomed);
  network.on('doubleClick', (event) => event.nodes.length && expand(event.nodes[0]));
  // The list is the way for keys; a focus on the map would lead nowhere.
  byId('map').firstElementChild.tabIndex = -1;
  return { network, points, lines };
}

// Names follow the zoom when the wheel rests.
function zoomed() {
  clearTimeout(resting);
  resting = setTimeout(draw, 120);
}

function clicked(event) {
  if (event.nodes.length) focusNode(event.nodes[0], false);
  else if (event.edges.length) focusEdge(event.edges[0]);
  else clearFocus();
}

// Brings the map in line with the state: what is new comes, what is gone goes.
function draw() {
  const near = nearFocus();
  const drawn = drawnNodes();
  const ids = new Set(drawn.map((node) => node.id));
  const links = data.edges.filter((edge) => ids.has(edge.from) && ids.has(edge.to) && edgePasses(edge));
  swap(map.points, drawn.map((node) => placed(nodeLook(node, near), node)));
  swap(map.lines, links.map((edge) => edgeLook(edge, near)));
  select(links);
  count(drawn);
  if (state.shows === 'list') writeList(drawn);
  if (state.shows === 'money') writeMoney();
  if (state.shows === 'time') writeTime();
}

function swap(set, items) {
  const keep = new Set(items.map((item) => item.id));
  set.remove(set.getIds().filter((id) => !keep.has(id)));
  set.update(items);
}

function placed(look, node) {
  return !onMap(look.id) ? { ...look, x: node.x, y: node.y } : look;
}

// A data set asked for null answers with all it holds.
function onMap(id) {
  return id !== null && map.points.get(id) !== null;
}

function select(links) {
  const edge = links.some((link) => link.id === state.edge) ? [state.edge] : [];
  const node = onMap(state.node) ? [state.node] : [];
  map.network.setSelection({ nodes: node, edges: edge }, { highlightEdges: false });
}

function count(drawn) {
  const all = data.nodes.filter((node) => !node.money).length;
  const here = drawn.filter((node) => !node.money).length;
  const sums = data.nodes.length - all;
  const sumsHere = drawn.length - here;
  const money = sums ? `, ${sumsHere} of ${plural(sums, 'sum', 'sums')}` : '';
  byId('count').textContent = `${here} of ${plural(all, 'entity', 'entities')}${money} shown`;
}

function fit() {
  map.network.fit({ animation: false, maxZoomLevel: 1.2 });
  draw();
}

// Adds nodes around one that stands already; returns how many found no room.
function add(ids, centre) {
  const room = Math.max(0, DRAWN_AT_MOST - state.shown.size);
  const fresh = ids.filter((id) => !state.shown.has(id));
  const taken = fresh.slice(0, room);
  const origin = whereIs(centre);
  const radius = Math.max(RING, taken.length * 14);
  taken.forEach((id, index) => {
    const node = nodes.get(id);
    const angle = (2 * Math.PI * index) / taken.length - Math.PI / 2;
    if (node.x === undefined) {
      node.x = Math.round(origin.x + radius * 1.3 * Math.cos(angle));
      node.y = Math.round(origin.y + radius * Math.sin(angle));
    }
    state.shown.add(id);
  });
  return fresh.length - taken.length;
}

function whereIs(id) {
  if (onMap(id)) return map.network.getPositions([id])[id];
  const node = nodes.get(id);
  return node && node.x !== undefined ? node : map.network.getViewPosition();
}

function expand(id) {
  const ranked = edgesAt.get(id).filter(edgePasses).sort((one, other) => weight(other) - weight(one));
  const fresh = ranked.map((edge) => otherEnd(edge, id)).filter(nodePasses).map((node) => node.id);
  const left = add([...new Set(fresh)].slice(0, NEIGHBOURS_AT_ONCE), id);
  draw();
  if (left) notice(`The map holds ${DRAWN_AT_MOST} nodes at most. Choose “Reset” or hide some to make room.`);
}

function showAll() {
  const missing = data.nodes.filter((node) => !state.shown.has(node.id)).map((node) => node.id);
  const left = add(missing, null);
  draw();
  fit();
  if (left) notice(`The map holds ${DRAWN_AT_MOST} nodes at most; ${left} are left out. Find them by name.`);
}

function startView() {
  state.shown = new Set(data.nodes.filter((node) => node.shown).map((node) => node.id));
  clearFocus();
  fit();
}

function hide(id) {
  state.shown.delete(id);
  clearFocus();
}

// ------------------------------------------------------------------ focus

function focusNode(id, move) {
  if (!state.shown.has(id)) {
    add([id], state.node);
    expand(id);
  }
  state.node = id;
  state.edge = null;
  draw();
  if (move && onMap(id)) map.network.focus(id, { scale: Math.max(0.9, map.network.getScale()), animation: false });
  tellNode(nodes.get(id));
  setLink();
}

function focusEdge(id) {
  const edge = edges.get(id);
  if (edge.event) {
    focusNode(edge.event, false);
    return;
  }
  const back = state.node;
  state.node = null;
  state.edge = id;
  draw();
  tellEdge(edge, back);
}

function clearFocus() {
  state.node = null;
  state.edge = null;
  draw();
  tellNothing();
  setLink();
}

// The address holds what is chosen, filtered and shown, so that it can be passed on.
function setLink() {
  const told = new URLSearchParams();
  if (state.node !== null) told.set('n', state.node);
  if (state.shows !== 'map') told.set('show', state.shows);
  for (const [name, off] of OFF) if (off.size) told.set(name, [...off].sort().join(','));
  if (state.sure > 0) told.set('sure', String(state.sure));
  const link = `#${told}`;
  if (location.hash !== link && !(link === '#' && location.hash === '')) history.replaceState(null, '', link);
}

function followLink() {
  const told = new URLSearchParams(location.hash.slice(1));
  for (const [name, off] of OFF) {
    off.clear();
    for (const term of (told.get(name) || '').split(',').filter(Boolean)) off.add(term);
  }
  const sure = Number(told.get('sure'));
  state.sure = sure > 0 && sure <= 1 ? sure : 0;
  byId('sure').value = String(state.sure);
  byId('sure-value').textContent = state.sure.toFixed(2);
  writeFilters();
  const view = told.get('show');
  showAs(VIEWS.includes(view) ? view : 'map');
  const id = told.get('n');
  if (nodes.has(id) && id !== state.node) focusNode(id, true);
}

// ------------------------------------------------------------------ details

function tell(...parts) {
  const panel = byId('right');
  panel.replaceChildren(...parts);
  panel.scrollTop = 0;
  if (matchMedia('(max-width: 60rem)').matches && (state.node !== null || state.edge !== null)) panel.scrollIntoView();
}

function notice(text) {
  byId('right').prepend(make('p', text, 'notice'));
}

function tellNothing() {
  tell(
    make('p', 'Choose a node to see what is said about it, or a line to read the sentences behind it.', 'quiet'),
    make('p', 'A double click on a node brings its neighbours. Larger nodes take part in more facts.', 'quiet'),
  );
}

function tellNode(node) {
  if (node.money) tellMoney(node);
  else tellEntity(node);
}

function title(node) {
  const line = make('p', null, 'quiet');
  const key = classOf(node);
  line.append(swatch(key), ` ${key.label}`);
  line.title = key.definition;
  return [make('h2', node.label), line];
}

function tools(node) {
  const row = make('div', null, 'tools');
  row.append(
    button('Show neighbours', () => expand(node.id)),
    button('Hide', () => hide(node.id)),
  );
  return row;
}

function tellEntity(node) {
  const parts = title(node);
  if (node.names.length) parts.push(make('p', `Also: ${node.names.join(', ')}`));
  if (node.mentions) parts.push(make('p', `Named ${plural(node.mentions, 'time', 'times')} in ${plural(node.documents, 'document', 'documents')}`, 'quiet'));
  parts.push(tools(node), ...factGroups(node), ...moneyGroup(node));
  if (!edgesAt.get(node.id).length) parts.push(make('p', 'The documents name it, but no fact about it was found.', 'quiet'));
  tell(...parts);
}

// Facts by predicate: first what the node does, then what is done to it.
function factGroups(node) {
  const groups = new Map();
  for (const edge of edgesAt.get(node.id).filter((edge) => !edge.event && edgePasses(edge))) {
    const forth = edge.from === node.id;
    const key = predicates.get(edge.predicate);
    const name = forth ? key.label : key.inverse;
    const group = groups.get(name) || { name, rank: forth ? 0 : 1, about: key.definition, edges: [] };
    group.edges.push(edge);
    groups.set(name, group);
  }
  return [...groups.values()].sort((one, other) => one.rank - other.rank).flatMap((group) => {
    const list = make('ul', null, 'plain');
    group.edges.sort((one, other) => weight(other) - weight(one));
    list.append(...group.edges.map((edge) => factRow(edge, otherEnd(edge, node.id))));
    const heading = make('h3', group.name);
    heading.title = group.about;
    return [heading, list];
  });
}

function factRow(edge, node) {
  const row = button(null, () => focusEdge(edge.id), 'row');
  row.append(swatch(classOf(node)), make('span', node.label), ...markOf(edge));
  if (edge.sayings.length > 1) row.append(make('span', `${edge.sayings.length}×`, 'count'));
  return inItem(row);
}

function inItem(element) {
  const item = make('li');
  item.append(element);
  return item;
}

function markOf(item) {
  const status = statuses.get(item.status);
  return status.asserted ? [] : [make('span', `${status.mark} ${status.label}`, 'mark')];
}

function moneyGroup(node) {
  const ways = edgesAt.get(node.id).filter((edge) => edge.event && edgePasses(edge));
  const events = [...new Set(ways.map((edge) => edge.event))].map((id) => nodes.get(id));
  if (!events.length) return [];
  const list = make('ul', null, 'plain');
  list.append(...events.map((event) => inItem(moneyRow(event, node))));
  return [make('h3', 'money'), list];
}

function moneyRow(event, node) {
  const row = button(null, () => focusNode(event.id, false), 'row');
  const pays = event.money.payer.includes(node.id);
  const others = (pays ? event.money.recipient : event.money.payer).map((id) => nodes.get(id).label);
  const words = others.length ? `${event.label} ${pays ? 'to' : 'from'} ${others.join(', ')}` : event.label;
  row.append(swatch(classOf(event)), make('span', pays ? `pays ${words}` : `receives ${words}`), ...markOf(event.money));
  return row;
}

function nodeLink(id) {
  const node = nodes.get(id);
  return node ? button(node.label, () => focusNode(id, true), 'link') : make('span', id);
}

function tellEdge(edge, back) {
  const heading = make('h2');
  heading.append(nodeLink(edge.from), ` ${predicates.get(edge.predicate).label} `, nodeLink(edge.to));
  const parts = [];
  if (back !== null) parts.push(button(`← ${nodes.get(back).label}`, () => focusNode(back, false), 'link'));
  parts.push(heading, statusLine(edge.status), ...sayings(edge.sayings));
  tell(...parts);
}

function tellMoney(node) {
  const { money } = node;
  const list = make('dl');
  row(list, 'Paid by', money.payer.map(nodeLink));
  row(list, 'Received by', money.recipient.map(nodeLink));
  row(list, 'For', money.purpose ? [make('span', money.purpose)] : []);
  row(list, 'When', money.date ? [make('span', money.date)] : []);
  tell(...title(node), statusLine(money.status), list, tools(node), ...sayings(money.sayings));
}

function row(list, name, values) {
  if (!values.length) return;
  const value = make('dd');
  values.forEach((part, index) => value.append(index ? ', ' : '', part));
  list.append(make('dt', name), value);
}

function statusLine(name) {
  const status = statuses.get(name);
  const line = make('p', null, 'quiet');
  line.append(stroke(status), ` ${status.mark} ${status.label}`);
  line.title = status.definition;
  return line;
}

function sayings(list) {
  return [make('h3', plural(list.length, 'sentence', 'sentences')), ...list.map(quote)];
}

function quote(saying) {
  const box = make('div', null, 'said');
  const words = make('blockquote');
  words.append(...saying.pieces.map(piece));
  box.append(words, origin(saying));
  return box;
}

function piece([text, subject, object]) {
  if (!subject && !object) return document.createTextNode(text);
  return make('mark', text, subject ? 'subject' : 'object');
}

function origin(saying) {
  const source = sources.get(saying.document);
  const line = make('footer');
  const facts = source ? [source.path, source.publisher, source.date] : [saying.document];
  if (source && source.title !== source.path) line.append(make('div', source.title));
  line.append(make('div', [...facts.filter(Boolean), ...saying.period, `confidence ${saying.confidence.toFixed(2)}`].join(' · ')));
  if (saying.saidBy) {
    const said = make('div', 'according to ');
    said.append(nodeLink(saying.saidBy));
    line.append(said);
  }
  return line;
}

// ------------------------------------------------------------------ swatches

function svg(tag, attributes) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function swatch(key) {
  const picture = svg('svg', { class: 'swatch', viewBox: '-8 -8 16 16', 'aria-hidden': 'true' });
  picture.append(outline(key.shape, key.colour));
  return picture;
}

function outline(shape, fill) {
  if (shape === 'star') return svg('polygon', { points: corners(10, 0, (at) => (at % 2 ? 3.2 : 7.5)), fill });
  if (POLYGONS[shape]) return svg('polygon', { points: corners(...POLYGONS[shape], () => 7.5), fill });
  if (TEXT_INSIDE.has(shape)) return svg('rect', { x: -7.5, y: -5, width: 15, height: 10, rx: 2, fill });
  return svg('circle', { r: 6.5, fill });
}

function corners(number, turn, radius) {
  return Array.from({ length: number }, (_, at) => {
    const angle = ((turn + (360 * at) / number - 90) * Math.PI) / 180;
    return `${(radius(at) * Math.cos(angle)).toFixed(2)},${(radius(at) * Math.sin(angle)).toFixed(2)}`;
  }).join(' ');
}

function stroke(status) {
  const crossed = status.line === 'crossed';
  const picture = svg('svg', { class: crossed ? 'stroke faint' : 'stroke', viewBox: '0 0 30 10', 'aria-hidden': 'true' });
  const dashes = DASHES[status.line] || [];
  picture.append(svg('line', { x1: 0, y1: 5, x2: 30, y2: 5, stroke: 'currentColor', 'stroke-width': 2, 'stroke-dasharray': dashes.join(' ') || 'none' }));
  if (crossed) picture.append(svg('path', { d: 'M11 1l8 8m0-8l-8 8', stroke: 'currentColor', 'stroke-width': 2 }));
  return picture;
}

// ------------------------------------------------------------------ search

function searchIndex() {
  return data.nodes.map((node) => ({ node, names: [node.label, ...node.names].map((name) => [name, fold(name)]) }));
}

// Names that start with the words come first, then names that hold them.
function hits(index, words) {
  const found = [];
  for (const { node, names } of index) {
    const match = names.find(([, folded]) => folded.includes(words));
    if (match) found.push({ node, name: match[0], first: names.some(([, folded]) => folded.startsWith(words)) });
  }
  found.sort((one, other) => Number(other.first) - Number(one.first));
  return found;
}

function search(index) {
  const words = fold(byId('find').value.trim());
  const found = words ? hits(index, words) : [];
  byId('hits').replaceChildren(...found.slice(0, HITS).map(hitRow));
  byId('no-hits').textContent = words === '' ? '' : hitCount(found.length);
}

function hitCount(found) {
  if (!found) return 'No name holds these letters.';
  return found > HITS ? `${found} found, the first ${HITS} listed` : '';
}

function hitRow({ node, name }) {
  const row = button(null, () => choose(node.id), 'row');
  const words = name === node.label ? node.label : `${node.label} (${name})`;
  row.append(swatch(classOf(node)), make('span', words));
  return inItem(row);
}

function choose(id) {
  focusNode(id, true);
  byId('right').focus({ preventScroll: true });
}

function searchKeys(event) {
  const first = byId('hits').querySelector('button');
  if (event.key === 'Enter' && first) first.click();
  if (event.key === 'ArrowDown' && first) {
    event.preventDefault();
    first.focus();
  }
}

function walkHits(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const rows = [...byId('hits').querySelectorAll('button')];
  const next = rows[rows.indexOf(document.activeElement) + step];
  (next || byId('find')).focus();
}

function pageKeys(event) {
  const typing = event.target instanceof HTMLInputElement && event.target.type === 'search';
  if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    byId('find').focus();
  }
  if (event.key === 'Escape' && !typing) clearFocus();
}

// ------------------------------------------------------------------ filters

// Both the map and the facts beside it follow the filters.
function filtered() {
  draw();
  if (state.node !== null) tellNode(nodes.get(state.node));
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
  const keys = [...classes.entries()];
  byId('classes').replaceChildren(...keys.map(([name, key]) => choice(state.offClasses, name, key, [swatch(key)])));
  byId('statuses').replaceChildren(...[...statuses.values()].map((key) => choice(state.offStatuses, key.name, key, [stroke(key), make('span', key.mark, 'mark')])));
  byId('predicates').replaceChildren(...[...predicates.values()].map((key) => choice(state.offPredicates, key.name, key, [])));
}

function surer(event) {
  state.sure = Number(event.target.value);
  byId('sure-value').textContent = state.sure.toFixed(2);
  filtered();
}

// ------------------------------------------------------------------ list

function writeList(drawn) {
  const groups = [...classes.entries()].flatMap(([name, key]) => {
    const members = drawn.filter((node) => classKey(Boolean(node.money), node.type) === name);
    if (!members.length) return [];
    members.sort((one, other) => one.label.localeCompare(other.label));
    const list = make('ul', null, 'plain');
    list.append(...members.map((node) => inItem(listRow(node, key))));
    return [make('h3', `${key.plural} (${members.length})`), list];
  });
  byId('list').replaceChildren(...groups);
}

function listRow(node, key) {
  const row = button(null, () => choose(node.id), 'row');
  row.append(swatch(key), make('span', node.label), ...(node.money ? markOf(node.money) : []));
  if (node.facts) row.append(make('span', plural(node.facts, 'fact', 'facts'), 'count'));
  return row;
}

const VIEWS = ['map', 'list', 'money', 'time'];

function showAs(view) {
  state.shows = view;
  for (const name of VIEWS) {
    byId(name).hidden = name !== view;
    byId(`as-${name}`).setAttribute('aria-pressed', String(name === view));
  }
  byId('map-tools').hidden = view !== 'map';
  byId('count').hidden = view === 'money' || view === 'time';
  byId('save-picture').hidden = view !== 'map';
  draw();
  if (view === 'map') map.network.redraw();
  setLink();
}

function showNames(names) {
  state.names = names;
  byId('labels').setAttribute('aria-pressed', String(names));
  draw();
}

// ------------------------------------------------------------------ money

const SUMS = [
  { by: 'sum', name: 'Sum', of: ({ money }) => Number(money.amount) || 0 },
  { by: 'kind', name: 'Kind', of: (node) => classOf(node).label },
  { by: 'payer', name: 'Paid by', of: ({ money }) => labels(money.payer) },
  { by: 'recipient', name: 'Received by', of: ({ money }) => labels(money.recipient) },
  { by: 'purpose', name: 'For', of: ({ money }) => money.purpose || '' },
  { by: 'date', name: 'When', of: ({ money }) => money.date || '' },
  { by: 'status', name: 'Status', of: ({ money }) => statuses.get(money.status).label },
];

function labels(ids) {
  return ids.map((id) => nodes.get(id).label).join(', ');
}

function sumsThatPass() {
  return data.nodes.filter((node) => node.money && nodePasses(node));
}

function compared(one, other) {
  return typeof one === 'number' ? one - other : one.localeCompare(other);
}

function sortedSums() {
  const { of } = SUMS.find(({ by }) => by === state.sort.by);
  const way = state.sort.down ? -1 : 1;
  const currency = (node) => node.money.currency || '';
  return sumsThatPass().sort((one, other) =>
    // Sums of two currencies cannot be compared: each has its own part of the table.
    (state.sort.by === 'sum' && currency(one).localeCompare(currency(other)))
    || way * compared(of(one), of(other))
    || one.id.localeCompare(other.id));
}

function writeMoney() {
  const rows = sortedSums();
  const parts = [make('h3', plural(rows.length, 'sum', 'sums'))];
  if (rows.length) parts.push(sumTable(rows), ...totals('payer', 'Paid, by payer'), ...totals('recipient', 'Received, by recipient'));
  byId('money').replaceChildren(...parts);
}

function sumTable(rows) {
  const table = make('table');
  const head = make('tr');
  for (const { by, name } of SUMS) {
    const cell = make('th');
    if (state.sort.by === by) cell.setAttribute('aria-sort', state.sort.down ? 'descending' : 'ascending');
    cell.append(button(name, () => sortSums(by)));
    head.append(cell);
  }
  table.append(make('thead'), make('tbody'));
  table.tHead.append(head);
  table.tBodies[0].append(...rows.map(sumRow));
  return table;
}

function sortSums(by) {
  state.sort = { by, down: state.sort.by === by ? !state.sort.down : by === 'sum' };
  writeMoney();
  byId('money').querySelector('[aria-sort] button').focus();
}

function sumRow(node) {
  const { money } = node;
  const line = make('tr');
  line.append(
    cellOf(button(node.label, () => choose(node.id), 'link')),
    cellOf(classOf(node).label),
    cellOf(...linksOf(money.payer)),
    cellOf(...linksOf(money.recipient)),
    cellOf(money.purpose || ''),
    cellOf(money.date || ''),
    cellOf(`${statuses.get(money.status).mark} ${statuses.get(money.status).label}`),
  );
  return line;
}

function cellOf(...parts) {
  const cell = make('td');
  cell.append(...parts);
  return cell;
}

function linksOf(ids) {
  return ids.flatMap((id, index) => (index ? [', ', nodeLink(id)] : [nodeLink(id)]));
}

// What is done, planned or denied is never added up together, nor are two currencies; a
// sum of several parties counts for each of them, for nobody tells how they share it.
function totals(part, heading) {
  const found = new Map();
  for (const { money } of sumsThatPass()) {
    for (const id of money.amount ? money[part] : []) {
      const key = JSON.stringify([id, money.currency, money.status]);
      const total = found.get(key) || { id, currency: money.currency, status: money.status, amount: 0, count: 0 };
      total.amount += Number(money.amount);
      total.count += 1;
      found.set(key, total);
    }
  }
  if (!found.size) return [];
  const rows = [...found.values()].sort((one, other) => nodes.get(one.id).label.localeCompare(nodes.get(other.id).label) || other.amount - one.amount);
  const table = make('table');
  table.append(make('tbody'));
  table.tBodies[0].append(...rows.map(totalRow));
  return [make('h3', heading), table];
}

function totalRow({ id, currency, status, amount, count }) {
  const line = make('tr');
  const sum = cellOf(`${amount.toLocaleString('en')} ${currency || ''}`);
  sum.className = 'number';
  line.append(cellOf(nodeLink(id)), sum, cellOf(`${statuses.get(status).mark} ${statuses.get(status).label}`), cellOf(plural(count, 'sum', 'sums')));
  return line;
}

// ------------------------------------------------------------------ time

// What has a date: sums with theirs, and facts with those since and until when they hold.
function dated() {
  const found = sumsThatPass().filter(({ money }) => money.date).map((node) => ({
    date: node.money.date, words: sumWords(node), item: node.money, tell: () => choose(node.id),
  }));
  for (const edge of data.edges.filter((edge) => !edge.event && edgePasses(edge))) {
    for (const told of new Set(edge.sayings.flatMap((saying) => saying.period))) {
      const [word, date] = told.split(' ');
      found.push({ date, words: `${factWords(edge)} (${word})`, item: edge, tell: () => focusEdge(edge.id) });
    }
  }
  return found.sort((one, other) => one.date.localeCompare(other.date) || one.words.localeCompare(other.words));
}

function sumWords(node) {
  const { payer, recipient } = node.money;
  const ways = [payer.length && ` from ${labels(payer)}`, recipient.length && ` to ${labels(recipient)}`];
  return `${classOf(node).label} of ${node.label}${ways.filter(Boolean).join('')}`;
}

function factWords(edge) {
  return `${nodes.get(edge.from).label} ${predicates.get(edge.predicate).label} ${nodes.get(edge.to).label}`;
}

function writeTime() {
  const parts = [];
  let year = null;
  let list;
  for (const { date, words, item, tell: open } of dated()) {
    if (date.slice(0, 4) !== year) {
      year = date.slice(0, 4);
      list = make('ul', null, 'plain');
      parts.push(make('h3', year), list);
    }
    const row = button(null, open, 'row');
    row.append(make('span', date, 'mark'), make('span', words), ...markOf(item));
    list.append(inItem(row));
  }
  if (!parts.length) parts.push(make('p', 'Nothing that the filters let through has a date of its own.', 'quiet'));
  byId('time').replaceChildren(...parts);
}

// ------------------------------------------------------------------ save

function save(name, content) {
  const link = make('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// No spreadsheet must take a cell for a formula.
function csvCell(value) {
  const text = String(value === null || value === undefined ? '' : value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function saveCsv() {
  const [name, rows] = state.shows === 'money' ? ['sums.csv', sumRows()] : ['facts.csv', factRows()];
  const text = rows.map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join('');
  save(name, new Blob(['\ufeff', text], { type: 'text/csv;charset=utf-8' }));
}

function words(saying) {
  const source = sources.get(saying.document);
  const text = saying.pieces.map(([part]) => part).join('');
  return [saying.saidBy ? nodes.get(saying.saidBy)?.label : '', source ? source.path : saying.document, source ? source.date : '', text];
}

function sumRows() {
  const head = ['sum', 'amount', 'currency', 'kind', 'payer', 'recipient', 'purpose', 'date', 'status', 'confidence', 'according to', 'document', 'document date', 'sentence'];
  return [head, ...sortedSums().map((node) => {
    const { money } = node;
    return [node.label, money.amount, money.currency, classOf(node).label, labels(money.payer), labels(money.recipient), money.purpose, money.date, money.status, money.confidence, ...words(money.sayings[0])];
  })];
}

// The facts between what is shown; those of one thing alone while it is in focus.
function factRows() {
  const head = ['subject', 'predicate', 'object', 'status', 'confidence', 'period', 'according to', 'document', 'document date', 'sentence'];
  const here = state.node !== null ? edgesAt.get(state.node) : data.edges.filter((edge) => isDrawn(nodes.get(edge.from)) && isDrawn(nodes.get(edge.to)));
  return [head, ...here.filter((edge) => !edge.event && edgePasses(edge)).flatMap((edge) => edge.sayings.map((saying) => [
    nodes.get(edge.from).label, predicates.get(edge.predicate).label, nodes.get(edge.to).label, edge.status, saying.confidence, saying.period.join(' '), ...words(saying),
  ]))];
}

function savePicture() {
  const drawing = byId('map').querySelector('canvas');
  const picture = make('canvas');
  picture.width = drawing.width;
  picture.height = drawing.height;
  const pen = picture.getContext('2d');
  pen.fillStyle = paint('--paper');
  pen.fillRect(0, 0, picture.width, picture.height);
  pen.drawImage(drawing, 0, 0);
  picture.toBlob((content) => save('graph.png', content));
}

// ------------------------------------------------------------------ start

function start() {
  map = startMap();
  const index = searchIndex();
  byId('sure').addEventListener('input', surer);
  byId('find').addEventListener('input', () => search(index));
  byId('find').addEventListener('keydown', searchKeys);
  byId('hits').addEventListener('keydown', walkHits);
  byId('fit').addEventListener('click', fit);
  byId('start').addEventListener('click', startView);
  byId('all').addEventListener('click', showAll);
  byId('labels').addEventListener('click', () => showNames(!state.names));
  for (const name of VIEWS) byId(`as-${name}`).addEventListener('click', () => showAs(name));
  byId('save-facts').addEventListener('click', saveCsv);
  byId('save-picture').addEventListener('click', savePicture);
  document.addEventListener('keydown', pageKeys);
  window.addEventListener('hashchange', followLink);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  if (matchMedia('(max-width: 60rem)').matches) document.querySelectorAll('.filter').forEach((box) => { box.open = false; });
  tellNothing();
  showNames(state.names);
  fit();
  followLink();
}

if (data.nodes.length) start();
