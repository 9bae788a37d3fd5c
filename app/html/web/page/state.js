// What is chosen on the page: kept in the address after the "#", so that a link opens the same view.

/** Values by name; those that differ from their defaults stand in the address. */
export class State {
  constructor(defaults) {
    this.defaults = defaults;
    this.values = { ...defaults, ...this.fromAddress() };
    this.listeners = [];
    window.addEventListener('hashchange', () => this.change({ ...this.defaults, ...this.fromAddress() }, false));
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
    return Object.fromEntries([...found].filter(([name]) => name in this.defaults));
  }

  toAddress() {
    const shown = Object.entries(this.values).filter(([name, value]) => value !== this.defaults[name] && value !== null);
    const text = new URLSearchParams(shown).toString();
    history.replaceState(null, '', text ? `#${text}` : location.pathname + location.search);
  }
}
