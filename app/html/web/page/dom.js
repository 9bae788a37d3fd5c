// Elements of the page.

/** el('td', {class: 'number', onclick: f}, 'text', child...): an element; children that are null are left out. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) {
      element.addEventListener(name.slice(2), value);
    } else {
      element.setAttribute(name, value === true ? '' : value);
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** A titled part of the page: {section, body, tools}; what is put into tools stands beside the title. */
export function panel(id, title, explanation = null) {
  const tools = el('div', { class: 'tools' });
  const body = el('div', { class: 'body' });
  const section = el('section', { class: 'panel', id },
    el('div', { class: 'heading' }, el('h2', {}, title), tools),
    explanation ? el('p', { class: 'explanation' }, explanation) : null,
    body);
  return { section, body, tools };
}

/** A labelled list of choices; each option is {value, text, group?}. Calls `changed` with the value chosen. */
export function choice(id, label, options, value, changed) {
  const select = el('select', { id, onchange: () => changed(select.value) });
  const groups = new Map();
  for (const option of options) {
    const element = el('option', { value: option.value, selected: option.value === value }, option.text);
    if (!option.group) {
      select.append(element);
      continue;
    }
    if (!groups.has(option.group)) {
      groups.set(option.group, el('optgroup', { label: option.group }));
      select.append(groups.get(option.group));
    }
    groups.get(option.group).append(element);
  }
  return el('label', { class: 'choice' }, `${label} `, select);
}

/** A button that copies what `text` returns, and says that it did. */
export function copyButton(text) {
  const button = el('button', { type: 'button', class: 'copy' }, 'Copy');
  button.addEventListener('click', async () => {
    const done = await copy(text());
    button.textContent = done ? 'Copied' : 'Not copied';
    setTimeout(() => { button.textContent = 'Copy'; }, 1500);
  });
  return button;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without permission for the clipboard: the way of old browsers.
    const area = el('textarea', { class: 'offscreen' });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}
