// What is chosen on the page: kept in the address after the "#", so that a link opens the same view.

/** Values by name; those that differ from their defaults stand in the address, if they are of a kind that can. */
export class State {
  /** `valid`: for each name that may stand in the address, whether a text from there is a value of it. */
  constructor(defaults, valid) {
    Object.assign(this, { defaults, valid });
    this.values = { ...defaults, ...this.fromAddress() };
    this.listeners = [];
    window.addEventListener('hashchange', () => this.change({ ...this.addressed(defaults), ...this.fromAddress() }, false));
  }

  get(name) { return this.values[name]; }

  set(changes) { this.change(changes, true); }

  /** Calls `listener` after one of `names` has changed. */
  on(names, listener) { this.listeners.push({ names, listener }); }

  change(changes, toAddress) {
    const changed = Object.keys(changes).filter((name) => this.values[name] !== changes[name]);
    if (!changed.length) return;
    Object.assign(this.values, changes);
    if (toAddress) this.toAddress();
    for (const { names, listener } of this.listeners) {
      if (names.some((name) => changed.includes(name))) listener();
    }
  }

  fromAddress() {
    const found = new URLSearchParams(location.hash.slice(1));
    return Object.fromEntries([...found].filter(([name, value]) => this.valid[name]?.(value)));
  }

  /** Those of `values` that may stand in the address. */
  addressed(values) { return Object.fromEntries(Object.entries(values).filter(([name]) => name in this.valid)); }

  toAddress() {
    const shown = Object.entries(this.addressed(this.values)).filter(([name, value]) => value !== this.defaults[name]);
    const text = new URLSearchParams(shown).toString();
    history.replaceState(null, '', text ? `#${text}` : location.pathname + location.search);
  }
}
