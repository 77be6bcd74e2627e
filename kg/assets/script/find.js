'use strict';

// Finding names as they are typed.

const HITS = 12;

let names = null; // of all nodes, folded; made when first needed

function searchIndex() {
  names = names || data.nodes.map((node) => ({ node, names: [node.label, ...node.names].map((name) => [name, fold(name)]) }));
  return names;
}

// Names that start with the words come first, then names that hold them.
function hits(words, lets) {
  const found = [];
  for (const { node, names: own } of searchIndex()) {
    const match = lets(node) && own.find(([, folded]) => folded.includes(words));
    if (match) found.push({ node, name: match[0], first: own.some(([, folded]) => folded.startsWith(words)) });
  }
  return found.sort((one, other) => Number(other.first) - Number(one.first));
}

// Lets a field find names below it: by arrow keys, Enter or a click.
function finder(field, list, status, act, lets = () => true) {
  const rows = () => [...list.querySelectorAll('button')];
  field.addEventListener('input', () => {
    const words = fold(field.value.trim());
    const found = words ? hits(words, lets) : [];
    list.replaceChildren(...listOf(found.slice(0, HITS).map((hit) => hitRow(hit, act))).children);
    status.textContent = words === '' ? '' : hitCount(found.length);
  });
  field.addEventListener('keydown', (event) => {
    const [first] = rows();
    if (event.key === 'Enter' && first) first.click();
    if (event.key === 'ArrowDown' && first) {
      event.preventDefault();
      first.focus();
    }
  });
  list.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    (rows()[rows().indexOf(document.activeElement) + step] || field).focus();
  });
}

function hitCount(found) {
  if (!found) return 'No name holds these letters.';
  return found > HITS ? `${found} found, the first ${HITS} listed` : '';
}

function hitRow({ node, name }, act) {
  const row = button(null, () => act(node.id), 'row');
  const words = name === node.label ? node.label : `${node.label} (${name})`;
  row.append(swatch(classOf(node)), make('span', words));
  return row;
}
