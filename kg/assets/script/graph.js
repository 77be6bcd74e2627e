'use strict';

// The graph that the page holds, as it never changes.  Text of the graph reaches the
// document through textContent only, so that nothing in it can run.

const data = JSON.parse(byId('data').textContent);
const nodes = byKey(data.nodes, 'id'); // the most central first
const edges = byKey(data.edges, 'id');
const classes = new Map(data.keys.classes.map((key) => [classKey(key.money, key.name), key]));
const predicates = byKey(data.keys.predicates, 'name');
const statuses = byKey(data.keys.statuses, 'name');
const sources = byKey(data.keys.sources, 'id');
const contradictions = data.keys.contradictions;
const against = gatherAgainst(); // the contradictions in which an edge is, by its id
const edgesAt = gatherEdges();
const communities = gatherCommunities();

function byId(id) {
  return document.getElementById(id);
}

function byKey(items, key) {
  return new Map(items.map((item) => [item[key], item]));
}

function gatherEdges() {
  const at = new Map(data.nodes.map((node) => [node.id, []]));
  for (const edge of data.edges) {
    at.get(edge.from).push(edge);
    if (edge.to !== edge.from) at.get(edge.to).push(edge);
  }
  return at;
}

function gatherAgainst() {
  const found = new Map();
  for (const contradiction of contradictions) {
    for (const id of contradiction.edges) found.set(id, [...(found.get(id) || []), contradiction]);
  }
  return found;
}

function gatherCommunities() {
  const found = [];
  for (const node of data.nodes) {
    if (node.group === null) continue;
    found[node.group] = found[node.group] || [];
    found[node.group].push(node);
  }
  return found;
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

function weight(edge) {
  return edge.confidence * (edge.sayings ? edge.sayings.length : 1);
}

// The way of a sum tells what the sum tells.
function told(edge) {
  return edge.event ? nodes.get(edge.event).money : edge;
}

function documentsOf(node) {
  return node.documents.map((number) => data.keys.sources[number]);
}

function labels(ids) {
  return ids.map((id) => nodes.get(id).label).join(', ');
}

function factWords(edge) {
  return `${nodes.get(edge.from).label} ${predicates.get(edge.predicate).label} ${nodes.get(edge.to).label}`;
}

function sumWords(node) {
  const { payer, recipient } = node.money;
  const ways = [payer.length && ` from ${labels(payer)}`, recipient.length && ` to ${labels(recipient)}`];
  return `${classOf(node).label} of ${node.label}${ways.filter(Boolean).join('')}`;
}

// The shortest way from one node to another over edges that are let through, as a list
// of edges; null where there is none.  Where several are as short, it takes what is said
// most often and most surely.
function wayBetween(start, end, lets) {
  const came = new Map([[start, null]]);
  let reached = [start];
  while (reached.length && !came.has(end)) {
    const next = [];
    for (const id of reached) {
      for (const link of edgesAt.get(id).filter(lets).sort((one, other) => weight(other) - weight(one))) {
        const other = otherEnd(link, id).id;
        if (came.has(other)) continue;
        came.set(other, link);
        next.push(other);
      }
    }
    reached = next;
  }
  if (!came.has(end)) return null;
  const way = [];
  for (let at = end; at !== start; at = otherEnd(way[0], at).id) way.unshift(came.get(at));
  return way;
}
