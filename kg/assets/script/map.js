'use strict';

// The map: vis-network draws nodes and lines, names are written over them.

const ABOVE = 30; // pixels kept free above and below the drawing
const BELOW = 80;
const CLOSEST = 1.2; // a few nodes are not blown up

let map = null;
let plates = { key: '', list: [] }; // the names that are written, while nothing changes
let drawing = { number: 0, nodes: [], links: [], near: null }; // what the map shows now

function startMap() {
  const points = new vis.DataSet();
  const lines = new vis.DataSet();
  const network = new vis.Network(byId('map'), { nodes: points, edges: lines }, {
    physics: false,
    layout: { improvedLayout: false },
    edges: { arrows: { to: { enabled: true, scaleFactor: 0.55 } }, arrowStrikethrough: false, hoverWidth: 0.6, selectionWidth: 0.6, selfReference: { size: 16 } },
    interaction: { hover: true, keyboard: false, tooltipDelay: 250 },
  });
  network.on('click', clicked);
  network.on('doubleClick', (event) => event.nodes.length && expand(event.nodes[0]));
  network.on('dragging', (event) => event.nodes.length && dragged(event.nodes));
  network.on('afterDrawing', writeNames);
  // The list is the way for keys; a focus on the map would lead nowhere.
  byId('map').firstElementChild.tabIndex = -1;
  return { network, points, lines };
}

function clicked(event) {
  const { x, y } = event.pointer.DOM;
  const named = event.nodes.length ? event.nodes[0] : nodeNamedAt(x, y);
  if (named) focusNode(named, false);
  else if (event.edges.length) focusEdge(event.edges[0]);
  else clearFocus();
}

function dragged(moved) {
  for (const [id, place] of Object.entries(map.network.getPositions(moved))) places.set(id, place);
  drawing.number += 1;
}

// Brings the page in line with the state: what is new comes, what is gone goes.
function draw() {
  focus = whatIsNear();
  const drawn = drawnNodes();
  arrange(drawn, map.network.getViewPosition());
  const links = linksAmong(drawn);
  drawing = { number: drawing.number + 1, nodes: drawn, links, near: focus.near };
  swap(map.points, drawn.map((node) => ({ ...nodeLook(node, focus.near), ...places.get(node.id) })));
  swap(map.lines, links.map((edge) => edgeLook(edge, focus.near)));
  select(links);
  count(drawn);
  writeSheet(drawn);
}

function swap(set, items) {
  const keep = new Set(items.map((item) => item.id));
  set.remove(set.getIds().filter((id) => !keep.has(id)));
  set.update(items);
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

// Shows all of some nodes, with room for the names at the sides and the tools below.
function fit(some = drawing.nodes) {
  const { clientWidth, clientHeight } = byId('map');
  const at = some.map((node) => places.get(node.id));
  if (!at.length || !clientWidth) return;
  const [left, right] = [Math.min(...at.map(({ x }) => x)), Math.max(...at.map(({ x }) => x))];
  const [top, bottom] = [Math.min(...at.map(({ y }) => y)), Math.max(...at.map(({ y }) => y))];
  const side = Math.min(90, clientWidth / 4);
  const across = (clientWidth - 2 * side) / Math.max(1, right - left);
  const down = (clientHeight - ABOVE - BELOW) / Math.max(1, bottom - top);
  const scale = Math.min(across, down, CLOSEST);
  const position = { x: (left + right) / 2, y: (top + bottom) / 2 + (BELOW - ABOVE) / 2 / scale };
  map.network.moveTo({ position, scale, animation: false });
}

function zoom(by) {
  map.network.moveTo({ scale: map.network.getScale() * by, animation: false });
}

// ------------------------------------------------------------------ names

// Where a point of the drawing is on the screen, from the corner of the map.
function toScreen({ x, y }) {
  const { clientWidth, clientHeight } = byId('map');
  const scale = map.network.getScale();
  const middle = map.network.getViewPosition();
  return [(x - middle.x) * scale + clientWidth / 2, (y - middle.y) * scale + clientHeight / 2];
}

function writeNames(pen) {
  if (!map) return;
  const scale = map.network.getScale();
  const key = `${drawing.number} ${scale}`;
  if (plates.key !== key) plates = { key, list: nameplates(pen, scale, drawing.nodes, drawing.links, drawing.near) };
  const sharp = pen.canvas.width / byId('map').clientWidth;
  pen.save();
  pen.setTransform(sharp, 0, 0, sharp, 0, 0);
  writePlates(pen, plates.list, screenOf());
  pen.restore();
}

// As toScreen, with what is the same for all points found once.
function screenOf() {
  const [left, top] = toScreen({ x: 0, y: 0 });
  const scale = map.network.getScale();
  return ({ x, y }) => [x * scale + left, y * scale + top];
}

function nodeNamedAt(x, y) {
  const [left, top] = toScreen({ x: 0, y: 0 });
  const holds = (box) => x >= box[0] + left && x <= box[2] + left && y >= box[1] + top && y <= box[3] + top;
  const hit = plates.list.find(({ node, box }) => node && box && holds(box));
  return hit ? hit.node.id : null;
}

// A point on a line as vis-network draws it (the version that pyvis brings): lines bend.
function pointOn(edge, share) {
  const line = map.network.body.edges[edge.id];
  return line && line.edgeType ? line.edgeType.getPoint(share) : null;
}

// ------------------------------------------------------------------ more and less

// Adds nodes as far as there is room; returns how many found none.
function add(wanted) {
  const fresh = wanted.filter((id) => !state.shown.has(id));
  const taken = fresh.slice(0, Math.max(0, DRAWN_AT_MOST - state.shown.size));
  for (const id of wanted) state.hidden.delete(id);
  for (const id of taken) state.shown.add(id);
  return fresh.length - taken.length;
}

function expand(id) {
  const left = add(nearest(id));
  draw();
  setLink();
  if (left) notice(`The map holds ${DRAWN_AT_MOST} nodes at most. Choose “Reset” or hide some to make room.`);
}

function showAll() {
  const left = add(data.nodes.map((node) => node.id));
  draw();
  fit();
  setLink();
  if (left) notice(`The map holds ${DRAWN_AT_MOST} nodes at most; ${left} are left out. Find them by name.`);
}

// Begins anew with a part of the graph: the overview, a community, or what is around a node.
function startWith(base) {
  state.base = base;
  state.shown = startSet(base);
  state.hidden = new Set();
  Object.assign(state, { node: base.startsWith('around ') ? base.slice('around '.length) : null, edge: null, path: null });
  places.clear();
  if (!base) home();
  draw();
  fit();
  tellFocus();
  setLink();
}

function hide(id) {
  state.hidden.add(id);
  clearFocus();
}
