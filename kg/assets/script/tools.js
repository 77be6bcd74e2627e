'use strict';

// How elements are made, words compared and colours read.

const FOLDED = { ß: 'ss', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', æ: 'ae', œ: 'oe', ı: 'i' };

function make(tag, text, name) {
  const element = document.createElement(tag);
  if (text !== undefined && text !== null) element.textContent = text;
  if (name) element.className = name;
  return element;
}

function button(text, act, name) {
  const element = make('button', text, name);
  element.type = 'button';
  element.addEventListener('click', act);
  return element;
}

function listOf(items) {
  const list = make('ul', null, 'plain');
  list.append(...items.map((item) => {
    const line = make('li');
    line.append(item);
    return line;
  }));
  return list;
}

function svg(tag, attributes) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function plural(count, one, many) {
  return `${count} ${count === 1 ? one : many}`;
}

// Letters without accents and case, so that names are found however they are typed.
function fold(text) {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return plain.replace(/[ßøłđðþæœı]/g, (letter) => FOLDED[letter]);
}

function paint(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function isNarrow() {
  return matchMedia('(max-width: 60rem)').matches;
}
