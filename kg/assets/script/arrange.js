'use strict';

// Places for nodes that the page was not written with.  Those that stand stay; the new
// ones find theirs by springs (Fruchterman and Reingold, 1991) from a fixed start, so that
// the same steps lead to the same picture.

const SPRING = 150; // length of a line at rest, in pixels
const ROUNDS = 90;

const places = new Map(); // where every node on the map stands

function home() {
  places.clear();
  for (const node of data.nodes) if (node.x !== undefined) places.set(node.id, { x: node.x, y: node.y });
}

function arrange(drawn, centre) {
  const fresh = drawn.filter((node) => !places.has(node.id));
  if (!fresh.length) return;
  const all = [...drawn].sort((one, other) => Number(places.has(other.id)) - Number(places.has(one.id)));
  const fixed = all.length - fresh.length;
  const index = new Map(all.map((node, number) => [node.id, number]));
  const links = linksAmong(all).map((edge) => [index.get(edge.from), index.get(edge.to)]).filter(([one, other]) => one !== other);
  const at = startPlaces(all, fixed, links, centre);
  relax(at, fixed, links);
  spread(all, at, fixed);
  for (let one = fixed; one < all.length; one += 1) places.set(all[one].id, { x: Math.round(at[one].x), y: Math.round(at[one].y) });
}

// Next to what they are linked with, on a spiral that never meets itself.
function startPlaces(all, fixed, links, centre) {
  const at = all.map((node, number) => (number < fixed ? { ...places.get(node.id) } : null));
  const near = all.map(() => []);
  for (const [one, other] of links) {
    near[one].push(other);
    near[other].push(one);
  }
  for (let one = fixed; one < all.length; one += 1) {
    const known = near[one].filter((other) => at[other] !== null);
    const x = known.reduce((sum, other) => sum + at[other].x, 0) / known.length;
    const y = known.reduce((sum, other) => sum + at[other].y, 0) / known.length;
    const origin = known.length ? { x, y } : centre;
    const angle = 2.399963 * (one - fixed); // the golden angle
    const radius = (0.6 * SPRING * Math.sqrt(one - fixed + 1)) / (known.length ? 1.5 : 1);
    at[one] = { x: origin.x + radius * Math.cos(angle), y: origin.y + radius * Math.sin(angle) };
  }
  return at;
}

function relax(at, fixed, links) {
  for (let round = 0; round < ROUNDS; round += 1) {
    const most = SPRING * (1 - round / ROUNDS);
    const push = at.map(() => ({ x: 0, y: 0 }));
    for (let one = fixed; one < at.length; one += 1) {
      for (let other = 0; other < at.length; other += 1) {
        if (one === other) continue;
        const x = at[one].x - at[other].x;
        const y = at[one].y - at[other].y;
        const force = (SPRING * SPRING) / Math.max(1, x * x + y * y);
        push[one].x += x * force;
        push[one].y += y * force;
      }
    }
    for (const [one, other] of links) {
      const x = at[one].x - at[other].x;
      const y = at[one].y - at[other].y;
      const force = Math.hypot(x, y) / SPRING;
      push[one].x -= x * force;
      push[one].y -= y * force;
      push[other].x += x * force;
      push[other].y += y * force;
    }
    for (let one = fixed; one < at.length; one += 1) {
      const length = Math.hypot(push[one].x, push[one].y) || 1;
      at[one].x += (push[one].x / length) * Math.min(length, most);
      at[one].y += (push[one].y / length) * Math.min(length, most);
    }
  }
}

// Moves new nodes off others, each pair along the way that is shorter.
function spread(all, at, fixed) {
  const room = all.map((node) => extent(node).map((half, axis) => half + (axis ? 16 : 24)));
  for (let round = 0; round < ROUNDS; round += 1) {
    let moved = false;
    for (let one = fixed; one < at.length; one += 1) {
      for (let other = 0; other < at.length; other += 1) {
        const across = room[one][0] + room[other][0] - Math.abs(at[one].x - at[other].x);
        const down = room[one][1] + room[other][1] - Math.abs(at[one].y - at[other].y);
        if (one === other || across <= 0 || down <= 0) continue;
        moved = true;
        const axis = across < down ? 'x' : 'y';
        const step = Math.min(across, down) * (at[one][axis] >= at[other][axis] ? 1 : -1);
        at[one][axis] += other < fixed ? step : step / 2;
        if (other >= fixed) at[other][axis] -= step / 2;
      }
    }
    if (!moved) return;
  }
}
