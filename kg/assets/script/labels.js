'use strict';

// Names on the map.  They have one size at any zoom, and none covers another: names of
// what is in focus come first, then those of the most central nodes.  Only these may cover
// a node; others wait until the zoom makes room.

const FACE = 'system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif';
const LETTERS = 13; // pixels, as all below
const EDGE_LETTERS = 11;
const LINE = 15;
const WIDEST = 130;
const LINES = 2; // longer names are cut until they are in focus
const GAP = 3;
const CERTAIN = 25; // so many names cover nodes if they must

const widths = new Map(); // of texts already measured

function font(size) {
  return `${size}px ${FACE}`;
}

function widthOf(pen, text, size) {
  const key = `${size} ${text}`;
  if (!widths.has(key)) {
    pen.font = font(size);
    widths.set(key, pen.measureText(text).width);
  }
  return widths.get(key);
}

function wrapped(pen, text, most) {
  const lines = [];
  for (const word of text.split(' ')) {
    const longer = lines.length ? `${lines[lines.length - 1]} ${word}` : word;
    if (lines.length && widthOf(pen, longer, LETTERS) <= WIDEST) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.length > most ? [...lines.slice(0, most - 1), `${lines[most - 1]} …`] : lines;
}

// Rectangles in pixels that are taken, in squares of a grid so that few are compared.
function freeRoom() {
  const squares = new Map();
  const size = 100;
  const each = ([left, top, right, bottom], act) => {
    for (let x = Math.floor(left / size); x <= right / size; x += 1) {
      for (let y = Math.floor(top / size); y <= bottom / size; y += 1) if (act(`${x} ${y}`)) return true;
    }
    return false;
  };
  return {
    take(box, owner) {
      each(box, (key) => {
        if (!squares.has(key)) squares.set(key, []);
        squares.get(key).push([box, owner]);
      });
    },
    isFree(box, owner) {
      const meets = ([other, whose]) => whose !== owner && box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1];
      return !each(box, (key) => (squares.get(key) || []).some(meets));
    },
  };
}

// Decides which names are written where.  Places are pixels from where the node or the
// middle of the line stands, so that they hold while the map is moved.
function nameplates(pen, scale, drawn, links, near) {
  const taken = freeRoom();
  const written = freeRoom();
  const at = new Map(drawn.map((node) => [node.id, places.get(node.id)]));
  const screen = ({ x, y }) => [x * scale, y * scale];
  for (const node of drawn) {
    const [x, y] = screen(at.get(node.id));
    const [wide, high] = extent(node).map((half) => half * scale);
    taken.take([x - wide, y - high, x + wide, y + high], node.id);
  }
  // Nodes come by rank; the sort keeps that order among equals.
  const place = (node) => (node.id === state.node ? 0 : near !== null && near.has(node.id) ? 1 : 2);
  const inOrder = [...drawn].sort((one, other) => place(one) - place(other));
  const found = [];
  for (const [number, node] of inOrder.entries()) {
    const plate = namePlate(pen, node, scale, screen(at.get(node.id)), [taken, written], number < CERTAIN);
    if (plate) found.push({ ...plate, at: at.get(node.id), node, faded: near !== null && !near.has(node.id) });
  }
  for (const edge of [...links.filter(isLit), ...links.filter((link) => !isLit(link))]) {
    const text = edgeLabel(edge);
    const plate = text && edgePlate(pen, edge, text, screen, isLit(edge) ? written : taken);
    if (plate) found.push(plate);
  }
  return found;
}

function namePlate(pen, node, scale, [x, y], [taken, written], certain) {
  const mark = isOpen(node) ? `${statuses.get(node.money.status).mark} ` : '';
  const lines = wrapped(pen, mark + node.short, node.id === state.node ? Infinity : LINES);
  const width = Math.max(...lines.map((line) => widthOf(pen, line, LETTERS)));
  const height = lines.length * LINE;
  const [wide, high] = extent(node).map((half) => half * scale);
  if (node.shape === BOX && width + 6 <= 2 * wide && height <= 2 * high) return { lines, dx: 0, dy: -height / 2, align: 'center', inside: true };
  const ways = [
    { dx: 0, dy: high + GAP, align: 'center', box: [x - width / 2, y + high + GAP, x + width / 2, y + high + GAP + height] },
    { dx: wide + GAP, dy: -height / 2, align: 'left', box: [x + wide + GAP, y - height / 2, x + wide + GAP + width, y + height / 2] },
    { dx: -wide - GAP, dy: -height / 2, align: 'right', box: [x - wide - GAP - width, y - height / 2, x - wide - GAP, y + height / 2] },
    { dx: 0, dy: -high - GAP - height, align: 'center', box: [x - width / 2, y - high - GAP - height, x + width / 2, y - high - GAP] },
  ];
  const way = ways.find(({ box }) => taken.isFree(box, node.id)) || (certain && ways.find(({ box }) => written.isFree(box, node.id)));
  if (!way) return null;
  taken.take(way.box, node.id);
  written.take(way.box, node.id);
  return { ...way, lines };
}

function edgePlate(pen, edge, text, screen, room) {
  const width = widthOf(pen, text, EDGE_LETTERS);
  for (const share of [0.5, 0.4, 0.6]) {
    const at = pointOn(edge, share);
    if (!at) return null;
    const [x, y] = screen(at);
    const box = [x - width / 2, y - 7, x + width / 2, y + 7];
    if (!room.isFree(box, edge.id)) continue;
    room.take(box, edge.id);
    return { lines: [text], at, dx: 0, dy: -7, align: 'center', edge };
  }
  return null;
}

function inkOf({ node, edge, inside, faded }) {
  if (edge) return paint(isLit(edge) ? '--ink' : '--quiet');
  if (faded) return paint('--line');
  return inside && !isOpen(node) ? inkOn(classOf(node).colour) : paint('--ink');
}

// Writes on a canvas whose origin and unit are those of the screen.
function writePlates(pen, plates, toScreen) {
  const paper = paint('--paper');
  const inks = new Map();
  pen.lineJoin = 'round';
  pen.textBaseline = 'middle';
  for (const plate of plates) {
    const [x, y] = toScreen(plate.at);
    pen.font = font(plate.edge ? EDGE_LETTERS : LETTERS);
    pen.textAlign = plate.align;
    const key = `${plate.edge ? Number(isLit(plate.edge)) : ''} ${plate.faded} ${plate.inside ? plate.node.id : ''}`;
    if (!inks.has(key)) inks.set(key, inkOf(plate));
    pen.fillStyle = inks.get(key);
    plate.lines.forEach((line, number) => {
      const top = y + plate.dy + number * LINE + LINE / 2;
      if (!plate.inside) {
        pen.lineWidth = 3;
        pen.strokeStyle = paper;
        pen.strokeText(line, x + plate.dx, top);
      }
      pen.fillText(line, x + plate.dx, top);
    });
  }
}
