'use strict';

// What is told beside the map: the overview, or what is in focus with its sentences.

const FIRST = 8; // so many of each kind in the overview

function tell(...parts) {
  const panel = byId('right');
  panel.replaceChildren(...parts);
  panel.scrollTop = 0;
  const chosen = state.node !== null || state.edge !== null || state.path !== null;
  if (isNarrow() && chosen) panel.scrollIntoView();
}

function notice(text) {
  byId('right').prepend(make('p', text, 'notice'));
}

// ------------------------------------------------------------------ overview

function tellOverview() {
  const entities = data.nodes.filter((node) => !node.money && nodePasses(node));
  const sums = data.nodes.filter((node) => node.money && nodePasses(node));
  const facts = data.edges.filter((edge) => !edge.event && edgePasses(edge));
  const parts = [
    make('h2', 'Overview'),
    make('p', [
      plural(entities.length, 'entity', 'entities'), plural(facts.length, 'fact', 'facts'), plural(sums.length, 'sum', 'sums'),
      plural(state.documents === null ? sources.size : state.documents.size, 'document', 'documents'),
    ].join(', ')),
    make('p', 'Choose a node to see what is said about it, or a line to read the sentences behind it. A double click on a node brings its neighbours.', 'quiet'),
  ];
  if (contradictions.length) parts.push(make('h3', 'Sources contradict each other'), listOf(contradictions.slice(0, FIRST).map(contradictionRow)));
  if (communities.length > 1) parts.push(make('h3', 'Communities'), listOf(communities.slice(0, 2 * FIRST).map(communityRow)));
  parts.push(make('h3', 'Most central'), listOf(entities.slice(0, FIRST).map((node) => listRow(node, classOf(node)))));
  if (sums.length) parts.push(make('h3', 'Largest sums'), listOf(largest(sums).map((node) => listRow(node, classOf(node)))));
  tell(...parts);
}

function communityRow(members, number) {
  const row = button(null, () => startWith(`group ${number}`), 'row');
  const named = members.filter((node) => !node.money).slice(0, 3).map((node) => node.label);
  row.append(make('span', named.join(', ')), make('span', String(members.length), 'count'));
  return row;
}

function contradictionRow(found) {
  const [first] = found.edges;
  const row = button(null, () => focusEdge(first), 'row');
  row.append(make('span', '≠', 'mark'), make('span', factWords(edges.get(first))));
  return row;
}

// The largest of the two currencies in which most sums are: no two can be compared.
function largest(sums) {
  const by = new Map();
  for (const node of sums.filter(({ money }) => money.amount)) by.set(node.money.currency, [...(by.get(node.money.currency) || []), node]);
  const most = [...by.values()].sort((one, other) => other.length - one.length).slice(0, 2);
  return most.flatMap((list) => list.sort((one, other) => other.money.amount - one.money.amount).slice(0, FIRST / 2));
}

// ------------------------------------------------------------------ a node

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
    button('Only these', () => startWith(`around ${node.id}`)),
    button('Way to …', () => askWay(node)),
    button('Hide', () => hide(node.id)),
  );
  return row;
}

function tellEntity(node) {
  const parts = title(node);
  if (node.names.length) parts.push(make('p', `Also: ${node.names.join(', ')}`));
  if (node.mentions) parts.push(make('p', `Named ${plural(node.mentions, 'time', 'times')} in ${plural(node.documents.length, 'document', 'documents')}`, 'quiet'));
  parts.push(tools(node), ...factGroups(node), ...moneyGroup(node));
  if (!edgesAt.get(node.id).length) parts.push(make('p', 'The documents name it, but no fact about it was found.', 'quiet'));
  tell(...parts, ...documentGroup(node));
}

// Facts by predicate: first what the node does, then what is done to it.
function factGroups(node) {
  const groups = new Map();
  for (const edge of edgesAt.get(node.id).filter((link) => !link.event && edgePasses(link))) {
    const forth = edge.from === node.id;
    const key = predicates.get(edge.predicate);
    const name = forth ? key.label : key.inverse;
    const group = groups.get(name) || { name, rank: forth ? 0 : 1, about: key.definition, edges: [] };
    group.edges.push(edge);
    groups.set(name, group);
  }
  return [...groups.values()].sort((one, other) => one.rank - other.rank).flatMap((group) => {
    group.edges.sort((one, other) => weight(other) - weight(one));
    const heading = make('h3', group.name);
    heading.title = group.about;
    return [heading, listOf(group.edges.map((edge) => factRow(edge, otherEnd(edge, node.id))))];
  });
}

function factRow(edge, node) {
  const row = button(null, () => focusEdge(edge.id), 'row');
  row.append(swatch(classOf(node)), make('span', node.label), ...markOf(edge));
  if (edge.sayings.length > 1) row.append(make('span', `${edge.sayings.length}×`, 'count'));
  return row;
}

function markOf(item) {
  const status = statuses.get(item.status);
  const marks = status.asserted ? [] : [`${status.mark} ${status.label}`];
  if (against.has(item.id)) marks.push('≠ contradicted');
  return marks.map((text) => make('span', text, 'mark'));
}

function moneyGroup(node) {
  const ways = edgesAt.get(node.id).filter((edge) => edge.event && edgePasses(edge));
  const events = [...new Set(ways.map((edge) => edge.event))].map((id) => nodes.get(id));
  return events.length ? [make('h3', 'money'), listOf(events.map((event) => moneyRow(event, node)))] : [];
}

function moneyRow(event, node) {
  const row = button(null, () => focusNode(event.id, false), 'row');
  const pays = event.money.payer.includes(node.id);
  const others = labels(pays ? event.money.recipient : event.money.payer);
  const words = others ? `${event.label} ${pays ? 'to' : 'from'} ${others}` : event.label;
  row.append(swatch(classOf(event)), make('span', pays ? `pays ${words}` : `receives ${words}`), ...markOf(event.money));
  return row;
}

