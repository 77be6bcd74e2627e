'use strict';

// How nodes and lines look: by class, status and focus.

const DASHES = { solid: false, dashed: [9, 6], dotted: [2, 5], crossed: [14, 4, 2, 4] };
const POLYGONS = {
  dot: null,
  square: [4, 45],
  diamond: [4, 0],
  triangle: [3, 0],
  triangleDown: [3, 180],
  hexagon: [6, 30],
};
const BOX = 'box';
const NO_TEXT = ' '; // vis-network keeps an old label when the new one is empty

// vis-network writes no names: see labels.js.
function nodeLook(node, near) {
  const colour = classOf(node).colour;
  const faded = near !== null && !near.has(node.id);
  const open = isOpen(node);
  return {
    id: node.id,
    shape: node.shape,
    size: node.size,
    margin: node.shape === BOX ? boxMargin(node) : undefined,
    label: node.shape === BOX ? NO_TEXT : undefined,
    font: { size: 1 },
    color: nodeColours(faded ? pale(colour) : colour, open),
    borderWidth: open ? 2 : 1.5,
    borderWidthSelected: 3,
    shapeProperties: { borderDashes: open ? DASHES[statuses.get(node.money.status).line] || [2, 5] : false },
  };
}

// What is not asserted is drawn hollow.
function isOpen(node) {
  return Boolean(node.money) && !statuses.get(node.money.status).asserted;
}

function boxMargin(node) {
  return { top: 0.45 * node.size, bottom: 0.45 * node.size, left: 0.8 * node.size, right: 0.8 * node.size };
}

// Half of the width and height of a node on the drawing.
function extent(node) {
  return node.shape === BOX ? [0.8 * node.size + 2, 0.45 * node.size + 1] : [node.size, node.size];
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
  const faint = (near !== null && !lit) || status.line === 'crossed';
  return {
    id: edge.id,
    from: edge.from,
    to: edge.to,
    title: edgeTitle(edge, status),
    dashes: DASHES[status.line] || false,
    width: lit ? 2 : 1.2,
    color: { color: paint(lit ? '--ink' : faint ? '--faint' : '--line'), hover: paint('--accent'), highlight: paint('--accent') },
    smooth: edge.bend === 0
      ? false
      : { enabled: true, type: edge.bend > 0 ? 'curvedCW' : 'curvedCCW', roundness: Math.abs(edge.bend) },
  };
}

function isLit(edge) {
  return edge.id === state.edge || edge.from === state.node || edge.to === state.node || focus.way.has(edge.id);
}

function edgeLabel(edge) {
  const status = statuses.get(edge.status);
  const mark = `${status.asserted || edge.event ? '' : status.mark}${against.has(edge.id) ? '≠' : ''}`;
  if (edge.event || !(state.names || isLit(edge))) return mark;
  return `${mark} ${predicates.get(edge.predicate).label}`.trim();
}

// vis-network writes a title that is a string as text.
function edgeTitle(edge, status) {
  const verb = edge.event ? '→' : predicates.get(edge.predicate).label;
  const mark = status.asserted ? '' : ` (${status.label})`;
  return `${nodes.get(edge.from).short} ${verb} ${nodes.get(edge.to).short}${mark}`;
}

// ------------------------------------------------------------------ in the legend

function swatch(key) {
  const picture = svg('svg', { class: 'swatch', viewBox: '-8 -8 16 16', 'aria-hidden': 'true' });
  picture.append(outline(key.shape, key.colour));
  return picture;
}

function outline(shape, fill) {
  if (shape === 'star') return svg('polygon', { points: corners(10, 0, (at) => (at % 2 ? 3.2 : 7.5)), fill });
  if (POLYGONS[shape]) return svg('polygon', { points: corners(...POLYGONS[shape], () => 7.5), fill });
  if (shape === BOX) return svg('rect', { x: -7.5, y: -5, width: 15, height: 10, rx: 2, fill });
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
