'use strict';

// Files to keep: what is listed as CSV, the map as a picture.

const UNFIT = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu; // for XML 1.0

function save(name, content) {
  const link = make('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// ------------------------------------------------------------------ CSV

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

function sourceCells(saying) {
  const source = sources.get(saying.document);
  const speaker = saying.saidBy && nodes.has(saying.saidBy) ? nodes.get(saying.saidBy).label : '';
  return [speaker, source ? source.path : saying.document, source ? source.date : '', sentenceOf(saying)];
}

function sumRows() {
  const head = ['sum', 'amount', 'currency', 'kind', 'payer', 'recipient', 'purpose', 'date', 'status', 'confidence', 'according to', 'document', 'document date', 'sentence'];
  return [head, ...sortedSums().map((node) => {
    const { money } = node;
    return [node.label, money.amount, money.currency, classOf(node).label, labels(money.payer), labels(money.recipient), money.purpose, money.date, money.status, money.confidence, ...sourceCells(money.sayings[0])];
  })];
}

// The facts between what is shown; those of one thing alone while it is in focus.
function factRows() {
  const head = ['subject', 'predicate', 'object', 'status', 'confidence', 'period', 'according to', 'document', 'document date', 'sentence'];
  const here = state.node !== null ? edgesAt.get(state.node).filter(edgePasses) : drawing.links;
  return [head, ...here.filter((edge) => !edge.event).flatMap((edge) => edge.sayings.filter(saysIt).map((saying) => [
    nodes.get(edge.from).label, predicates.get(edge.predicate).label, nodes.get(edge.to).label, edge.status, saying.confidence, saying.period.join(' '), ...sourceCells(saying),
  ]))];
}

// ------------------------------------------------------------------ pictures

function savePng() {
  const canvas = byId('map').querySelector('canvas');
  const picture = make('canvas');
  picture.width = canvas.width;
  picture.height = canvas.height;
  const pen = picture.getContext('2d');
  pen.fillStyle = paint('--paper');
  pen.fillRect(0, 0, picture.width, picture.height);
  pen.drawImage(canvas, 0, 0);
  picture.toBlob((content) => save('graph.png', content));
}

function saveSvg() {
  const text = new XMLSerializer().serializeToString(vectors());
  save('graph.svg', new Blob([`<?xml version="1.0" encoding="UTF-8"?>\n${text}\n`], { type: 'image/svg+xml' }));
}

// The present view as vectors, names and all.
function vectors() {
  const { clientWidth, clientHeight } = byId('map');
  const picture = svg('svg', { viewBox: `0 0 ${clientWidth} ${clientHeight}`, width: clientWidth, height: clientHeight, 'font-family': FACE });
  picture.append(svg('rect', { width: clientWidth, height: clientHeight, fill: paint('--paper') }));
  picture.append(...drawing.links.flatMap(lineVectors), ...drawing.nodes.map(nodeVector), ...plates.list.flatMap(plateVectors));
  return picture;
}

function lineVectors(edge) {
  const look = edgeLook(edge, drawing.near);
  const scale = map.network.getScale();
  const steps = Array.from({ length: 13 }, (_, number) => toScreen(pointOn(edge, number / 12)));
  const target = toScreen(places.get(edge.to));
  const reach = Math.max(...extent(nodes.get(edge.to))) * scale + 2;
  const kept = steps.filter(([x, y]) => Math.hypot(x - target[0], y - target[1]) > reach);
  if (kept.length < 2) return [];
  const points = kept.map((point) => point.map((value) => value.toFixed(1)).join(',')).join(' ');
  const dashes = look.dashes ? look.dashes.map((length) => length * scale).join(' ') : 'none';
  const line = svg('polyline', { points, fill: 'none', stroke: look.color.color, 'stroke-width': look.width * scale, 'stroke-dasharray': dashes });
  return [line, svg('polygon', { points: arrow(kept.at(-2), kept.at(-1), 9 * scale), fill: look.color.color })];
}

function arrow([x0, y0], [x1, y1], size) {
  const angle = Math.atan2(y1 - y0, x1 - x0);
  const corner = (turn, length) => `${(x1 + length * Math.cos(angle + turn)).toFixed(1)},${(y1 + length * Math.sin(angle + turn)).toFixed(1)}`;
  return `${corner(0, size / 2)} ${corner(2.6, size)} ${corner(-2.6, size)}`;
}

function nodeVector(node) {
  const look = nodeLook(node, drawing.near);
  const scale = map.network.getScale();
  const [x, y] = toScreen(places.get(node.id));
  const [wide, high] = extent(node);
  const shape = node.shape === BOX
    ? svg('rect', { x: -wide, y: -high, width: 2 * wide, height: 2 * high, rx: 5 })
    : outline(node.shape, look.color.background);
  const size = node.shape === BOX ? scale : (scale * node.size) / 7;
  const dashes = look.shapeProperties.borderDashes;
  const attributes = {
    fill: look.color.background, stroke: look.color.border, 'stroke-width': look.borderWidth * (node.shape === BOX ? 1 : 7 / node.size),
    'stroke-dasharray': dashes ? dashes.join(' ') : 'none', transform: `translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${size.toFixed(3)})`,
  };
  for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, value);
  return shape;
}

function plateVectors(plate) {
  const [x, y] = toScreen(plate.at);
  const anchor = { center: 'middle', left: 'start', right: 'end' }[plate.align];
  return plate.lines.map((line, number) => {
    const text = svg('text', {
      x: (x + plate.dx).toFixed(1), y: (y + plate.dy + (number + 0.78) * LINE).toFixed(1), 'text-anchor': anchor, fill: inkOf(plate),
      'font-size': plate.edge ? EDGE_LETTERS : LETTERS, stroke: plate.inside ? 'none' : paint('--paper'), 'stroke-width': 3, 'paint-order': 'stroke',
    });
    text.textContent = line.replace(UNFIT, '\ufffd');
    return text;
  });
}
