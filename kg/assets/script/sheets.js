'use strict';

// The same as the map shows, as text: a list of names, a table of sums, a line of time.

function showAs(view) {
  state.shows = view;
  for (const name of VIEWS) {
    byId(name).hidden = name !== view;
    byId(`as-${name}`).setAttribute('aria-pressed', String(name === view));
  }
  byId('map-tools').hidden = view !== 'map';
  byId('count').hidden = view === 'money' || view === 'time';
  byId('save-png').hidden = view !== 'map';
  byId('save-svg').hidden = view !== 'map';
  draw();
  if (view === 'map') map.network.redraw();
  setLink();
}

function showNames(on) {
  state.names = on;
  byId('names').setAttribute('aria-pressed', String(on));
  draw();
  setLink();
}

function writeSheet(drawn) {
  if (state.shows === 'list') writeList(drawn);
  if (state.shows === 'money') writeMoney();
  if (state.shows === 'time') writeTime();
}

// ------------------------------------------------------------------ list

function writeList(drawn) {
  const groups = [...classes.entries()].flatMap(([name, key]) => {
    const members = drawn.filter((node) => classKey(Boolean(node.money), node.type) === name);
    if (!members.length) return [];
    members.sort((one, other) => one.label.localeCompare(other.label));
    return [make('h3', `${key.plural} (${members.length})`), listOf(members.map((node) => listRow(node, key)))];
  });
  byId('list').replaceChildren(make('h2', 'What the map shows'), ...groups);
}

function listRow(node, key) {
  const row = button(null, () => choose(node.id), 'row');
  row.append(swatch(key), make('span', node.label), ...(node.money ? markOf(node.money) : []));
  if (node.facts) row.append(make('span', plural(node.facts, 'fact', 'facts'), 'count'));
  return row;
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

function sumsThatPass() {
  return data.nodes.filter((node) => node.money && nodePasses(node));
}

function compared(one, other) {
  return typeof one === 'number' ? one - other : one.localeCompare(other);
}

function sortedSums() {
  const { of } = SUMS.find(({ by }) => by === state.sort.by);
  const way = state.sort.down ? -1 : 1;
  const sums = sumsThatPass();
  const currency = ({ money }) => money.currency || '';
  const often = new Map();
  for (const node of sums) often.set(currency(node), (often.get(currency(node)) || 0) + 1);
  const apart = (one, other) => often.get(currency(other)) - often.get(currency(one)) || currency(one).localeCompare(currency(other));
  return sums.sort((one, other) =>
    // Sums of two currencies cannot be compared: each has its own part, the most used first.
    (state.sort.by === 'sum' && apart(one, other))
    || way * compared(of(one), of(other))
    || one.id.localeCompare(other.id));
}

function writeMoney() {
  const rows = sortedSums();
  const parts = [make('h2', plural(rows.length, 'sum', 'sums'))];
  if (rows.length) parts.push(sumTable(rows), ...totals('payer', 'Paid, by payer'), ...totals('recipient', 'Received, by recipient'));
  byId('money').replaceChildren(...parts);
}

function sumTable(rows) {
  const head = make('tr');
  for (const { by, name } of SUMS) {
    const cell = make('th');
    cell.scope = 'col';
    if (state.sort.by === by) cell.setAttribute('aria-sort', state.sort.down ? 'descending' : 'ascending');
    cell.append(button(name, () => sortSums(by)));
    head.append(cell);
  }
  const table = tableOf(rows.map(sumRow));
  table.createTHead().append(head);
  return table;
}

function tableOf(rows) {
  const table = make('table');
  table.append(make('tbody'));
  table.tBodies[0].append(...rows);
  return table;
}

function sortSums(by) {
  state.sort = { by, down: state.sort.by === by ? !state.sort.down : by === 'sum' };
  writeMoney();
  byId('money').querySelector('[aria-sort] button').focus();
  setLink();
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
  const label = ({ id }) => nodes.get(id).label;
  const rows = [...found.values()].sort((one, other) => label(one).localeCompare(label(other)) || other.amount - one.amount);
  return [make('h3', heading), tableOf(rows.map(totalRow))];
}

function totalRow({ id, currency, status, amount, count: number }) {
  const line = make('tr');
  const sum = cellOf(`${amount.toLocaleString('en')} ${currency || ''}`);
  sum.className = 'number';
  line.append(cellOf(nodeLink(id)), sum, cellOf(`${statuses.get(status).mark} ${statuses.get(status).label}`), cellOf(plural(number, 'sum', 'sums')));
  return line;
}

// ------------------------------------------------------------------ time

// What has a date: sums with theirs, and facts with those since and until when they hold.
function dated() {
  const found = sumsThatPass().filter(({ money }) => money.date).map((node) => ({
    date: node.money.date, words: sumWords(node), item: node.money, open: () => choose(node.id),
  }));
  for (const edge of data.edges.filter((link) => !link.event && edgePasses(link))) {
    for (const period of new Set(edge.sayings.filter(saysIt).flatMap((saying) => saying.period))) {
      const [word, date] = period.split(' ');
      found.push({ date, words: `${factWords(edge)} (${word})`, item: edge, open: () => focusEdge(edge.id) });
    }
  }
  return found.sort((one, other) => one.date.localeCompare(other.date) || one.words.localeCompare(other.words));
}

function writeTime() {
  const years = new Map();
  for (const entry of dated()) {
    const year = entry.date.slice(0, 4);
    years.set(year, [...(years.get(year) || []), entry]);
  }
  const most = Math.max(...[...years.values()].map((list) => list.length));
  const parts = [...years].flatMap(([year, list]) => [yearHeading(year, list.length, most), listOf(list.map(timeRow))]);
  if (!parts.length) parts.push(make('p', 'Nothing that the filters let through has a date of its own.', 'quiet'));
  byId('time').replaceChildren(make('h2', 'What has a date'), ...parts);
}

// A year, with a bar that tells how much is dated in it.
function yearHeading(year, number, most) {
  const heading = make('h3', `${year} `);
  const bar = svg('svg', { class: 'bar', viewBox: '0 0 100 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' });
  bar.append(svg('rect', { width: (100 * number) / most, height: 10, fill: 'currentColor' }));
  heading.append(bar, make('span', ` ${number}`, 'quiet'));
  return heading;
}

function timeRow({ date, words, item, open }) {
  const row = button(null, open, 'row');
  row.append(make('span', date, 'mark'), make('span', words), ...markOf(item));
  return row;
}
