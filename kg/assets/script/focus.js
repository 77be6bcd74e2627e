'use strict';

// What is looked at: a node, a line, the way between two nodes, or nothing.

let focus = { near: null, path: null, way: new Set() };

// The nodes that stay bright, null for all, and the way between two nodes: as a list of
// lines, null where there is none, and as their ids.
function whatIsNear() {
  const way = state.path === null ? null : wayNow();
  const lines = new Set((way || []).map((edge) => edge.id));
  return { near: nearFocus(way), path: way, way: lines };
}

function nearFocus(way) {
  if (state.path !== null) return new Set([...state.path, ...(way || []).flatMap((edge) => [edge.from, edge.to])]);
  if (state.node !== null) {
    const ends = edgesAt.get(state.node).filter(edgePasses).flatMap((edge) => [edge.from, edge.to]);
    return new Set([state.node, ...ends]);
  }
  const edge = edges.get(state.edge);
  return edge ? new Set([edge.from, edge.to]) : null;
}

// What is told as done ties; only where there is no way of that, it takes the rest.
function wayNow() {
  const [start, end] = state.path;
  const lets = (edge) => edgePasses(edge) && nodePasses(nodes.get(edge.from)) && nodePasses(nodes.get(edge.to));
  return wayBetween(start, end, (edge) => lets(edge) && statuses.get(edge.status).asserted) || wayBetween(start, end, lets);
}

function focusNode(id, move) {
  if (!isDrawn(nodes.get(id))) add([id, ...nearest(id)]);
  Object.assign(state, { node: id, edge: null, path: null });
  draw();
  if (move && onMap(id)) map.network.focus(id, { scale: Math.max(0.9, map.network.getScale()), animation: false });
  tellFocus();
  setLink();
}

function focusEdge(id) {
  const edge = edges.get(id);
  if (edge.event) {
    focusNode(edge.event, false);
    return;
  }
  const back = state.node;
  add([edge.from, edge.to]);
  Object.assign(state, { node: null, edge: id, path: null });
  draw();
  tellEdge(edge, back);
  setLink();
}

function focusPath(start, end) {
  Object.assign(state, { node: null, edge: null, path: [start, end] });
  const way = wayNow() || [];
  add([start, end, ...way.flatMap((edge) => [edge.from, edge.to])]);
  draw();
  fit(drawing.nodes.filter((node) => focus.near.has(node.id)));
  tellFocus();
  setLink();
}

function clearFocus() {
  Object.assign(state, { node: null, edge: null, path: null });
  draw();
  tellFocus();
  setLink();
}

function tellFocus() {
  if (state.path !== null) tellPath(state.path, focus.path);
  else if (state.node !== null) tellNode(nodes.get(state.node));
  else if (state.edge !== null) tellEdge(edges.get(state.edge), null);
  else tellOverview();
}

function choose(id) {
  focusNode(id, true);
  byId('right').focus({ preventScroll: true });
}

// Shows what the address tells.
function followLink() {
  readLink();
  places.clear();
  if (!state.base) home();
  if (state.path !== null) add(state.path);
  if (state.node !== null && !state.shown.has(state.node)) add([state.node, ...nearest(state.node)]);
  if (state.edge !== null) add([edges.get(state.edge).from, edges.get(state.edge).to]);
  writeFilters();
  showAs(state.shows);
  showNames(state.names);
  fit();
  if (onMap(state.node)) map.network.focus(state.node, { scale: Math.max(0.9, map.network.getScale()), animation: false });
  tellFocus();
}
