/** Makes an element. Text is always text: what partners wrote never becomes markup. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'style') Object.assign(element.style, value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  for (const child of children.flat()) {
    if (child !== undefined && child !== null && child !== '') element.append(child);
  }
  return element;
}

/** A table, which the style sheet turns into cards on a phone. */
export function table(columns, rows, empty) {
  if (rows.length === 0) return h('p', { class: 'empty' }, empty);
  const cell = (column, row) => {
    const content = [column.cell(row)].flat().filter((part) => part !== '' && part !== undefined && part !== null);
    // One child beside the label, whatever the cell holds.
    const body = content.length === 0 ? [] : [h('div', {}, content)];
    return h('td', { 'data-label': column.head, class: column.fixed ? 'fixed' : undefined }, body);
  };
  return h(
    'table',
    {},
    h('thead', {}, h('tr', {}, columns.map(({ head }) => h('th', { scope: 'col' }, head)))),
    h('tbody', {}, rows.map((row) => h('tr', {}, columns.map((column) => cell(column, row))))),
  );
}

export const pill = (text, kind = '') => h('span', { class: `pill ${kind}` }, text);
export const link = (href, ...children) => h('a', { href, 'data-go': true }, children);
export const small = (...children) => h('small', {}, children);