function documentGroup(node) {
  const found = documentsOf(node);
  const rows = found.map((source) => {
    const row = button(null, () => filterDocuments(source.path), 'row');
    row.title = 'Show only what this document says';
    row.append(make('span', source.title), make('span', source.date || '', 'count'));
    return row;
  });
  const list = make('details');
  list.append(make('summary', plural(found.length, 'document', 'documents')), listOf(rows));
  return found.length ? [list] : [];
}

function nodeLink(id) {
  const node = nodes.get(id);
  return node ? button(node.label, () => focusNode(id, true), 'link') : make('span', id);
}

// ------------------------------------------------------------------ a fact, a sum

function tellEdge(edge, back) {
  const parts = [];
  if (back !== null) parts.push(button(`← ${nodes.get(back).label}`, () => focusNode(back, false), 'link'));
  tell(...parts, factHeading(edge), statusLine(edge.status), ...doubts(edge), ...sayings(edge.sayings, `${factWords(edge)} (${statuses.get(edge.status).label})`));
}

function factHeading(edge) {
  const heading = make('h2');
  heading.append(nodeLink(edge.from), ` ${predicates.get(edge.predicate).label} `, nodeLink(edge.to));
  return heading;
}

function doubts(edge) {
  return (against.get(edge.id) || []).map((found) => {
    const box = make('div', null, 'notice');
    const others = found.edges.filter((id) => id !== edge.id).map((id) => edges.get(id));
    box.append(make('p', `≠ Contradicted: ${found.reason}.`), listOf(others.map((other) => {
      const row = button(null, () => focusEdge(other.id), 'row');
      row.append(make('span', factWords(other)), make('span', `${statuses.get(other.status).mark} ${statuses.get(other.status).label}`, 'mark'));
      return row;
    })));
    return box;
  });
}

function tellMoney(node) {
  const { money } = node;
  const list = make('dl');
  row(list, 'Paid by', money.payer.map(nodeLink));
  row(list, 'Received by', money.recipient.map(nodeLink));
  row(list, 'For', money.purpose ? [make('span', money.purpose)] : []);
  row(list, 'When', money.date ? [make('span', money.date)] : []);
  tell(...title(node), statusLine(money.status), list, tools(node), ...sayings(money.sayings, `${sumWords(node)} (${statuses.get(money.status).label})`));
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

// ------------------------------------------------------------------ sentences

function sayings(list, words) {
  const here = list.filter(saysIt);
  return [make('h3', plural(here.length, 'sentence', 'sentences')), ...here.map((saying) => quote(saying, words))];
}

function quote(saying, words) {
  const box = make('div', null, 'said');
  const sentence = make('blockquote');
  sentence.append(...saying.pieces.map(piece));
  const copy = button('Copy', () => copied(copy, sourced(saying, words)), 'link');
  copy.title = 'Copy the sentence with its source';
  box.append(sentence, origin(saying, copy));
  return box;
}

function piece([text, subject, object]) {
  if (!subject && !object) return document.createTextNode(text);
  return make('mark', text, subject ? 'subject' : 'object');
}

function sentenceOf(saying) {
  return saying.pieces.map(([text]) => text).join('');
}

function origin(saying, copy) {
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
  line.append(copy);
  return line;
}

// What is copied: the fact, the sentence, and where it is from, for a note or a mail.
function sourced(saying, words) {
  const source = sources.get(saying.document);
  const facts = source ? [source.title, source.publisher, source.date, source.path] : [saying.document];
  const speaker = saying.saidBy && nodes.has(saying.saidBy) ? [`according to ${nodes.get(saying.saidBy).label}`] : [];
  return `${words}\n“${sentenceOf(saying)}”\n${[...new Set(facts.filter(Boolean)), ...speaker, `confidence ${saying.confidence.toFixed(2)}`].join(', ')}\n`;
}

async function copied(from, text) {
  try {
    await navigator.clipboard.writeText(text);
    from.textContent = 'Copied';
  } catch {
    from.textContent = 'The browser does not let this page copy';
  }
}

// ------------------------------------------------------------------ a way

function askWay(node) {
  const field = make('input');
  field.type = 'search';
  field.id = 'way-to';
  field.autocomplete = 'off';
  const label = make('label', `From ${node.label} to`, 'quiet');
  label.htmlFor = field.id;
  const found = make('ul', null, 'plain');
  const status = make('p', null, 'quiet');
  status.setAttribute('role', 'status');
  finder(field, found, status, (id) => focusPath(node.id, id), (other) => other.id !== node.id);
  tell(button(`← ${node.label}`, () => focusNode(node.id, false), 'link'), make('h2', 'The way between two'), label, field, found, status);
  field.focus();
}

function tellPath([start, end], way) {
  const heading = make('h2');
  heading.append('From ', nodeLink(start), ' to ', nodeLink(end));
  if (way === null) {
    tell(heading, make('p', 'Nothing that the filters let through links them.', 'notice'));
    return;
  }
  const steps = way.flatMap((edge) => {
    const item = told(edge);
    const line = make('p');
    if (edge.event) line.append(nodeLink(edge.from), ' → ', nodeLink(edge.to));
    else line.append(button(factWords(edge), () => focusEdge(edge.id), 'link'));
    line.append(' ', ...markOf(item));
    const [saying] = item.sayings.filter(saysIt);
    return [line, quote(saying, edge.event ? sumWords(nodes.get(edge.event)) : factWords(edge))];
  });
  tell(heading, make('p', plural(way.length, 'step', 'steps'), 'quiet'), ...steps);
}
