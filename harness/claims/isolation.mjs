// What a page can do with shared memories that is not isolated from other origins.

/** Why this cannot be asked here, as an answer. */
function notAsked() {
  if (globalThis.crossOriginIsolated === undefined) return { answer: null, note: 'no browser' };
  if (globalThis.crossOriginIsolated) return { answer: null, note: 'isolated' };
}
