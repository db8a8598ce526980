// AsyncAPI's component comes in two builds. The one with the parser compiles code from text and so would need
// 'unsafe-eval'; the one without takes a document that is already parsed. Ours needs nothing but its references
// followed and the marks that the parser leaves, so that is done here.

/** Follows `{ $ref: '#/...' }`, one object for each target; words beside a reference win over the target's. */
function followReferences(document) {
  const done = new Map();
  const target = (pointer) =>
    pointer
      .slice(2)
      .split('/')
      .reduce((place, key) => place[key.replaceAll('~1', '/').replaceAll('~0', '~')], document);
  const follow = (value) => {
    if (typeof value !== 'object' || value === null) return value;
    if (done.has(value)) return done.get(value);
    if (typeof value.$ref === 'string') {
      const { $ref, ...beside } = value;
      const found = follow(target($ref));
      const result = Object.keys(beside).length === 0 ? found : { ...found, ...beside };
      done.set(value, result);
      return result;
    }
    const copy = Array.isArray(value) ? [] : {};
    done.set(value, copy);
    for (const [key, inner] of Object.entries(value)) copy[key] = follow(inner);
    return copy;
  };
  return follow(document);
}

function parsed(document) {
  for (const [name, schema] of Object.entries(document.components.schemas)) schema['x-parser-schema-id'] = name;
  for (const kind of ['servers', 'channels', 'operations']) {
    for (const [name, item] of Object.entries(document[kind])) item['x-parser-unique-object-id'] = name;
  }
  for (const channel of Object.values(document.channels)) {
    for (const [name, message] of Object.entries(channel.messages)) message['x-parser-unique-object-id'] = name;
  }
  return { ...followReferences(document), 'x-parser-spec-parsed': true, 'x-parser-api-version': 3 };
}

const answer = await fetch('/docs/asyncapi.json');
const config = { show: { sidebar: true, errors: true }, sidebar: { showOperations: 'byDefault' } };
window.AsyncApiStandalone.render(
  { schema: parsed(await answer.json()), config },
  window.document.getElementById('page'),
);
